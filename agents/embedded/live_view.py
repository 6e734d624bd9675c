"""The live view of a running deployment, in a terminal."""

from collections import Counter, OrderedDict
from typing import Any, NamedTuple

from confluent_kafka import Consumer, TopicPartition
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table

from agents.common.formatting import sparkline
from agents.kafka import client
from agents.kafka.consumed_record import ConsumedRecord, from_message
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.records import record
from schemas.topics import RECORD_OF, Name

ROWS = 12
MAX_LEVELS = 20
COLUMNS = (("conversation", 12), ("level", 6), ("per min", 7), ("trajectory", 8), ("", 8))


class LastSeen(NamedTuple):
    """One conversation as last seen."""

    levels: tuple[float, ...]
    slope: float | None
    raised: bool
    note: str


class LiveView:
    """Follows the output topics from now on and draws them.

    Args:
        settings: of the deployment to follow.
    """

    def __init__(self, settings: Settings) -> None:
        self._codec = codec_for(settings)
        self._names = {settings.topics.name(name): name for name in HANDLERS}
        self._consumer = Consumer(client.consumer_config(settings, "tenor-live"))
        positions = client.partitions_of(settings, list(self._names))
        ends = client.end_offsets(settings, positions)
        self._consumer.assign([TopicPartition(*position, ends[position]) for position in positions])
        self._seen: OrderedDict[str, LastSeen] = OrderedDict()
        self.counts: Counter[str] = Counter()

    def close(self) -> None:
        self._consumer.close()

    def read(self, wait_s: float) -> None:
        """Read new records, for at most ``wait_s`` seconds."""
        for message in self._consumer.consume(5000, wait_s):
            self._add(from_message(message))

    def _add(self, consumed: ConsumedRecord) -> None:
        name = self._names[consumed.topic]
        datum = self._codec.decode(record(RECORD_OF[name]), consumed.value, {})
        self.counts[name] += 1
        HANDLERS[name](self, datum)

    def add_point(self, point: dict[str, Any]) -> None:
        before = self._seen.pop(point["conversation_id"], LastSeen((), None, False, ""))
        levels = (*before.levels, point["level"])[-MAX_LEVELS:]
        self._seen[point["conversation_id"]] = LastSeen(levels, point["slope"], point["raised"], before.note)

    def add_decision(self, decision: dict[str, Any]) -> None:
        self.counts["alarms"] += decision["decision_index"] == 1
        if decision["available"]:
            self._note(decision, "control" if decision["control"] else f"→ {decision['option']}")

    def add_outcome(self, outcome: dict[str, Any]) -> None:
        if outcome["reward"] is not None:
            change = "fell" if outcome["reward"] > 0 else "rose"
            self._note(outcome, f"{outcome['option']}: {change} {abs(outcome['reward']):.2f}")

    def ignore(self, _: dict[str, Any]) -> None:
        """Counted, not drawn."""

    def _note(self, datum: dict[str, Any], note: str) -> None:
        before = self._seen.get(datum["conversation_id"])
        if before is not None:
            self._seen[datum["conversation_id"]] = before._replace(note=note)

    def summary(self) -> str:
        """One line of counts."""
        count = self.counts
        return (
            f"{len(self._seen)} conversations, {count[Name.TRAJECTORIES]} customer turns, {count['alarms']} alarms, "
            f"{count[Name.INTERVENTIONS]} interventions, {count[Name.OUTCOMES]} outcomes"
        )

    def render(self, footer: RenderableType) -> Panel:
        """The board: the recent conversations with the highest frustration levels."""
        board = Table(expand=True, box=None, pad_edge=False)
        for title, width in COLUMNS:
            board.add_column(title, min_width=width, no_wrap=True)
        recent = list(self._seen.items())[-60:]
        for key, seen in sorted(recent, key=lambda item: -item[1].levels[-1])[:ROWS]:
            style = "bold red" if seen.raised else ""
            slope = "" if seen.slope is None else f"{seen.slope:+.2f}"
            board.add_row(key, f"{seen.levels[-1]:+.2f}", slope, sparkline(seen.levels), seen.note, style=style)
        return Panel(Group(board, "", self.summary(), footer), title="Tenor: frustration levels, live")


HANDLERS = {
    Name.TRAJECTORIES: LiveView.add_point,
    Name.DECISIONS: LiveView.add_decision,
    Name.OUTCOMES: LiveView.add_outcome,
    Name.INTERVENTIONS: LiveView.ignore,
}
