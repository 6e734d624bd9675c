"""``tenor doctor|config|migrate|topics|verify``: set up and check a deployment."""

import json
import logging
from typing import Annotated, Literal

import typer

from agents.cli.options import AsJson, load_settings
from agents.cli.output import err, out, print_result

app = typer.Typer()
topics_app = typer.Typer(no_args_is_help=True, help="Create and check the Kafka topics.")
app.add_typer(topics_app, name="topics")

Role = Literal["worker", "learner", "sink", "alerts", "workload", "console", "report", "migrate"]


@app.command(epilog="Example: tenor doctor --role sink")
def doctor(
    role: Annotated[Role | None, typer.Option(help="Check only what this process needs.")] = None,
    timeout: Annotated[float, typer.Option(min=1, max=60, help="Longest wait for the broker, in seconds.")] = 5.0,
    as_json: AsJson = False,
) -> None:
    """Check everything Tenor needs and say what to fix. Changes nothing. Exits 1 if a check failed."""
    from agents.doctor import check, run, view

    logging.disable(logging.CRITICAL)  # the table says what is wrong
    checks = run.run_doctor(role, timeout)
    print_result(checks, as_json, view.as_json, view.render)
    raise typer.Exit(int(check.has_failed(checks)))


@app.command(epilog="Example: tenor config --changed")
def config(
    changed: Annotated[bool, typer.Option(help="Show only settings that differ from their default.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the settings in effect and where each value comes from. Secrets are hidden."""
    from agents.settings import effective

    settings = effective.effective_settings(load_settings())
    shown = [setting for setting in settings if not changed or setting.source != effective.DEFAULT]
    print_result(shown, as_json, lambda shown: json.dumps([setting._asdict() for setting in shown]), effective.render)


@app.command(epilog="Example: tenor migrate")
def migrate() -> None:
    """Create or update the ClickHouse database, tables and views."""
    from agents.clickhouse import migrate as migrations

    applied = migrations.migrate(load_settings())
    out.print("\n".join(applied) if applied else "the database is up to date")


@topics_app.command("apply", epilog="Example: tenor topics apply --tolerate-settings")
def apply_topics(
    tolerate_settings: Annotated[
        bool, typer.Option("--tolerate-settings", help="Exit 0 if only settings differ, such as retention.")
    ] = False,
) -> None:
    """Create missing topics and list how existing ones differ, without changing them. Exits 1 if any differ."""
    from agents.kafka.admin import topics

    lines = topics.apply(load_settings())
    out.print("\n".join(lines) if lines else "all topics are up to date")
    wrong = [line for line in lines if isinstance(line, topics.PartitionCountMismatch)] if tolerate_settings else lines
    raise typer.Exit(1 if wrong else 0)


@app.command(epilog="Example: tenor verify")
def verify(as_json: AsJson = False) -> None:
    """Fold the signals log again and compare the results with what was published. Exits 1 if they differ."""
    from dataclasses import asdict

    from agents.verification import result as results
    from agents.verification import verify as verification

    settings = load_settings()
    result = verification.verify(settings)
    print_result(
        result,
        as_json,
        lambda result: json.dumps({"equal": result.equal, **asdict(result)}, default=sorted),
        results.print_result,
    )
    if not result.equal:
        err.print(verification.format_lag(settings))
        raise typer.Exit(1)
