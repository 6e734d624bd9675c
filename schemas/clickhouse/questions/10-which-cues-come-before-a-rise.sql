-- Which cues come before a rise?
-- What the level does at the turn after a cue. `lift` is the share of these turns after which the alarm goes off, over
-- that of all turns. What comes before is not always a cause.
WITH
    turns AS
    (
        SELECT
            tenant,
            conversation_id,
            cues,
            level,
            raised,
            leadInFrame(toNullable(level)) OVER next_turns AS next_level,
            leadInFrame(toNullable(raised)) OVER next_turns AS next_raised
        FROM trajectories
        WINDOW next_turns AS
        (
            PARTITION BY tenant, conversation_id ORDER BY event_time, turn
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    ),
    quiet AS (SELECT * FROM turns WHERE NOT raised AND next_level IS NOT NULL),
    base AS (SELECT tenant, avg(assumeNotNull(next_raised)) AS share FROM quiet GROUP BY tenant)
SELECT
    quiet.tenant AS tenant,
    cue,
    count() AS turns_with_it,
    avg(next_level - level) AS change_at_next_turn,
    avg(assumeNotNull(next_raised)) AS alarm_at_next_turn,
    any(base.share) > 0 ? alarm_at_next_turn / any(base.share) : NULL AS lift
FROM quiet
ARRAY JOIN cues AS cue
INNER JOIN base ON base.tenant = quiet.tenant
GROUP BY tenant, cue
HAVING turns_with_it >= 20
ORDER BY tenant, lift DESC NULLS LAST, cue
