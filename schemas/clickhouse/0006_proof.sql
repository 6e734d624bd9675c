-- Proof: what interventions did, beside control, and whether the numbers may be believed. streams/proof.py holds the
-- same formulas, with their sources; docs/proof.md tells which view answers which question. A number that too little
-- stands behind is NULL, and a verdict says so.

-- Which decisions still wait for their outcome?
CREATE OR REPLACE VIEW waiting
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    decision_id String COMMENT 'Decision without an outcome',
    conversation_id String COMMENT 'Conversation',
    decided_at DateTime64(3, 'UTC') COMMENT 'When the decision was made',
    overdue Bool COMMENT 'Whether the tenant''s newest turn is later than the end of the window: nobody waits for it any more'
)
AS SELECT
    decided.tenant AS tenant,
    decided.decision_id AS decision_id,
    decided.conversation_id AS conversation_id,
    decided.event_time AS decided_at,
    newest.turn_at > addMilliseconds(decided.event_time, toInt64(decided.window_s * 1000)) AS overdue
FROM decided
LEFT JOIN (SELECT tenant, max(event_time) AS turn_at FROM trajectory_points GROUP BY tenant) AS newest
    ON newest.tenant = decided.tenant
WHERE decided.available AND decided.decision_id NOT IN (SELECT decision_id FROM observed)
COMMENT 'Decisions that still wait for their outcome';

-- What is there to analyse? Rows with a reward count as what was drawn, delivered or not: as assigned.
CREATE OR REPLACE VIEW experiment
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    decision_id String COMMENT 'Decision whose window has closed',
    conversation_id String COMMENT 'Conversation',
    customer_id Nullable(String) COMMENT 'Pseudonymous customer id; NULL when unknown',
    channel LowCardinality(String) COMMENT 'Where the conversation takes place',
    decided_at DateTime64(3, 'UTC') COMMENT 'When the decision was made',
    closed_at DateTime64(3, 'UTC') COMMENT 'When its window closed, stream time',
    next_decided_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the next decision of the conversation was made; NULL for the last',
    decision_index UInt32 COMMENT 'Number of this decision in its conversation, from 1',
    kind LowCardinality(String) COMMENT 'first, repeat, reroute or escalation',
    option LowCardinality(String) COMMENT 'Option drawn, or control',
    control Bool COMMENT 'Whether the draw was not to step in',
    holdout Bool COMMENT 'Whether the customer is in the holdout: never stepped in for',
    propensity Nullable(Float64) COMMENT 'Total probability of what was drawn, as recorded beside it',
    propensities Map(String, Float64) COMMENT 'Total probability of each option and of control',
    predicted_reward Map(String, Float64) COMMENT 'Reward the policy expected of each option; missing counts as 0',
    policy_version LowCardinality(String) COMMENT 'Version of the policy',
    config_version LowCardinality(String) COMMENT 'Digest of the settings that produced the decision',
    status LowCardinality(String) COMMENT 'matured, censored or overlapped',
    censoring_reason LowCardinality(Nullable(String)) COMMENT 'Why it could not be observed; NULL when it was',
    reward Nullable(Float64) COMMENT 'Fall of the level over the window; NULL when not observed',
    failed Bool COMMENT 'Whether the level rose beyond the margin after an intervention',
    delivered Nullable(Bool) COMMENT 'Whether an operator or bot answered within the window; NULL for control',
    in_order Bool COMMENT 'Whether no earlier decision of the tenant still waits. Sequences take decisions in their order: what closes soon differs from what closes late'
)
AS SELECT
    d.tenant AS tenant,
    d.decision_id AS decision_id,
    d.conversation_id AS conversation_id,
    d.customer_id AS customer_id,
    d.channel AS channel,
    d.event_time AS decided_at,
    o.event_time AS closed_at,
    d.next_time AS next_decided_at,
    d.decision_index AS decision_index,
    d.kind AS kind,
    assumeNotNull(d.option) AS option,
    d.control AS control,
    d.holdout AS holdout,
    d.propensity AS propensity,
    d.propensities AS propensities,
    d.predicted_reward AS predicted_reward,
    d.policy_version AS policy_version,
    d.config_version AS config_version,
    o.status AS status,
    o.censoring_reason AS censoring_reason,
    o.reward AS reward,
    o.failed AS failed,
    o.delivered AS delivered,
    ifNull(d.event_time < first_open.since, true) AS in_order
