"""What wording went with, on ClickHouse: known effects are found, and what cannot be estimated is left open."""

from math import log, log2
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from agents.clickhouse.client import connect
from agents.reports.wording import ADJUSTED, FLAGS, LENGTH, STAGES, effect, render_wording, wording_effects
from agents.settings.model import Settings
from streams.experiment import least_squares
from streams.signals.reply_style import FEATURES
from streams.text_model.model import REPLY_PART
from tests.streams.experiment.test_least_squares import scores_of
from tests.support.data.records import point
from tests.support.data.warehouse import POINTS, insert

TURNS = 8
EFFECT = -0.3  # of an apology
CONCLUDED = 0.01  # by the text model, from the answer alone


def turns(tenant: str, conversations: int, seed: int = 4, **changes: Any) -> list[dict[str, Any]]:
    """Customer turns after an answer. An apology lowers the level, beside what the text model makes of the answer."""
    chance = np.random.default_rng(seed)
    points = []
    for number in range(conversations * TURNS):
        reply = {name: float(chance.random() < 0.5) for name in FEATURES} | {LENGTH: float(chance.integers(1, 40))}
        before = float(chance.normal(0.2, 0.2))
        after = 0.5 * before + EFFECT * reply["wording.apology"] + CONCLUDED + float(chance.normal(0, 0.02))
        names = {"tenant": tenant, "conversation_id": f"c{number % conversations}", "point_id": f"p{number}"}
        parts = [{"signal": REPLY_PART, "share": CONCLUDED}, {"signal": "text.blame", "share": 0.5}]
        turn = number // conversations + 2
        values = {"turn": turn, "reply": reply, "level_before": before, "level": after, "observation": after}
        points.append(point(number, **names, **values, contributions=parts) | changes)
    return points


def row(datum: dict[str, Any]) -> tuple[list[float], float]:
    """Columns and change of a point, in Python."""
    turn, before, reply = datum["turn"], datum["level_before"], datum["reply"]
    stages = [float(turn >= first) for first in STAGES]
    worded = [log2(1 + reply[LENGTH]), *(float(reply[name] > 0) for name in FLAGS)]
    return [1.0, log(turn), before, before * log(turn), *stages, *worded], datum["level"] - before - CONCLUDED


@pytest.mark.integration
def test_known_effects_are_found_as_least_squares_over_rows_finds_them(migrated: Settings) -> None:
    made = turns("[/north]", 60)
    insert(migrated, POINTS, [*made, *made, *turns("south", 41, seed=5)])  # each once, whatever was written twice
    rows = wording_effects(connect(migrated))
    north = {one["feature"]: one for one in rows if one["tenant"] == "[/north]"}
    assert len(rows) == 2 * len(north) == 2 * len(FEATURES)
    x, y = (np.array(column) for column in zip(*map(row, made), strict=True))
    groups = [one["conversation_id"] for one in made]
    expected = least_squares.estimates(x.T @ x, x.T @ y, scores_of(x, y, groups), 60)
    for column, name in enumerate(FEATURES, ADJUSTED):
        one = north[name]
        assert (one["effect"], one["low"], one["high"]) == pytest.approx(expected[column], rel=1e-6, abs=1e-9)
        assert (one["turns"], one["conversations"]) == (480, 60)
        assert one["present"] == np.count_nonzero(x[:, column])
    apology = north["wording.apology"]
    assert apology["effect"] == pytest.approx(EFFECT, abs=0.01)
    assert (apology["direction"], rows[0]["feature"]) == ("defuses", "wording.apology")
    console = Console(record=True, width=100)
    render_wording(rows, console)
    text = console.export_text()
    assert "[/north]" in text and "length, each doubling" in text and "no proof" in text
    assert f"{apology['effect']:+.3f} ({apology['low']:+.3f} to {apology['high']:+.3f})" in text


@pytest.mark.integration
def test_nothing_is_estimated_of_too_few_turns_conversations_or_answers(migrated: Settings) -> None:
    few, rare = turns("few", 39), turns("rare", 60)
    for number, one in enumerate(rare):
        one["reply"] |= {"wording.blame": float(number < 19), "wording.jargon": float(number >= 19)}
    together = turns("together", 60)
    for one in together:
        one["reply"]["wording.promise"] = one["reply"]["wording.question"]
    insert(migrated, POINTS, [*few, *rare, *together, *turns("short", 60)[:199]])
    unknown: dict[str, set[str]] = {}
    for found in wording_effects(connect(migrated)):
        if found["effect"] is None:
            assert (found["low"], found["high"], found["direction"]) == (None, None, "insufficient data")
            unknown.setdefault(found["tenant"], set()).add(found["feature"])
    assert unknown.keys() == {"few", "rare", "short", "together"}
    assert unknown["few"] == unknown["short"] == set(FEATURES)
    assert unknown["rare"] == {"wording.blame", "wording.jargon"}
    assert unknown["together"] == {"wording.promise", "wording.question"}


@pytest.mark.integration
@pytest.mark.parametrize(
    "changes",
    [
        {"reply": None},
        {"reply": {"wording.apology": 1.0}},
        {"reply": dict.fromkeys(FEATURES, 0.0) | {LENGTH: float("inf")}},
        {"level_before": None},
        {"observation": None},
        {"level": float("nan")},
        {"turn": 0},
    ],
    ids=["no answer", "other features", "endless", "first turn", "no words", "no level", "no turn"],
)
def test_a_point_that_says_nothing_is_left_out(migrated: Settings, changes: dict[str, Any]) -> None:
    insert(migrated, POINTS, turns("default", 1, **changes))
    assert wording_effects(connect(migrated)) == []


def test_a_direction_allows_for_ten_features() -> None:
    assert effect((-0.06, -0.09, -0.03))["direction"] == "defuses"
    assert effect((0.1, 0.06, 0.14))["direction"] == "escalates"
    assert effect((-0.03, -0.055, -0.005))["direction"] == "unclear"  # zero is outside, but not far enough


def test_nothing_is_printed_without_answers() -> None:
    console = Console(record=True)
    render_wording([], console)
    assert console.export_text() == ""
