"""Destinations of a team's messages: a service that Apprise supports, or a signed webhook.

Addresses hold secrets and stay in this module; elsewhere a destination is known by its name.
"""

import logging
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import apprise

from agents.alerting.webhook import DeliveryError, post
from agents.common.clock import now_ms
from agents.common.errors import Failure
from streams.alerts import messages
from streams.alerts.messages import Message
from streams.alerts.routes import Team

STATUS = re.compile(r"error=(\d{3})\b")
TYPES = {
    "info": apprise.NotifyType.INFO,
    "warning": apprise.NotifyType.WARNING,
    "critical": apprise.NotifyType.FAILURE,
}


class Destination(NamedTuple):
    """One of a team's destinations.

    Attributes:
        name: kind and number, such as ``webhook-1``; never the address.
        deliver: sends a message; raises ``DeliveryError``.
    """

    name: str
    deliver: Callable[[Message], None]


# Apprise's own log lines are dropped, since they may quote an address; only the status code of a failure is kept.
LOGGER = logging.getLogger("apprise")
LOGGER.handlers[:] = [logging.NullHandler()]
LOGGER.propagate = False
LOGGER.setLevel(logging.WARNING)


def build_destinations(team: Team, console: str | None) -> list[Destination]:
    """A team's destinations. ``Failure`` for an address that Apprise does not know; the address is not quoted."""
    services = [apprise_destination(team, number, url, console) for number, url in enumerate(team.apprise, 1)]
    return services + [webhook_destination(team, number, console) for number in range(1, len(team.webhooks) + 1)]


def apprise_destination(team: Team, number: int, url: str, console: str | None) -> Destination:
    """A destination that Apprise supports."""
    plugin: Any = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if plugin is None:
        raise Failure(
            f"Team {team.name}: Apprise does not know address {number} of the list apprise.",
            "See https://appriseit.com for the address format of each service.",
        )
    formats = plugin.notify_format if isinstance(plugin.notify_format, tuple) else (plugin.notify_format,)
    marked_up = formats[0] == apprise.NotifyFormat.HTML
    written, body_format = (
        (messages.html, apprise.NotifyFormat.HTML) if marked_up else (messages.text, apprise.NotifyFormat.TEXT)
    )
    sender = apprise.Apprise()
    sender.add(plugin)

    def deliver(message: Message) -> None:
        result = sender.notify(
            body=written(message, console),
            title=messages.title(message),
            notify_type=TYPES[message.severity],
            body_format=body_format,
        )
        if not result:
            codes = [plugin[1] for entry in result.logs() if (plugin := STATUS.search(entry.message))]
            raise DeliveryError(f"HTTP {codes[-1]}" if codes else "not taken")

    return Destination(f"{re.sub(r'[^a-z0-9]+', '-', url.partition(':')[0].lower())}-{number}", deliver)


def webhook_destination(team: Team, number: int, console: str | None) -> Destination:
    """A signed generic webhook."""
    target = team.webhooks[number - 1]

    def deliver(message: Message) -> None:
        post(target.url, target.secret, message.message_id, messages.to_json(message, console), now_ms() // 1000)

    return Destination(f"webhook-{number}", deliver)
