"""Navigation: signs of struggle on a page, at their thresholds."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import record
from streams.belief import Observation
from streams.extraction import signal_of
from streams.signals import navigation as nav
from streams.state import Pointer
from tests.streams import builders
from tests.streams.builders import moment
from tests.streams.strategies import events

ACTIONS = next(field for field in record("navigation").published["fields"] if field["name"] == "action")["type"][
    "symbols"
]
CUES = {f"navigation.{action}" for action in ACTIONS} | {
    "navigation.dead_click",
    "navigation.error_click",
    "navigation.ignored",
}


def cues(**changes: Any) -> list[str]:
    return nav.extract(builders.navigation(**changes)).cues


def walk(*steps: dict[str, Any]) -> list[Observation | None]:
    """What each event says, in turn."""
    pointer: Pointer | None = None
    said = []
    for step in steps:
        extract = nav.extract(step)
        observation, pointer = nav.observe(extract.features, extract.cues, step["event_time"], pointer, 0.5)
        said.append(observation)
    return said


def click(at: float, x: float | None = 0.0, y: float | None = 0.0, **changes: Any) -> dict[str, Any]:
    return builders.navigation("click", at, x=x, y=y, **changes)


def rages(*steps: dict[str, Any]) -> int:
    return sum(said is not None and "navigation.rage_click" in said.parts for said in walk(*steps))


@pytest.mark.parametrize(
    ("reaction", "watched", "dead"),
    [(None, 2500.0, True), (None, 2499.0, False), (None, None, False), (10.0, 5000.0, False), (0.0, 5000.0, False)],
)
def test_a_click_is_dead_when_nothing_moved_for_2500_ms(
    reaction: float | None, watched: float | None, dead: bool
) -> None:
    assert ("navigation.dead_click" in cues(reaction_ms=reaction, watched_ms=watched)) is dead


@pytest.mark.parametrize(
    ("error", "found"), [(0.0, True), (1000.0, True), (1000.5, False), (-1.0, False), (None, False)]
)
def test_an_error_within_a_second_belongs_to_the_click(error: float | None, found: bool) -> None:
    assert ("navigation.error_click" in cues(error_ms=error)) is found


@pytest.mark.parametrize("target", ["stepper-plus", "Next page", "btn_previous", "carousel", "volume slider"])
def test_targets_made_for_repeated_clicks_are_ignored(target: str) -> None:
    assert cues(target=target, watched_ms=9000.0) == ["navigation.click", "navigation.ignored"]
    assert rages(*(click(i / 10, target=target) for i in range(10))) == 0


def test_an_ignored_target_may_still_raise_an_error() -> None:
    assert "navigation.error_click" in cues(target="next", error_ms=5.0)


def test_only_a_click_can_be_dead_or_wrong() -> None:
    assert cues(action="scroll", watched_ms=9000.0, error_ms=5.0) == ["navigation.scroll"]


def test_three_quick_clicks_in_one_place_are_rage() -> None:
    assert rages(click(0), click(0.5), click(1.0)) == 1
    assert rages(click(0), click(0.5)) == 0


def test_ten_furious_clicks_are_one_rage_click() -> None:
    assert rages(*(click(i / 10) for i in range(10))) == 1


def test_two_runs_are_two() -> None:
    assert rages(click(0), click(0.1), click(0.2), click(5), click(5.1), click(5.2)) == 2


@pytest.mark.parametrize(("gap", "count"), [(0.999, 1), (1.0, 0)])
def test_clicks_a_second_apart_are_patience(gap: float, count: int) -> None:
    assert rages(click(0), click(gap), click(2 * gap)) == count


@pytest.mark.parametrize(("x", "y", "count"), [(29.9, 0.0, 1), (15.0, 14.9, 1), (30.0, 0.0, 0), (15.0, 15.0, 0)])
def test_thirty_pixels_away_is_another_place(x: float, y: float, count: int) -> None:
    assert rages(click(0), click(0.1, x, y), click(0.2, 0.0, 0.0)) == count


def test_the_distance_is_to_the_click_before_not_to_the_first() -> None:
    assert rages(click(0, 0.0), click(0.1, 25.0), click(0.2, 50.0)) == 1


def test_a_click_without_a_place_breaks_nothing() -> None:
    assert rages(click(0), click(0.1, None, None), click(0.2), click(0.3)) == 1


def test_a_new_page_begins_a_new_run() -> None:
    assert rages(click(0), click(0.1), builders.navigation("page_view", 0.15), click(0.2)) == 0


def test_a_click_that_comes_late_does_not_complete_a_run() -> None:
    assert rages(click(10), click(10.1), click(9.9)) == 0


@pytest.mark.parametrize(("after", "quick"), [(0.0, True), (4.0, True), (4.001, False)])
def test_back_within_four_seconds_of_a_page_is_quick(after: float, quick: bool) -> None:
    _, said = walk(builders.navigation("page_view", 10), builders.navigation("back", 10 + after))
    assert (said is not None) is quick


def test_back_without_a_page_seen_is_not_quick() -> None:
    assert walk(builders.navigation("back", 1)) == [None]


def test_back_that_arrives_late_and_happened_before_the_page_is_not_quick() -> None:
    assert walk(builders.navigation("page_view", 10), builders.navigation("back", 5))[1] is None


def test_signs_add_up_to_one_at_most() -> None:
    [said] = walk(click(0, watched_ms=3000.0, error_ms=1.0))
    assert said is not None
    assert said.value == pytest.approx(0.9)
    *_, rage = walk(*(click(i / 10, watched_ms=3000.0) for i in range(3)))
    assert rage is not None
    assert rage.value == 1.0
    assert sum(rage.parts.values()) == pytest.approx(1.2)


@pytest.mark.parametrize("action", ["scroll", "cursor", "other", "page_view", "click", "back"])
def test_ordinary_browsing_says_nothing(action: str) -> None:
    assert walk(builders.navigation(action, 1)) == [None]


@pytest.mark.parametrize("action", ["help", "error"])
def test_help_and_errors_speak_at_once(action: str) -> None:
    [said] = walk(builders.navigation(action, 1))
    assert said is not None
    assert said.parts == {f"navigation.{action}": nav.WEIGHTS[f"navigation.{action}"]}


def test_where_no_place_was_sent_the_features_are_null_with_a_reason() -> None:
    extract = nav.extract(builders.navigation())
    assert extract.features == {"navigation.x": None, "navigation.y": None}
    assert set(extract.reasons.values()) == {"not_sent"}


@given(st.lists(events("navigation"), max_size=5))
def test_any_events_give_finite_numbers_and_known_names(found: list[dict[str, Any]]) -> None:
    pointer = None
    for event in found:
        signal = signal_of("navigation", event, ("conversation.navigation", 0, 0))
        assert set(signal["cues"]) <= CUES
        assert set(signal["features"]) == {"navigation.x", "navigation.y"}
        assert all(number is None or math.isfinite(number) for number in signal["features"].values())
        assert set(signal["reasons"].values()) <= {"not_sent"}
        assert not {"target", "page"} & set(signal)
        said, pointer = nav.observe(signal["features"], signal["cues"], event["event_time"], pointer, 0.5)
        assert said is None or 0.0 < said.value <= 1.0


@given(st.lists(st.tuples(st.integers(0, 1500), st.integers(-40, 40), st.integers(-40, 40)), min_size=3, max_size=30))
def test_rage_clicks_are_the_runs_that_reach_three(moves: list[tuple[int, int, int]]) -> None:
    at, x, y, run, expected = 0, 0, 0, 0, 0
    clicks = []
    for gap, right, down in moves:
        at, x, y = at + gap, x + right, y + down
        run = run + 1 if clicks and gap < 1000 and abs(right) + abs(down) < 30 else 1
        expected += run == 3
        clicks.append(click(at / 1000, float(x), float(y)))
        assert clicks[-1]["event_time"] == moment(at / 1000)
    assert rages(*clicks) == expected
