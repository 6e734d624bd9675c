-- Views named for questions. They read FINAL, so a row counts once. Columns that stand in a table as well take its
-- comment over when migrations are applied.

CREATE OR REPLACE VIEW trajectories AS
SELECT * FROM trajectory_points FINAL
COMMENT 'The belief after each customer turn, each once';

CREATE OR REPLACE VIEW decided AS
SELECT * FROM decisions FINAL
COMMENT 'Every decision point, control included, each once';

CREATE OR REPLACE VIEW observed AS
SELECT * FROM outcomes FINAL
COMMENT 'What the trajectory did after each decision, each once';

CREATE OR REPLACE VIEW alerted AS
SELECT * FROM alerts FINAL
COMMENT 'What team leads were told, each once';

CREATE OR REPLACE VIEW refused AS
SELECT * FROM dead_letters FINAL
COMMENT 'Refused events, each once';

CREATE OR REPLACE VIEW rated AS
SELECT * FROM ratings FINAL
COMMENT 'Human ratings, each once';

-- Where does every conversation stand? Turns are numbered anew when a conversation speaks again after its end, so
-- the order here is time, then turn.
CREATE OR REPLACE VIEW conversations
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    conversation_id String COMMENT 'Conversation',
    customer Nullable(String) COMMENT 'Pseudonymous customer id last seen; NULL when unknown',
    over_channel LowCardinality(String) COMMENT 'Where the conversation takes place',
    first_turn_at DateTime64(3, 'UTC') COMMENT 'When the customer first wrote',
    last_turn_at DateTime64(3, 'UTC') COMMENT 'When the customer last wrote',
    turns UInt64 COMMENT 'Customer turns',
    last_level Float64 COMMENT 'Level after the last turn',
    last_level_sd Float64 COMMENT 'Its standard deviation',
    highest_level Float64 COMMENT 'Highest level so far',
    ever_raised Bool COMMENT 'Whether frustration ever counted as raised',
    first_raised_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it first did; NULL when never',
    first_raised_turn Nullable(UInt32) COMMENT 'After which customer turn it first did; NULL when never'
)
AS SELECT
    tenant,
    conversation_id,
    argMax(customer_id, (event_time, turn)) AS customer,
    argMax(channel, (event_time, turn)) AS over_channel,
    min(event_time) AS first_turn_at,
    max(event_time) AS last_turn_at,
    count() AS turns,
    argMax(level, (event_time, turn)) AS last_level,
    argMax(level_sd, (event_time, turn)) AS last_level_sd,
    max(level) AS highest_level,
    max(raised) AS ever_raised,
    minOrNullIf(event_time, raised) AS first_raised_at,
    argMinOrNullIf(turn, (event_time, turn), raised) AS first_raised_turn
FROM trajectories
GROUP BY tenant, conversation_id
COMMENT 'Where every conversation stands';

-- What followed each option, and what followed doing nothing? A description, not yet a proof:
-- compare an option with control only among decisions where both could have been chosen.
CREATE OR REPLACE VIEW what_followed
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversations',
    option LowCardinality(String) COMMENT 'Option chosen, or control',
    decisions UInt64 COMMENT 'Decisions whose window has closed',
    matured UInt64 COMMENT 'Of these, observed to the end',
    censored UInt64 COMMENT 'Of these, not observable',
    mean_reward Nullable(Float64) COMMENT 'Mean fall of the level, positive when frustration fell; NULL when none matured',
    standard_error Nullable(Float64) COMMENT 'Standard error of the mean; NULL under two matured',
    failures UInt64 COMMENT 'Interventions after which the level rose beyond the margin'
)
AS SELECT
    tenant,
    option,
    count() AS decisions,
    countIf(status = 'matured') AS matured,
    countIf(status = 'censored') AS censored,
    avg(reward) AS mean_reward,
    if(count(reward) > 1, stddevSamp(reward) / sqrt(count(reward)), NULL) AS standard_error,
    countIf(failed) AS failures
FROM observed
GROUP BY tenant, option
COMMENT 'What followed each option and control; a description, not a comparison';
