"""Drift: whether the policy's errors have grown, over all conversations of a tenant.

river's ADWIN (Bifet & Gavaldà 2007) on means of twenty squared errors. What it watches is kept as plain numbers and
handed to it again at every batch, since its own state can only be pickled: so anybody who has the numbers comes to the
same. Of all settings tried on ``benchmarks/policy/regret.py`` these lost least.
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
    """The errors after new ones, and whether they have just grown."""

    errors: PredictionErrors
    grew: bool


def update_errors(before: PredictionErrors, squared_errors: Iterable[float]) -> DriftUpdate:
    """What is known after new squared errors, each of reward minus what was expected.

    Where they have grown, only the last mean is kept: what was learned is worth little then, so the watch begins anew.
    """
    adwin = drift.ADWIN(delta=DELTA, clock=1, min_window_length=5, grace_period=10)  # type: ignore[no-untyped-call]
    for mean in before.means:
        adwin.update(SCALE * mean)  # type: ignore[no-untyped-call]
    means, recent, grew = list(before.means), [*before.recent, *squared_errors], False
    while len(recent) >= BLOCK:
        block, recent, expected = recent[:BLOCK], recent[BLOCK:], adwin.estimation
        means.append(sum(block) / BLOCK)
        adwin.update(SCALE * means[-1])  # type: ignore[no-untyped-call]
        grew = grew or bool(adwin.drift_detected and adwin.estimation > expected)  # that they shrink is no news
    retained = 1 if grew else min(int(adwin.width), MOST_MEANS)
    return DriftUpdate(PredictionErrors(tuple(means[len(means) - retained :]), tuple(recent)), grew)
