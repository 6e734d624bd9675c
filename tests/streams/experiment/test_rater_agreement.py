"""Agreement: Krippendorff's published example, what cannot be said, and what must not matter."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.experiment.rater_agreement import (
    ENOUGH_UNITS,
    INSUFFICIENT,
    NO_VARIATION,
    Agreement,
    Judgement,
    Level,
    agreement,
)

GRADES = (1, 2, 3, 4, 5)
# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability: four observers, twelve units, missing data (page 8).
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
PUBLISHED = [
    Judgement(unit, observer, value)
    for observer, row in enumerate(OBSERVERS)
    for unit, value in enumerate(row)
    if value is not None
]


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815)])
def test_the_published_example(level: Level, alpha: float) -> None:
    found = agreement(PUBLISHED, GRADES, level)
    assert found.alpha == pytest.approx(alpha, abs=0.0005)
    assert (found.units, found.raters, found.why_not) == (11, 4, None)  # the twelfth was judged by one alone
    assert found.low is not None and found.high is not None
    assert found.low < alpha < found.high <= 1


def two(units: int, *values: int) -> list[Judgement]:
    """Two raters who always agree."""
    return [Judgement(unit, rater, values[unit % len(values)]) for unit in range(units) for rater in "ab"]


def test_under_ten_units_nothing_is_said() -> None:
    few = agreement(two(ENOUGH_UNITS - 1, 1, 5), GRADES, "ordinal")
    assert few == Agreement(None, None, None, 9, 2, INSUFFICIENT)
    assert agreement(two(ENOUGH_UNITS, 1, 5), GRADES, "ordinal").alpha == 1.0
    assert agreement([], GRADES, "ordinal") == Agreement(None, None, None, 0, 0, INSUFFICIENT)


def test_one_rater_is_no_agreement() -> None:
    alone = [Judgement(unit, "a", unit % 5 + 1) for unit in range(50)]
    assert agreement(alone, GRADES, "ordinal") == Agreement(None, None, None, 0, 0, INSUFFICIENT)


def test_where_all_say_the_same_there_is_no_alpha() -> None:
    assert agreement(two(30, 4), GRADES, "ordinal") == Agreement(None, None, None, 30, 2, NO_VARIATION)


def test_chance_is_zero_and_the_interval_says_so() -> None:
    rng = random.Random(5)
    guesses = [Judgement(unit, rater, rng.random() < 0.5) for unit in range(200) for rater in range(3)]
    found = agreement(guesses, (False, True), "nominal")
    assert found.low is not None and found.high is not None
    assert found.low < 0 < found.high
    assert found.alpha == pytest.approx(0, abs=0.1)


def test_near_misses_count_less_where_grades_have_an_order() -> None:
    near = [Judgement(unit, rater, unit % 4 + 1 + rater) for unit in range(40) for rater in (0, 1)]
    ordinal, nominal = (agreement(near, GRADES, level).alpha for level in ("ordinal", "nominal"))
    assert ordinal is not None and nominal is not None
    assert ordinal > 0.5 > nominal


def test_the_last_judgement_of_a_rater_counts() -> None:
    changed_mind = [*(one._replace(value=5) for one in PUBLISHED), *PUBLISHED]
    assert agreement(changed_mind, GRADES, "ordinal") == agreement(PUBLISHED, GRADES, "ordinal")


@settings(max_examples=10)
@given(st.randoms())
def test_order_and_names_do_not_matter(rng: random.Random) -> None:
    shuffled = [one._replace(rater=f"r{one.rater}", unit=("c", one.unit)) for one in PUBLISHED]
    raters = sorted(shuffled, key=lambda one: (one.unit[1], rng.random()))  # type: ignore[index]
    assert agreement(raters, GRADES, "ordinal") == agreement(PUBLISHED, GRADES, "ordinal")
