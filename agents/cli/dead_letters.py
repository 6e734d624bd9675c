"""``tenor dlq``: the dead letter queues."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from agents.cli.options import load_settings
from agents.cli.output import err, out

if TYPE_CHECKING:
    from agents.settings.model import Settings

app = typer.Typer()
dlq_app = typer.Typer(no_args_is_help=True, help="Show and requeue dead letters: events that could not be used.")
app.add_typer(dlq_app, name="dlq")

Topic = Annotated[str, typer.Argument(metavar="TOPIC", help="Topic, with or without .dlq.")]
OptionalTopic = Annotated[
    str | None, typer.Argument(metavar="TOPIC", help="Topic, with or without .dlq. Default: all topics.")
]
Offset = Annotated[
    int, typer.Argument(metavar="OFFSET", help="Offset of the dead letter, as tenor dlq list prints it.")
]
Offsets = Annotated[
    list[int], typer.Argument(metavar="OFFSETS", help="Offsets of the dead letters, as tenor dlq list prints them.")
]


@dlq_app.command("list", epilog="Example: tenor dlq list conversation.messages")
def list_letters(topic: OptionalTopic = None) -> None:
    """Count dead letters by topic and reason. With TOPIC, list its dead letters."""
    settings = load_settings()
    out.print(counts_table(settings) if topic is None else letters_table(settings, topic))


def counts_table(settings: "Settings") -> Table:
    from agents.kafka.admin import dead_letters

    table = Table("topic", "reason", "dead letters", box=None)
    for (topic, reason), count in sorted(dead_letters.counts(settings).items()):
        table.add_row(topic, escape(reason), str(count))
    return table


def letters_table(settings: "Settings", topic: str) -> Table:
    from agents.kafka.admin import dead_letters

    table = Table("offset", "source", "reason", "error", "bytes", box=None)
    for letter in dead_letters.letters(settings, topic):
        errors = dead_letters.errors_of(letter)
        source = f"{errors.get('partition')}/{errors.get('offset')}"
        size = str(len(letter.value or b""))
        message = escape(errors.get("exception.message", ""))  # it may name fields, and the sender chose their names
        table.add_row(str(letter.offset), escape(source), escape(errors.get("reason", "")), message, size)
    return table


@dlq_app.command(epilog="Example: tenor dlq show conversation.messages 0")
def show(
    topic: Topic,
    offset: Offset,
    payload: Annotated[bool, typer.Option(help="Print the event itself, too. It may contain personal data.")] = False,
) -> None:
    """Show why an event could not be used."""
    from agents.kafka.admin import dead_letters

    letter = dead_letters.find(load_settings(), topic, offset)
    for name, value in dead_letters.errors_of(letter).items():
        out.print(f"{name}: {escape(value)}", highlight=False)
    out.print(f"bytes: {len(letter.value or b'')}")
    if payload:
        sys.stdout.buffer.write((letter.value or b"") + b"\n")


@dlq_app.command(epilog="Example: tenor dlq requeue conversation.messages 0 1 2")
def requeue(topic: Topic, offsets: Offsets) -> None:
    """Send dead letters, unchanged, back to the topic they came from."""
    from rich.progress import track

    from agents.kafka.admin import dead_letters

    settings = load_settings()
    for offset in track(offsets, description="requeueing", console=err, disable=len(offsets) < 2):
        target = dead_letters.requeue(settings, dead_letters.find(settings, topic, offset))
        out.print(f"{topic} {offset} sent to {target}")
