-- Facts as they arrive from Kafka. ReplacingMergeTree on a deterministic id: a batch that is inserted twice
-- collapses. Read the views, or add FINAL; a plain SELECT may see a row twice until parts merge.
-- Rows are kept for a time after they were written, not after they happened: a recording of years ago can be
-- replayed, and would vanish at once otherwise.

CREATE TABLE IF NOT EXISTS trajectory_points
(
    point_id String COMMENT 'Deterministic id of the point',
    event_id String COMMENT 'Id of the message',
    event_time DateTime64(3, 'UTC') COMMENT 'When the message was written',
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    conversation_id String COMMENT 'Conversation',
    customer_id Nullable(String) COMMENT 'Pseudonymous customer id; NULL when unknown',
    channel LowCardinality(String) COMMENT 'Where the conversation takes place',
    turn UInt32 COMMENT 'Number of this customer turn, from 1',
    level Float64 COMMENT 'Filtered frustration signal: 0 is usual, positive more frustrated',
    level_sd Float64 COMMENT 'Standard deviation of the level',
    slope Nullable(Float64) COMMENT 'Change of the level per minute over the last turns; NULL before there are two',
    alarm Float64 COMMENT 'CUSUM statistic',
    raised Bool COMMENT 'Whether frustration counts as raised after this turn',
    observation Nullable(Float64) COMMENT 'What the words of this message said; NULL when unknown',
    contributions Array(Tuple(signal String, share Float64)) COMMENT 'Which signals moved the belief since the last point',
    cues Array(LowCardinality(String)) COMMENT 'Cues found in this message',
    source_topic LowCardinality(String) COMMENT 'Input topic',
    source_partition Int32 COMMENT 'Input partition',
    source_offset Int64 COMMENT 'Input offset',
    config_version LowCardinality(String) COMMENT 'Digest of the settings that produced the point',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY (tenant, conversation_id, event_time, point_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'The belief after each customer turn';

CREATE TABLE IF NOT EXISTS decisions
(
    decision_id String COMMENT 'Deterministic id of the decision',
    event_time DateTime64(3, 'UTC') COMMENT 'When the turn was written that made this a decision point',
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    conversation_id String COMMENT 'Conversation',
    customer_id Nullable(String) COMMENT 'Pseudonymous customer id; NULL when unknown',
    channel LowCardinality(String) COMMENT 'Where the conversation takes place',
    decision_index UInt32 COMMENT 'Number of this decision in its conversation, from 1',
    turn UInt32 COMMENT 'Customer turn it follows',
    kind LowCardinality(String) COMMENT 'first, repeat, reroute or escalation',
    previous_decision_id Nullable(String) COMMENT 'Decision whose failure led here',
    available Bool COMMENT 'Whether an intervention was possible',
    unavailable_reason LowCardinality(Nullable(String)) COMMENT 'Why not; NULL when available',
    level Float64 COMMENT 'Level at the decision',
    level_sd Float64 COMMENT 'Its standard deviation',
    slope Nullable(Float64) COMMENT 'Change of the level per minute; NULL when unknown',
    alarm Float64 COMMENT 'CUSUM statistic',
    context Map(String, Float64) COMMENT 'What the policy saw',
    context_version UInt16 COMMENT 'Version of the context definition',
    eligible Array(LowCardinality(String)) COMMENT 'Options that could be chosen',
    excluded Array(LowCardinality(String)) COMMENT 'Options that failed before in this conversation',
    propensities Map(String, Float64) COMMENT 'Total probability of each option and of control',
    predicted_reward Map(String, Float64) COMMENT 'Reward the policy expected of each option; empty while it knows nothing',
    lottery Nullable(Float64) COMMENT 'Uniform draw, a keyed hash of the decision id',
    option LowCardinality(Nullable(String)) COMMENT 'Option chosen; control for none; NULL when unavailable',
    control Bool COMMENT 'Whether the lottery chose not to step in',
    propensity Nullable(Float64) COMMENT 'Total probability of what was chosen',
    policy_version LowCardinality(String) COMMENT 'Version of the policy',
    snapshot_offset Nullable(Int64) COMMENT 'Offset of the policy snapshot; NULL when none was read',
    window_turns UInt16 COMMENT 'The outcome matures after this many customer turns',
    window_s Float64 COMMENT 'or this many seconds',
    contributions Array(Tuple(signal String, share Float64)) COMMENT 'Which signals raised the belief',
    cues Array(LowCardinality(String)) COMMENT 'Cues found in the turn',
    config_version LowCardinality(String) COMMENT 'Digest of the settings that produced the decision',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY (tenant, conversation_id, event_time, decision_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'Every decision point, control included';

CREATE TABLE IF NOT EXISTS outcomes
(
    outcome_id String COMMENT 'Deterministic id of the outcome',
    decision_id String COMMENT 'Decision whose window closed',
    event_time DateTime64(3, 'UTC') COMMENT 'When the window closed, stream time',
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    conversation_id String COMMENT 'Conversation',
    customer_id Nullable(String) COMMENT 'Pseudonymous customer id; NULL when unknown',
    channel LowCardinality(String) COMMENT 'Where the conversation takes place',
    decided_at DateTime64(3, 'UTC') COMMENT 'When the decision was made',
    option LowCardinality(String) COMMENT 'Option chosen, or control',
    control Bool COMMENT 'Whether no intervention was sent',
    propensity Float64 COMMENT 'Total probability of what was chosen',
    status LowCardinality(String) COMMENT 'matured or censored',
    censoring_reason LowCardinality(Nullable(String)) COMMENT 'Why it could not be observed; NULL when matured',
    pre_level Float64 COMMENT 'Level at the decision',
    pre_sd Float64 COMMENT 'Its standard deviation',
    post_level Nullable(Float64) COMMENT 'Level at the end of the window; NULL when censored',
    post_sd Nullable(Float64) COMMENT 'Its standard deviation',
    reward Nullable(Float64) COMMENT 'pre_level minus post_level, positive when frustration fell; NULL when censored',
    turns UInt16 COMMENT 'Customer turns within the window',
    elapsed_s Float64 COMMENT 'Length of the window, seconds',
    failed Bool COMMENT 'Whether the level rose beyond the margin after an intervention',
    action LowCardinality(String) COMMENT 'none, reinforce, reroute or escalate',
    config_version LowCardinality(String) COMMENT 'Digest of the settings that produced the outcome',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toYYYYMM(decided_at)
ORDER BY (tenant, conversation_id, decided_at, outcome_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'What the trajectory did after each decision';

CREATE TABLE IF NOT EXISTS ratings
(
    event_id String COMMENT 'Id of the rating',
    event_time DateTime64(3, 'UTC') COMMENT 'When it was given',
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    conversation_id String COMMENT 'Conversation',
    customer_id Nullable(String) COMMENT 'Pseudonymous customer id; NULL when unknown',
    channel LowCardinality(String) COMMENT 'Where the conversation takes place',
    decision_id Nullable(String) COMMENT 'Decision whose reply is rated; NULL when the conversation is',
    rater_id String COMMENT 'Pseudonymous id of the rater',
    rater_role LowCardinality(String) COMMENT 'customer, operator or reviewer',
    blinded Bool COMMENT 'Whether the rater could not know if Tenor had stepped in',
    clarity Nullable(UInt8) COMMENT 'Clarity, 1 to 5; NULL when not rated',
    tone Nullable(UInt8) COMMENT 'Tone, 1 to 5; NULL when not rated',
    resonance Nullable(UInt8) COMMENT 'Resonance, 1 to 5; NULL when not rated',
    felt_understood Nullable(Bool) COMMENT 'Whether the customer felt understood; NULL when not asked',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY (tenant, conversation_id, event_time, event_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'Human ratings of clarity, tone and resonance';

CREATE TABLE IF NOT EXISTS alerts
(
    alert_id String COMMENT 'Deterministic id of the alert',
    event_time DateTime64(3, 'UTC') COMMENT 'When it arose, stream time',
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    conversation_id String COMMENT 'Conversation',
    customer_id Nullable(String) COMMENT 'Pseudonymous customer id; NULL when unknown',
    channel LowCardinality(String) COMMENT 'Where the conversation takes place',
    rule LowCardinality(String) COMMENT 'Rule that fired',
    severity LowCardinality(String) COMMENT 'info, warning or critical',
    title String COMMENT 'One line',
    explanation String COMMENT 'What rose, and what was tried',
    recommendation String COMMENT 'What to do now',
    level Nullable(Float64) COMMENT 'Level when it fired; NULL when unknown',
    level_sd Nullable(Float64) COMMENT 'Its standard deviation',
    contributions Array(Tuple(signal String, share Float64)) COMMENT 'Strongest signals',
    decision_id Nullable(String) COMMENT 'Decision it follows from',
    outcome_id Nullable(String) COMMENT 'Outcome it follows from',
    config_version LowCardinality(String) COMMENT 'Digest of the settings that produced the alert',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY (tenant, conversation_id, event_time, alert_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'What team leads were told';

CREATE TABLE IF NOT EXISTS dead_letters
(
    topic LowCardinality(String) COMMENT 'Topic of the refused event',
    partition Int32 COMMENT 'Its partition',
    offset Int64 COMMENT 'Its offset',
    failed_at DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the refused event; its dead letter keeps it',
    stage LowCardinality(String) COMMENT 'Step that refused it',
    reason LowCardinality(String) COMMENT 'Class of the refusal',
    message String COMMENT 'What is wrong and where; never the payload',
    bytes UInt32 COMMENT 'Size of the payload',
    dlq_partition Int32 COMMENT 'Where the original stands in the dead letter topic: partition',
    dlq_offset Int64 COMMENT 'and offset',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toYYYYMM(failed_at)
ORDER BY (topic, partition, offset, stage)
TTL toDateTime(inserted_at) + INTERVAL 90 DAY
COMMENT 'Refused events, without their payload';
