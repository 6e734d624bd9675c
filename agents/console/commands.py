"""Endpoints that change something: commands about alerts and about options."""

from typing import Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agents.common.clock import now_ms
from agents.console.alert_inbox import AlertInbox
from agents.console.alert_state import CommandTarget
from agents.console.poller import Poller
from agents.learning import policy_commands

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class AlertCommandRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Acknowledge, snooze or resume an alert."""

    alert: Text
    tenant: Text
    conversation: Text
    action: Literal["acknowledge", "snooze", "resume"]
    by: Text
    minutes: Annotated[float, msgspec.Meta(ge=1, le=7 * 24 * 60)] = 60


class EnableOptionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Enable an option again that was rolled back."""

    tenant: Text
    option: Text
    reason: Text
    by: Text


class Commands:
    """Endpoints that publish a command."""

    def __init__(self, poller: Poller, inbox: AlertInbox) -> None:
        self._poller = poller
        self._inbox = inbox

    async def alert(self, request: Request) -> Response:
        body = msgspec.json.decode(await request.body(), type=AlertCommandRequest)
        until = now_ms() + round(body.minutes * 60_000) if body.action == "snooze" else None
        target = CommandTarget(body.tenant, body.conversation)
        await self._inbox.publish(body.action, target, body.alert, body.by, until)
        return JSONResponse({})

    async def enable(self, request: Request) -> Response:
        body = msgspec.json.decode(await request.body(), type=EnableOptionRequest)
        publish, settings = policy_commands.publish_command, self._poller.settings
        await self._poller.run_in_thread(
            lambda: publish(settings, "enable", body.option, body.tenant, body.by, body.reason)
        )
        return JSONResponse({})
