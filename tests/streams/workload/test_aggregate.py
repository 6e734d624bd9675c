"""Workload: figures of teams, of enough people or of nobody; whatever the order, from nothing an operator wrote."""

import ast
import random
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given as holds_for
from hypothesis import strategies as st

import agents
from agents import workload as live
from schemas.codec import Codec
from schemas.records import head_schema, record, records
from streams.config.model import WorkloadConfig
from streams.workload import aggregate, team_metrics
from streams.workload.aggregate import WorkloadAggregate, prune_beliefs
from streams.workload.assignments import Assignment, BeliefPoint, ConversationLog, assignment_intervals
from streams.workload.operator_load import Exposure
from tests.support.data.shifts import CONFIG, HOUR, MINUTE, START, Datum, at, case, given, taken, told, turn

CREW = ("a", "b", "c")
MODULES = tuple(path.stem for path in Path(aggregate.__file__).parent.glob("*.py"))
KNOWN = {"streams.alerts.rules", "streams.config.model", "streams.ids", "streams.outputs"}


def shift(hostile: tuple[float, float] | None = (5, 45), crew: Iterable[str] = CREW) -> list[Datum]:
    """An hour of everybody with one conversation."""
    return [datum for name in crew for datum in case(name, 0, 50, hostile)]


def alerts(workload: WorkloadAggregate, minute: float) -> list[Datum]:
    return [one.datum for one in workload.close_periods(at(minute)) if one.record == "alert"]


def test_a_team_in_an_hour() -> None:
    [one] = told(shift(), until=HOUR)
    assert {name: one[name] for name in team_metrics.FIGURES} == {
        "operators": 3,
        "work_minutes": 50.0,
        "hostile_minutes": 40.0,
        "hard_in_a_row": 1.0,
        "breaks_missed": 0.0,
        "recovery_minutes": None,
        "channel": "chat",
        "channel_share": 1.0,
    }
    assert (one["team"], one["since"], one["event_time"]) == ("berlin", START, START + 60 * MINUTE)
    assert one["strained"] == ["hostile_minutes"]
    assert one["reasons"] == {"recovery_minutes": "few_hard_cases"}
    assert Codec().encode(record("team_workload"), one)


def test_too_few_for_a_figure_is_unknown_and_not_zero() -> None:
    [one] = told(shift(crew=CREW[:2]), until=HOUR)
    assert [one[name] for name in team_metrics.FIGURES] == [None] * len(team_metrics.FIGURES)
    assert one["reasons"] == dict.fromkeys(team_metrics.FIGURES, "small_group")
    assert one["strained"] == []


def test_an_operator_of_no_known_team_counts_in_none() -> None:
    nobodys = case("d", 0, 50, (5, 45), team=None)
    found = told([*shift(), *nobodys, *case("e", 0, 30, team=None), *case("f", 0, 30, team=None)], until=HOUR)
    assert [(one["team"], one["operators"]) for one in found] == [("berlin", 3), (None, None)]
    assert set(found[1]["reasons"].values()) == {"no_team"}


def test_an_unknown_operator_is_nobody() -> None:
    assert told([given(0, "c1", None), turn(1, "c1", True), turn(20, "c1", True)], until=HOUR) == []


def test_a_figure_of_fewer_than_the_group_is_left_out() -> None:
    """Two hard cases of one operator alone would be that operator's own recovery time."""
    again = case("a", 52, 58, (53, 57))
    assert told([*shift(), *again], until=HOUR)[0]["recovery_minutes"] is None
    each = [datum for name in CREW for datum in case(name, 52, 58, (53, 57))]
    assert told([*shift(), *each], until=HOUR)[0]["recovery_minutes"] == 2.0


def test_figures_are_rounded() -> None:
    members = [Exposure("t", 100_000 + n, 50_000 + n, {"chat": 50_000 + n}, n % 2, 0, (9_999,)) for n in range(7)]
    found, _ = team_metrics.compute_figures(members, CONFIG)
    assert (found["work_minutes"], found["hostile_minutes"], found["hard_in_a_row"]) == (2.0, 1.0, 0.4)


@pytest.mark.parametrize("least", [0, 1, 2])
def test_no_group_may_be_smaller_than_three(least: int) -> None:
    with pytest.raises(ValueError, match="least"):
        WorkloadConfig(least=least)


def test_it_is_off_by_default() -> None:
    assert WorkloadConfig().enabled is False


