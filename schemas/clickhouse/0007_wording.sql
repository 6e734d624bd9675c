-- How answers were worded, and what their wording went with.

ALTER TABLE trajectory_points
    ADD COLUMN IF NOT EXISTS level_before Nullable(Float64) COMMENT 'Level at the trajectory point before this one; NULL at the first turn' AFTER reply,
    COMMENT COLUMN reply 'How the answer before this turn was worded: all messages since the turn before; empty without one, or where it could not be read';

CREATE OR REPLACE VIEW trajectories AS
SELECT * FROM trajectory_points FINAL
COMMENT 'The belief after each customer turn, each once';

-- Which ways of wording an answer went with a fall or a rise of the level? Operators choose their words by the case
-- before them, so this is an association and no proof: try a wording as an intervention option to prove it.
CREATE OR REPLACE VIEW wording_effects
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversations',
    event_time DateTime64(3, 'UTC') COMMENT 'Stream time of the last answer learned from',
    turns UInt64 COMMENT 'Customer turns after an answer that could be read',
    conversations UInt64 COMMENT 'Conversations they come from',
    feature LowCardinality(String) COMMENT 'Feature of the answer',
    present UInt64 COMMENT 'Answers that had it',
    effect Nullable(Float64) COMMENT 'Change of the next level where the answer has it (of the length: for each doubling), adjusted for turn, level before and the other features; negative: the level fell. NULL while it cannot be told',
    low Nullable(Float64) COMMENT 'Lower end of its 95 % interval',
    high Nullable(Float64) COMMENT 'Upper end; of ten features without any effect, one interval or more leaves zero out in two studies of five',
    direction LowCardinality(String) COMMENT 'defuses or escalates where the interval leaves zero out even half as wide again, which allows for ten features; unclear; or insufficient data'
)
AS SELECT
    study.tenant,
    study.event_time,
    study.turns,
    study.conversations,
    one.feature AS feature,
    one.present AS present,
    one.effect AS effect,
    one.low AS low,
    one.high AS high,
    multiIf(
        isNull(effect), 'insufficient data',
        abs(assumeNotNull(effect)) <= 0.75 * assumeNotNull(high - low), 'unclear',
        assumeNotNull(effect) < 0, 'defuses',
        'escalates') AS direction
FROM (SELECT * FROM wording_studies FINAL ORDER BY turns DESC, event_time DESC, inserted_at DESC LIMIT 1 BY tenant) AS study
ARRAY JOIN study.effects AS one
COMMENT 'Which ways of wording an answer went with a rise or fall of the level; an association, no proof';
