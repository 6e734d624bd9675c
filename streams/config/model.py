"""Every number the domain uses, with its default and where it comes from.

A change here changes decisions, so every output carries the digest of the whole (``config_version``). A value the
domain cannot work with raises ``ValueError`` naming it.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from hashlib import blake2b
from math import inf

from streams.config import versions
from streams.config.ranges import check_at_most, check_below, check_positive, check_within
from streams.interventions.catalogue import default_options
from streams.interventions.options import InterventionOption


@dataclass(frozen=True)
class SignalConfig:
    """Which signals are read, and how far each is trusted.

    Attributes:
        text_usual: probability of frustration of a turn like any other, where the level is 0.
        text_sd: standard deviation of what a message's words say about frustration, on the level's scale.
        typing_sd: the same of typing rhythm: weak alone (52 persons: chance).
        navigation_sd: of a single navigation cue.
        latency_sd: of reply times: no published effect size, so little weight.
        prosody_sd: of a frame of voice. Telling low valence with an AUC of .66 is a standard deviation of .51 against
            a rise of .3; frames of a turn share speaker, line and topic, so half a minute (15 frames of two seconds)
            counts as one such reading.
        text, typing, navigation, latency, prosody: whether the signal is read at all.
        usual_z: a rhythm or pace that deviates by fewer of the person's own standard deviations says nothing; ours.
        typing_share: the most that typing may add to the alarm in one climb from zero, as a share of the threshold;
            ours, because typing alone is at chance.
        navigation_share, latency_share: the same of navigation, and of reply times.
    """

    text: bool = True
    typing: bool = True
    navigation: bool = True
    latency: bool = True
    prosody: bool = True
    text_usual: float = 0.2
    text_sd: float = 0.25
    typing_sd: float = 0.9
    navigation_sd: float = 0.5
    latency_sd: float = 0.9
    prosody_sd: float = 2.0
    usual_z: float = 1.5
    typing_share: float = 0.1
    navigation_share: float = 0.5
    latency_share: float = 0.1

    def __post_init__(self) -> None:
        check_positive(self, *(setting.name for setting in fields(self) if setting.name.endswith("_sd")))
        check_within(self, 0, 1, *(setting.name for setting in fields(self) if setting.name.endswith("_share")))
        check_within(self, 0, inf, "usual_z")
        check_within(self, 0.01, 0.99, "text_usual")


@dataclass(frozen=True)
class NavigationConfig:
    """What counts as a struggle on a page.

    Rage and dead clicks are PostHog's definitions with its defaults; for the others vendors publish no thresholds.
    What is ignored is ignored for rage clicks and dead clicks alike.

    Attributes:
        rage_clicks: clicks in a run that make it a rage click (PostHog: 3; Sentry and Datadog: 3).
        rage_ms: longest time between two of them, exclusive, milliseconds (PostHog: 1000).
        rage_px: farthest distance between two of them, exclusive, Manhattan, CSS pixels (PostHog: 30).
        dead_ms: a click the page leaves unanswered for this long is dead, milliseconds (PostHog: 2500; Sentry: 7000).
        gesture_ms: a click that scrolls or selects text in less than this is a gesture, milliseconds (PostHog: 100).
        error_ms: a script error within this time belongs to the click, milliseconds; ours.
        quick_back_ms: leaving a page within this time of opening it is a quick back, milliseconds; ours.
        thrash_turns: turns of the cursor by more than 90 degrees that make it a thrashed cursor; ours.
        thrash_ms: longest time between two of them, milliseconds; ours.
        thrash_px: a movement shorter than this is no movement, Manhattan, CSS pixels; ours.
        scroll_turns: changes of scrolling direction that make it excessive; ours.
        scroll_ms: longest time between two of them, milliseconds; ours.
        scroll_px: scrolling by less than this is no scrolling, CSS pixels; ours.
        help_visits: visits to help, without another page in between, that make a loop; ours.
        help_ms: longest time between two of them, milliseconds; ours.
        ignore_steppers, ignore_paging, ignore_gestures: whether steppers (plus, minus, sliders, carousels), next and
            previous, and clicks that select text or scroll are ignored (PostHog ignores them).
    """

    rage_clicks: int = 3
    rage_ms: float = 1000.0
    rage_px: float = 30.0
    dead_ms: float = 2500.0
    gesture_ms: float = 100.0
    error_ms: float = 1000.0
    quick_back_ms: float = 4000.0
    thrash_turns: int = 6
    thrash_ms: float = 500.0
    thrash_px: float = 20.0
    scroll_turns: int = 6
    scroll_ms: float = 1500.0
    scroll_px: float = 100.0
    help_visits: int = 3
    help_ms: float = 120_000.0
    ignore_steppers: bool = True
    ignore_paging: bool = True
    ignore_gestures: bool = True

    def __post_init__(self) -> None:
        check_positive(self, *(setting.name for setting in fields(self) if setting.name.endswith(("_ms", "_px"))))
        check_within(self, 2, inf, "rage_clicks", "thrash_turns", "scroll_turns", "help_visits")


@dataclass(frozen=True)
class BeliefConfig:
    """Level (gated scalar Kalman filter) and alarm (reliability-weighted, clipped CUSUM).

    Attributes:
        prior_sd: standard deviation of the level before anything was seen.
        drift: growth of the level's variance per second.
        max_sd: the variance stops growing here: silence does not make a customer furious.
        gate: an observation further out than this many standard deviations counts less.
        noise_floor: added to every channel's deviation in the alarm.
        clip: no single observation moves the alarm by more than this many deviations.
        shift: rise above the level so far that the alarm looks for.
        shift_most: the alarm looks for no rise above usual beyond this.
        threshold: alarm above this (20 false alarms per 1,000 quiet simulated conversations).
        defer: most observations that raising waits while the level falls; 0 raises at once.
        clear: alarm below this ends a raised state (hysteresis).
        ceiling: the alarm never exceeds this, so that recovery takes finite time.
        slope_points: turns the slope is fitted over.
    """

    prior_sd: float = 0.06
    drift: float = 1e-4
    max_sd: float = 0.5
    gate: float = 2.0
    noise_floor: float = 0.09
    clip: float = 2.5
    shift: float = 0.2
    shift_most: float = 0.6
    threshold: float = 6.4
    defer: int = 0
    clear: float = 2.5
    ceiling: float = 12.0
    slope_points: int = 4

    def __post_init__(self) -> None:
        check_positive(self, "prior_sd", "max_sd", "gate", "clip", "shift", "shift_most", "threshold")
        check_within(self, 0, inf, "drift", "noise_floor", "clear", "ceiling", "defer")
        check_within(self, 2, inf, "slope_points")
        check_at_most(self, "prior_sd", "max_sd")
        check_at_most(self, "shift", "shift_most")
        check_below(self, "clear", "threshold")
        check_below(self, "threshold", "ceiling")


@dataclass(frozen=True)
class DecisionConfig:
    """When a decision point is available.

    Attributes:
        cooldown_s: least time between two decisions, unless the earlier one failed.
        burden: total burden a conversation may be asked to bear.
        max_failures: failed interventions before a human takes over.
        control_share: share of available decision points left alone, at random.
        holdout_share: share of customers who are never stepped in for, at random; who is unknown is drawn by
            conversation.
        salt: key of the lottery, long and secret: who knows it can tell beforehand who will be in control.
        policy_version: name of the policy while nothing was learned, pinned in every decision.
    """

    cooldown_s: float = 60.0
    burden: float = 6.0
    max_failures: int = 2
    control_share: float = 0.2
    holdout_share: float = 0.05
    salt: str = field(default="tenor", repr=False)
    policy_version: str = "uniform-1"

    def __post_init__(self) -> None:
        check_within(self, 0, inf, "cooldown_s", "burden")
        check_within(self, 1, inf, "max_failures")
        check_within(self, 0, 1, "control_share", "holdout_share")


@dataclass(frozen=True)
class PolicyConfig:
    """How the policy draws and learns: discounted disjoint linear Thompson sampling with exact propensities.

    Attributes:
        discount: what an outcome counts one outcome later; .9998 forgets half in about 3,500.
        remembered_after_drift: what is left of what was learned when the policy's errors have grown; 1 for all of it.
        exploration: how far the draw strays from the best, in units of the level: about a fifth of the standard
            deviation of one outcome, as the floor explores, too.
        ridge: weight of the prior that no option has an effect, in outcomes of a unit context.
        floor: least probability of every option that may be drawn.
        safe_start: outcomes to learn from before the draw is anything but uniform: enough to find harm of .2, too.
        burden_price: what a unit of an option's burden costs in the draw, in units of the level.
        snapshot_outcomes: outcomes learned between two snapshots,
        snapshot_s: or seconds after the first of them, whichever is first.
        rating_weight: share of a rating in the reward of the decision it is about; 0 learns from the level alone.
        rating_scale: fall of the level that the best possible rating counts as; the worst counts as such a rise.
        remembered_s: how long a decision may still be rated, seconds from its time to the rating's, and no longer than
            until its partition's time has gone on so far.
        alpha: chance that any option without harm is ever rolled back; shared out among the options.
        rollback_after: outcomes that could have been control or the option, before it may be rolled back.
    """

    discount: float = 0.9998
    remembered_after_drift: float = 0.03
    exploration: float = 0.05
    ridge: float = 5.0
    floor: float = 0.01
    safe_start: int = 300
    burden_price: float = 0.01
    snapshot_outcomes: int = 50
    snapshot_s: float = 30.0
    rating_weight: float = 0.25
    rating_scale: float = 0.2
    remembered_s: float = 7200.0
    alpha: float = 0.05
    rollback_after: int = 200

    def __post_init__(self) -> None:
        check_within(self, 0.5, 1, "discount")
        check_within(self, 0, 0.2, "floor")
        check_within(self, 0, 1, "rating_weight", "remembered_after_drift")
        check_within(self, 0, inf, "burden_price", "rating_scale", "remembered_s", "safe_start")
        check_within(self, 1, inf, "snapshot_outcomes")
        check_within(self, 2, inf, "rollback_after")
        check_within(self, 1e-6, 0.5, "alpha")
        check_positive(self, "exploration", "ridge", "snapshot_s")


@dataclass(frozen=True)
class OutcomeConfig:
    """How a decision is judged.

    Attributes:
        window_turns: customer turns after which the outcome matures,
        window_s: or seconds, whichever is first.
        margin: a rise of the level beyond this after an intervention is a failure; a fall beyond it a success.
        idle_s: a conversation without events for this long has ended.
    """

    window_turns: int = 3
    window_s: float = 600.0
    margin: float = 0.05
    idle_s: float = 1800.0

    def __post_init__(self) -> None:
        check_within(self, 1, inf, "window_turns")
        check_positive(self, "window_s", "idle_s")
        check_within(self, 0, inf, "margin")

    @cached_property
    def window_ms(self) -> int:
        return round(self.window_s * 1000)

    @cached_property
    def idle_ms(self) -> int:
        return round(self.idle_s * 1000)


@dataclass(frozen=True)
class ProfileConfig:
    """What is remembered of a customer from conversation to conversation.

    Attributes:
        remember: whether customers are remembered at all.
        tone_prior: earlier conversations it takes until a usual tone counts by half.
        tone_limit: a usual tone never shifts a reading by more than this.
        tones: conversations the usual tone is the median of.
        memory: values a baseline of typing or latency remembers over all conversations.
        seed: values it counts for in a new conversation, so that the new one can move it.
        decay: what a count of triggers or outcomes is worth one conversation later.
        names: most triggers, and most options, that are kept.
        failures: an option that failed a customer this much more often than it helped is not drawn again.
        kept_days: a profile that has learned nothing for this long is dropped.
        erased_days: how long an erasure is remembered; longer than tenor.customers is kept.
    """

    remember: bool = True
    tone_prior: float = 2.0
    tone_limit: float = 0.3
    tones: int = 9
    memory: int = 60
    seed: int = 10
    decay: float = 0.9
    names: int = 16
    failures: float = 2.0
    kept_days: float = 365.0
    erased_days: float = 30.0


@dataclass(frozen=True)
class LearnerConfig:
    """How the text model learns from labels as they arrive. Workers and ``tenor verify`` do not need these numbers:
    which weights count from when on stands in the log.

    Attributes:
        labels: labels learned between two offers of new weights.
        window: most labels by which the weights that learn are held against those in use.
        rate: AdaGrad's learning rate.
        inertia: sum of squared gradients every weight begins with: the more, the less the first labels move it.
        weak: what a label counts that was concluded from a rating of something else; a mark counts 1.
        base_rate: whether the share of frustrated messages is learned, too. Only where messages are marked whatever
            they say: who marks the angry ones alone would teach that everybody is angry.
        wait_s: how long a rating waits for the message it judges, seconds.
        history_s: how much of tenor.signals is read again at the start, to know open conversations, seconds.
        conversations: most conversations remembered.
        turns: most customer turns remembered of each.
        pending: most ratings that wait; beyond, the oldest waits no longer.
    """

    labels: int = 50
    window: int = 200
    rate: float = 0.07
    inertia: float = 0.01
    weak: float = 0.3
    base_rate: bool = False
    wait_s: float = 10.0
    history_s: float = 7200.0
    conversations: int = 2000
    turns: int = 8
    pending: int = 1000

    def __post_init__(self) -> None:
        check_within(self, 1, inf, "labels", "conversations", "turns", "pending")
        check_within(self, 1e-8, inf, "inertia")
        check_within(self, 0, inf, "wait_s", "history_s")
        check_within(self, 0.01, 1, "weak")
        check_positive(self, "rate")
        check_at_most(self, "labels", "window")


@dataclass(frozen=True)
class WorkloadConfig:
    """Workload exposure of teams (docs/operators.md): off unless it is switched on. No decision depends on these.

    Attributes:
        enabled: whether it is computed at all.
        least: fewest operators of a team with a figure; of fewer nothing is told.
        period_s: length of a period, seconds; periods follow each other in UTC, which has no summer time.
        grace_s: a period is told once stream time is so far behind it, seconds.
        shift_s: how far back work counts, seconds: a run of hard cases, and work without a break.
        idle_s: a conversation in which nothing happens for so long is over, seconds.
        break_s: time without any conversation that counts as a break, seconds; ours.
        work_s: work after which a break is due, seconds; ours. The law of most places is less kind.
        hostile_share: a team is strained from this share of its work in hostile conversations on; ours, as these:
        hard_in_a_row: or from this many hard cases in a row on, mean of an operator,
        breaks_missed: or this many missed breaks.
    """

    enabled: bool = False
    least: int = 5
    period_s: float = 3600.0
    grace_s: float = 120.0
    shift_s: float = 28_800.0
    idle_s: float = 1800.0
    break_s: float = 600.0
    work_s: float = 7200.0
    hostile_share: float = 0.5
    hard_in_a_row: float = 3.0
    breaks_missed: float = 0.5

    def __post_init__(self) -> None:
        check_within(self, 3, inf, "least")
        check_within(self, 60, 7 * 86_400, "period_s", "shift_s", "work_s", "idle_s", "break_s")
        check_within(self, 0, 86_400, "grace_s")
        check_within(self, 0.01, 1, "hostile_share")
        check_positive(self, "hard_in_a_row", "breaks_missed")
        check_below(self, "break_s", "work_s")

    @cached_property
    def period_ms(self) -> int:
        return round(self.period_s * 1000)

    @cached_property
    def grace_ms(self) -> int:
        return round(self.grace_s * 1000)

    @cached_property
    def shift_ms(self) -> int:
        return round(self.shift_s * 1000)

    @cached_property
    def idle_ms(self) -> int:
        return round(self.idle_s * 1000)

    @cached_property
    def break_ms(self) -> int:
        return round(self.break_s * 1000)

    @cached_property
    def work_ms(self) -> int:
        return round(self.work_s * 1000)

    @cached_property
    def version(self) -> str:
        """Digest of these numbers, 16 hex digits."""
        return blake2b(json.dumps(asdict(self), sort_keys=True).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Config:
    """All of it."""

    signals: SignalConfig = field(default_factory=SignalConfig)
    belief: BeliefConfig = field(default_factory=BeliefConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    outcome: OutcomeConfig = field(default_factory=OutcomeConfig)
    protocols: tuple[InterventionOption, ...] = field(default_factory=default_options)
    navigation: NavigationConfig = field(default_factory=NavigationConfig)
    profile: ProfileConfig = field(default_factory=ProfileConfig)
    policy: PolicyConfig = field(default_factory=PolicyConfig)

    @cached_property
    def version(self) -> str:
        """Digest of every number and protocol, 16 hex digits; what stands in streams/signals by its version."""
        everything = {"signals_version": versions.SIGNALS_VERSION, **asdict(self)}
        return blake2b(json.dumps(everything, sort_keys=True).encode(), digest_size=8).hexdigest()
