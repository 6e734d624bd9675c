"""What wording goes with: known effects are found, and the intervals hold what they promise."""

import random
from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.wording import TRUE, covered, talks, taught
from streams.experiment import wording_effects
from streams.experiment.least_squares import student_95
from streams.experiment.wording_effects import COLUMNS, Row, Study, effects
from streams.signals.reply_style import FEATURES
from streams.text_model.model import REPLY_PART
from tests.support.data.builders import CALM, FURIOUS, answer, message, nervous, of, told

WORDS = dict.fromkeys(FEATURES, 0.0) | {wording_effects.LENGTH: 7.0}
POINT: dict[str, Any] = {
    "conversation_id": "c1",
    "point_id": "p1",
    "turn": 2,
    "event_time": 1000,
    "reply": WORDS,
    "level_before": 0.25,
    "level": 0.75,
    "observation": 0.5,
    "contributions": [],
}


def test_known_effects_are_found() -> None:
    for one, true in zip(effects(taught(talks(1, 600)).sums), TRUE[len(wording_effects.ADJUSTED) :], strict=True):
        assert one.effect == pytest.approx(true, abs=0.05)
    exact = effects(taught(talks(2, 40, spread=0.0)).sums)
    assert [one.effect for one in exact] == pytest.approx(TRUE[len(wording_effects.ADJUSTED) :].tolist(), abs=1e-9)
    assert all(one.low == pytest.approx(one.high, abs=1e-6) for one in exact)


@pytest.mark.parametrize("conversations", [40, 150])
def test_intervals_hold_the_truth_as_often_as_they_say_and_naive_ones_would_not(conversations: int) -> None:
    found, naive = [], []
    for seed in range(40):
        rows = talks(seed, conversations)
        found += covered(effects(taught(rows).sums))
        naive += covered(effects(taught(rows, "independent").sums))
    assert len(found) > 390
    assert np.mean(found) >= 0.93
    assert np.mean(naive) < np.mean(found) - 0.07


def test_sums_do_not_depend_on_order_and_effects_not_on_batches() -> None:
    rows = [row for talk in talks(3, 40) for row in talk]
    shuffled = random.Random(3).sample(rows, len(rows))
    one, other, parts = Study(), Study(), Study()
    assert one.learn(rows) == other.learn(shuffled) == len(rows)
    for start in range(0, len(rows), 30):
        parts.learn(shuffled[start : start + 30])
    assert all(np.array_equal(a, b) for a, b in zip(one.sums, other.sums, strict=True))
    for a, b in zip(effects(one.sums), effects(parts.sums), strict=True):
        assert a.effect == pytest.approx(b.effect, rel=1e-9)
        assert a.high == pytest.approx(b.high, rel=0.2, abs=0.02)


def test_a_study_goes_on_from_its_sums() -> None:
    rows = [row for talk in talks(4, 60) for row in talk]
    whole, first = Study(), Study()
    for study in (whole, first):
        study.learn(rows[:240])
    second = Study(first.sums)
    whole.learn(rows[240:])
    second.learn(rows[240:])
    assert all(np.array_equal(a, b) for a, b in zip(whole.sums, second.sums, strict=True))


def test_a_row_counts_once() -> None:
    rows, study = talks(5, 1)[0], Study()
    assert study.learn([*rows, *rows]) == len(rows)
    assert study.learn(rows) == 0
    assert (study.sums.turns, study.sums.conversations) == (len(rows), 1)


def test_nothing_is_told_of_too_few_turns_conversations_or_answers() -> None:
    def told(rows: list[list[Row]]) -> set[str]:
        return {one.feature for one in effects(taught(rows).sums) if one.effect is not None}

    assert told(talks(6, wording_effects.CONVERSATIONS - 1, 20)) == set()
    assert told(talks(6, 40, 4)) == set()
    assert told(talks(6, 40)) == set(FEATURES)
    place, rare = COLUMNS.index("wording.blame"), talks(6, 40)
    for flags in ((1.0, 0.0), (0.0, 1.0)):  # next to none has it, and next to all have it
        changed = [
            [row._replace(values=with_value(row.values, place, flags[number >= 2])) for row in talk]
            for number, talk in enumerate(rare)
        ]
        assert told(changed) == set(FEATURES) - {"wording.blame"}


