"""The view and the report of what wording went with, on ClickHouse."""

from typing import Any

import pytest
from rich.console import Console

from agents.clickhouse.client import connect
from agents.clickhouse.tables import TABLES, to_columns
from agents.learning.wording_record import datum, restored
from agents.reports.wording import render_wording, wording_effects
from agents.settings.model import Settings
from benchmarks.wording import talks, taught
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import Name
from streams.experiment import wording_effects as wording
from streams.experiment.wording_effects import Study

TOLD = {
    "wording.apology": (30, -0.06, -0.09, -0.03),
    "wording.blame": (21, 0.1, 0.06, 0.14),
    "wording.question": (50, -0.03, -0.055, -0.005),  # zero is outside, but not far enough for ten features
    "wording.jargon": (3, None, None, None),
}


def study(tenant: str = "default", turns: int = 400, **changes: Any) -> dict[str, Any]:
    effects = [
        dict(zip(("feature", "present", "effect", "low", "high"), (name, *told), strict=True))
        for name, told in TOLD.items()
    ]
    made = datum(tenant, wording.nothing(), 1_790_000_000_000, {}, "v1")
    return made | {"turns": turns, "conversations": 60, "effects": effects} | changes


def insert(settings: Settings, *studies: dict[str, Any]) -> None:
    table = TABLES[Name.WORDING]
    rows = [table.row(one) for one in studies]
    connect(settings).execute(table.insert, to_columns(table, rows), columnar=True)


@pytest.mark.integration
def test_the_newest_study_of_each_tenant_is_shown_and_ten_features_are_allowed_for(migrated: Settings) -> None:
    insert(migrated, study(turns=200, effects=[]), study(), study("[/other]"), study(turns=300, effects=[]))
    found = wording_effects(connect(migrated))
    ours = [one for one in found if one["tenant"] == "default"]
    assert len(found) == 2 * len(ours)
    assert [(one["feature"], one["direction"]) for one in ours] == [
        ("wording.apology", "defuses"),
        ("wording.question", "unclear"),
        ("wording.blame", "escalates"),
        ("wording.jargon", "insufficient data"),
    ]
    assert {(one["turns"], one["conversations"]) for one in found} == {(400, 60)}
    console = Console(record=True, width=100)
    render_wording(found, console)
    said = console.export_text()
    assert "-0.060 (-0.090 to -0.030)" in said
    assert "[/other]" in said
    assert "no proof" in said


def test_nothing_is_said_without_a_study() -> None:
    console = Console(record=True)
    render_wording([], console)
    assert console.export_text() == ""


def test_a_study_is_the_same_after_its_record() -> None:
    sums = taught(talks(1, 40)).sums
    told = datum("t", sums, 7, {("points", 1): 3, ("points", 0): 9}, "v1")
    codec, schema = Codec(), record("wording_effects")
    again = codec.decode(schema, codec.encode(schema, told), {})
    assert again == told
    assert len(codec.encode(schema, told)) < 10_000
    found = restored(again)
    assert found is not None
    assert wording.effects(found) == wording.effects(sums)
    rest = [row for talk in talks(2, 3) for row in talk]
    one, other = Study(sums), Study(found)
    assert one.learn(rest) == other.learn(rest) == len(rest)
    assert wording.effects(one.sums) == wording.effects(other.sums)


@pytest.mark.parametrize(
    "changes", [{"version": 99}, {"size": 3}, {"products": [1.0]}, {"response": [float("nan")] * wording.SIZE}]
)
def test_sums_of_other_features_or_broken_ones_are_not_gone_on_with(changes: dict[str, Any]) -> None:
    assert restored(study()) is not None
    assert restored(study(**changes)) is None
