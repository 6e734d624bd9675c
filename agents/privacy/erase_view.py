"""What was erased of a customer, and what remains in Kafka until its retention ends, as tables."""

from collections.abc import Iterator

from rich.console import Console

from agents.common.formatting import new_table
from agents.privacy.erase import ErasureResult
from schemas.topics import DAY_MS, INGESTED, OUTPUTS, WITH_DEAD_LETTERS, Name, Topics

INPUTS = (*INGESTED, Name.RATINGS)


def print_result(erased: ErasureResult, topics: Topics, console: Console) -> None:
    """Print both tables."""
    table = new_table(("erased", "where"), ("count",))
    for label, where, count in erased_places(erased, topics):
        table.add_row(label, where, str(count))
    console.print(table)
    remaining = new_table(("what remains in Kafka", "topics"), ("days",))
    for row in remaining_places(topics):
        remaining.add_row(*row)
    console.print()
    console.print(remaining)


def erased_places(erased: ErasureResult, topics: Topics) -> Iterator[tuple[str, str, int]]:
    yield "open conversations", f"workers, {topics.changelog}", erased.conversations
    yield "pending outcomes", f"workers, {topics.changelog}", erased.windows
    yield "profile", f"workers, {topics.profiles}", int(erased.profile)
    yield "commands about alerts", topics.name(Name.ALERT_COMMANDS), erased.commands
    for table, count in sorted(erased.rows.items()):
        yield "rows", f"ClickHouse, {table}", count


def remaining_places(topics: Topics) -> Iterator[tuple[str, str, str]]:
    """What cannot be deleted by key, and how many days after the last event it expires."""
    days = {topic.name: topic.retention_ms // DAY_MS for topic in topics.all() if topic.retention_ms is not None}
    groups = (
        ("numbers under pseudonymous IDs", [Name.SIGNALS]),
        ("numbers under pseudonymous IDs", (*OUTPUTS, Name.DELIVERIES)),
        ("your own events, with their text", INPUTS),
        ("dead letters, with their text", [f"{name}.dlq" for name in WITH_DEAD_LETTERS]),
    )
    for what, names in groups:
        topic_names = [topics.name(name) for name in names]
        first, more = topic_names[0], len(topic_names) - 1
        yield what, " ".join(topic_names) if more < 8 else f"{first} and {more} more", str(days[first])
    compacted = (topics.changelog, topics.profiles, topics.name(Name.ALERT_COMMANDS))
    yield "older records of the erased keys", " ".join(compacted), "until compacted"
