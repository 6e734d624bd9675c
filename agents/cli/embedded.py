"""``tenor up|demo|simulate``: the embedded stack, and recordings to try it with."""

import logging
import shlex
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from agents.cli.options import HOME, Conversations, Directory, Seed, Workers, load_settings
from agents.cli.output import out, print_line

if TYPE_CHECKING:
    from agents.embedded.stack import Stack

app = typer.Typer()


@app.command(epilog="Example: tenor demo --seed 2")
def demo(
    directory: Directory = HOME / "demo",
    seed: Seed = 1,
    conversations: Conversations = 400,
    seconds: Annotated[float, typer.Option(min=1, help="How long the replay takes, in seconds.")] = 45.0,
    workers: Workers = 1,
    keep: Annotated[bool, typer.Option(help="Keep the data of earlier demos.")] = False,
) -> None:
    """Replay a simulated support day through the embedded stack and report the results."""
    from agents.embedded import demo as demos
    from agents.embedded import stack
    from agents.settings import loader

    directory = stack.prepare_directory(directory)
    if not keep:
        stack.delete_data(directory)
    logging.disable(logging.WARNING)
    demos.demo(loader.load(), directory, seed, conversations, seconds, workers)


@app.command(epilog="Example: tenor up --workers 2")
def up(directory: Directory = HOME, workers: Workers = 1) -> None:
    """Start the embedded stack (Kafka, ClickHouse, Tenor) and keep it running until Ctrl-C."""
    from agents.embedded import stack

    settings = load_settings()
    with stack.running(settings, directory, workers, out.print) as running:
        running.start_process("console", "console", port=settings.http_port)
        running.wait_ready()
        print_addresses(running)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # from here on, being stopped is success
        try:
            while True:
                time.sleep(1)
                running.supervise(out.print)
        except KeyboardInterrupt:
            out.print("stopping")


def print_addresses(running: "Stack") -> None:
    """Print every address as a table, and as variables to paste into another terminal."""
    from agents.settings.loader import environment

    table = Table("what", "where", box=None)
    table.add_row("Kafka", running.broker.bootstrap)
    table.add_row("ClickHouse", f"127.0.0.1:{running.clickhouse.tcp_port} native, :{running.clickhouse.http_port} HTTP")
    for process in running.processes:
        address = process.url if process.name == "console" else f"{process.url}/metrics"
        table.add_row(process.name, f"{address}, process {process.child.pid}")
    table.add_row("data and logs", str(running.directory))
    out.print(table)
    shown = environment(running.settings, secrets=False)
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in shown.items())
    out.print(f"In another terminal:\nexport {variables}", soft_wrap=True, highlight=False)


@app.command(epilog="Example: tenor simulate day.jsonl.gz --conversations 100")
def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Recording to write: .jsonl, or .jsonl.gz compressed.")],
    seed: Seed = 1,
    conversations: Conversations = 400,
    visits: Annotated[
        int, typer.Option(min=1, help="Conversations per customer, spread over days. 1: a single day.")
    ] = 1,
) -> None:
    """Write a recording of a simulated support day, or of weeks with returning customers, with ground-truth labels."""
    from agents.recordings import file as recording
    from agents.simulator import day, weeks

    customers = -(-conversations // visits)
    lines = day.simulate(seed, conversations) if visits == 1 else weeks.simulate_weeks(seed, customers, visits)
    recording.write(file, lines, seed)
    print_line(f"wrote {file}")
