-- What the learning loop adds: a holdout of customers, how an answer was worded, how conversations end, what the
-- policy and the study of wording have learned.

ALTER TABLE decisions
    ADD COLUMN IF NOT EXISTS holdout Bool DEFAULT false COMMENT 'Whether the customer is in the holdout: never stepped in for' AFTER control;

ALTER TABLE outcomes
    ADD COLUMN IF NOT EXISTS delivered Nullable(Bool) COMMENT 'Whether an operator or bot answered within the window; NULL for control. Analyse as assigned' AFTER failed,
    COMMENT COLUMN IF EXISTS status 'matured, censored or overlapped';

ALTER TABLE trajectory_points
    ADD COLUMN IF NOT EXISTS reply Map(String, Float64) COMMENT 'How the last answer before this turn was worded; empty without one' AFTER model_version;

ALTER TABLE ratings
    ADD COLUMN IF NOT EXISTS compared_with Nullable(String) COMMENT 'Decision whose reply stood beside the rated one; NULL where nothing was compared' AFTER intensity,
    ADD COLUMN IF NOT EXISTS preferred Nullable(Bool) COMMENT 'Whether the rated reply was preferred; NULL for neither' AFTER compared_with;

CREATE TABLE IF NOT EXISTS distal_outcomes
(
    distal_id String COMMENT 'Deterministic id of the record',
    event_time DateTime64(3, 'UTC') COMMENT 'When the conversation ended, stream time',
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    conversation_id String COMMENT 'Conversation',
    customer_id Nullable(String) COMMENT 'Pseudonymous customer id; NULL when unknown',
    channel LowCardinality(String) COMMENT 'Where the conversation takes place',
    opened_at DateTime64(3, 'UTC') COMMENT 'Time of its first event',
    ended LowCardinality(String) COMMENT 'resolved, handed_over, abandoned or silent',
    holdout Bool COMMENT 'Whether the customer is in the holdout',
    turns UInt32 COMMENT 'Customer turns',
    decisions UInt32 COMMENT 'Decision points',
    interventions UInt32 COMMENT 'Interventions published',
    failures UInt32 COMMENT 'Interventions that failed',
    level Float64 COMMENT 'Level at the end',
    level_sd Float64 COMMENT 'Its standard deviation',
    highest Float64 COMMENT 'Highest level after any customer turn',
    raised Bool COMMENT 'Whether frustration still counted as raised at the end',
    raised_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it first counted as raised; NULL when never',
    recovered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it last ceased to; NULL when it never was, or still is',
    config_version LowCardinality(String) COMMENT 'Digest of the settings that produced the record',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY (tenant, conversation_id, event_time, distal_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'How conversations ended';

CREATE TABLE IF NOT EXISTS policy_snapshots
(
    policy_version String COMMENT 'Digest of what the snapshot holds',
    tenant LowCardinality(String) COMMENT 'Tenant it is for',
    created_at DateTime64(3, 'UTC') COMMENT 'Stream time of the last outcome learned from',
    previous Nullable(String) COMMENT 'Version it was learned on from; NULL for the first',
    context_version UInt16 COMMENT 'Version of the context it expects',
    matured UInt64 COMMENT 'Outcomes learned from, control included',
    options Array(LowCardinality(String)) COMMENT 'Options and control',
    disabled Array(LowCardinality(String)) COMMENT 'Options rolled back',
    forgot Bool COMMENT 'Whether errors had grown, so that what was learned before was all but forgotten',
    evidence Array(Tuple(option String, n UInt64, total Float64, squares Float64, weight Float64, noise Float64)) COMMENT 'Sums of each option''s contrast with control',
    config_version LowCardinality(String) COMMENT 'Digest of the settings it was learned under',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
ORDER BY (tenant, matured, policy_version)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'What the policy learned, without its weights';

CREATE TABLE IF NOT EXISTS policy_commands
(
    command_id String COMMENT 'Id of the command',
    event_time DateTime64(3, 'UTC') COMMENT 'When it was given',
    tenant LowCardinality(String) COMMENT 'Tenant it is about',
    option LowCardinality(String) COMMENT 'Option it is about',
    action LowCardinality(String) COMMENT 'enable or disable',
    by String COMMENT 'Who asked',
    reason String COMMENT 'Why',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
ORDER BY (tenant, event_time, command_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'What people asked of the policy';

CREATE TABLE IF NOT EXISTS wording_studies
(
    tenant LowCardinality(String) COMMENT 'Tenant it is about',
    event_time DateTime64(3, 'UTC') COMMENT 'Stream time of the last answer learned from',
    turns UInt64 COMMENT 'Customer turns after an answer that could be read',
    conversations UInt64 COMMENT 'Conversations they come from',
    effects Array(Tuple(feature String, present UInt64, effect Nullable(Float64), low Nullable(Float64), high Nullable(Float64))) COMMENT 'Change of the next level by feature, adjusted; negative defuses',
    version UInt16 COMMENT 'Version of the features',
    config_version LowCardinality(String) COMMENT 'Digest of the settings it was learned under',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
ORDER BY (tenant, turns, event_time)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'Which ways of wording an answer went with a rise or fall of the level';

CREATE OR REPLACE VIEW decided AS
SELECT * FROM decisions FINAL
COMMENT 'Every decision point, control included, each once';

CREATE OR REPLACE VIEW observed AS
SELECT * FROM outcomes FINAL
COMMENT 'What the trajectory did after each decision, each once';

CREATE OR REPLACE VIEW trajectories AS
SELECT * FROM trajectory_points FINAL
COMMENT 'The belief after each customer turn, each once';

CREATE OR REPLACE VIEW rated AS
SELECT * FROM ratings FINAL
COMMENT 'Human ratings, each once';

CREATE OR REPLACE VIEW finished AS
SELECT * FROM distal_outcomes FINAL
COMMENT 'How conversations ended, each once';

CREATE OR REPLACE VIEW learned AS
SELECT * FROM policy_snapshots FINAL
COMMENT 'What the policy learned, each snapshot once';

CREATE OR REPLACE VIEW commanded AS
SELECT * FROM policy_commands FINAL
COMMENT 'What people asked of the policy, each once';
