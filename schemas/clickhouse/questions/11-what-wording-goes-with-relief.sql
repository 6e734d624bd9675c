-- What wording goes with relief?
-- Change of the next level after answers that had a feature, less that after answers without it, among turns that began
-- at the same level (in tenths). An association, no proof: operators choose their words by the case before them.
-- `tenor report` also adjusts for the turn and the other features, and gives intervals.
SELECT tenant, feature, sum(answers) AS present, round(sum(answers * difference) / present, 6) AS difference
FROM (
    SELECT tenant, feature, round(level_before, 1) AS before,
        countIf(value > 0) AS answers, count() - answers AS others,
        avgIf(level - level_before, value > 0) - avgIf(level - level_before, value = 0) AS difference
    FROM trajectories
    ARRAY JOIN mapKeys(reply) AS feature, mapValues(reply) AS value
    WHERE level_before IS NOT NULL AND observation IS NOT NULL
    GROUP BY tenant, feature, before
    HAVING answers > 0 AND others > 0
)
GROUP BY tenant, feature
HAVING present >= 20
ORDER BY tenant, difference, feature