FROM observed AS o
INNER JOIN
(
    SELECT *, leadInFrame(toNullable(event_time)) OVER
    (
        PARTITION BY tenant, conversation_id ORDER BY event_time, decision_index
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS next_time
    FROM decided
) AS d ON d.tenant = o.tenant AND d.decision_id = o.decision_id
LEFT JOIN (SELECT tenant, toNullable(min(decided_at)) AS since FROM waiting WHERE NOT overdue GROUP BY tenant) AS first_open
    ON first_open.tenant = o.tenant
WHERE d.option IS NOT NULL
COMMENT 'Every decision whose window has closed, with what followed';

-- What does one decision tell about an option beside control? Only decisions in which both could have been drawn.
CREATE OR REPLACE VIEW contrasts
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    compared String COMMENT 'Option held against control; any for all interventions as one, mixed as they were',
    decision_id String COMMENT 'Decision it is told by',
    conversation_id String COMMENT 'Conversation',
    decided_at DateTime64(3, 'UTC') COMMENT 'When the decision was made',
    chosen LowCardinality(String) COMMENT 'Option drawn, or control',
    contrast Float64 COMMENT 'Reward of the option minus reward of control as this decision tells it: unbiased, doubly robust, noisy',
    weight Float64 COMMENT 'With which all contrasts are about equally noisy; it follows from the chances alone',
    noise Float64 COMMENT 'Squared error of what was expected of the option chosen, whichever it was'
)
AS SELECT
    tenant,
    compared,
    decision_id,
    conversation_id,
    decided_at,
    option AS chosen,
    q + drawn * (reward - q) / p - q_control - (option = 'control') * (reward - q_control) / p_control AS contrast,
    1 / sqrt(1 / p + 1 / p_control) AS weight,
    pow(reward - predicted_reward[option], 2) AS noise
FROM
(
    SELECT
        *,
        propensities['control'] AS p_control,
        predicted_reward['control'] AS q_control,
        arrayFilter(name -> name != 'control', mapKeys(propensities)) AS interventions,
        arrayJoin(arrayPushFront(interventions, 'any')) AS compared,
        compared = 'any' ? option != 'control' : option = compared AS drawn,
        compared = 'any' ? 1 - p_control : propensities[compared] AS p,
        compared = 'any'
            ? arraySum(name -> propensities[name] * predicted_reward[name], interventions) / p
            : predicted_reward[compared] AS q
    FROM experiment
    WHERE reward IS NOT NULL AND in_order
)
WHERE p > 0 AND p_control > 0
COMMENT 'What every decision tells about each option beside control';

-- Did it help? Always-valid confidence sequences (Waudby-Smith et al., arXiv 2103.06476): look as often as you like.
CREATE OR REPLACE VIEW uplift
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversations',
    option String COMMENT 'Option held against control; any for all interventions as one',
    n UInt64 COMMENT 'Decisions observed in which both could have been drawn',
    treated UInt64 COMMENT 'Of these, drawn: the option, or any intervention',
    controls UInt64 COMMENT 'Of these, left alone',
    control_conversations UInt64 COMMENT 'Conversations the controls come from',
    alpha Float64 COMMENT 'Chance of an interval that ever misses: .05 for any, shared out among the single options',
    mean Nullable(Float64) COMMENT 'Reward of the option minus reward of control by weight, positive when it helped; NULL under 200 decisions',
    variance Nullable(Float64) COMMENT 'Variance of weight times contrast, at least that of the noise; NULL under 200 decisions',
    low Nullable(Float64) COMMENT 'Lower end of the interval; NULL under 200 decisions',
    high Nullable(Float64) COMMENT 'Upper end; NULL under 200 decisions',
    upper_bound Nullable(Float64) COMMENT 'One-sided upper bound: below 0 the option harms and is rolled back; NULL under 200 decisions',
    verdict LowCardinality(String) COMMENT 'insufficient data, helped, harmed, or no effect shown'
)
AS WITH 500 AS n_opt, 200 AS enough
SELECT
    tenant,
    option,
    n,
    treated,
    controls,
    control_conversations,
    alpha,
    n >= enough ? phi_mean : NULL AS mean,
    n >= enough ? phi_variance : NULL AS variance,
    mean - n / weights * sqrt(variance * 2 * (spread + 1) / (n * spread) * log(sqrt(spread + 1) / alpha)) AS low,
    mean + n / weights * sqrt(variance * 2 * (spread + 1) / (n * spread) * log(sqrt(spread + 1) / alpha)) AS high,
    mean + n / weights * sqrt(variance * 2 * (spread_1 + 1) / (n * spread_1) * log1p(sqrt(spread_1 + 1) / (2 * alpha))) AS upper_bound,
    multiIf(mean IS NULL, 'insufficient data', low > 0, 'helped', high < 0, 'harmed', 'no effect shown') AS verdict
