-- Do customers we never step in for fare otherwise?
-- Whole conversations, by lot, clustered by customer. It sees what the reward cannot: effects that last or wear off.
SELECT tenant, measure, holdout_conversations, other_conversations, holdout_mean, other_mean, difference, low, high, verdict
FROM holdout_check
ORDER BY tenant, measure
