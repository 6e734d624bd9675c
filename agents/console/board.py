"""The live board: recent conversations, in memory. Pure: the poller adds the rows that were written.

Rows added twice count once, by the ids of points, decisions and outcomes, so the poller may read rows again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Key = tuple[str, str]
Row = dict[str, Any]

SPARK_POINTS = 40  # of the sparkline of a row
MAX_CONVERSATIONS = 20_000  # of more, those silent for longest are removed
NEVER = -1
DECIDED = ("intervention", "control")


class BoardPoint(NamedTuple):
    """The frustration level after one customer turn. Times are milliseconds since 1970."""

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
    """A decision or an outcome at one moment. ``kind``: intervention, control, fell, rose, failed, unseen."""

    at: int
    turn: int | None
    kind: str
    what: str


@dataclass(slots=True)
class BoardConversation:
    """One conversation on the board."""

    key: Key
    points: dict[str, BoardPoint] = field(default_factory=dict)
    markers: dict[str, TimelineMarker] = field(default_factory=dict)
    ended_at: int = NEVER
    ended: str = ""
    written: int = 0
    version: int = 0
    row: Row | None = None

    def update_row(self) -> None:
        """Rebuild the row; a changed row is a new version."""
        points = sorted(self.points.items(), key=lambda item: (item[1].at, item[1].turn))[-SPARK_POINTS:]
        if not points:
            return
        self.points = dict(points)
        row = self._row([point for _, point in points])
        if row != self.row:
            self.row, self.version = row, self.version + 1

    def _row(self, points: Sequence[BoardPoint]) -> Row:
        last = points[-1]
        # An outcome precedes the decision it leads to.
        markers = sorted(self.markers.values(), key=lambda marker: (marker.at, marker.kind in DECIDED))
        placed = [place for marker in markers if (place := place_marker(marker, points))]
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
            "marks": placed,
            "ended": self.ended if self.ended_at >= last.at else None,
        }


def place_marker(marker: TimelineMarker, points: Sequence[BoardPoint]) -> tuple[int, str, str] | None:
    """The index of the point a marker belongs to, its kind and text; None for a marker before the points shown.

    A decision belongs to its turn. Turn numbers may start again, so the last point with that number counts.
    """
    index = max((i for i, point in enumerate(points) if point.at <= marker.at), default=NEVER)
    if marker.turn is not None:
        index = next((i for i in range(index, NEVER, -1) if points[i].turn == marker.turn), index)
    return None if index == NEVER else (index, marker.kind, marker.what)


class Board:
    """Every recent conversation.

    Args:
        live_ms: a conversation without new rows for this long is removed, milliseconds.
    """

    def __init__(self, live_ms: int) -> None:
        self._live_ms = live_ms
        self._conversations: dict[Key, BoardConversation] = {}
        self._changed: set[Key] = set()

    def add_point(self, key: Key, id: str, point: BoardPoint, written: int) -> None:
        conversation = self._touch(key, written)
        if id not in conversation.points:
            conversation.points[id] = point
            self._changed.add(key)

    def add_marker(self, key: Key, id: str, marker: TimelineMarker, written: int) -> None:
        conversation = self._touch(key, written)
        if conversation.markers.get(id) != marker:
            conversation.markers[id] = marker
            self._changed.add(key)

    def end(self, key: Key, at: int, how: str, written: int) -> None:
        conversation = self._touch(key, written)
        if at > conversation.ended_at:
            conversation.ended_at, conversation.ended = at, how
            self._changed.add(key)

    def update(self, now_ms: int) -> tuple[BoardConversation, ...]:
        """Apply what was added, remove old conversations, and return the others, in no order.

        Args:
            now_ms: time by the clock of ``written``, milliseconds.
        """
        for key in self._changed:
            self._conversations[key].update_row()
        self._changed.clear()
        live = [item for item in self._conversations.values() if item.written >= now_ms - self._live_ms]
        live = sorted(live, key=lambda conversation: -conversation.written)[:MAX_CONVERSATIONS]
        self._conversations = {conversation.key: conversation for conversation in live}
        return tuple(conversation for conversation in live if conversation.row)

    def version_of(self, key: Key) -> int:
        """Grows whenever the conversation changes; 0 when it is not on the board."""
        conversation = self._conversations.get(key)
        return conversation.version if conversation else 0

    def _touch(self, key: Key, written: int) -> BoardConversation:
        conversation = self._conversations.setdefault(key, BoardConversation(key))
        conversation.written = max(conversation.written, written)
        return conversation


class BoardQuery(NamedTuple):
    """A page of the board, with its filters and order."""

    page: int = 0
    size: int = 50
    text: str = ""
    tenant: str = ""
    raised: bool = False
    ended: bool = False
    by: str = "level"


ORDERS: dict[str, Callable[[Row], float]] = {"level": lambda row: -row["level"], "recent": lambda row: -row["at"]}


def select_conversations(conversations: Iterable[BoardConversation], query: BoardQuery) -> list[BoardConversation]:
    """The conversations that match, in the order of the query; equal ones by name, so that their order is stable."""
    text, order = query.text.casefold(), ORDERS[query.by]
    selected = [(item.row, item) for item in conversations if item.row and matches(item.row, query, text)]
    ranked = sorted(selected, key=lambda pair: (order(pair[0]), pair[1].key))
    return [conversation for _, conversation in ranked]


def matches(row: Row, query: BoardQuery, text: str) -> bool:
    return (
        (query.ended or row["ended"] is None)
        and (not query.raised or row["raised"])
        and (not query.tenant or row["tenant"] == query.tenant)
        and (not text or text in row["conversation"].casefold() or text in (row["customer"] or "").casefold())
    )
