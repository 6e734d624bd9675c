"""``tenor policy``: what the policy has learned of each intervention option, and commands to the learner."""

from typing import Annotated

import typer

from agents.cli.options import By, Reason, Tenant, load_settings
from agents.cli.output import out, print_line

app = typer.Typer()
policy_app = typer.Typer(no_args_is_help=True, help="Show and control what the policy has learned.")
app.add_typer(policy_app, name="policy")

Option = Annotated[str, typer.Argument(metavar="OPTION", help="ID of the intervention option.")]


@policy_app.command(epilog="Example: tenor policy show")
def show() -> None:
    """Show what the policy has learned of each option, by tenant."""
    from agents.learning import policy_commands

    settings = load_settings()
    policy_commands.print_policies(policy_commands.read_newest(settings), settings, out)


@policy_app.command(epilog='Example: tenor policy enable offer-options --reason "reworded"')
def enable(option: Option, reason: Reason, tenant: Tenant = "default", by: By = None) -> None:
    """Enable an option that was disabled or rolled back. The evidence against it is discarded."""
    publish_command("enable", option, tenant, by, reason)


@policy_app.command(epilog='Example: tenor policy disable offer-options --reason "customers complain"')
def disable(option: Option, reason: Reason, tenant: Tenant = "default", by: By = None) -> None:
    """Disable an option: it is no longer chosen."""
    publish_command("disable", option, tenant, by, reason)


def publish_command(action: str, option: str, tenant: str, by: str | None, reason: str) -> None:
    from agents.learning import policy_commands

    policy_commands.publish_command(load_settings(), action, option, tenant, by, reason)
    print_line(f"requested: {action} {option}; the learner publishes a new policy snapshot")
