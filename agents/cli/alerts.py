"""``tenor alerts``: delivery of alerts to teams, and commands to it."""

from typing import Annotated, Literal

import typer

from agents.cli.options import By, ConversationArgument, Tenant, load_settings
from agents.cli.output import out, print_line
from agents.cli.run import serve

app = typer.Typer()
alerts_app = typer.Typer(epilog="Example: tenor alerts")
app.add_typer(alerts_app, name="alerts")

OptionalConversation = Annotated[
    str | None,
    typer.Argument(metavar="CONVERSATION", help="Conversation ID. Default: all alerts of the team in --team."),
]
Team = Annotated[str | None, typer.Option("--team", help="Team in the routes file. Default: all teams.")]
AlertId = Annotated[str | None, typer.Option("--alert", help="ID of the alert you respond to.")]
Reason = Annotated[str, typer.Option(help="Why you make the request. Stored with it.")]
Severity = Literal["info", "warning", "critical"]


@alerts_app.callback(invoke_without_command=True)
def deliver(context: typer.Context) -> None:
    """Run the delivery of alerts to teams; its subcommands test and silence alerts. See docs/alerts.md.

    Without a subcommand, deliver alerts until stopped. Run exactly one per deployment.
    """
    if context.invoked_subcommand is not None:
        return
    from agents.alerting import service

    settings = load_settings()
    serve(service.AlertDeliveryService(settings), settings)


@alerts_app.command("test", epilog="Example: tenor alerts test --team support --severity critical")
def send_test(
    team: Team = None, severity: Annotated[Severity, typer.Option(help="Severity of the sample alert.")] = "warning"
) -> None:
    """Send a sample alert to the destinations of all teams, ignoring all limits. Exits 1 if a delivery failed."""
    from agents.alerting import commands

    deliveries = commands.send_test_alert(load_settings(), team, severity)
    commands.print_receipts(deliveries, out)
    raise typer.Exit(int(any(receipt.reason for receipts in deliveries.values() for receipt in receipts)))


@alerts_app.command(epilog='Example: tenor alerts ack c1 --reason "on it"')
def ack(
    conversation: ConversationArgument,
    tenant: Tenant = "default",
    team: Team = None,
    alert: AlertId = None,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Acknowledge a conversation: no more alerts about it until it recovers, unless it gets worse."""
    from agents.alerting import commands

    commands.publish_command(load_settings(), "acknowledge", tenant, conversation, team, by, reason, alert_id=alert)
    print_line("requested: no more alerts about this conversation unless it gets worse")


@alerts_app.command(epilog="Example: tenor alerts snooze c1 --for 2h")
def snooze(
    conversation: OptionalConversation = None,
    length: Annotated[str, typer.Option("--for", help="Duration, such as 30m, 2h or 1d.")] = "1h",
    tenant: Tenant = "default",
    team: Team = None,
    alert: AlertId = None,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Silence alerts for a while: about a conversation, or all alerts of a team."""
    from agents.alerting import commands
    from agents.common.clock import now_ms

    until = now_ms() + commands.parse_duration_ms(length)
    commands.publish_command(load_settings(), "snooze", tenant, conversation, team, by, reason, until, alert)
    print_line(f"requested: no alerts for {length}")


@alerts_app.command(epilog="Example: tenor alerts resume c1")
def resume(
    conversation: OptionalConversation = None,
    tenant: Tenant = "default",
    team: Team = None,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Undo an acknowledgement or a snooze."""
    from agents.alerting import commands

    commands.publish_command(load_settings(), "resume", tenant, conversation, team, by, reason)
    print_line("requested: alerts are delivered again")
