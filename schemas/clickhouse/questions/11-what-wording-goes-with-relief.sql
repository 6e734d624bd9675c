-- What wording goes with relief?
-- Change of the next level where an answer was worded so, adjusted for turn, level before and the other features. An
-- association, no proof: operators choose their words by the case before them.
SELECT tenant, feature, present, effect, low, high, direction
FROM wording_effects
ORDER BY tenant, effect ASC NULLS LAST, feature
