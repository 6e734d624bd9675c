-- For whom did it help?
-- The contrast of any intervention with control, by how high the level stood and how often something had failed before.
-- Standard errors are clustered by conversation. Many groups were looked at once: a hint what to try next, no proof.
WITH each AS
(
    SELECT
        c.tenant AS tenant,
        multiIf(d.level < 0.25, 'level under .25', d.level < 0.5, 'level .25 to .5', 'level from .5') AS level,
        d.decision_index = 1 ? 'first attempt' : 'after an attempt' AS attempt,
        c.conversation_id AS conversation_id,
        count() AS n,
        sum(c.weight) AS weights,
        sum(c.weight * c.contrast) AS told
    FROM contrasts AS c
    INNER JOIN decided AS d ON d.tenant = c.tenant AND d.decision_id = c.decision_id
    WHERE c.compared = 'any'
    GROUP BY tenant, level, attempt, conversation_id
)
SELECT * EXCEPT (found, error)
FROM
(
    SELECT
        tenant,
        level,
        attempt,
        sum(n) AS decisions,
        count() AS conversations,
        sum(told) / sum(weights) AS found,
        sqrt(arraySum(one -> pow(one.1 - found * one.2, 2), groupArray((told, weights)))) / sum(weights) AS error,
        decisions >= 30 ? found : NULL AS mean,
        decisions >= 30 ? error : NULL AS standard_error
    FROM each
    GROUP BY tenant, level, attempt
)
ORDER BY tenant, level, attempt
