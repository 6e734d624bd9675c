"""The context of a decision: by name, as it is logged, and as the feature vector the policy learns on.

The log has readable numbers; the vector scales them to about -1 to 1. One feature is about the option itself: its
history in this customer's earlier conversations.
"""

from collections.abc import Mapping
from math import log1p

from streams.belief import estimator
from streams.state import OptionHistory, State

VERSION = 2
SIZE = 13
SLOW_CHANNELS = ("email", "social")
BEFORE = "before."
STEEPEST = 1.0  # of the slope, per minute, either way
NAMES = frozenset(
    (
        *("level", "level_sd", "slope", "alarm", "turn", "failures", "minutes"),
        *("returning", "tone", "slow_channel", "voice"),
    )
)

Context = Mapping[str, float]


def build_context(state: State) -> dict[str, float]:
    """The context of a conversation, by name."""
    usual = state.usual
    return {
        "level": state.belief.level,
        "level_sd": state.belief.variance**0.5,
        "slope": estimator.fit_slope(state.recent) or 0.0,
        "alarm": state.belief.alarm,
        "turn": float(state.turn),
        "failures": float(state.failures),
        "minutes": (state.customer_at - state.opened_at) / 60_000,
        "returning": float(usual is not None and usual.conversations > 0),
        "tone": usual.tone if usual else 0.0,
        "slow_channel": float(state.channel in SLOW_CHANNELS),
        "voice": float(state.channel == "voice"),
        **(
            {BEFORE + option: history_balance(history) for option, history in sorted(usual.defused.items())}
            if usual
            else {}
        ),
    }


def is_complete(features: Context) -> bool:
    """Whether a logged context has every number the vector needs."""
    return features.keys() >= NAMES


def history_balance(history: OptionHistory) -> float:
    """How much more often an option helped than failed, -1 to 1; near 0 with few cases."""
    return (history.helped - history.failed) / (history.helped + history.failed + 2.0)


def shared_features(features: Context) -> list[float]:
    """Features shared by all options: the vector without its last number."""
    return [
        1.0,
        features["level"],
        4.0 * features["level_sd"],
        min(max(features["slope"], -STEEPEST), STEEPEST),
        features["alarm"] / 10.0,
        log1p(max(features["turn"], 0.0)) / 3.0,
        features["failures"] / 2.0,
        log1p(max(features["minutes"], 0.0)) / 4.0,
        features["returning"],
        features["tone"],
        features["slow_channel"],
        features["voice"],
    ]


def option_features(features: Context, option: str) -> list[float]:
    """Feature vector of one option, ``SIZE`` numbers. ``KeyError`` if a number is missing."""
    return [*shared_features(features), features.get(BEFORE + option, 0.0)]
