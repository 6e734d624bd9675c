"""What ``tenor verify`` finds, and its printed form."""

from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass
class VerificationResult:
    """The result of a verification. ``equal`` is the answer; the other attributes say why.

    Attributes:
        signals: records in the log, ticks included.
        ticks: how many of them are ticks.
        unreadable: records in the log that are no signals.
        skipped: duplicates that the fold skipped.
        snapshots: policy snapshots learned again.
        expected: outputs that follow from the log, by record.
        published: distinct published outputs, by record.
        repeated: duplicates of an output with the same id and bytes, by record.
        missing, different, unexpected: record and id of wrong outputs.
        events: input events on the bus.
        folded: how many of them are folded.
        refused: how many of them are in a dead letter queue.
        lost: positions of events that are neither.
        folded_twice: number of events folded more than once.
        folded_and_refused: positions of events that are folded and also in a dead letter queue.
        other_config: config versions in outputs other than the current one.
    """

    signals: int = 0
    ticks: int = 0
    unreadable: int = 0
    skipped: int = 0
    snapshots: int = 0
    expected: Counter[str] = field(default_factory=Counter)
    published: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    events: int = 0
    folded: int = 0
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    folded_twice: int = 0
    folded_and_refused: list[str] = field(default_factory=list)
    other_config: set[str] = field(default_factory=set)

    @property
    def equal(self) -> bool:
        wrong = self.missing or self.different or self.unexpected or self.lost or self.folded_twice
        return not (wrong or self.folded_and_refused)


def print_result(result: VerificationResult, console: Console) -> None:
    """Print the result of a verification."""
    table = Table("record", "expected", "published", "duplicates", box=None)
    for name in sorted(result.expected | result.published):
        table.add_row(name, *(str(count[name]) for count in (result.expected, result.published, result.repeated)))
    console.print(table)
    console.print(
        f"{result.signals} signals in the log, {result.ticks} of them ticks; {result.skipped} repeats skipped, "
        f"{result.unreadable} unreadable.\n"
        f"{result.snapshots} policy snapshots learned again.\n"
        f"{result.events} input events: {result.folded} folded once, {result.refused} dead letters, "
        f"{len(result.lost)} lost, {result.folded_twice} folded twice."
    )
    for title in ("missing", "different", "unexpected", "lost", "folded_and_refused"):
        ids = getattr(result, title)
        if ids:
            console.print(f"{title.replace('_', ' ')}: {len(ids)}, such as {ids[0]}", style="bold red")
    if result.other_config:
        console.print(f"published with other settings: {', '.join(sorted(result.other_config))}", style="bold red")
    console.print("equal" if result.equal else "NOT EQUAL", style="bold green" if result.equal else "bold red")
