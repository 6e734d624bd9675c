"""Behaviour beside the words: it adds a little, it never takes away, and noise changes next to nothing."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import belief, corroboration, fold
from streams.belief import Observation
from streams.config import BeliefConfig, Config, SignalConfig
from streams.state import State
from tests.streams.builders import CALM, FURIOUS, GLAD, answer, keystrokes, log, message, moment, navigation, of, told

USUAL = Config()
SHARES = {"typing": 0.1, "navigation": 0.5, "latency": 0.1}
SAYINGS = st.sampled_from([CALM, FURIOUS, FURIOUS, GLAD, "It still does not work", "ok"])
BURSTS = st.builds(
    lambda gap, backspaces: ("typing", gap, backspaces), st.sampled_from([60.0, 100.0, 400.0]), st.integers(0, 20)
)
STEPS = st.one_of(
    st.tuples(st.just("text"), SAYINGS),
    st.tuples(st.just("answer"), st.sampled_from([1.0, 8.0, 400.0])),
    BURSTS,
    st.tuples(st.just("navigation"), st.sampled_from(["help", "error", "click", "back", "page_view"])),
)


def seen(value: float, sd: float, name: str = "typing.dwell_ms") -> Observation:
    return Observation(value, sd, {name: value})


@pytest.mark.parametrize(("value", "counts"), [(0.151, True), (0.149, False), (0.0, False), (-0.5, False)])
def test_what_would_lower_the_alarm_does_not_count(value: float, counts: bool) -> None:
    start = belief.start(0, USUAL.belief)
    found = corroboration.admitted(seen(value, 0.9), "typing", 0.1, start, USUAL.belief)
    assert (found is not None) is counts


def test_nothing_seen_is_nothing_said() -> None:
    assert corroboration.admitted(None, "typing", 0.1, belief.start(0, USUAL.belief), USUAL.belief) is None


def test_a_struggle_does_not_calm_who_is_already_furious() -> None:
    furious = belief.start(0, USUAL.belief)
    for i in range(40):
        furious = belief.update(furious, seen(0.9, 0.35, "text.blame"), 60_000 * i, USUAL.belief)
    assert furious.level > 0.5
    assert corroboration.admitted(seen(0.4, 0.5), "typing", 1.0, furious, BeliefConfig(threshold=1e9)) is None


def test_what_one_signal_added_is_limited_and_does_not_count_against_another() -> None:
    now, config = belief.start(0, USUAL.belief), USUAL.belief
    for _ in range(100):
        found = corroboration.admitted(seen(0.8, 0.9), "typing", 0.1, now, config)
        now = belief.update(now, found, 0, config) if found else now
    assert 0.5 < now.alarm <= 0.1 * config.threshold
    assert corroboration.admitted(seen(0.8, 0.9, "latency.wait"), "latency", 0.1, now, config) is not None


def events_of(steps: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """The story told by these steps, ten seconds apart."""
    at, events = 0.0, []
    for kind, *details in steps:
        at += 10.0
        if kind == "text":
            events.append(message(details[0], at))
        elif kind == "answer":
            at += details[0]
            events.append(answer(at=at))
        elif kind == "typing":
            events.append(keystrokes(at, gap_ms=details[0], backspaces=details[1]))
        else:
            events.append(navigation(details[0], at, x=1.0, y=1.0, watched_ms=3000.0, error_ms=5.0))
    return events


def alarms(events: list[dict[str, Any]], config: Config) -> list[float]:
    """The alarm after every event."""
    state: State | None = None
    found = []
    for signal in log(*events):
        state, _ = fold.fold(state, signal, config)
        found.append(state.belief.alarm)
    return found


def without(*names: str) -> Config:
    return replace(USUAL, signals=replace(SignalConfig(), **dict.fromkeys(names, False)))


@pytest.mark.parametrize("name", SHARES)
@given(steps=st.lists(STEPS, min_size=1, max_size=40))
def test_with_a_signal_on_the_alarm_is_never_lower_and_higher_by_its_share_at_most(
    name: str, steps: list[tuple[Any, ...]]
) -> None:
    others = [other for other in SHARES if other != name]
    events = events_of(steps)
    on, off = alarms(events, without(*others)), alarms(events, without(*SHARES))
    most = SHARES[name] * USUAL.belief.threshold
    assert all(-1e-9 <= with_it - plain <= most + 1e-9 for with_it, plain in zip(on, off, strict=True))


@given(st.lists(STEPS.filter(lambda step: step[0] != "text"), min_size=1, max_size=60))
def test_behaviour_alone_never_raises_an_alarm(steps: list[tuple[Any, ...]]) -> None:
    state, outputs = told(USUAL, message(None), *events_of(steps))
    assert state.belief.alarm <= 0.7 * USUAL.belief.threshold + 1e-9
    assert of(outputs, "decision") == []


def noisy(rng: Random, number: int) -> list[dict[str, Any]]:
    """A conversation of twelve turns with two bursts before each; the rhythm knows nothing of the mood."""
    events: list[dict[str, Any]] = []
    mood = rng.choice([[CALM, GLAD, "ok"], [CALM, "It still does not work", FURIOUS]])
    for turn in range(12):
        at = 60.0 * turn
        for burst in (20.0, 35.0):
            backspaces = sum(rng.random() < 0.06 for _ in range(20))
            gap = 180.0 * rng.lognormvariate(0.0, 0.2)
            events.append(keystrokes(at + burst, gap_ms=gap, backspaces=backspaces, conversation_id=f"c{number}"))
        events.append(message(rng.choice(mood), at + 50, conversation_id=f"c{number}"))
        events.append(answer(at=at + 50 + rng.uniform(1.0, 9.0), conversation_id=f"c{number}"))
    return events


def points(events: list[dict[str, Any]], config: Config) -> list[dict[str, Any]]:
    return of(told(config, *events)[1], "trajectory_point")


def test_a_rhythm_that_is_only_noise_changes_one_point_in_a_hundred_at_most() -> None:
    rng = Random(1)
    stories = [noisy(rng, number) for number in range(60)]
    plain = [one for story in stories for one in points(story, without(*SHARES))]
    typed = [one for story in stories for one in points(story, without("navigation", "latency"))]
    spoke = sum(any(share["signal"].startswith("typing.") for share in one["contributions"]) for one in typed)
    assert sum(one["raised"] for one in plain) > 50
    assert 0 < spoke < len(typed) / 4
    differ = sum(one["raised"] != other["raised"] for one, other in zip(plain, typed, strict=True))
    assert differ <= len(plain) / 100


def test_moments_of_the_stories_are_in_order() -> None:
    assert [one["event_time"] for one in events_of([("text", CALM), ("answer", 8.0)])] == [moment(10), moment(28)]
