"""What commands share: types of options and arguments, and the settings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from agents.settings.model import Settings

HOME = Path(".tenor")

Directory = Annotated[Path, typer.Option(help="Directory for data and logs.")]
Workers = Annotated[int, typer.Option(min=1, help="Number of worker processes.")]
Seed = Annotated[int, typer.Option(help="Random seed: the same seed gives the same bytes.")]
Conversations = Annotated[int, typer.Option(min=1, help="Number of conversations.")]
Tenant = Annotated[str, typer.Option(help="Tenant ID.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Timeout = Annotated[float, typer.Option(help="Longest wait for each process, in seconds.")]

CustomerOption = Annotated[str, typer.Option(help="Pseudonymous customer ID.")]
CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER", help="Pseudonymous customer ID.")]
ConversationArgument = Annotated[str, typer.Argument(metavar="CONVERSATION", help="Conversation ID.")]

Since = Annotated[str | None, typer.Option(help="Start, inclusive, as RFC 3339. Default: the beginning.")]
Until = Annotated[str | None, typer.Option(help="End, exclusive, as RFC 3339. Default: now.")]
OneTenant = Annotated[str | None, typer.Option(help="Tenant ID. Default: all tenants.")]

By = Annotated[str | None, typer.Option(help="Who makes the request. Default: your user name.")]
Reason = Annotated[str, typer.Option(help="Why you make the request. Stored with it.")]


def load_settings() -> "Settings":
    """Settings, with logging configured by them. ``Failure`` names the variable that is wrong."""
    from agents.common import logs
    from agents.settings import loader

    settings = loader.load()
    logs.configure(settings.log_level, settings.log_json)
    return settings
