"""``tenor report|explain|history``: answers from ClickHouse."""

from pathlib import Path
from typing import Annotated

import typer

from agents.cli.options import (
    AsJson,
    ConversationArgument,
    CustomerArgument,
    OneTenant,
    Since,
    Tenant,
    Until,
    load_settings,
)
from agents.cli.output import print_line, print_result

app = typer.Typer()


@app.command(epilog="Example: tenor report --html report.html --since 2026-03-02T00:00:00Z")
def report(
    truth: Annotated[
        Path | None, typer.Option(help="Recording with ground-truth labels: adds how accurate Tenor was.")
    ] = None,
    as_json: AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Write an HTML page with plots to this file instead.")] = None,
    since: Since = None,
    until: Until = None,
    tenant: OneTenant = None,
) -> None:
    """Report what happened and whether interventions helped.

    With --html, --since, --until and --tenant choose what the page covers.
    """
    from agents.recordings import file as recording
    from agents.reports import report as reports

    if html is not None:
        return write_page(html, since, until, tenant)
    if since or until or tenant:
        raise typer.BadParameter("--since, --until and --tenant require --html FILE.")
    truths = recording.read(truth).truths if truth else None
    print_result(reports.report(load_settings(), truths), as_json, reports.as_json, reports.print_report)


def write_page(file: Path, since: str | None, until: str | None, tenant: str | None) -> None:
    from agents.clickhouse.period import parse_period
    from agents.reports.html import page

    page.write(load_settings(), file, parse_period(since, until, tenant))
    print_line(f"wrote {file}")


@app.command(epilog="Example: tenor explain c1")
def explain(
    conversation: ConversationArgument,
    tenant: Annotated[str | None, typer.Option(help="Tenant ID. Required if several tenants use this ID.")] = None,
    as_json: AsJson = False,
) -> None:
    """Explain one conversation turn by turn: signals, frustration level, interventions, outcomes."""
    from agents.reports import conversation as conversations

    explanation = conversations.explain_conversation(load_settings(), conversation, tenant)
    print_result(explanation, as_json, conversations.as_json, conversations.print_conversation)


@app.command(epilog="Example: tenor history cust-42")
def history(customer: CustomerArgument, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show a customer across all conversations: what raises frustration, what lowers it, what to try next."""
    from agents.reports import customer as customers

    past = customers.read_history(load_settings(), customer, tenant)
    print_result(past, as_json, customers.as_json, customers.print_history)
