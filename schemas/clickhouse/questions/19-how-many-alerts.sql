-- How many alerts do team leads get?
-- By rule: how many, in how many conversations, on the busiest day, and for every hundred conversations there were.
WITH
    days AS (SELECT tenant, rule, severity, toDate(event_time) AS day, count() AS n, groupUniqArray(conversation_id) AS names FROM alerted GROUP BY tenant, rule, severity, day),
    talks AS (SELECT tenant, count() AS n FROM conversations GROUP BY tenant)
SELECT
    days.tenant AS tenant,
    rule,
    severity,
    sum(days.n) AS alerts,
    length(groupUniqArrayArray(names)) AS in_conversations,
    max(days.n) AS on_the_busiest_day,
    any(talks.n) > 0 ? 100 * alerts / any(talks.n) : NULL AS per_100_conversations
FROM days
LEFT JOIN talks ON talks.tenant = days.tenant
GROUP BY tenant, rule, severity
ORDER BY tenant, alerts DESC, rule
