"""Destinations: where a team's messages go, through apprise or as a signed webhook.

An address holds secrets and stays here: destinations have names.
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
        name: kind and number, as ``webhook-1``; never the address.
        deliver: sends a message; raises ``DeliveryError``.
    """

    name: str
    deliver: Callable[[Message], None]


# What apprise says of a failure reaches no log, since it may quote an address; of its results the status code is kept.
LOGGER = logging.getLogger("apprise")
LOGGER.handlers[:] = [logging.NullHandler()]
LOGGER.propagate = False
LOGGER.setLevel(logging.WARNING)


def destinations(team: Team, console: str | None) -> list[Destination]:
    """A team's destinations. ``Failure`` for an address that apprise does not know, which is not quoted."""
    services = [service(team, number, url, console) for number, url in enumerate(team.apprise, 1)]
    return services + [webhook(team, number, console) for number in range(1, len(team.webhooks) + 1)]


def service(team: Team, number: int, url: str, console: str | None) -> Destination:
    """A destination that apprise serves."""
    found: Any = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if found is None:
        raise Failure(
            f"team {team.name}: address {number} under apprise is none that apprise understands",
            "see https://appriseit.com for how the addresses of each service are written",
        )
    formats = found.notify_format if isinstance(found.notify_format, tuple) else (found.notify_format,)
    marked_up = formats[0] == apprise.NotifyFormat.HTML
    written, body_format = (
        (messages.html, apprise.NotifyFormat.HTML) if marked_up else (messages.text, apprise.NotifyFormat.TEXT)
    )
    sender = apprise.Apprise()
    sender.add(found)

    def deliver(message: Message) -> None:
        result = sender.notify(
            body=written(message, console),
            title=messages.title(message),
            notify_type=TYPES[message.severity],
            body_format=body_format,
        )
        if not result:
            codes = [found[1] for entry in result.logs() if (found := STATUS.search(entry.message))]
            raise DeliveryError(f"HTTP {codes[-1]}" if codes else "not taken")

    return Destination(f"{re.sub(r'[^a-z0-9]+', '-', url.partition(':')[0].lower())}-{number}", deliver)


def webhook(team: Team, number: int, console: str | None) -> Destination:
    """A signed generic webhook."""
    to = team.webhooks[number - 1]

    def deliver(message: Message) -> None:
        post(to.url, to.secret, message.message_id, messages.to_json(message, console), now_ms() // 1000)

    return Destination(f"webhook-{number}", deliver)
