"""Every number the domain uses, with its default and where it comes from.

A change here changes decisions, so every output carries the digest of the whole (``config_version``).
"""

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import blake2b

from streams import signals
from streams.protocols import Protocol, default_protocols


@dataclass(frozen=True)
class SignalConfig:
    """Which signals are read, and how far each is trusted.

    Attributes:
        text_sd: standard deviation of what a message's words say about frustration, on the level's scale.
        typing_sd: the same of typing rhythm: weak alone (52 persons: chance).
        navigation_sd: of a single navigation cue.
        latency_sd: of reply times: no published effect size, so little weight.
        text, typing, navigation, latency: whether the signal is read at all.
    """

    text: bool = True
    typing: bool = True
    navigation: bool = True
    latency: bool = True
    text_sd: float = 0.35
    typing_sd: float = 0.9
    navigation_sd: float = 0.5
    latency_sd: float = 0.9


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
        shift: rise of the level the alarm is tuned to detect.
        threshold: alarm above this (20 false alarms per 1,000 quiet simulated conversations).
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
    shift: float = 0.3
    threshold: float = 7.4
    clear: float = 2.5
    ceiling: float = 12.0
    slope_points: int = 4


@dataclass(frozen=True)
class DecisionConfig:
    """When a decision point is available.

    Attributes:
        cooldown_s: least time between two decisions, unless the earlier one failed.
        burden: total burden a conversation may be asked to bear.
        max_failures: failed interventions before a human takes over.
        control_share: share of available decision points left alone, at random.
        salt: key of the lottery; keep it secret where somebody could game the draw.
        policy_version: name of the policy, pinned in every decision.
    """

    cooldown_s: float = 60.0
    burden: float = 6.0
    max_failures: int = 2
    control_share: float = 0.2
    salt: str = "tenor"
    policy_version: str = "uniform-1"


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
class Config:
    """All of it."""

    signals: SignalConfig = field(default_factory=SignalConfig)
    belief: BeliefConfig = field(default_factory=BeliefConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    outcome: OutcomeConfig = field(default_factory=OutcomeConfig)
    protocols: tuple[Protocol, ...] = field(default_factory=default_protocols)
    profile: ProfileConfig = field(default_factory=ProfileConfig)

    @cached_property
    def version(self) -> str:
        """Digest of every number and protocol, 16 hex digits; what stands in streams/signals by its version."""
        everything = {"signals_version": signals.VERSION, **asdict(self)}
        return blake2b(json.dumps(everything, sort_keys=True).encode(), digest_size=8).hexdigest()
