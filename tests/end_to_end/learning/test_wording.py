"""The study of wording through Kafka: it goes on where its last record left it, and nothing counts twice."""

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from agents.learning.wording_record import restored
from agents.learning.wording_study import WordingLearner
from agents.schema_registry.client import codec_for
from schemas.topics import Name
from streams.config.model import LearnerConfig
from streams.experiment import wording_effects
from streams.experiment.wording_effects import Study
from streams.signals.reply_style import FEATURES
from streams.text_model.model import REPLY_PART
from tests.end_to_end.deployment import Deployment, eventually
from tests.support.data.records import point

pytestmark = pytest.mark.reference

CHANCE, NUMBERS = random.Random(4), itertools.count(1)
TENANTS = ("north", "south")
REFUSED, REPEATED = (f'tenor_wording_points_total{{what="{what}"}}' for what in ("refused", "repeated"))


def turn(tenant: str, conversation: int, number: int) -> dict[str, Any]:
    """A customer turn after an answer; an apology lets the level fall by .3."""
    reply = {name: float(CHANCE.random() < 0.5) for name in FEATURES} | {wording_effects.LENGTH: CHANCE.randint(1, 40)}
    before = CHANCE.gauss(0.2, 0.2)
    after = 0.5 * before - 0.3 * reply["wording.apology"] + CHANCE.gauss(0, 0.02)
    names = {"tenant": tenant, "conversation_id": f"c{conversation}", "point_id": f"p{next(NUMBERS)}"}
    shares = [{"signal": REPLY_PART, "share": 0.0}]
    numbers = {"reply": reply, "level_before": before, "level": after, "observation": after, "contributions": shares}
    return point(number + 2, **names, **numbers)


def studies(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """The last record of every tenant."""
    return {one["tenant"]: one for one in deployment.decoded(Name.WORDING)}


def turns(deployment: Deployment) -> int:
    return sum(one["turns"] for one in studies(deployment).values())


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    return new_deployment(learner=LearnerConfig(wording_turns=150, wording_s=0.5))


def test_a_study_survives_its_learner_and_counts_every_turn_once(deployment: Deployment) -> None:
    points = [turn(tenant, c, number) for number in range(8) for tenant in TENANTS for c in range(40)]
    early, late = points[:400], points[400:]
    deployment.send(Name.TRAJECTORIES, *early)
    never = deployment.settings.model_copy(update={"learner": LearnerConfig(wording_turns=300, wording_s=3600.0)})
    first = WordingLearner(never, codec_for(never))
    eventually(lambda: first.step(0.1) or turns(deployment) >= 300, "the first publishes")
    assert turns(deployment) <= 400
    first.close()  # what it had read beyond is known to nobody
    learner = deployment.start("learner")
    deployment.produce([(Name.TRAJECTORIES, "poison", b"no point", {})])
    deployment.send(Name.TRAJECTORIES, *late, *late)
    eventually(lambda: turns(deployment) == len(points), "all is learned")
    eventually(lambda: deployment.metric(learner, REPEATED) == len(late), "what came twice is passed by")
    eventually(lambda: deployment.metric(learner, REFUSED) == 1, "what is no point is passed by")
    for tenant, found in studies(deployment).items():
        check(found, [one for one in points if one["tenant"] == tenant])
    learner.stop(10)
    goes_on_beside_a_broken_study(deployment, len(points))


def goes_on_beside_a_broken_study(deployment: Deployment, known: int) -> None:
    """Of the tenant whose record is broken all is learned anew, of the other what is new."""
    deployment.produce([(Name.WORDING, TENANTS[0], b"no study", {})])
    deployment.send(Name.TRAJECTORIES, turn(TENANTS[1], 1, 9))
    again = deployment.start("learner")
    learned = 'tenor_wording_points_total{what="learned"}'
    eventually(lambda: deployment.metric(again, learned) == known // 2 + 1, "the broken one is made anew")


def check(found: dict[str, Any], points: list[dict[str, Any]]) -> None:
    """The record says what one study of these points says."""
    expected, sums = Study(), restored(found)
    expected.learn([row for one in points if (row := wording_effects.row(one)) is not None])
    assert sums is not None
    assert sums.turns == expected.sums.turns == len(points)
    assert np.allclose(sums.products, expected.sums.products, rtol=1e-12)
    assert np.allclose(sums.response, expected.sums.response, rtol=1e-9, atol=1e-9)
    told = {one["feature"]: one for one in found["effects"]}
    assert told["wording.apology"]["effect"] == pytest.approx(-0.3, abs=0.02)
    assert told["wording.apology"]["high"] < -0.25
    assert {one["partition"] for one in found["positions"]} == set(range(4))
