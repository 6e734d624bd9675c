-- How often is the alarm false?
-- Among conversations in which people marked messages. Without marks nobody knows; where people mark what looks bad
-- and skip the rest, false alarms are too few here.
WITH judged AS
(
    SELECT tenant, conversation_id, max(assumeNotNull(frustrated)) AS ever
    FROM rated
    WHERE frustrated IS NOT NULL
    GROUP BY tenant, conversation_id
)
SELECT
    c.tenant AS tenant,
    count() AS judged_conversations,
    countIf(c.ever_raised) AS alarms,
    countIf(c.ever_raised AND NOT j.ever) AS false_alarms,
    countIf(NOT j.ever) AS quiet,
    quiet > 0 ? 1000 * false_alarms / quiet : NULL AS false_alarms_per_1000_quiet,
    countIf(j.ever AND NOT c.ever_raised) AS missed
FROM conversations AS c
INNER JOIN judged AS j ON j.tenant = c.tenant AND j.conversation_id = c.conversation_id
GROUP BY tenant
ORDER BY tenant
