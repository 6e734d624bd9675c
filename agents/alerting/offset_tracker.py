"""Which alerts are still under way, and so how far each partition may be committed."""

from collections import deque

from agents.kafka.client import Position


class OffsetTracker:
    """Alerts taken and not settled yet, for as many teams as they are for."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._taken: dict[Position, deque[tuple[int, str | None]]] = {}

    def take(self, position: Position, offset: int, alert_id: str | None = None, teams: int = 0) -> None:
        """A record was read; ``teams`` is how many are still to be told of it."""
        if alert_id is not None and teams:
            self._open[alert_id] = self._open.get(alert_id, 0) + teams
        self._taken.setdefault(position, deque()).append((offset, alert_id if teams else None))

    def settle(self, alert_id: str) -> None:
        """One team is done with an alert."""
        left = self._open.get(alert_id, 0) - 1
        if left > 0:
            self._open[alert_id] = left
        else:
            self._open.pop(alert_id, None)

    def ends(self) -> list[tuple[Position, int]]:
        """Where each partition may be committed that has moved: before the first alert under way."""
        found = []
        for position, taken in self._taken.items():
            end = None
            while taken and (taken[0][1] is None or taken[0][1] not in self._open):
                end = taken.popleft()[0] + 1
            if end is not None:
                found.append((position, end))
        return found