FROM
(
    SELECT
        *,
        0.05 / (option = 'any' ? 1 : countIf(option != 'any') OVER (PARTITION BY tenant)) AS alpha,
        n * (2 * log(1 / alpha) + log1p(2 * log(1 / alpha))) / n_opt AS spread,
        n * (2 * log(1 / (2 * alpha)) + log1p(2 * log(1 / (2 * alpha)))) / n_opt AS spread_1
    FROM
    (
        SELECT
            tenant,
            compared AS option,
            count() AS n,
            countIf(chosen = compared OR (compared = 'any' AND chosen != 'control')) AS treated,
            countIf(chosen = 'control') AS controls,
            uniqExactIf(conversation_id, chosen = 'control') AS control_conversations,
            sum(weight) AS weights,
            sum(weight * contrast) / weights AS phi_mean,
            greatest(varPopStable(weight * contrast), avg(noise)) AS phi_variance
        FROM contrasts
        GROUP BY tenant, compared
    )
)
COMMENT 'Each option, and any intervention, against control, with an interval that holds at every look';

CREATE TABLE IF NOT EXISTS candidate_policies
(
    tenant LowCardinality(String) COMMENT 'Tenant of the decision',
    candidate String COMMENT 'Name of the policy',
    decision_id String COMMENT 'Recorded decision it decided again',
    probabilities Map(String, Float64) COMMENT 'Probability it gives each option and control',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written'
)
ENGINE = ReplacingMergeTree(inserted_at)
ORDER BY (tenant, candidate, decision_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'What other policies would have drawn, with which probability, in recorded decisions';

-- What does a policy want in each decision, and how far does the record tell? Customers of the holdout are left out:
-- no policy has a say there. The policies that need no file want their option where it could have been drawn, and
-- what was drawn from elsewhere: so all are about the same decisions.
CREATE OR REPLACE VIEW candidate_decisions
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversation',
    candidate String COMMENT 'Policy: as drawn, uniform, always an option (or control), or one out of candidate_policies',
    decision_id String COMMENT 'Decision observed',
    conversation_id String COMMENT 'Conversation',
    reward Float64 COMMENT 'Reward of what was drawn',
    weight Float64 COMMENT 'Probability the candidate gives what was drawn, over the one it was drawn with',
    score Float64 COMMENT 'Doubly robust score: what was predicted, corrected by what happened',
    unsupported Bool COMMENT 'Whether the candidate wants what had no chance'
)
AS WITH
    rewarded AS
    (
        SELECT tenant, decision_id, conversation_id, option, assumeNotNull(reward) AS earned, propensities, predicted_reward,
            mapFilter((name, p) -> p > 0, propensities) AS possible
        FROM experiment
        WHERE reward IS NOT NULL AND NOT holdout
    ),
    catalogue AS
    (
        SELECT tenant, groupUniqArrayArray(mapKeys(possible)) AS names FROM rewarded GROUP BY tenant
    ),
    wanting AS
    (
        SELECT rewarded.*, arrayJoin(arrayConcat(
            [('as drawn', propensities), ('uniform', mapApply((name, p) -> (name, 1 / length(possible)), possible))],
            arrayMap(one -> ('always ' || one, mapContains(possible, one) ? map(one, 1.) : propensities), names)
        )) AS wish, wish.1 AS candidate, wish.2 AS target
        FROM rewarded INNER JOIN catalogue ON catalogue.tenant = rewarded.tenant
        UNION ALL
        SELECT rewarded.*, (written.candidate, written.probabilities) AS wish, wish.1 AS candidate, wish.2 AS target
        FROM rewarded
        INNER JOIN (SELECT * FROM candidate_policies FINAL) AS written
            ON written.tenant = rewarded.tenant AND written.decision_id = rewarded.decision_id
    )
