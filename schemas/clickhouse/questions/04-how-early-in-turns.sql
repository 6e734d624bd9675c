-- How early do we see it, in turns?
-- Customer turns between the first one people marked as frustrated and the alarm; below 0 the alarm was first. Only
-- conversations with both; how many were missed stands beside.
WITH
    marked AS
    (
        SELECT r.tenant AS tenant, r.conversation_id AS conversation_id, min(r.event_time) AS marked_at
        FROM rated AS r
        WHERE r.frustrated
        GROUP BY tenant, conversation_id
    ),
    seen AS
    (
        SELECT
            m.tenant AS tenant,
            m.conversation_id AS conversation_id,
            countIf(t.event_time <= m.marked_at) AS marked_turn,
            countIf(t.event_time <= c.first_raised_at) AS raised_turn,
            any(c.ever_raised) AS raised
        FROM marked AS m
        INNER JOIN conversations AS c ON c.tenant = m.tenant AND c.conversation_id = m.conversation_id
        INNER JOIN trajectories AS t ON t.tenant = m.tenant AND t.conversation_id = m.conversation_id
        GROUP BY tenant, conversation_id
    )
SELECT
    tenant,
    count() AS frustrated,
    countIf(raised) AS noticed,
    countIf(raised AND raised_turn <= marked_turn) AS by_that_turn,
    quantileExactIfOrNull(0.25)(toInt64(raised_turn) - toInt64(marked_turn), raised) AS quarter_by_turn,
    quantileExactIfOrNull(0.5)(toInt64(raised_turn) - toInt64(marked_turn), raised) AS half_by_turn,
    quantileExactIfOrNull(0.75)(toInt64(raised_turn) - toInt64(marked_turn), raised) AS three_quarters_by_turn
FROM seen
GROUP BY tenant
ORDER BY tenant
