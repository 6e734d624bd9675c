"""The live view: what the topics say, in a terminal."""

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
REMEMBERED = 20
COLUMNS = (("conversation", 12), ("level", 6), ("per min", 7), ("trajectory", 8), ("", 8))


class LastSeen(NamedTuple):
    """One conversation as last seen."""

    levels: tuple[float, ...]
    slope: float | None
    raised: bool
    note: str


class LiveView:
    """Follows the output topics it has something to tell of from now on and draws them.

    Args:
        settings: of the deployment to follow.
    """

    def __init__(self, settings: Settings) -> None:
        self._codec = codec_for(settings)
        self._names = {settings.topics.name(name): name for name in TAKES}
        self._consumer = Consumer(client.consumer_config(settings, "tenor-live"))
        positions = client.partitions_of(settings, list(self._names))
        ends = client.end_offsets(settings, positions)
        self._consumer.assign([TopicPartition(*position, ends[position]) for position in positions])
        self._seen: OrderedDict[str, LastSeen] = OrderedDict()
        self.counts: Counter[str] = Counter()

    def close(self) -> None:
        self._consumer.close()

    def read(self, wait_s: float) -> None:
        """Take in what has been published, for at most ``wait_s`` seconds."""
        for message in self._consumer.consume(5000, wait_s):
            self._take(from_message(message))

    def _take(self, message: ConsumedRecord) -> None:
        name = self._names[message.topic]
        datum = self._codec.decode(record(RECORD_OF[name]), message.value, {})
        self.counts[name] += 1
        TAKES[name](self, datum)

    def take_point(self, point: dict[str, Any]) -> None:
        before = self._seen.pop(point["conversation_id"], LastSeen((), None, False, ""))
        levels = (*before.levels, point["level"])[-REMEMBERED:]
        self._seen[point["conversation_id"]] = LastSeen(levels, point["slope"], point["raised"], before.note)

    def take_decision(self, decision: dict[str, Any]) -> None:
        self.counts["alarms"] += decision["decision_index"] == 1
        if decision["available"]:
            self._note(decision, "left alone (control)" if decision["control"] else f"→ {decision['option']}")

    def take_outcome(self, outcome: dict[str, Any]) -> None:
        if outcome["reward"] is not None:
            turn = "fell" if outcome["reward"] > 0 else "rose"
            self._note(outcome, f"{outcome['option']}: {turn} {abs(outcome['reward']):.2f}")

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
        """The board: the most frustrated of the conversations heard from lately."""
        board = Table(expand=True, box=None, pad_edge=False)
        for title, width in COLUMNS:
            board.add_column(title, min_width=width, no_wrap=True)
        lately = list(self._seen.items())[-60:]
        for key, seen in sorted(lately, key=lambda item: -item[1].levels[-1])[:ROWS]:
            style = "bold red" if seen.raised else ""
            slope = "" if seen.slope is None else f"{seen.slope:+.2f}"
            board.add_row(key, f"{seen.levels[-1]:+.2f}", slope, sparkline(seen.levels), seen.note, style=style)
        return Panel(Group(board, "", self.summary(), footer), title="Tenor: frustration signal, live")


TAKES = {
    Name.TRAJECTORIES: LiveView.take_point,
    Name.DECISIONS: LiveView.take_decision,
    Name.OUTCOMES: LiveView.take_outcome,
    Name.INTERVENTIONS: LiveView.ignore,
}
