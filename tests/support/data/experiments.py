"""A synthetic experiment: the same decisions for ClickHouse and for the formulas in Python."""

import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from streams.experiment.effects import MaturedDecision
from streams.interventions.options import CONTROL
from tests.support.data.records import decision, outcome

OPTIONS = ("slow", "offer", "own")
EFFECTS = {"slow": 0.3, "offer": -0.4, "own": 0.0, CONTROL: 0.0}

Datum = dict[str, Any]


class Made(NamedTuple):
    """One decision with its outcome as records."""

    decision: Datum
    outcome: Datum

    @property
    def decided(self) -> MaturedDecision:
        """The input of streams/experiment/effects.py. Only decisions with a reward have one."""
        return MaturedDecision(
            self.decision["conversation_id"],
            self.decision["option"],
            self.outcome["reward"],
            {propensity["option"]: propensity["probability"] for propensity in self.decision["propensities"]},
            self.decision["predicted_reward"] or {},
        )

    @property
    def rewarded(self) -> bool:
        return self.outcome["reward"] is not None


def experiment(tenant: str, count: int, seed: int, **same: Any) -> list[Made]:
    """Decisions of a tenant, three to a conversation; ``same`` fields are the same in all."""
    rng = random.Random(seed)
    return [made(tenant, number, rng, same) for number in range(count)]


def made(tenant: str, number: int, rng: random.Random, same: Mapping[str, Any]) -> Made:
    holdout = number // 3 % 11 == 5
    chances = {CONTROL: 1.0} if holdout else drawn_chances(rng)
    option, lottery = drawn(chances, rng)
    scope = {"tenant": tenant, "conversation_id": f"{tenant}-{number // 3}", "customer_id": f"{tenant}-{number // 6}"}
    shared = {**scope, "decision_id": f"{tenant}-{number}", "option": option, "control": option == CONTROL}
    shared |= {"propensity": chances[option], **same}
    asked = decision(
        number,
        **shared,
        holdout=holdout,
        lottery=lottery,
        decision_index=number % 3 + 1,
        propensities=[{"option": name, "probability": p} for name, p in chances.items()],
        predicted_reward=predictions(rng),
        policy_version=f"thompson-{number // 100}",
    )
    return Made(asked, outcome(number, **shared, outcome_id=f"{tenant}-o-{number}", **seen(option, rng)))


def drawn_chances(rng: random.Random) -> dict[str, float]:
    """Propensities of some options; control has one of two shares. Some decisions are hand-overs without control."""
    if rng.random() < 0.05:
        return {"own": 1.0, CONTROL: 0.0}
    names = [name for name in OPTIONS if rng.random() < 0.8] or ["slow"]
    share = rng.choice((0.2, 0.35))
    raw = {name: rng.uniform(0.2, 1) for name in names}
    return {CONTROL: share} | {name: (1 - share) * value / sum(raw.values()) for name, value in raw.items()}


def drawn(chances: Mapping[str, float], rng: random.Random) -> tuple[str, float]:
    lottery = left = rng.random()
    for name, chance in chances.items():
        left -= chance
        if left < 0:
            return name, lottery
    return next(name for name, chance in chances.items() if chance > 0), lottery


def predictions(rng: random.Random) -> dict[str, float] | None:
    if rng.random() < 0.2:
        return None
    return {name: rng.gauss(0, 0.1) for name in (*OPTIONS, CONTROL) if rng.random() < 0.8}


def seen(option: str, rng: random.Random) -> Datum:
    """An outcome, censored one time in ten. Rewards have one digit, so that ties occur."""
    if rng.random() < 0.1:
        unseen = {"reward": None, "post_level": None, "post_sd": None}
        return {"status": "censored", "censoring_reason": rng.choice(("no_turns", "ended")), **unseen}
    return {
        "status": "overlapped" if rng.random() < 0.1 else "matured",
        "reward": round(rng.gauss(EFFECTS[option], 0.3), 1),
    }