def test_what_always_goes_together_is_not_told_apart() -> None:
    promise, question = COLUMNS.index("wording.promise"), COLUMNS.index("wording.question")
    rows = [
        [row._replace(values=with_value(row.values, promise, row.values[question])) for row in talk]
        for talk in talks(7, 60)
    ]
    untold = {one.feature for one in effects(taught(rows).sums) if one.effect is None}
    assert untold == {"wording.promise", "wording.question"}


def with_value(values: tuple[float, ...], place: int, value: float) -> tuple[float, ...]:
    return (*values[:place], value, *values[place + 1 :])


def test_a_row_is_the_change_of_the_level_beside_what_was_answered() -> None:
    reply = WORDS | {"wording.apology": 1.0}
    found = wording_effects.row(POINT | {"reply": reply})
    assert found is not None
    assert dict(zip(COLUMNS, found.values, strict=True)) == {
        **dict.fromkeys(COLUMNS, 0.0),
        **{"intercept": 1.0, "turn": log(2), "level_before": 0.25, "settling": 0.25 * log(2)},
        **{wording_effects.LENGTH: 3.0, "wording.apology": 1.0},
    }
    assert found.change == 0.5
    shares = [{"signal": REPLY_PART, "share": 0.125}, {"signal": "text.blame", "share": 0.5}]
    later = wording_effects.row(POINT | {"turn": wording_effects.STAGES[1]})
    assert later is not None
    assert [later.values[COLUMNS.index(f"stage.{turn}")] for turn in wording_effects.STAGES[:3]] == [1.0, 1.0, 0.0]
    assert wording_effects.row(POINT | {"contributions": shares}) == found._replace(
        change=0.375, values=with_value(found.values, COLUMNS.index("wording.apology"), 0.0)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"reply": None},
        {"reply": {}},
        {"reply": {"wording.apology": 1.0}},
        {"reply": WORDS | {wording_effects.LENGTH: float("inf")}},
        {"level_before": None},
        {"observation": None},
        {"level": float("nan")},
        {"turn": 0},
    ],
)
def test_a_point_that_says_nothing_has_no_row(changes: dict[str, Any]) -> None:
    assert wording_effects.row(POINT | changes) is None


def test_points_of_the_fold_are_rows_from_the_second_turn_on() -> None:
    events = [
        message(CALM),
        answer("Sorry.", 5),
        message(FURIOUS, 10),
        message(CALM, 15),
        answer(None, 17),
        message(None, 20),
    ]
    points = of(told(nervous(), *events)[1], "trajectory_point")
    found = [wording_effects.row(point) for point in points]
    assert [one is None for one in found] == [True, False, True, True]


ROWS = st.builds(
    lambda conversation, turn, values, change: Row(
        f"c{conversation}", turn, f"p{conversation}-{turn}", (1.0, *values), change, 0
    ),
    st.integers(0, 50),
    st.integers(1, 30),
    st.tuples(*[st.floats(-1e3, 1e3)] * (len(COLUMNS) - 1)),
    st.floats(-10, 10),
)


@given(st.lists(st.lists(ROWS, max_size=30), max_size=4))
def test_whatever_is_learned_numbers_are_finite_or_untold(batches: list[list[Row]]) -> None:
    study = Study()
    for rows in batches:
        study.learn(rows)
    for one in effects(study.sums._replace(turns=max(study.sums.turns, 200), conversations=50)):
        assert (one.effect is None) == (one.low is None) == (one.high is None)
        if one.effect is not None and one.low is not None and one.high is not None:
            assert np.isfinite([one.effect, one.low, one.high]).all()
            assert one.low <= one.effect <= one.high


def test_students_quantiles() -> None:
    """As tabulated."""
    for freedom, quantile in ((15, 2.1314), (30, 2.0423), (100, 1.9840)):
        assert student_95(freedom) == pytest.approx(quantile, abs=1e-3)
