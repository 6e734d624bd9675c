"""Drift: errors that grow are seen soon, noise is not, and plain numbers are all there is to it."""

import numpy as np

from streams.policy.drift import BLOCK, MOST_MEANS, DriftUpdate, update_errors
from streams.policy.snapshot import PredictionErrors


def squares(seed: int, count: int, sd: float = 0.2) -> list[float]:
    return [float(item) ** 2 for item in np.random.default_rng(seed).normal(0, sd, count)]


def grown(errors: list[float], batch: int = 50) -> list[int]:
    """How many errors were seen when they had grown, handed over in batches."""
    watch, found = DriftUpdate(PredictionErrors(), False), []
    for start in range(0, len(errors), batch):
        watch = update_errors(watch.errors, errors[start : start + batch])
        if watch.grew:
            found.append(start + batch)
    return found


def test_errors_that_grow_are_seen_soon() -> None:
    result = grown([*squares(1, 4000), *squares(2, 2000, 0.3)])
    assert result and 4000 < result[0] <= 4500


def test_noise_is_seldom_taken_for_a_change() -> None:
    assert sum(bool(grown(squares(seed, 5000))) for seed in range(20)) <= 2


def test_errors_that_shrink_are_no_news() -> None:
    assert grown([*squares(1, 2000, 0.3), *squares(2, 2000, 0.15)]) == []


def test_it_is_seen_once_and_the_watch_begins_anew() -> None:
    assert len(grown([*squares(1, 4000), *squares(2, 4000, 0.4)])) == 1
    watch = update_errors(update_errors(PredictionErrors(), squares(1, 4000)).errors, squares(2, 1000, 0.4))
    assert watch.grew
    assert len(watch.errors.means) == 1


def test_memory_is_bounded_and_a_rest_waits_for_its_block() -> None:
    watch = update_errors(PredictionErrors((0.04,) * MOST_MEANS), squares(1, BLOCK + 7))
    assert len(watch.errors.means) <= MOST_MEANS
    assert len(watch.errors.recent) == 7
    assert update_errors(watch.errors, []) == DriftUpdate(watch.errors, False)


def test_nothing_is_known_at_first() -> None:
    assert update_errors(PredictionErrors(), []) == DriftUpdate(PredictionErrors(), False)
