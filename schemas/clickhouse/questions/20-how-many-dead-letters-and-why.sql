-- How many dead letters, and why?
-- Refused events by topic, step and reason, with one example of what was wrong. Their content is in the dead letter
-- queue alone: `tenor dlq show`.
SELECT topic, stage, reason, count() AS events, min(failed_at) AS first_at, max(failed_at) AS last_at, min(message) AS example
FROM refused
GROUP BY topic, stage, reason
ORDER BY events DESC, topic, reason
