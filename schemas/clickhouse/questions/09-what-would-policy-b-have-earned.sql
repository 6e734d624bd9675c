-- What would policy B have earned?
-- Mean reward per decision had another policy drawn; `dr` with its 95 % interval, for a single look at a policy chosen
-- beforehand. Candidates of your own: `tenor replay --policy FILE` writes them to `candidate_policies`.
SELECT tenant, candidate, n, ess, dr, dr_low, dr_high, snips, verdict
FROM policy_values
ORDER BY tenant, candidate = 'as drawn' DESC, candidate