SELECT
    tenant,
    candidate,
    decision_id,
    conversation_id,
    earned AS reward,
    propensities[option] > 0 ? target[option] / propensities[option] : 0 AS weight,
    arraySum((name, wanted) -> wanted * predicted_reward[name], mapKeys(target), mapValues(target))
        + weight * (earned - predicted_reward[option]) AS score,
    propensities[option] <= 0
        OR arrayExists((name, wanted) -> wanted > 0 AND propensities[name] <= 0, mapKeys(target), mapValues(target)) AS unsupported
FROM wanting
COMMENT 'What each candidate policy wants in every decision, and the weight the decision has for it';

-- What would another policy have earned? Errors are clustered by conversation: its decisions share a customer.
CREATE OR REPLACE VIEW policy_values
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversations',
    candidate String COMMENT 'Policy: as drawn, uniform, always an option (or control), or one out of candidate_policies',
    n UInt64 COMMENT 'Decisions observed',
    conversations UInt64 COMMENT 'Conversations they come from',
    unsupported UInt64 COMMENT 'Decisions where the candidate wants what had no chance; one such, and there is no estimate',
    unsupported_share Float64 COMMENT 'Their share',
    ess Float64 COMMENT 'Effective sample size: how many decisions of its own the record is worth to the candidate',
    snips Nullable(Float64) COMMENT 'Reward per decision by self-normalised inverse propensity; NULL without an estimate',
    snips_error Nullable(Float64) COMMENT 'Its standard error',
    snips_low Nullable(Float64) COMMENT 'Lower end of its 95 % interval, for a single look',
    snips_high Nullable(Float64) COMMENT 'Upper end',
    dr Nullable(Float64) COMMENT 'Reward per decision, doubly robust; NULL without an estimate',
    dr_error Nullable(Float64) COMMENT 'Its standard error',
    dr_low Nullable(Float64) COMMENT 'Lower end of its 95 % interval, for a single look',
    dr_high Nullable(Float64) COMMENT 'Upper end',
    verdict LowCardinality(String) COMMENT 'unsupported, insufficient data (ESS under 50 or fewer than 200 decisions), or estimated'
)
AS WITH 1.959963984540054 AS normal_95
SELECT
    tenant,
    candidate,
    n,
    conversations,
    unsupported,
    unsupported / n AS unsupported_share,
    unsupported > 0 OR squares = 0 ? 0 : weight * weight / squares AS ess,
    multiIf(unsupported > 0, 'unsupported', ess < 50 OR n < 200, 'insufficient data', 'estimated') AS verdict,
    verdict = 'estimated' ? rewards / weight : NULL AS snips,
    snips IS NULL ? NULL : sqrt(arraySum(one -> pow(one.2 - rewards / weight * one.1, 2), clusters)) / weight AS snips_error,
    snips - normal_95 * snips_error AS snips_low,
    snips + normal_95 * snips_error AS snips_high,
    verdict = 'estimated' ? scores / n : NULL AS dr,
    dr IS NULL ? NULL : sqrt(arraySum(one -> pow(one.3 - scores / n * one.4, 2), clusters)) / n AS dr_error,
    dr - normal_95 * dr_error AS dr_low,
    dr + normal_95 * dr_error AS dr_high
