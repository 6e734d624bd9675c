"""The live board: conversations heard from lately, in memory. Pure: ``feed`` tells it what was written.

What is told twice counts once, by the ids of points, decisions and outcomes. So the feed may ask for more than it
lacks.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Key = tuple[str, str]
Row = dict[str, Any]

SPARK_POINTS = 40  # of a sparkline; what a row of the board needs
MOST = 20_000  # conversations; beyond, those silent for longest are left out
NEVER = -1
DECIDED = ("intervention", "control")


class BoardPoint(NamedTuple):
    """The belief after one customer turn. Times are milliseconds since 1970."""

    at: int
    turn: int
    level: float
    sd: float
    slope: float | None
    alarm: float
    raised: bool
    customer: str | None
    channel: str


class TimelineMarker(NamedTuple):
    """What was done, or what followed, at one moment. ``kind``: intervention, control, fell, rose, failed, unseen."""

    at: int
    turn: int | None
    kind: str
    what: str


@dataclass(slots=True)
class BoardConversation:
    """One conversation as the board knows it."""

    key: Key
    points: dict[str, BoardPoint] = field(default_factory=dict)
    marks: dict[str, TimelineMarker] = field(default_factory=dict)
    ended_at: int = NEVER
    ended: str = ""
    written: int = 0
    version: int = 0
    row: Row | None = None

    def renew(self) -> None:
        """Make the row anew; a changed one is a new version."""
        points = sorted(self.points.items(), key=lambda one: (one[1].at, one[1].turn))[-SPARK_POINTS:]
        if not points:
            return
        self.points = dict(points)
        row = self._row([point for _, point in points])
        if row != self.row:
            self.row, self.version = row, self.version + 1

    def _row(self, points: Sequence[BoardPoint]) -> Row:
        last = points[-1]
        marks = sorted(self.marks.values(), key=lambda mark: (mark.at, mark.kind in DECIDED))  # an outcome leads to it
        shown = [marked for mark in marks if (marked := placed(mark, points))]
        return {
            "tenant": self.key[0],
            "conversation": self.key[1],
            "customer": last.customer,
            "channel": last.channel,
            "turn": last.turn,
            "level": round(last.level, 3),
            "sd": round(last.sd, 3),
            "slope": None if last.slope is None else round(last.slope, 3),
            "raised": last.raised,
            "at": last.at,
            "levels": [round(point.level, 3) for point in points],
            "sds": [round(point.sd, 3) for point in points],
            "marks": shown,
            "ended": self.ended if self.ended_at >= last.at else None,
        }


def placed(mark: TimelineMarker, points: Sequence[BoardPoint]) -> tuple[int, str, str] | None:
    """Where a mark stands among the points shown, its kind and words; None for what lies before them.

    A decision stands at its turn. Turns may be numbered anew in the middle, so the last of that number counts.
    """
    index = max((i for i, point in enumerate(points) if point.at <= mark.at), default=NEVER)
    if mark.turn is not None:
        index = next((i for i in range(index, NEVER, -1) if points[i].turn == mark.turn), index)
    return None if index == NEVER else (index, mark.kind, mark.what)


class Board:
    """Every conversation heard from lately.

    Args:
        live_ms: one that nothing was written of for this long is left out, milliseconds.
    """

    def __init__(self, live_ms: int) -> None:
        self._live_ms = live_ms
        self._all: dict[Key, BoardConversation] = {}
        self._touched: set[Key] = set()

    def point(self, key: Key, id: str, point: BoardPoint, written: int) -> None:
        found = self._of(key, written)
        if id not in found.points:
            found.points[id] = point
            self._touched.add(key)

    def mark(self, key: Key, id: str, mark: TimelineMarker, written: int) -> None:
        found = self._of(key, written)
        if found.marks.get(id) != mark:
            found.marks[id] = mark
            self._touched.add(key)

    def end(self, key: Key, at: int, how: str, written: int) -> None:
        found = self._of(key, written)
        if at > found.ended_at:
            found.ended_at, found.ended = at, how
            self._touched.add(key)

    def settle(self, now_ms: int) -> tuple[BoardConversation, ...]:
        """Take in what was told since; what is to be shown, in no order. ``now_ms``: by the clock of ``written``."""
        for key in self._touched:
            self._all[key].renew()
        self._touched.clear()
        kept = [one for one in self._all.values() if one.written >= now_ms - self._live_ms]
        kept = sorted(kept, key=lambda one: -one.written)[:MOST]
        self._all = {one.key: one for one in kept}
        return tuple(one for one in kept if one.row)

    def version_of(self, key: Key) -> int:
        """Grows whenever the conversation changes; 0 when it is not on the board."""
        found = self._all.get(key)
        return found.version if found else 0

    def _of(self, key: Key, written: int) -> BoardConversation:
        found = self._all.setdefault(key, BoardConversation(key))
        found.written = max(found.written, written)
        return found


class BoardQuery(NamedTuple):
    """Which page of the board somebody looks at."""

    page: int = 0
    size: int = 50
    text: str = ""
    tenant: str = ""
    raised: bool = False
    ended: bool = False
    by: str = "level"


ORDERS: dict[str, Callable[[Row], float]] = {"level": lambda row: -row["level"], "recent": lambda row: -row["at"]}


def wanted(all: Iterable[BoardConversation], wish: BoardQuery) -> list[BoardConversation]:
    """What is wished for, in its order; equal ones by name, so that none jumps."""
    text, order = wish.text.casefold(), ORDERS[wish.by]
    found = [(one.row, one) for one in all if one.row and shown(one.row, wish, text)]
    return [one for _, one in sorted(found, key=lambda pair: (order(pair[0]), pair[1].key))]


def shown(row: Row, wish: BoardQuery, text: str) -> bool:
    return (
        (wish.ended or row["ended"] is None)
        and (not wish.raised or row["raised"])
        and (not wish.tenant or row["tenant"] == wish.tenant)
        and (not text or text in row["conversation"].casefold() or text in (row["customer"] or "").casefold())
    )
