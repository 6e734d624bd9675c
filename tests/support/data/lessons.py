"""Decisions, outcomes and ratings as in the topics. Times are seconds after START."""

from collections.abc import Mapping
from typing import Any

from streams.config.model import Config, OutcomeConfig, PolicyConfig
from streams.interventions.options import CONTROL
from streams.policy import context, thompson
from streams.policy.learner import rating_score
from streams.policy.outcome_join import JoinedBatch, RatedDecision, TrainingExample
from streams.policy.snapshot import Position, Snapshot
from streams.policy.thompson import Arm
from tests.support.data.builders import OFFER, SLOW, moment

Record = dict[str, Any]
EVEN = {CONTROL: 0.2, "slow": 0.4, "offer": 0.4}
HELD_OUT = {CONTROL: 1.0, "slow": 0.0, "offer": 0.0}
READ: dict[Position, int] = {("decisions", 0): 7}
SEEN = {
    **{"level": 0.6, "level_sd": 0.1, "slope": 0.1, "alarm": 8.0, "turn": 4.0, "failures": 0.0, "minutes": 3.0},
    **{"returning": 0.0, "tone": 0.0, "slow_channel": 0.0, "voice": 0.0},
}
FLAGS: Record = {"customer_id": None, "channel": "chat"}


def config(protocols: tuple[Any, ...] = (SLOW, OFFER), idle_s: float = 1800.0, **policy: Any) -> Config:
    return Config(protocols=protocols, policy=PolicyConfig(**policy), outcome=OutcomeConfig(idle_s=idle_s))


def decision(
    name: str, at: float = 0.0, option: str = "slow", chances: Mapping[str, float] = EVEN, **changes: Any
) -> Record:
    """A decision whose id is its name; ``seen`` changes its context."""
    seen = SEEN | changes.pop("seen", {})
    known: Record = {
        "decision_id": name,
        "event_time": moment(at),
        "tenant": "default",
        "conversation_id": f"conversation-{name}",
        **FLAGS,
        **{"decision_index": 1, "turn": 4, "kind": "first", "previous_decision_id": None},
        **{"available": True, "unavailable_reason": None},
        **{"level": seen["level"], "level_sd": 0.1, "slope": 0.1, "alarm": 8.0},
        **{"context": seen, "context_version": context.VERSION},
        **{"eligible": [option for option in chances if option != CONTROL], "excluded": []},
        "propensities": [{"option": option, "probability": chance} for option, chance in chances.items()],
        **{"predicted_reward": None, "lottery": 0.5, "option": option, "control": option == CONTROL},
        **{"holdout": chances == HELD_OUT, "propensity": chances.get(option)},
        **{"policy_version": "uniform-1", "snapshot_offset": None, "window_turns": 3, "window_s": 600.0},
        **{"contributions": [], "cues": [], "config_version": "test"},
    }
    return known | changes


def outcome(of: Record, reward: float | None = 0.1, after: float = 60.0, **changes: Any) -> Record:
    """The outcome of a decision; censored without a reward."""
    known: Record = {
        "outcome_id": f"outcome-{of['decision_id']}",
        "decision_id": of["decision_id"],
        "event_time": of["event_time"] + round(after * 1000),
        **{name: of[name] for name in ("tenant", "conversation_id", "customer_id", "channel", "option", "control")},
        **{"decided_at": of["event_time"], "propensity": of["propensity"], "delivered": None},
        "status": "censored" if reward is None else "matured",
        "censoring_reason": "no_turns" if reward is None else None,
        **{"pre_level": of["level"], "pre_sd": 0.1, "post_sd": 0.1, "reward": reward},
        "post_level": None if reward is None else of["level"] - reward,
        **{"turns": 3, "elapsed_s": after, "failed": False, "action": "none", "config_version": "test"},
    }
    return known | changes


def rating(of: Record, mark: int | None = 5, name: str = "r1", **changes: Any) -> Record:
    """A rating of a reply, with its score."""
    known: Record = {
        "event_id": f"{name}-{of['decision_id']}",
        **{"conversation_id": of["conversation_id"], "tenant": of["tenant"], "event_time": of["event_time"]},
        **FLAGS,
        **{"decision_id": of["decision_id"], "rater_id": name, "rater_role": "reviewer", "blinded": True},
        **{"clarity": mark, "tone": mark, "resonance": None, "felt_understood": None},
        **{"message_id": None, "frustrated": None, "intensity": None, "compared_with": None, "preferred": None},
    }
    return (known | changes) | {"score": rating_score(known | changes)}


def lesson(name: str, reward: float | None = 0.1, option: str = "slow", **changes: Any) -> TrainingExample:
    decided = decision(name, option=option, **changes)
    return TrainingExample(decided, outcome(decided, reward))


def brought(
    lessons: list[TrainingExample] | None = None,
    ratings: Mapping[str, tuple[float, ...]] | None = None,
    rated: list[RatedDecision] | None = None,
) -> JoinedBatch:
    """A batch of these training examples, with their ratings by decision ID."""
    said = ratings or {}
    with_ratings = [(example, said.get(example.decision["decision_id"], ())) for example in lessons or []]
    return JoinedBatch(with_ratings, rated or [], [], [], 0)


def command(option: str, action: str = "enable", name: str = "command-1") -> Record:
    about = {"command_id": name, "event_time": moment(0), "tenant": "default", "option": option}
    return about | {"action": action, "by": "me", "reason": "a test"}


def taught(rewards: Mapping[str, float], ridge: float = 5.0, times: int = 20) -> dict[str, Arm]:
    """Options learned this many times in one context, always with this reward."""
    return {
        name: thompson.update_arm(
            thompson.new_arm(context.SIZE, ridge), context.option_features(SEEN, name), reward, times
        )
        for name, reward in sorted(rewards.items())
    }


def first() -> Snapshot:
    return Snapshot("default")