FROM
(
    SELECT
        tenant,
        candidate,
        count() AS conversations,
        sum(c_n) AS n,
        sum(c_unsupported) AS unsupported,
        sum(c_weight) AS weight,
        sum(c_squares) AS squares,
        sum(c_rewards) AS rewards,
        sum(c_scores) AS scores,
        groupArray((c_weight, c_rewards, c_scores, c_n)) AS clusters
    FROM
    (
        SELECT
            tenant,
            candidate,
            conversation_id,
            count() AS c_n,
            countIf(unsupported) AS c_unsupported,
            sum(weight) AS c_weight,
            sum(weight * weight) AS c_squares,
            sum(weight * reward) AS c_rewards,
            sum(score) AS c_scores
        FROM candidate_decisions
        GROUP BY tenant, candidate, conversation_id
    )
    GROUP BY tenant, candidate
)
COMMENT 'What candidate policies would have earned per decision';

-- May the logged chances be believed? A weight of 1/p must make every option count once per decision that could have
-- drawn it, and the lottery must be uniform.
CREATE OR REPLACE VIEW propensity_health
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversations',
    version String COMMENT 'Version of the policy; all for all of them',
    decisions UInt64 COMMENT 'Decisions with an intervention possible',
    worst_sum Float64 COMMENT 'Largest distance of the sum of chances from 1; rounding alone is under 1e-9',
    smallest Float64 COMMENT 'Smallest chance above 0',
    contradictions UInt64 COMMENT 'Decisions whose own propensity is not the one in the map, or whose option had no chance',
    worst_option Nullable(String) COMMENT 'Option whose weights are farthest from its count; NULL while none is expected 10 times',
    worst_z Nullable(Float64) COMMENT 'How far, in standard deviations; positive: drawn too often',
    lotteries UInt64 COMMENT 'Lottery numbers on record',
    lottery_distance Nullable(Float64) COMMENT 'Kolmogorov-Smirnov distance of the lottery from uniform; NULL under 50',
    lottery_p Nullable(Float64) COMMENT 'Chance of such a distance, or a larger one, if it is uniform; NULL under 50',
    verdict LowCardinality(String) COMMENT 'broken (a sum or a propensity is wrong), suspicious (beyond 5 sd, or a chance under 1e-6), or sound'
)
AS WITH
    checked AS
    (
        SELECT tenant, arrayJoin([policy_version, 'all']) AS version, option, propensity, propensities, lottery
        FROM decided
        WHERE available
    ),
    weighed AS
    (
        SELECT
            tenant,
            version,
            name,
            sum(p) AS expected,
            (sum(option = name ? 1 / p : 0) - count()) / sqrt(sum((1 - p) / p)) AS z
        FROM checked
        ARRAY JOIN mapKeys(propensities) AS name, mapValues(propensities) AS p
        WHERE p > 0 AND p < 1
        GROUP BY tenant, version, name
        HAVING expected >= 10
    ),
    worst AS
    (
        SELECT tenant, version, toNullable(argMax(name, abs(z))) AS worst_option, toNullable(argMax(z, abs(z))) AS worst_z
        FROM weighed
        GROUP BY tenant, version
    ),
    counted AS
    (
        SELECT
            tenant,
            version,
            count() AS decisions,
            max(abs(arraySum(mapValues(propensities)) - 1)) AS worst_sum,
            min(arrayMin(arrayFilter(p -> p > 0, arrayPushBack(mapValues(propensities), 1.)))) AS smallest,
            countIf(ifNull(propensity != propensities[assumeNotNull(option)] OR propensity <= 0, true)) AS contradictions,
            arraySort(groupArray(assumeNotNull(lottery))) AS sorted
        FROM checked
        GROUP BY tenant, version
    )
