"""Tracks alerts that are not delivered yet, and so the offset to commit in each partition."""

from collections import deque

from agents.kafka.client import Position


class OffsetTracker:
    """Read records in offset order, and how many teams each open alert still waits for."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._pending: dict[Position, deque[tuple[int, str | None]]] = {}

    def track(self, position: Position, offset: int, alert_id: str | None = None, teams: int = 0) -> None:
        """Add a record that was read; ``teams`` is how many teams its alert goes to."""
        if alert_id is not None and teams:
            self._open[alert_id] = self._open.get(alert_id, 0) + teams
        self._pending.setdefault(position, deque()).append((offset, alert_id if teams else None))

    def mark_done(self, alert_id: str) -> None:
        """One team is done with an alert."""
        remaining = self._open.get(alert_id, 0) - 1
        if remaining > 0:
            self._open[alert_id] = remaining
        else:
            self._open.pop(alert_id, None)

    def pop_committable(self) -> list[tuple[Position, int]]:
        """Offsets to commit, up to the first open alert, of the partitions that advanced."""
        ends = []
        for position, pending in self._pending.items():
            end = None
            while pending and (pending[0][1] is None or pending[0][1] not in self._open):
                end = pending.popleft()[0] + 1
            if end is not None:
                ends.append((position, end))
        return ends
