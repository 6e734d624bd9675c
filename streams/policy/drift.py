"""Drift: whether the policy's errors have grown, over all conversations of a tenant.

river's ADWIN (Bifet & Gavaldà 2007) on means of twenty squared errors. Its own state can only be pickled, so its input
is kept as plain numbers and replayed at every batch: the result can be reproduced from them. Of all settings tried on
``benchmarks/policy.py`` these lost least.
"""

from collections.abc import Iterable
from typing import NamedTuple

from river import drift

from streams.policy.snapshot import PredictionErrors

BLOCK = 20
MOST_MEANS = 1000
DELTA = 2e-5  # ADWIN's delta: chance of a false alarm at one look, and it looks at every mean
# Its bound has a term for values from 0 to 1; errors are far smaller. Scaled up, their variance alone decides.
SCALE = 1000.0


class DriftUpdate(NamedTuple):
    """The prediction errors after a batch, and whether they have just grown."""

    errors: PredictionErrors
    grew: bool


def update_errors(before: PredictionErrors, squared_errors: Iterable[float]) -> DriftUpdate:
    """Add squared prediction errors and test for drift.

    If errors have grown, only the last mean is kept: what was learned is worth little, so the test starts again.
    """
    adwin = drift.ADWIN(delta=DELTA, clock=1, min_window_length=5, grace_period=10)  # type: ignore[no-untyped-call]
    for mean in before.means:
        adwin.update(SCALE * mean)  # type: ignore[no-untyped-call]
    means, recent, grew = list(before.means), [*before.recent, *squared_errors], False
    while len(recent) >= BLOCK:
        block, recent, expected = recent[:BLOCK], recent[BLOCK:], adwin.estimation
        means.append(sum(block) / BLOCK)
        adwin.update(SCALE * means[-1])  # type: ignore[no-untyped-call]
        grew = grew or bool(adwin.drift_detected and adwin.estimation > expected)  # smaller errors are not drift
    retained = 1 if grew else min(int(adwin.width), MOST_MEANS)
    return DriftUpdate(PredictionErrors(tuple(means[len(means) - retained :]), tuple(recent)), grew)