SELECT
    counted.tenant AS tenant,
    counted.version AS version,
    decisions,
    worst_sum,
    smallest,
    contradictions,
    worst_option,
    worst_z,
    length(sorted) AS lotteries,
    lotteries < 50 ? NULL : arrayMax((x, i) -> greatest(i / length(sorted) - x, x - (i - 1) / length(sorted)), sorted, arrayEnumerate(sorted)) AS lottery_distance,
    lotteries < 50 ? NULL : least(1, 2 * exp(-2 * pow((sqrt(lotteries) + 0.12 + 0.11 / sqrt(lotteries)) * lottery_distance, 2))) AS lottery_p,
    multiIf(
        worst_sum > 1e-9 OR contradictions > 0, 'broken',
        ifNull(abs(worst_z) > 5, false) OR ifNull(lottery_p < 1e-6, false), 'suspicious',
        'sound'
    ) AS verdict
FROM counted
LEFT JOIN worst ON worst.tenant = counted.tenant AND worst.version = counted.version
COMMENT 'Whether the chances on record are those that were drawn from';

-- Is control drawn as often as it should be? Beta-binomial Bayes factor (kappa 100) over groups of equal chance; a
-- chance is equal to one percentage point. True shares pass 20 at any of all looks with probability 1/20 at most.
CREATE OR REPLACE VIEW control_share_check
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversations',
    decisions UInt64 COMMENT 'Decisions with an intervention possible, those of holdout customers left out',
    expected Float64 COMMENT 'Controls the chances on record call for',
    controls UInt64 COMMENT 'Controls drawn',
    bayes_factor Float64 COMMENT 'How much likelier another share is than the one on record; at most e to the 700th',
    verdict LowCardinality(String) COMMENT 'as designed, or suspicious beyond 20'
)
AS WITH 100 AS kappa
SELECT
    tenant,
    sum(group_n) AS decisions,
    sum(group_n * share) AS expected,
    sum(group_controls) AS controls,
    exp(least(700, sum(log_factor))) AS bayes_factor,
    bayes_factor > 20 ? 'suspicious' : 'as designed' AS verdict
FROM
(
    SELECT
        tenant,
        avg(p) AS share,
        count() AS group_n,
        countIf(drawn) AS group_controls,
        group_n - group_controls AS others,
        multiIf(
            share > 0 AND share < 1,
            lgamma(kappa * share + group_controls) + lgamma(kappa * (1 - share) + others) - lgamma(kappa + group_n)
                - lgamma(kappa * share) - lgamma(kappa * (1 - share)) + lgamma(kappa)
                - group_controls * log(share) - others * log1p(-share),
            group_controls = share * group_n, 0,
            700
        ) AS log_factor
    FROM
    (
        SELECT tenant, propensities['control'] AS p, option = 'control' AS drawn
        FROM decided
        WHERE available AND NOT holdout
    )
    GROUP BY tenant, round(p, 2), p = 0, p = 1
)
GROUP BY tenant
COMMENT 'Whether control is drawn as often as the chances on record say';

-- Does a probability of .7 mean seven of ten? What the text model said before it could learn from the mark.
CREATE OR REPLACE VIEW belief_calibration
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversations',
    bin_from Float64 COMMENT 'Probabilities from here',
    bin_to Float64 COMMENT 'to here',
    marks UInt64 COMMENT 'Marks people gave to messages in this bin',
    mean_p Float64 COMMENT 'Mean probability that the customer is frustrated',
    share_frustrated Float64 COMMENT 'Share of the marks that say so',
    low Float64 COMMENT 'Lower end of the share''s 95 % interval (Wilson)',
    high Float64 COMMENT 'Upper end'
)
AS WITH
    3.841458820694124 AS z2,
    marks AS (SELECT tenant, conversation_id, event_time, message_id, frustrated FROM rated WHERE frustrated IS NOT NULL),
    read AS (SELECT tenant, conversation_id, event_time, event_id, p_now FROM trajectories WHERE p_now IS NOT NULL),
    judged AS
    (
        SELECT marks.tenant AS tenant, read.p_now AS p, marks.frustrated AS truth
        FROM (SELECT * FROM marks WHERE message_id IS NOT NULL) AS marks
        INNER JOIN read ON read.tenant = marks.tenant AND read.conversation_id = marks.conversation_id
            AND read.event_id = marks.message_id
        UNION ALL
        SELECT marks.tenant AS tenant, read.p_now AS p, marks.frustrated AS truth
        FROM (SELECT * FROM marks WHERE message_id IS NULL) AS marks
        ASOF INNER JOIN read ON read.tenant = marks.tenant AND read.conversation_id = marks.conversation_id
            AND marks.event_time >= read.event_time
    )
