-- What an alert says: since when, what it was seen by in words, what was tried, which versions fired. What people asked
-- about alerts, and what became of each alert.

ALTER TABLE decisions
    ADD COLUMN IF NOT EXISTS raised_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When frustration first counted as raised in the conversation; NULL when never' AFTER cues,
    ADD COLUMN IF NOT EXISTS tried Array(Tuple(option String, change Nullable(Float64))) COMMENT 'What was tried before, the last four, and how far the level moved after each; NULL where the customer never wrote' AFTER raised_at;

ALTER TABLE outcomes
    ADD COLUMN IF NOT EXISTS raised_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When frustration first counted as raised in the conversation; NULL when never' AFTER action,
    ADD COLUMN IF NOT EXISTS tried Array(Tuple(option String, change Nullable(Float64))) COMMENT 'What was tried up to this outcome, the last four, and how far the level moved after each; NULL where the customer never wrote' AFTER raised_at,
    ADD COLUMN IF NOT EXISTS contributions Array(Tuple(signal String, share Float64)) COMMENT 'The strongest three in the evidence of the alarm when the window closed' AFTER tried;

ALTER TABLE alerts
    ADD COLUMN IF NOT EXISTS evidence Array(String) COMMENT 'The strongest signals that raised frustration, in words, with their share' AFTER contributions,
    ADD COLUMN IF NOT EXISTS raised_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When frustration first counted as raised in the conversation; NULL when never' AFTER evidence,
    ADD COLUMN IF NOT EXISTS tried Array(Tuple(option String, change Nullable(Float64))) COMMENT 'What was tried, the last four, and how far the level moved after each; NULL where the customer never wrote' AFTER raised_at,
    ADD COLUMN IF NOT EXISTS rule_version Nullable(UInt16) COMMENT 'Version of the rules that fired; NULL in alerts of before this column' AFTER outcome_id,
    ADD COLUMN IF NOT EXISTS policy_version Nullable(String) COMMENT 'Version of the policy that chose; NULL where the alert follows from no decision' AFTER rule_version;

CREATE TABLE IF NOT EXISTS alert_commands
(
    command_id String COMMENT 'Id of the command',
    event_time DateTime64(3, 'UTC') COMMENT 'When it was given',
    tenant LowCardinality(String) COMMENT 'Tenant it is about',
    target String COMMENT 'Digest of what it is about; of a target the latest command counts',
    conversation_id Nullable(String) COMMENT 'Conversation whose alerts it is about; NULL for all of the team',
    team Nullable(String) COMMENT 'Team it is about; NULL for every team',
    alert_id Nullable(String) COMMENT 'Alert the person saw; NULL when not known',
    action LowCardinality(String) COMMENT 'acknowledge, snooze or resume',
    until Nullable(DateTime64(3, 'UTC')) COMMENT 'When a snooze ends; NULL for what is no snooze',
    by String COMMENT 'Who asked',
    reason String COMMENT 'Why',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
ORDER BY (tenant, event_time, command_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'What people asked about alerts';

CREATE TABLE IF NOT EXISTS alert_deliveries
(
    delivery_id String COMMENT 'Deterministic id of the row',
    event_time DateTime64(3, 'UTC') COMMENT 'When it was settled, wall clock',
    tenant LowCardinality(String) COMMENT 'Tenant of the alert',
    conversation_id String COMMENT 'Conversation; empty where the alert is about none',
    alert_id String COMMENT 'Alert; of a summary, a recovery or a test the id of the message',
    kind LowCardinality(String) COMMENT 'alert, summary, recovery or test',
    severity LowCardinality(String) COMMENT 'info, warning or critical',
    rule LowCardinality(String) COMMENT 'Rule that fired; empty for a summary or recovery',
    team LowCardinality(String) COMMENT 'Team it was for; empty where no route matched',
    message_id Nullable(String) COMMENT 'Message it went out in; NULL where it was suppressed',
    destination LowCardinality(String) COMMENT 'Kind and number of the destination in the routes, as webhook-1; never its address. Empty where it was suppressed',
    status LowCardinality(String) COMMENT 'delivered, failed or suppressed',
    attempts UInt32 COMMENT 'How often it was tried',
    reason Nullable(String) COMMENT 'Why it failed or was suppressed; NULL when delivered',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY (tenant, event_time, delivery_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'What became of each alert: delivered, failed or suppressed, and why';

CREATE OR REPLACE VIEW decided AS
SELECT * FROM decisions FINAL
COMMENT 'Every decision point, control included, each once';

CREATE OR REPLACE VIEW observed AS
SELECT * FROM outcomes FINAL
COMMENT 'What the trajectory did after each decision, each once';

CREATE OR REPLACE VIEW alerted AS
SELECT * FROM alerts FINAL
COMMENT 'What team leads were told, each once';

CREATE OR REPLACE VIEW alert_commanded AS
SELECT * FROM alert_commands FINAL
COMMENT 'What people asked about alerts, each once';

CREATE OR REPLACE VIEW alert_delivered AS
SELECT * FROM alert_deliveries FINAL
COMMENT 'What became of each alert, each once';
