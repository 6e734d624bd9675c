"""Ratings in the report: arms as arithmetic, the whole against the real engine."""

import json
import random
from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from agents.clickhouse.client import connect
from agents.clickhouse.tables import TABLES
from agents.reports.ratings import print_ratings, report_ratings
from agents.settings.model import Settings
from schemas.topics import Name
from streams.experiment.rater_agreement import INSUFFICIENT
from streams.experiment.rating_comparison import RatingAnswer, compare_ratings
from tests.agents.reports.test_report import insert
from tests.support.data.records import decision, rating


def sides(conversations: int, gap: float = 0.0, seed: int = 1) -> list[RatingAnswer]:
    """Ratings in clusters: each conversation has a tone of its own."""
    rng, found = random.Random(seed), []
    for talk in range(conversations):
        tone = rng.gauss(3, 0.6)
        for _ in range(rng.randint(1, 5)):
            control = rng.random() < 0.5 if talk % 3 == 0 else talk % 2 == 0
            found.append(RatingAnswer(talk, control, tone + rng.gauss(0, 0.7) + (0 if control else gap)))
    return found


def test_under_twenty_conversations_a_side_nothing_is_claimed() -> None:
    few = [
        RatingAnswer(talk, control, 3.0 + talk % 2) for talk in range(19) for control in (True, False) for _ in range(9)
    ]
    found = compare_ratings(few)
    assert (found["difference"], found["low"], found["why_not"]) == (None, None, INSUFFICIENT)
    assert (found["ratings"], found["conversations_control"]) == (171, 19)
    assert found["mean"] == pytest.approx(3 + 9 / 19)
    enough = [*few, RatingAnswer("a", True, 3.0), RatingAnswer("b", False, 4.0)]
    assert compare_ratings(enough)["difference"] is not None
    assert compare_ratings([])["mean"] is None


def test_the_interval_covers_where_ratings_come_in_clusters() -> None:
    runs = [compare_ratings(sides(100, gap=0.3, seed=seed)) for seed in range(300)]
    assert np.mean([run["difference"] for run in runs]) == pytest.approx(0.3, abs=0.03)
    assert np.mean([run["low"] <= 0.3 <= run["high"] for run in runs]) >= 0.92


def shown(found: dict[str, Any]) -> str:
    out = StringIO()
    print_ratings(found, Console(file=out, width=100))
    return out.getvalue()


def talks(number: int) -> list[dict[str, Any]]:
    """One decision a conversation; every second one is control."""
    control = {"option": "control", "control": True}
    return [decision(n, conversation_id=f"c{n}", **(control if n % 2 else {})) for n in range(1, number + 1)]


def judged(number: int, rater: str, blinded: bool, better: int) -> list[dict[str, Any]]:
    """A rating of each of these decisions: interventions get ``better`` more than control."""
    base = {"rater_role": "reviewer", "rater_id": rater, "blinded": blinded, "tone": None, "felt_understood": None}
    return [
        rating(n, **base, event_id=f"{rater}-{n}", conversation_id=f"c{n}", decision_id=f"decision-{n}")
        | {"clarity": 1 + (n // 2) % 3 + (0 if n % 2 else better), "resonance": None}
        for n in range(1, number + 1)
    ]


@pytest.mark.integration
def test_agreement_and_arms_from_clickhouse(migrated: Settings) -> None:
    client = connect(migrated)
    assert shown(report_ratings(client)) == ""
    insert(migrated, TABLES[Name.DECISIONS], talks(50))
    said = [*judged(50, "r1", True, better=1), *judged(40, "r2", True, better=1), *judged(30, "r3", False, better=2)]
    marks = [
        rating(n, event_id=f"m{n}-{who}", message_id=f"m{n}", frustrated=n % 2 == 0, rater_id=who, decision_id=None)
        for n in range(12)
        for who in ("r1", "r2")
    ]
    foreign = judged(50, "r1", True, better=0)[0] | {"event_id": "x", "decision_id": "elsewhere"}
    insert(migrated, TABLES[Name.RATINGS], [*said, *marks, foreign])
    insert(migrated, TABLES[Name.RATINGS], said)  # a batch that came twice
    found = report_ratings(client)
    client.disconnect()
    assert (found["replies"], found["unknown_decisions"]) == (51, 1)
    clarity = found["agreement"]["clarity"]
    assert (clarity["units"], clarity["raters"]) == (40, 3)
    assert 0.5 < clarity["alpha"] < 1
    assert found["agreement"]["tone"]["why_not"] == INSUFFICIENT
    assert (found["agreement"]["frustrated"]["units"], found["agreement"]["frustrated"]["alpha"]) == (12, 1.0)
    arms = {(one["question"], one["blinded"]): one for one in found["by_arm"]}
    assert arms["clarity", True]["ratings"] == 45
    assert arms["clarity", True]["difference"] == pytest.approx(1.0, abs=0.1)
    assert arms["clarity", True]["low"] > 0
    assert (arms["clarity", False]["ratings"], arms["clarity", False]["why_not"]) == (15, INSUFFICIENT)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    text = shown(found)
    assert max(map(len, text.splitlines())) <= 100
    assert "not a random sample" in " ".join(text.split())
    assert "clarity, not blinded" in text
