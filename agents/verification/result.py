"""What ``tenor verify`` finds, and its printed form."""

from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass
class VerificationResult:
    """What verify found. ``equal`` is the answer; the rest says why.

    Attributes:
        signals: records in the log, ticks included.
        ticks: how many of them are ticks.
        unreadable: records in the log that are no signal.
        skipped: repeats that the fold skipped.
        snapshots: policy snapshots learned again.
        expected: outputs the log calls for, by record.
        published: distinct outputs found, by record.
        repeated: further copies of an output under the same id and bytes, by record.
        missing, different, unexpected: ids that are wrong, by record.
        events: input events on the bus.
        folded: of them, folded.
        refused: of them, in a dead letter queue.
        lost: of them, neither.
        folded_twice: events folded more than once.
        folded_and_refused: events that are folded and in a dead letter queue, too.
        other_config: config versions found in outputs that are not this one.
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


def render(verdict: VerificationResult, console: Console) -> None:
    """Print a verdict."""
    table = Table("record", "expected", "published", "duplicates", box=None)
    for name in sorted(verdict.expected | verdict.published):
        table.add_row(name, *(str(count[name]) for count in (verdict.expected, verdict.published, verdict.repeated)))
    console.print(table)
    console.print(
        f"{verdict.signals} signals in the log, {verdict.ticks} of them ticks; {verdict.skipped} repeats skipped, "
        f"{verdict.unreadable} unreadable.\n"
        f"{verdict.snapshots} policy snapshots learned again.\n"
        f"{verdict.events} input events: {verdict.folded} folded once, {verdict.refused} dead letters, "
        f"{len(verdict.lost)} lost, {verdict.folded_twice} folded twice."
    )
    for title in ("missing", "different", "unexpected", "lost", "folded_and_refused"):
        found = getattr(verdict, title)
        if found:
            console.print(f"{title.replace('_', ' ')}: {len(found)}, such as {found[0]}", style="bold red")
    if verdict.other_config:
        console.print(f"published with other settings: {', '.join(sorted(verdict.other_config))}", style="bold red")
    console.print("equal" if verdict.equal else "NOT EQUAL", style="bold green" if verdict.equal else "bold red")
