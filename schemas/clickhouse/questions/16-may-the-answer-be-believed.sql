-- May the answer be believed?
-- The chances on record must be those that were drawn from, and control as frequent as they say. If not, read on in
-- operations.md and trust no effect.
SELECT
    h.tenant AS tenant,
    h.decisions AS decisions,
    h.contradictions AS contradictions,
    h.worst_z AS worst_z,
    h.lottery_p AS lottery_p,
    h.verdict AS chances,
    s.expected AS controls_expected,
    s.controls AS controls_drawn,
    s.bayes_factor AS bayes_factor,
    s.verdict AS control_share
FROM propensity_health AS h
LEFT JOIN control_share_check AS s ON s.tenant = h.tenant
WHERE h.version = 'all'
ORDER BY tenant
