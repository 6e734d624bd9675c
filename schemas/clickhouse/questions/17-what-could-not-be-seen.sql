-- What could not be seen?
-- Closed decisions without a reward, and why. Where control loses a different share than an option, so may what is missing.
SELECT tenant, option, reason, censored, closed, share
FROM censoring
ORDER BY tenant, option, reason