SELECT
    tenant,
    bin / 10 AS bin_from,
    (bin + 1) / 10 AS bin_to,
    n AS marks,
    mean_p,
    k / n AS share_frustrated,
    (k + z2 / 2 - sqrt(z2 * (k * (n - k) / n + z2 / 4))) / (n + z2) AS low,
    (k + z2 / 2 + sqrt(z2 * (k * (n - k) / n + z2 / 4))) / (n + z2) AS high
FROM
(
    SELECT tenant, least(9, floor(p * 10)) AS bin, count() AS n, countIf(truth) AS k, avg(p) AS mean_p
    FROM judged
    GROUP BY tenant, bin
)
COMMENT 'The probability of frustration beside what people marked';

-- How long until it was over? Only the holdout is a comparison by lot. Who was stepped in for had more decisions, and
-- so more trouble, than who was not.
CREATE OR REPLACE VIEW time_to_recovery
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversations',
    arm LowCardinality(String) COMMENT 'holdout, control only (nobody stepped in) or intervened',
    raised UInt64 COMMENT 'Conversations in which frustration was ever raised',
    recovered UInt64 COMMENT 'Of these, no longer raised at the end',
    share_recovered Float64 COMMENT 'Their share',
    median_s Nullable(Float64) COMMENT 'Median seconds from raised to recovered, of those that recovered; NULL when none did',
    half_after_s Nullable(Float64) COMMENT 'Seconds after which half of all had recovered; NULL when fewer than half ever did'
)
AS SELECT
    tenant,
    multiIf(holdout, 'holdout', interventions > 0, 'intervened', 'control only') AS arm,
    count() AS raised,
    count(seconds) AS recovered,
    recovered / raised AS share_recovered,
    medianExactOrNull(seconds) AS median_s,
    2 * recovered >= raised ? nullIf(quantileExactLow(0.5)(ifNull(seconds, inf)), inf) : NULL AS half_after_s
FROM
(
    SELECT tenant, holdout, interventions, dateDiff('millisecond', raised_at, recovered_at) / 1000 AS seconds
    FROM finished
    WHERE raised_at IS NOT NULL
)
GROUP BY tenant, arm
COMMENT 'How many raised conversations recovered, and how soon';

-- Do customers for whom Tenor never steps in fare otherwise? By lot, whole conversations, quiet ones included: this
-- sees what the proximal outcome cannot, such as effects that last or wear off. Clustered by customer.
CREATE OR REPLACE VIEW holdout_check
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversations',
    measure LowCardinality(String) COMMENT 'resolved, abandoned (shares of conversations), level at the end, highest level',
    holdout_conversations UInt64 COMMENT 'Conversations of customers in the holdout',
    holdout_customers UInt64 COMMENT 'Customers they come from; an unknown customer counts as one a conversation',
    other_conversations UInt64 COMMENT 'Conversations of all others',
    other_customers UInt64 COMMENT 'Customers they come from',
    holdout_mean Nullable(Float64) COMMENT 'Mean in the holdout; NULL without conversations',
    other_mean Nullable(Float64) COMMENT 'Mean of all others; NULL without conversations',
    difference Nullable(Float64) COMMENT 'All others minus holdout; NULL under 20 customers on either side',
    low Nullable(Float64) COMMENT 'Lower end of its 95 % interval, for a single look',
    high Nullable(Float64) COMMENT 'Upper end',
    verdict LowCardinality(String) COMMENT 'insufficient data, no difference shown, or differs'
)
AS WITH
    1.959963984540054 AS normal_95,
    20 AS enough,
    measured AS
    (
        SELECT tenant, holdout, ifNull(customer_id, conversation_id) AS customer, one.1 AS measure, one.2 AS value
        FROM finished
        ARRAY JOIN
        [
            ('resolved', toFloat64(ended = 'resolved')),
            ('abandoned', toFloat64(ended = 'abandoned')),
            ('level at the end', level),
            ('highest level', highest)
        ] AS one
    ),
    customers AS
    (
        SELECT tenant, measure, holdout, customer, count() AS n, sum(value) AS total
        FROM measured
        GROUP BY tenant, measure, holdout, customer
    ),
    sides AS
    (
        SELECT tenant, measure, holdout, count() AS g, sum(n) AS conversations, sum(total) / conversations AS mean,
            g / (g - 1) * arraySum(one -> pow(one.2 - mean * one.1, 2), groupArray((n, total))) / pow(conversations, 2) AS squared_error
        FROM customers
        GROUP BY tenant, measure, holdout
    )
