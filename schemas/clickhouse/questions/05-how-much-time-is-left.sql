-- How much time is left to act?
-- From the alarm to the customer's last turn, by how the conversation ended: what a person had who was told at once. What
-- was never raised left no time at all.
SELECT
    c.tenant AS tenant,
    f.how AS ended,
    count() AS conversations,
    countIf(c.ever_raised) AS once_raised,
    medianExactOrNull(dateDiff('second', c.first_raised_at, c.last_turn_at)) AS median_s,
    avgOrNull(c.turns - c.first_raised_turn) AS mean_turns_left,
    countIf(ifNull(c.first_raised_turn = c.turns, false)) AS at_the_last_turn
FROM conversations AS c
INNER JOIN (SELECT tenant, conversation_id, argMax(ended, event_time) AS how FROM finished GROUP BY tenant, conversation_id) AS f
    ON f.tenant = c.tenant AND f.conversation_id = c.conversation_id
GROUP BY tenant, ended
ORDER BY tenant, ended