def test_one_alert_when_strain_begins_and_none_while_it_lasts() -> None:
    hours = [(60 * hour, 60 * hour + 59, (60 * hour + 1, 60 * hour + 58)) for hour in range(3)]
    hard = [datum for hour in hours for name in CREW for datum in case(name, *hour)]
    calm = [datum for name in CREW for datum in case(name, 180, 230)]
    again = [datum for name in CREW for datum in case(name, 240, 290, (241, 289))]
    workload = taken([*hard, *calm, *again, turn(310, "x", False)])
    first, second = alerts(workload, 310)
    assert (first["event_time"], second["event_time"]) == (at(60), at(300))
    assert Codec().encode(record("alert"), first)
    assert first["title"] == "Team berlin may need cover"
    assert first["explanation"] == (
        "From 2026-09-21T15:00:00.000+00:00 to 2026-09-21T16:00:00.000+00:00, mean of 3 operators: 57 of 59 minutes of "
        "work in hostile conversations (too much), 1.0 hard cases in a row, 0.0 breaks missed. "
        "Most of it in the queue chat (100%)."
    )
    assert "queue chat elsewhere" in first["recommendation"]
    assert (first["rule"], first["channel"], first["conversation_id"]) == ("team_overloaded", "chat", None)


def test_strain_of_yesterday_is_no_strain_of_the_period_before() -> None:
    hours = [(60 * hour, 60 * hour + 59, (60 * hour + 1, 60 * hour + 58)) for hour in (0, 16)]
    workload = taken([datum for hour in hours for name in CREW for datum in case(name, *hour)])
    workload.add_point(turn(18 * HOUR, "x", False))
    assert [one["event_time"] for one in alerts(workload, 18 * HOUR)] == [at(HOUR), at(17 * HOUR)]


def test_an_alert_and_a_record_name_no_operator() -> None:
    workload = taken([*shift(crew=("op-anna", "op-bert", "op-cleo")), turn(70, "x", False)])
    said = repr(workload.close_periods(at(70)))
    assert "may need cover" in said
    assert "op-" not in said


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 200), st.sampled_from(["c1", "c2", "c3", "c4"]), st.sampled_from([*CREW, None])).map(
            lambda one: given(one[0], one[1], one[2])
        ),
        st.tuples(st.integers(0, 200), st.sampled_from(["c1", "c2", "c3", "c4"]), st.booleans(), st.integers(1, 3)).map(
            lambda one: turn(one[0], one[1], one[2], turn=one[3])
        ),
    ),
    max_size=25,
)


@holds_for(EVENTS, st.randoms())
def test_order_and_repeats_make_no_difference(events: list[Datum], chance: random.Random) -> None:
    shuffled = [*events, *events]
    chance.shuffle(shuffled)
    assert told(shuffled) == told(events)


@holds_for(EVENTS)
def test_told_as_it_happens_or_all_at_once(events: list[Datum]) -> None:
    """Replayed later, the same log tells the same."""
    ordered = sorted(events, key=lambda one: one["event_time"])
    workload, found = WorkloadAggregate(CONFIG), list[Datum]()
    for datum in [*ordered, turn(6 * HOUR, "later", False)]:
        found += [one.datum for one in workload.close_periods(datum["event_time"] - 1) if one.record == "team_workload"]
        (workload.add_point if "turn" in datum else workload.add_assignment)(datum)
    found += [one.datum for one in workload.close_periods(at(6 * HOUR)) if one.record == "team_workload"]
    assert found == told(events)


@holds_for(EVENTS)
def test_what_is_told_is_of_a_group_and_within_the_period(events: list[Datum]) -> None:
    for one in told(events):
        assert (one["operators"] is None) == ("operators" in one["reasons"])
        if one["operators"] is not None:
            assert one["operators"] >= CONFIG.least
            assert 0 <= one["hostile_minutes"] <= one["work_minutes"] <= HOUR


def test_a_clock_ahead_closes_nothing_and_one_behind_breaks_nothing() -> None:
    workload = taken([*shift(), turn(24 * HOUR, "ahead", False)])
    assert workload.close_periods(at(59)) == []
    assert len(workload.close_periods(at(61))) == 2
    for late in shift((0, 49)):
        (workload.add_point if "turn" in late else workload.add_assignment)(late)
    assert workload.close_periods(at(62)) == []  # that hour was told of


def test_an_assignment_of_years_ago_is_no_work_for_every_hour_since(monkeypatch: pytest.MonkeyPatch) -> None:
    periods: list[tuple[int, int]] = []
    looked = aggregate.measure_exposures
    monkeypatch.setattr(aggregate, "measure_exposures", lambda *args: periods.append(args[1]) or looked(*args))
    long_ago = given(-10 * 365 * 24 * HOUR, "old", "a")
    assert told([long_ago, *shift()], until=HOUR)[-1:] == told(shift(), until=HOUR)
    assert len(set(periods)) == 2


def test_a_restart_goes_on_behind_what_was_told() -> None:
    before = told(shift(), until=HOUR)
    workload = WorkloadAggregate(CONFIG, before)
    for datum in [*shift(), *(one for name in CREW for one in case(name, 60, 119, (61, 118))), turn(130, "x", False)]:
        (workload.add_point if "turn" in datum else workload.add_assignment)(datum)
    assert [(one.record, one.datum["event_time"]) for one in workload.close_periods(at(130))] == [
        ("team_workload", at(120))
    ]


