"""Profile priors: how a customer's profile is used in a conversation.

The profile is kept apart from what the conversation learns itself, so that it never returns to the profile as news, and
so that the conversation can move it: a remembered baseline counts for a few values only.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from streams.belief.estimator import Observation
from streams.config.model import Config, ProfileConfig
from streams.interventions.options import CONTROL
from streams.signals import typing
from streams.state import Baseline, OptionHistory, ProfilePrior, State

SHIFT = "profile.tone"  # what was subtracted from an observation, among its parts
MOST_NAMES = 3

Baselines = dict[str, Baseline]
Observed = tuple[Observation | None, Baselines]


def apply_profile(state: State, signal: Mapping[str, Any], config: ProfileConfig) -> State:
    """The state with the profile applied; one for another customer, or a second one, is ignored."""
    source, profile = signal["source"], signal["profile"]
    positions = {**state.positions, f"{source['topic']}/{source['partition']}": source["offset"]}
    state = msgspec.structs.replace(state, positions=positions)
    has_one = state.usual is not None and state.usual.conversations > 0
    if profile is None or has_one or signal["customer_id"] != state.customer_id:
        return state
    return msgspec.structs.replace(state, usual=build_prior(profile, state, config))


def build_prior(profile: Mapping[str, Any], state: State, config: ProfileConfig) -> ProfilePrior:
    """The prior of a profile, pooled with what the conversation has already published: the profile may come later."""
    baselines = {name: Baseline(**baseline) for name, baseline in profile["baselines"].items()}
    if state.keystroke_consent is False:
        baselines = typing.forget(baselines)
    if state.usual is not None:
        baselines = pool_baselines(baselines, state.usual.baselines, config.seed)
    return ProfilePrior(
        tone=profile["tone"],
        conversations=profile["conversations"],
        baselines=baselines,
        triggers=dict(profile["triggers"]),
        defused={option: OptionHistory(**counts) for option, counts in profile["defused"].items()},
    )


def subtract_usual_tone(observation: Observation | None, usual: ProfilePrior | None) -> Observation | None:
    """The words' observation relative to the person's usual tone."""
    if observation is None or usual is None or not usual.tone:
        return observation
    return Observation(observation.value - usual.tone, observation.sd, {**observation.parts, SHIFT: -usual.tone})


def observe_with_prior(
    observe: Callable[..., Observed], numbers: Mapping[str, Any], state: State, config: Config, *trust: float
) -> Observed:
    """Observe numbers against the pooled baselines of profile and conversation; only the conversation's learn.

    Args:
        observe: of a signal: observation and learned baselines from numbers, baselines and ``trust``.
    """
    own = observe(numbers, state.baselines, *trust)
    if state.usual is None or not state.usual.baselines:
        return own
    return observe(numbers, pool_baselines(state.usual.baselines, state.baselines, config.profile.seed), *trust)[
        0
    ], own[1]


def pool_baselines(before: Mapping[str, Baseline], own: Mapping[str, Baseline], most: int) -> Baselines:
    """Both baselines pooled; each of ``before`` counts for at most ``most`` values."""
    capped = {
        name: Baseline(baseline.mean, baseline.variance, min(baseline.count, most)) for name, baseline in before.items()
    }
    both = {name: pool_pair(capped[name], baseline) if name in capped else baseline for name, baseline in own.items()}
    return capped | both


def pool_pair(left: Baseline, right: Baseline) -> Baseline:
    """Pooled mean and variance of two samples."""
    count = left.count + right.count
    share, gap = right.count / count, right.mean - left.mean
    within = (1 - share) * left.variance + share * right.variance
    return Baseline(left.mean + share * gap, within + share * (1 - share) * gap * gap, count)


def describe_history(usual: ProfilePrior | None) -> str:
    """A sentence about the customer's earlier conversations, with a leading space; empty without any."""
    if usual is None:
        return ""
    triggers = sorted(usual.triggers, key=lambda name: (-usual.triggers[name], name))[:MOST_NAMES]
    helped = [
        option
        for option, history in sorted(usual.defused.items())
        if history.helped > history.failed and option != CONTROL
    ]
    known = [("rose mostly with", triggers), ("calmed after", helped[:MOST_NAMES])]
    sentences = [f"{what} {', '.join(names)}" for what, names in known if names]
    return f" In earlier conversations it {' and '.join(sentences)}." if sentences else ""
