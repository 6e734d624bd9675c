"""Agreement: Krippendorff's published example, what cannot be said, and what must not matter."""

import random
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
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
from streams.experiment.rater_agreement import alpha as alpha_of
from tests import examples

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


# The same paper: Meg and Owen, ten units of two values (page 2); Ben and Gerry, twelve units of five names (page 3).
TWO_OBSERVERS = [
    ("0100000010", "1110010000", 0.095),
    ("aabbdcccedda", "babbbccceddd", 0.692),
]


@pytest.mark.parametrize(("first", "second", "alpha"), TWO_OBSERVERS)
def test_the_published_examples_of_two_observers(first: str, second: str, alpha: float) -> None:
    judgements = [Judgement(unit, who, value) for who in (first, second) for unit, value in enumerate(who)]
    found = agreement(judgements, sorted({*first, *second}), "nominal")
    assert found.alpha == pytest.approx(alpha, abs=0.0005)


RATINGS = st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=5), min_size=1, max_size=12)


@given(RATINGS, st.sampled_from(["nominal", "ordinal"]))
def test_alpha_is_one_minus_the_mean_difference_within_units_by_that_of_all_ratings(
    units: list[list[int]], level: Level
) -> None:
    """Pair by pair, without the matrix of coincidences."""
    ratings = [value for unit in units for value in unit]

    def difference(one: int, other: int) -> float:
        if level == "nominal" or one == other:
            return float(one != other)
        low, high = sorted((one, other))
        between = sum(low <= value <= high for value in ratings)
        return (between - (ratings.count(one) + ratings.count(other)) / 2) ** 2

    within = sum(sum(map(difference, *zip(*permutations(unit, 2), strict=True))) / (len(unit) - 1) for unit in units)
    overall = sum(map(difference, *zip(*permutations(ratings, 2), strict=True))) / (len(ratings) - 1)
    counts = np.array([[unit.count(value) for value in range(4)] for unit in units])
    found = alpha_of(counts, level)
    assert found == (None if overall == 0 else pytest.approx(1 - within / overall, abs=1e-9))
    assert found is None or found <= 1


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


@examples(10)
@given(st.randoms())
def test_order_and_names_do_not_matter(rng: random.Random) -> None:
    shuffled = [one._replace(rater=f"r{one.rater}", unit=("c", one.unit)) for one in PUBLISHED]
    raters = sorted(shuffled, key=lambda one: (one.unit[1], rng.random()))  # type: ignore[index]
    assert agreement(raters, GRADES, "ordinal") == agreement(PUBLISHED, GRADES, "ordinal")
