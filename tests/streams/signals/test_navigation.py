"""Navigation: signs of struggle on a page, at their thresholds."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import record
from streams.belief.estimator import Observation
from streams.config.model import NavigationConfig
from streams.signals import navigation as nav
from streams.signals.extraction import extract_signal
from streams.state import Pointer
from tests.support.data import builders
from tests.support.data.builders import moment
from tests.support.data.event_strategies import events

ACTIONS = next(field for field in record("navigation").published["fields"] if field["name"] == "action")["type"][
    "symbols"
]
CUES = {f"navigation.{action}" for action in ACTIONS} | {
    f"navigation.{name}" for name in ("stepper", "paging", "ignored", "help_page", "other_page")
}
FEATURES = {"navigation.x", "navigation.y"}
OF_CLICKS = {"navigation.unanswered_ms", "navigation.error_ms", "navigation.gesture_ms"}
USUAL = NavigationConfig()


def cues(**changes: Any) -> list[str]:
    return nav.extract(builders.navigation(**changes)).cues


def walk(*steps: dict[str, Any], config: NavigationConfig = USUAL) -> list[Observation | None]:
    """What each event says, in turn."""
    pointer: Pointer | None = None
    said = []
    for step in steps:
        extract = nav.extract(step)
        observation, pointer = nav.observe(extract.features, extract.cues, step["event_time"], pointer, 0.5, config)
        said.append(observation)
    return said


def times(name: str, *steps: dict[str, Any], config: NavigationConfig = USUAL) -> int:
    """How often a struggle was found."""
    return sum(said is not None and f"navigation.{name}" in said.parts for said in walk(*steps, config=config))


def click(at: float, x: float | None = 0.0, y: float | None = 0.0, **changes: Any) -> dict[str, Any]:
    return builders.navigation("click", at, x=x, y=y, **changes)


def rages(*steps: dict[str, Any], config: NavigationConfig = USUAL) -> int:
    return times("rage_click", *steps, config=config)


@pytest.mark.parametrize(
    ("reaction", "watched", "dead"),
    [
        (None, 2500.0, True),
        (None, 2499.0, False),
        (None, None, False),
        (10.0, 5000.0, False),
        (0.0, 5000.0, False),
        (2500.0, 5000.0, True),
        (2499.0, None, False),
        (math.nan, 5000.0, False),
        (-1.0, 5000.0, False),
    ],
)
def test_a_click_is_dead_when_nothing_moved_for_2500_ms(
    reaction: float | None, watched: float | None, dead: bool
) -> None:
    assert times("dead_click", click(0, reaction_ms=reaction, watched_ms=watched)) == dead


@pytest.mark.parametrize(
    ("error", "found"), [(0.0, True), (1000.0, True), (1000.5, False), (-1.0, False), (None, False)]
)
def test_an_error_within_a_second_belongs_to_the_click(error: float | None, found: bool) -> None:
    assert times("error_click", click(0, error_ms=error)) == found


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("stepper-plus", ["stepper"]),
        ("Next page", ["paging"]),
        ("btn_previous", ["paging"]),
        ("carousel", ["stepper"]),
        ("volume slider", ["stepper"]),
        ("carousel-next", ["paging", "stepper"]),
        ("toy no-rageclick", ["ignored"]),
        ("preview", []),
        ("", []),
        (None, []),
    ],
)
def test_targets_made_for_repeated_clicks_are_named_and_ignored(target: str | None, why: list[str]) -> None:
    assert cues(target=target) == ["navigation.click", *(f"navigation.{name}" for name in why)]
    clicks = [click(i / 10, target=target, watched_ms=9000.0) for i in range(10)]
    assert rages(*clicks) == (not why)
    assert times("dead_click", *clicks) == (0 if why else 10)


@pytest.mark.parametrize(
    ("target", "config", "count"),
    [
        ("stepper", NavigationConfig(ignore_steppers=False), 1),
        ("next", NavigationConfig(ignore_paging=False), 1),
        ("carousel-next", NavigationConfig(ignore_paging=False), 0),
        ("no-rageclick", NavigationConfig(ignore_paging=False, ignore_steppers=False, ignore_gestures=False), 0),
    ],
)
def test_what_is_ignored_is_a_setting(target: str, config: NavigationConfig, count: int) -> None:
    assert rages(*(click(i / 10, target=target) for i in range(3)), config=config) == count


def test_an_ignored_target_may_still_raise_an_error() -> None:
    assert times("error_click", click(0, target="next", error_ms=5.0)) == 1


def test_only_a_click_can_be_dead_or_wrong() -> None:
    scroll = builders.navigation("scroll", watched_ms=9000.0, error_ms=5.0)
    assert nav.extract(scroll).cues == ["navigation.scroll"]
    assert walk(scroll) == [None]


@pytest.mark.parametrize("field", ["scroll_ms", "selection_ms"])
@pytest.mark.parametrize(("after", "gesture"), [(0.0, True), (99.0, True), (100.0, False), (None, False)])
def test_a_click_that_scrolls_or_selects_text_is_no_struggle(field: str, after: float | None, gesture: bool) -> None:
    clicks = [click(i / 10, watched_ms=9000.0, **{field: after}) for i in range(3)]
    assert rages(*clicks) == (not gesture)
    assert times("dead_click", *clicks) == (0 if gesture else 3)
    assert rages(*clicks, config=NavigationConfig(ignore_gestures=False)) == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e30])
def test_clicks_at_no_place_are_null_with_a_reason_and_no_rage(bad: float) -> None:
    clicks = [click(i / 10, bad, bad) for i in range(5)]
    assert rages(*clicks) == 0
    reasons = nav.extract(clicks[0]).reasons
    assert reasons["navigation.x"] == reasons["navigation.y"] == ("out_of_range" if bad == 1e30 else "not_finite")


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
    assert rage.value == pytest.approx(1.0)
    assert rage.parts == pytest.approx({"navigation.rage_click": 0.8 / 1.2, "navigation.dead_click": 0.4 / 1.2})


@pytest.mark.parametrize("action", ["scroll", "cursor", "other", "page_view", "click", "back"])
def test_ordinary_browsing_says_nothing(action: str) -> None:
    assert walk(builders.navigation(action, 1)) == [None]


@pytest.mark.parametrize("action", ["help", "error"])
def test_help_and_errors_speak_at_once(action: str) -> None:
    [said] = walk(builders.navigation(action, 1))
    assert said is not None
    assert said.parts == {f"navigation.{action}": nav.WEIGHTS[f"navigation.{action}"]}


def test_where_nothing_was_sent_the_features_are_null_with_a_reason() -> None:
    extract = nav.extract(builders.navigation())
    assert extract.features == dict.fromkeys(FEATURES | OF_CLICKS)
    assert extract.reasons == dict.fromkeys(FEATURES | OF_CLICKS, "not_sent")
    assert set(nav.extract(builders.navigation("cursor")).features) == FEATURES


def path(action: str, gap_s: float, *places: float) -> list[dict[str, Any]]:
    return [builders.navigation(action, i * gap_s, x=5.0, y=place) for i, place in enumerate(places)]


@pytest.mark.parametrize(
    ("name", "action", "px", "gap_s"),
    [("thrashed_cursor", "cursor", 20, 0.5), ("excessive_scroll", "scroll", 100, 1.5)],
)
def test_six_quick_turns_are_one_struggle(name: str, action: str, px: float, gap_s: float) -> None:
    to_and_fro = [0.0, px] * 6
    assert times(name, *path(action, gap_s, *to_and_fro[:7])) == 0  # five turns
    assert times(name, *path(action, gap_s, *to_and_fro[:8])) == 1
    assert times(name, *path(action, gap_s, *to_and_fro)) == 1
    assert times(name, *path(action, gap_s + 0.001, *to_and_fro)) == 0
    assert times(name, *path(action, gap_s, *[0.0, px - 1] * 6)) == 0
    assert times(name, *path(action, gap_s, *(px * i for i in range(12)))) == 0
    assert times(name, *path(action, gap_s, *to_and_fro[:6]), builders.navigation("page_view", 7)) == 0


def test_a_right_angle_is_no_turn_back() -> None:
    square = [(0.0, 0.0), (50.0, 0.0), (50.0, 50.0), (0.0, 50.0)] * 4
    steps = [builders.navigation("cursor", i / 10, x=x, y=y) for i, (x, y) in enumerate(square)]
    assert times("thrashed_cursor", *steps) == 0


def visit(at: float, page: str | None = None) -> dict[str, Any]:
    return builders.navigation("page_view", at, page=page) if page else builders.navigation("help", at)


@pytest.mark.parametrize(
    ("steps", "loops"),
    [
        ([visit(0), visit(10), visit(20)], 1),
        ([visit(0), visit(10), visit(20), visit(30), visit(40)], 1),
        ([visit(0, "/help"), visit(10, "/faq/returns"), visit(20, "/en/support")], 1),
        ([visit(0), visit(120), visit(240)], 1),
        ([visit(0), visit(120.001), visit(240)], 0),
        ([visit(0), visit(0.5, "/help"), visit(20), visit(20.9, "/help")], 0),
        ([visit(0), visit(10), visit(15, "/orders"), visit(20)], 0),
        ([visit(0), visit(10), builders.navigation("page_view", 15), visit(20)], 1),
        ([visit(20), visit(10), visit(5)], 0),
    ],
)
def test_help_again_and_again_without_another_page_is_a_loop(steps: list[dict[str, Any]], loops: int) -> None:
    assert times("help_loop", *steps) == loops


def test_a_page_of_help_alone_says_nothing() -> None:
    assert walk(visit(0, "/help"), visit(10, "/help")) == [None, None]


@pytest.mark.parametrize(
    ("change", "name", "steps"),
    [
        ({"rage_clicks": 2}, "rage_click", [click(0), click(0.5)]),
        ({"rage_ms": 2000.0}, "rage_click", [click(0), click(1.5), click(3.0)]),
        ({"rage_px": 100.0}, "rage_click", [click(0), click(0.1, 60.0), click(0.2)]),
        ({"dead_ms": 500.0}, "dead_click", [click(0, watched_ms=600.0)]),
        ({"gesture_ms": 10.0}, "dead_click", [click(0, watched_ms=3000.0, scroll_ms=20.0)]),
        ({"error_ms": 2000.0}, "error_click", [click(0, error_ms=1500.0)]),
        ({"quick_back_ms": 9000.0}, "quick_back", [visit(1, "/orders"), builders.navigation("back", 9)]),
        ({"thrash_turns": 2}, "thrashed_cursor", path("cursor", 0.1, 0.0, 50.0, 0.0, 50.0)),
        ({"scroll_turns": 2}, "excessive_scroll", path("scroll", 0.1, 0.0, 500.0, 0.0, 500.0)),
        ({"help_visits": 2}, "help_loop", [visit(0), visit(10)]),
        ({"help_ms": 500_000.0}, "help_loop", [visit(0), visit(200), visit(400)]),
    ],
)
def test_every_threshold_is_a_setting(change: dict[str, Any], name: str, steps: list[dict[str, Any]]) -> None:
    assert times(name, *steps) == 0
    assert times(name, *steps, config=NavigationConfig(**change)) == 1


ANY = st.floats() | st.floats(-100, 3000)
WILD = st.fixed_dictionaries(
    {
        "action": st.sampled_from(ACTIONS),
        **dict.fromkeys(
            ["x", "y", "reaction_ms", "watched_ms", "error_ms", "scroll_ms", "selection_ms"], st.none() | ANY
        ),
        "page": st.sampled_from([None, "", "/help", "/orders"]),
        "target": st.sampled_from([None, "", "next", "submit"]),
        "event_time": st.integers(0, 2**50) | st.integers(moment(0), moment(5)),
    }
)


@given(st.lists(events("navigation"), max_size=5))
def test_any_events_give_finite_numbers_and_known_names(found: list[dict[str, Any]]) -> None:
    for event in found:
        signal = extract_signal("navigation", event, ("conversation.navigation", 0, 0))
        assert set(signal["cues"]) <= CUES
        assert not {"target", "page"} & set(signal)
    check(found)


@given(st.lists(WILD, max_size=12))
def test_whatever_comes_past_ingest_gives_numbers_or_reasons_and_a_bounded_value(found: list[dict[str, Any]]) -> None:
    check(found)


def check(found: list[dict[str, Any]]) -> None:
    pointer = None
    for event in found:
        extract = nav.extract(event)
        assert set(extract.features) == FEATURES | (OF_CLICKS if event["action"] == "click" else set())
        assert {name for name, number in extract.features.items() if number is None} == set(extract.reasons)
        assert all(number is None or math.isfinite(number) for number in extract.features.values())
        assert set(extract.reasons.values()) <= {"not_sent", "not_finite", "out_of_range"}
        said, pointer = nav.observe(extract.features, extract.cues, event["event_time"], pointer, 0.5, USUAL)
        assert said is None or 0.0 < said.value <= 1.0 + 1e-9
        assert said is None or sum(said.parts.values()) == pytest.approx(said.value)
        assert len(msgspec.msgpack.encode(pointer)) < 150


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
