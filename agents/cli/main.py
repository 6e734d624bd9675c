"""The command ``tenor``: all command groups, in the panels of its help."""

import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from agents.cli import (
    admin,
    alerts,
    blind_review,
    dead_letters,
    embedded,
    model,
    policy,
    privacy,
    replay,
    report,
    run,
    schemas,
)
from agents.cli.output import print_failure
from agents.common.errors import Failure

PANELS = {
    "Run": (run, alerts),
    "Try it": (embedded, replay),
    "Ask": (report,),
    "Teach": (model, policy, blind_review),
    "Data and privacy": (privacy,),
    "Operate": (admin, dead_letters, schemas),
}

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, epilog="Example: tenor demo")


@app.callback()
def tenor(context: typer.Context) -> None:
    """Follow how conversations feel, step in when frustration rises, and measure whether that helped."""
    # No command starts with a misspelled variable, not even one that needs no settings. The doctor reports it.
    if context.invoked_subcommand != "doctor" and "--help" not in sys.argv:
        from agents.settings import loader

        loader.refuse_misspelled()


def add_group(group: typer.Typer, panel: str) -> None:
    """Add the commands of a group to the top level of ``tenor``, in a panel of its help."""
    for command in group.registered_commands:
        command.rich_help_panel = panel
    for subgroup in group.registered_groups:
        subgroup.rich_help_panel = panel
    app.add_typer(group)


for panel, modules in PANELS.items():
    for module in modules:
        add_group(module.app, panel)


def main() -> None:
    """Entry point: prints a ``Failure`` without a traceback and exits with its code."""
    signal.signal(signal.SIGTERM, on_sigterm)
    try:
        app()
    except Failure as failure:
        print_failure(failure)
        sys.exit(failure.exit_code)


def on_sigterm(signum: int, frame: FrameType | None) -> NoReturn:
    """Leave through every ``finally``; the exit code says that the command was interrupted."""
    sys.exit(128 + signum)


if __name__ == "__main__":
    main()
