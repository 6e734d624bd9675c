-- What moves the level?
-- How far each signal moved the belief, up and down, over all turns: what the frustration signal is made of here.
SELECT
    tenant,
    one.signal AS signal,
    count() AS turns,
    sumIf(one.share, one.share > 0) AS upwards,
    sumIf(one.share, one.share < 0) AS downwards,
    sum(abs(one.share)) / sum(sum(abs(one.share))) OVER (PARTITION BY tenant) AS share_of_all
FROM trajectories
ARRAY JOIN contributions AS one
GROUP BY tenant, signal
ORDER BY tenant, share_of_all DESC, signal
LIMIT 12 BY tenant