def test_a_restart_tells_what_a_crash_left_out() -> None:
    data = [*shift(), *(one for name in "xyz" for one in case(name, 0, 50, (5, 45), team="lisbon"))]
    whole = told(data, until=HOUR)
    workload = WorkloadAggregate(CONFIG, before=whole[:1])
    for datum in [*data, turn(61, "x", False)]:
        (workload.add_point if "turn" in datum else workload.add_assignment)(datum)
    found = [one.datum for one in workload.close_periods(at(61))]
    assert [one["team"] for one in whole] == ["berlin", "lisbon"]
    assert [one.get("team") or one["title"] for one in found] == ["lisbon", "Team lisbon may need cover"]
    assert found[0] == whole[1]


@pytest.mark.parametrize("start", [1_774_724_400_000, 1_792_868_400_000])  # Europe put its clocks forward, and back
def test_summer_time_adds_and_takes_no_hour(start: int) -> None:
    moved = [datum | {"event_time": datum["event_time"] - START + start} for datum in shift()]
    workload = taken([*moved, turn(0, "later", False) | {"event_time": start + 5 * 60 * MINUTE}])
    figures = [one.datum for one in workload.close_periods(start + 5 * 60 * MINUTE) if one.record == "team_workload"]
    assert [(one["event_time"] - one["since"], one["work_minutes"]) for one in figures] == [(60 * MINUTE, 50.0)]


@holds_for(st.dictionaries(st.integers(0, 300), st.booleans(), max_size=12), st.integers(0, 300), st.integers(1, 100))
def test_what_is_dropped_says_nothing(raised: dict[int, bool], before: int, idle: int) -> None:
    beliefs = {at: BeliefPoint(1, one) for at, one in raised.items()}
    who = [Assignment(0, "e", "a", "t")]
    kept = prune_beliefs(beliefs, before, idle)
    assert assignment_intervals(ConversationLog(who, kept, None), 400, idle) == assignment_intervals(
        ConversationLog(who, beliefs, None), 400, idle
    )
    assert kept.items() <= beliefs.items()


def test_what_is_long_over_is_forgotten() -> None:
    workload = taken(shift())
    workload.add_point(turn(30 * HOUR, "later", False))
    workload.close_periods(at(30 * HOUR))
    [tenant] = workload._tenants.values()
    assert not tenant.assignments
    assert set(tenant.beliefs) == {"later"}


# No emotion of an operator: there is nothing it could be read from.


def imported(name: str) -> set[str]:
    """Modules of ours that a module imports."""
    tree = ast.parse(Path(aggregate.__file__).with_name(f"{name}.py").read_text())
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    siblings = {
        f"streams.workload.{alias.name}" for node in froms if node.module == "streams.workload" for alias in node.names
    }
    return {one for one in found - {"streams.workload"} | siblings if one.startswith("streams.")}


def test_the_module_reaches_no_signal_and_no_text() -> None:
    """Neither extractors, text model, wording nor belief: only each other, settings, ids and what is published."""
    for name in MODULES:
        assert imported(name) <= KNOWN | {f"streams.workload.{module}" for module in MODULES}


def test_all_that_comes_in_is_assignments_and_what_was_believed_of_customers() -> None:
    """An assignment can hold no text, sound, key or number; of a point no more than the raised flag is decoded."""
    [*kinds] = [field["type"] for field in record("assignment").published["fields"] if field["name"] != "event_time"]
    assert all(kind == "string" or kind == ["null", "string"] for kind in kinds)
    names = {field["name"] for field in record("assignment").published["fields"]}
    assert names == {"event_id", "conversation_id", "event_time", "tenant", "operator_id", "team", "shown_to"}
    assert live.LAST_FIELD == "raised"
    decoded = {field["name"] for field in head_schema(record("trajectory_point"), live.LAST_FIELD)["fields"]}
    assert not decoded & {"observation", "reply", "cues", "contributions"}
    source = Path(agents.__file__).with_name("workload.py").read_text()
    assert set(re.findall(r"Name\.(\w+)", source)) == {"ASSIGNMENTS", "TRAJECTORIES", "WORKLOAD"}


def test_what_is_measured_of_an_answer_names_nobody() -> None:
    """No record with numbers of a text has an operator."""
    with_operator = {
        name
        for name, one in records().items()
        if {"operator_id", "participant_id"} & {field["name"] for field in one.published["fields"]}
    }
    assert {"assignment", "message"} <= with_operator
    assert not with_operator & {"signal", "trajectory_point", "team_workload", "alert", "rating"}


def test_figures_do_not_depend_on_anything_else_in_a_point() -> None:
    more = {"level": 9.9, "cues": ["text.severity"], "reply": {"wording.words": 99.0}, "text": "I hate this job"}
    assert told([datum | more if "turn" in datum else datum for datum in shift()]) == told(shift())


def test_the_same_work_is_the_same_figure_whoever_did_it() -> None:
    assert told(shift(crew=("x", "y", "z"))) == told(shift())


def test_another_group_size() -> None:
    five = replace(CONFIG, least=5)
    assert told(shift(), five, HOUR)[0]["operators"] is None
    assert told(shift(crew="abcde"), five, HOUR)[0]["operators"] == 5
