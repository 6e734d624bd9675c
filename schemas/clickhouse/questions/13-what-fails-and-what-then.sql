-- What fails, and what then?
-- Interventions after which the level rose beyond the margin, and what was done about it.
SELECT
    tenant,
    option,
    countIf(reward IS NOT NULL) AS seen,
    countIf(failed) AS failures,
    seen > 0 ? failures / seen : NULL AS share_failed,
    countIf(action = 'reroute') AS rerouted,
    countIf(action = 'escalate') AS handed_over,
    countIf(ifNull(delivered = false, false)) AS nobody_answered
FROM observed
WHERE NOT control
GROUP BY tenant, option
ORDER BY tenant, share_failed DESC NULLS LAST, option
