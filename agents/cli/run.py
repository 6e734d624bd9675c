"""``tenor worker|sink|learner|workload|console``: the processes of a deployment."""

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import typer

from agents.cli.options import load_settings
from agents.cli.output import print_line

if TYPE_CHECKING:
    from agents.settings.model import Settings

app = typer.Typer()
LEARNER_NICENESS = 10  # learning may be late: it must not slow the live path on the same machine


@app.command(epilog="Example: tenor worker")
def worker() -> None:
    """Run a worker: validates events, follows conversations, chooses interventions.

    Run as many as the topics have partitions.
    """
    from agents.worker import app as worker_app

    worker_app.run(load_settings())


@app.command(epilog="Example: tenor sink")
def sink() -> None:
    """Run the sink: copies topics into ClickHouse."""
    from agents.sink import sink as sinks

    settings = load_settings()
    serve(sinks.Sink(settings), settings)


@app.command(epilog="Example: tenor learner")
def learner() -> None:
    """Run the learner: trains the policy and the text model. Run exactly one per deployment.

    The policy learns from outcomes, the text model from ratings.
    """
    from agents.learning import learner as learners

    settings = load_settings()
    os.nice(LEARNER_NICENESS)
    serve(learners.Learner(settings), settings)


@app.command(epilog="Example: tenor workload")
def workload() -> None:
    """Run the workload monitor: how much frustration each team meets. Run exactly one per deployment.

    Off by default: see docs/operators.md.
    """
    from agents import workload as workloads

    settings = load_settings()
    serve(workloads.WorkloadService(settings), settings)


@app.command(epilog="Example: tenor console")
def console() -> None:
    """Serve the web console for team leads on TENOR_HTTP_HOST and TENOR_HTTP_PORT."""
    from agents.console import server

    server.run(load_settings(), print_line)


def serve(service: Any, settings: "Settings") -> None:
    """Run a service until the process is asked to stop, with its health and metrics over HTTP."""
    from agents.common import health

    health.serve(service.health, settings.http_host, settings.http_port, settings.http_token)
    service.run(stop_event())


def stop_event() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the service then finishes the work under way."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
