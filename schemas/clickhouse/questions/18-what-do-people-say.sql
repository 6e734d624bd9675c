-- What do people say?
-- Ratings of conversations that ended with and without an intervention, from 1 to 5. Who rates is no random sample.
SELECT
    f.tenant AS tenant,
    multiIf(f.holdout, 'holdout', f.interventions > 0, 'intervened', f.decisions > 0, 'control only', 'never raised') AS arm,
    count() AS ratings,
    avg(r.clarity) AS clarity,
    avg(r.tone) AS tone,
    avg(r.resonance) AS resonance,
    avg(r.felt_understood) AS felt_understood
FROM rated AS r
INNER JOIN
(
    SELECT tenant, conversation_id, max(holdout) AS holdout, sum(interventions) AS interventions, sum(decisions) AS decisions
    FROM (SELECT tenant, conversation_id, holdout, interventions, decisions FROM finished)
    GROUP BY tenant, conversation_id
) AS f ON f.tenant = r.tenant AND f.conversation_id = r.conversation_id
WHERE r.clarity IS NOT NULL OR r.tone IS NOT NULL OR r.resonance IS NOT NULL OR r.felt_understood IS NOT NULL
GROUP BY tenant, arm
ORDER BY tenant, arm
