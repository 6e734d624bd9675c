"""What was erased of a customer, and what stays where it is until its time is over, for people."""

from collections.abc import Iterator

from rich.console import Console

from agents.common.formatting import new_table
from agents.privacy.erase import ErasureResult
from schemas.topics import DAY_MS, INGESTED, OUTPUTS, WITH_DEAD_LETTERS, Name, Topics

YOURS = (*INGESTED, Name.RATINGS)


def render(erased: ErasureResult, topics: Topics, console: Console) -> None:
    """Print it."""
    table = new_table(("erased", "where"), ("how many",))
    for what, where, count in places(erased, topics):
        table.add_row(what, where, str(count))
    console.print(table)
    kept = new_table(("what Kafka holds on to", "topics"), ("days",))
    for row in remaining(topics):
        kept.add_row(*row)
    console.print()
    console.print(kept)


def places(erased: ErasureResult, topics: Topics) -> Iterator[tuple[str, str, int]]:
    yield "conversations going on", f"workers, {topics.changelog}", erased.conversations
    yield "outcomes still awaited", f"workers, {topics.changelog}", erased.windows
    yield "profile", f"workers, {topics.profiles}", int(erased.profile)
    yield "commands about alerts", topics.name(Name.ALERT_COMMANDS), erased.commands
    for table, count in sorted(erased.rows.items()):
        yield "rows", f"ClickHouse, {table}", count


def remaining(topics: Topics) -> Iterator[tuple[str, str, str]]:
    """What cannot be edited and goes by itself, by how long after the last event."""
    days = {topic.name: topic.retention_ms // DAY_MS for topic in topics.all() if topic.retention_ms is not None}
    groups = (
        ("numbers under pseudonymous ids", [Name.SIGNALS]),
        ("numbers under pseudonymous ids", (*OUTPUTS, Name.DELIVERIES)),
        ("your own events, with their text", YOURS),
        ("refused events, with their text", [f"{name}.dlq" for name in WITH_DEAD_LETTERS]),
    )
    for what, names in groups:
        found = [topics.name(name) for name in names]
        yield what, " ".join(found) if len(found) < 9 else f"{found[0]} and {len(found) - 1} more", str(days[found[0]])
    compacted = (topics.changelog, topics.profiles, topics.name(Name.ALERT_COMMANDS))
    yield "older records of what is erased", " ".join(compacted), "until compacted"
