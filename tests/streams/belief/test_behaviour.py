"""Behaviour beside the words: it adds a little to the alarm, never takes away, and leaves the level alone."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from streams.belief import behaviour, estimator
from streams.belief.estimator import Observation
from streams.config.model import Config, SignalConfig
from streams.conversations.fold import fold
from streams.state import Belief, State
from tests.support.data.builders import (
    CALM,
    FURIOUS,
    GLAD,
    answer,
    keystrokes,
    log,
    message,
    moment,
    navigation,
    of,
    told,
)

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


def heard(
    before: Belief, said: Observation | None, signal: str = "typing", share: float = 0.1, **changes: Any
) -> Belief:
    """The belief after what behaviour says; checks on the way that nothing but the alarm may have moved."""
    after = behaviour.update_alarm(before, said, signal, share, replace(USUAL.belief, **changes))
    assert structs.replace(after, alarm=before.alarm, raised=before.raised, evidence=before.evidence) == before
    return after


START = estimator.initial_belief(0, USUAL.belief)


@pytest.mark.parametrize(("value", "counts"), [(0.101, True), (0.099, False), (0.0, False), (-0.5, False)])
def test_what_would_lower_the_alarm_does_not_count(value: float, counts: bool) -> None:
    """The alarm seeks a rise of .2 at first; half of it is the border between calm and frustration."""
    after = heard(START, seen(value, 0.9))
    assert (after.alarm > 0.0) is counts
    assert (after == START) is not counts


def test_nothing_seen_is_nothing_said() -> None:
    assert heard(START, None) == START


def test_what_counts_is_the_step_of_the_alarm_with_its_evidence() -> None:
    after = heard(START, seen(0.5, 0.9))
    weight, step = estimator.cusum_step(seen(0.5, 0.9), USUAL.belief.shift, USUAL.belief)
    assert after.alarm == step > 0.0
    assert after.evidence == {"typing.dwell_ms": weight * 0.5}


def test_a_struggle_does_not_calm_who_is_already_furious() -> None:
    furious = START
    for i in range(40):
        furious = estimator.update(furious, seen(0.9, 0.35, "text.blame"), 60_000 * i, USUAL.belief)
    assert furious.level > 0.5
    assert heard(furious, seen(0.29, 0.5), share=1.0, threshold=1e9, ceiling=1e10) == furious
    assert heard(furious, seen(0.31, 0.5), share=1.0, threshold=1e9, ceiling=1e10).alarm > furious.alarm


def test_what_one_signal_added_is_limited_and_does_not_count_against_another() -> None:
    now = START
    for _ in range(100):
        now = heard(now, seen(0.8, 0.9))
    assert 0.3 < now.alarm <= 0.1 * USUAL.belief.threshold
    assert heard(now, seen(0.8, 0.9)) == now
    assert heard(now, seen(0.8, 0.9, "latency.wait"), "latency").alarm > now.alarm


def test_the_last_straw_raises_and_the_ceiling_holds() -> None:
    tense = structs.replace(START, alarm=6.3)
    assert heard(tense, seen(0.8, 0.9)).raised
    assert heard(structs.replace(START, alarm=11.99, raised=True), seen(0.8, 0.9)).alarm == USUAL.belief.ceiling


@pytest.mark.parametrize(("fell", "deferred"), [(True, 0), (False, 1)])
def test_behaviour_does_not_cut_short_the_wait_for_a_recovery(fell: bool, deferred: int) -> None:
    tense = structs.replace(START, alarm=6.3, fell=fell, deferred=deferred)
    after = heard(tense, seen(0.8, 0.9), defer=2)
    assert after.alarm > USUAL.belief.threshold
    assert not after.raised


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


def beliefs(events: list[dict[str, Any]], config: Config) -> list[Belief]:
    """The belief after every event."""
    state: State | None = None
    results = []
    for signal in log(*events):
        state, _ = fold(state, signal, config)
        results.append(state.belief)
    return results


def without(*names: str) -> Config:
    return replace(USUAL, signals=replace(SignalConfig(), **dict.fromkeys(names, False)))


@pytest.mark.parametrize("name", SHARES)
@given(steps=st.lists(STEPS, min_size=1, max_size=40))
def test_with_a_signal_on_the_alarm_is_never_lower_and_higher_by_its_share_at_most(
    name: str, steps: list[tuple[Any, ...]]
) -> None:
    others = [other for other in SHARES if other != name]
    events = events_of(steps)
    on, off = beliefs(events, without(*others)), beliefs(events, without(*SHARES))
    most = SHARES[name] * USUAL.belief.threshold
    assert all(-1e-9 <= one.alarm - plain.alarm <= most + 1e-9 for one, plain in zip(on, off, strict=True))
    assert all(one.raised or not plain.raised for one, plain in zip(on, off, strict=True))


def points(events: list[dict[str, Any]], config: Config) -> list[dict[str, Any]]:
    return of(told(config, *events)[1], "trajectory_point")


@given(st.lists(STEPS, min_size=1, max_size=40))
def test_the_level_is_exactly_the_same_with_and_without_behaviour(steps: list[tuple[Any, ...]]) -> None:
    events = events_of(steps)
    on, off = beliefs(events, USUAL), beliefs(events, without(*SHARES))
    for one, plain in zip(on, off, strict=True):
        assert structs.replace(one, alarm=plain.alarm, raised=plain.raised, evidence=plain.evidence) == plain


@given(st.lists(STEPS, min_size=1, max_size=40))
def test_points_name_words_and_their_level_is_the_same_had_behaviour_never_been_sent(
    steps: list[tuple[Any, ...]],
) -> None:
    sent = [message(CALM), *events_of(steps)]  # the level's uncertainty grows from the first event on
    watched, plain = points(sent, USUAL), points([item for item in sent if "text" in item], USUAL)
    named = {contribution["signal"].split(".")[0] for point in watched for contribution in point["contributions"]}
    assert named <= {"text", "dialogue", "level"}
    told_of = ("level", "level_sd", "slope", "contributions")
    assert [[item[name] for name in told_of] for item in watched] == [
        [item[name] for name in told_of] for item in plain
    ]


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


def moved_by_typing(story: list[dict[str, Any]]) -> list[bool]:
    """Of each burst, whether it moved the alarm."""
    alarms = [0.0, *(belief.alarm for belief in beliefs(story, without("navigation", "latency")))]
    return [after > before for one, (before, after) in zip(story, pairwise(alarms), strict=True) if "keys" in one]


def test_a_rhythm_that_is_only_noise_changes_one_point_in_a_hundred_at_most() -> None:
    rng = Random(1)
    stories = [noisy(rng, number) for number in range(60)]
    plain = [one for story in stories for one in points(story, without(*SHARES))]
    typed = [one for story in stories for one in points(story, without("navigation", "latency"))]
    spoke = [moved for story in stories for moved in moved_by_typing(story)]
    assert sum(item["raised"] for item in plain) > 50
    assert 0 < sum(spoke) < len(spoke) / 8
    differ = sum(one["raised"] != other["raised"] for one, other in zip(plain, typed, strict=True))
    assert differ <= len(plain) / 100


def test_moments_of_the_stories_are_in_order() -> None:
    assert [event["event_time"] for event in events_of([("text", CALM), ("answer", 8.0)])] == [moment(10), moment(28)]