SELECT
    tenant,
    measure,
    sumIf(conversations, holdout) AS holdout_conversations,
    sumIf(g, holdout) AS holdout_customers,
    sumIf(conversations, NOT holdout) AS other_conversations,
    sumIf(g, NOT holdout) AS other_customers,
    anyOrNullIf(mean, holdout) AS holdout_mean,
    anyOrNullIf(mean, NOT holdout) AS other_mean,
    least(holdout_customers, other_customers) >= enough ? other_mean - holdout_mean : NULL AS difference,
    difference - normal_95 * sqrt(sum(squared_error)) AS low,
    difference + normal_95 * sqrt(sum(squared_error)) AS high,
    multiIf(difference IS NULL, 'insufficient data', low > 0 OR high < 0, 'differs', 'no difference shown') AS verdict
FROM sides
GROUP BY tenant, measure
COMMENT 'Customers who are never stepped in for, beside all others';

-- What was not seen? Where shares differ between an option and control, so may what is missing.
CREATE OR REPLACE VIEW censoring
(
    tenant LowCardinality(String) COMMENT 'Tenant of the conversations',
    option LowCardinality(String) COMMENT 'Option drawn, or control',
    reason LowCardinality(String) COMMENT 'Why there is no reward',
    censored UInt64 COMMENT 'Closed decisions without a reward for this reason',
    closed UInt64 COMMENT 'Closed decisions of the option',
    share Float64 COMMENT 'Share of closed decisions that this reason cost'
)
AS SELECT
    tenant,
    option,
    one.1 AS reason,
    one.2 AS censored,
    closed,
    censored / closed AS share
FROM
(
    SELECT tenant, option, sum(n) AS closed, groupArrayIf((reason, n), unseen) AS reasons
    FROM
    (
        SELECT tenant, option, ifNull(censoring_reason, 'not said') AS reason, reward IS NULL AS unseen, count() AS n
        FROM observed
        GROUP BY tenant, option, reason, unseen
    )
    GROUP BY tenant, option
)
ARRAY JOIN reasons AS one
COMMENT 'Decisions whose outcome could not be seen, by option and reason';

-- Which policy is in force? The snapshot no other was learned on from.
CREATE OR REPLACE VIEW policy_state
(
    tenant LowCardinality(String) COMMENT 'Tenant it is for',
    policy_version String COMMENT 'Newest snapshot',
    created_at DateTime64(3, 'UTC') COMMENT 'Stream time of the last outcome learned from',
    matured UInt64 COMMENT 'Outcomes learned from, control included',
    options Array(String) COMMENT 'Options and control',
    disabled Array(String) COMMENT 'Options rolled back'
)
AS SELECT
    tenant,
    newest.1 AS policy_version,
    newest.2 AS created_at,
    newest.3 AS matured,
    newest.4 AS options,
    newest.5 AS disabled
FROM
(
    SELECT tenant, argMax((policy_version, created_at, matured, options, disabled), (inserted_at, matured)) AS newest
    FROM learned
    WHERE (tenant, policy_version) NOT IN (SELECT tenant, assumeNotNull(previous) FROM learned WHERE previous IS NOT NULL)
    GROUP BY tenant
)
COMMENT 'The newest policy of each tenant';
