-- Did it help?
-- Any intervention against control, among decisions that could have gone either way. The interval holds at every look;
-- under 200 such decisions there is no number.
SELECT tenant, n, treated, controls, mean, low, high, verdict
FROM uplift
WHERE option = 'any'
ORDER BY tenant
