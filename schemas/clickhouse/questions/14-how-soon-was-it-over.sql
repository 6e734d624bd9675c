-- How soon was it over?
-- Of conversations once raised: how many recovered, and when. Only the holdout is a comparison by lot; who was stepped in
-- for had more trouble than who was not.
SELECT tenant, arm, raised, recovered, share_recovered, median_s, half_after_s
FROM time_to_recovery
ORDER BY tenant, arm
