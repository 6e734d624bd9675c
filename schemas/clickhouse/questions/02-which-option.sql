-- Which option helps?
-- Each option against control. The chance of an interval that ever misses is shared out among the options, so these
-- are wider; an option needs 200 decisions of its own that could have been it or control.
SELECT tenant, option, n, treated, controls, mean, low, high, verdict
FROM uplift
WHERE option != 'any'
ORDER BY tenant, mean DESC NULLS LAST, option
