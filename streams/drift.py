"""Drift: whether the policy's mistakes have changed their mean, over all conversations of a tenant.

river's ADWIN, with a clock for outcomes instead of its default of 32, which is for streams of thousands.
"""

from river import drift

CLOCK = 8
SHARE = 0.002  # ADWIN's delta: chance of a false alarm at one look


class Drift:
    """Watches residuals: reward minus what was expected of the option that was chosen."""

    def __init__(self) -> None:
        self._adwin = drift.ADWIN(delta=SHARE, clock=CLOCK)  # type: ignore[no-untyped-call]

    def seen(self, residual: float) -> bool:
        """Take in a residual; whether the mean of the recent ones differs from that of those before."""
        self._adwin.update(residual)  # type: ignore[no-untyped-call]
        return bool(self._adwin.drift_detected)

    @property
    def mean(self) -> float:
        """Of the residuals since the last change."""
        return float(self._adwin.estimation)
