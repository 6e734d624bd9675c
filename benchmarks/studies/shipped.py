"""The policy as it ships, in study 3: what the learner and the workers run, on made-up decisions without Kafka."""

from typing import Any

import numpy as np

from benchmarks.studies.world import OPTIONS
from streams import ids
from streams.config.model import Config
from streams.interventions.options import Constraints, InterventionOption
from streams.policy import context, policy
from streams.policy.learner import next_snapshot
from streams.policy.outcome_join import JoinedBatch, TrainingExample
from streams.policy.policy import Policy
from streams.policy.snapshot import Snapshot

CATALOGUE = tuple(InterventionOption(name, Constraints(), "", "") for name in OPTIONS)
CONFIG = Config(protocols=CATALOGUE)
CALM = dict.fromkeys(("slope", "failures", "returning", "tone", "slow_channel", "voice"), 0.0)


def play(rng: np.random.Generator, rewards: list[float], effects: dict[str, float]) -> dict[str, int]:
    """When each option was rolled back, in matured decisions; missing if it was not.

    Args:
        rewards: of every decision, before the effect of what is drawn.
        effects: of each option and control.
    """
    snapshot, in_use, lessons, at = Snapshot("study"), None, [], dict[str, int]()
    salt = str(rng.integers(2**62))
    for number, reward in enumerate(rewards):
        options = [one for one in CATALOGUE if one.id not in snapshot.disabled]
        lessons.append(drawn(options, seen(rng), in_use, f"{number:06d}", salt, reward, effects))
        if len(lessons) == CONFIG.policy.snapshot_outcomes:
            news = JoinedBatch([(one, ()) for one in lessons], [], [], [], 0)
            snapshot, lessons = next_snapshot(snapshot, news, [], {("outcomes", 0): number}, CONFIG), []
            in_use = Policy(snapshot, str(number))
            at |= {option: number + 1 for option in snapshot.disabled if option not in at}
    return at


def seen(rng: np.random.Generator) -> dict[str, float]:
    """The context of a decision: it varies, and tells nothing."""
    drawn = {"level": rng.uniform(0.3, 0.9), "level_sd": 0.1, "alarm": 8.0, "turn": float(rng.integers(2, 12))}
    return CALM | drawn | {"minutes": rng.uniform(1, 15)}


def drawn(
    options: list[InterventionOption],
    context_: dict[str, float],
    in_use: Policy | None,
    name: str,
    salt: str,
    reward: float,
    effects: dict[str, float],
) -> TrainingExample:
    """A decision as the fold records it, and its outcome."""
    chances = policy.option_probabilities(options, context_, in_use, CONFIG, CONFIG.decision.control_share)
    option, _ = policy.draw_option(chances.propensities, ids.lottery(name, salt))
    decision: dict[str, Any] = {
        "decision_id": name,
        "conversation_id": name,
        "option": option,
        "context": context_,
        "context_version": context.VERSION,
        "propensities": [{"option": one, "probability": chance} for one, chance in chances.propensities],
        "predicted_reward": chances.predicted,
    }
    return TrainingExample(decision, {"reward": reward + effects[option], "event_time": 0})
