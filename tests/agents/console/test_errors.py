"""What the console answers when something cannot be done."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request
from starlette.responses import Response

from agents.common.errors import Failure
from agents.console.app import require_change
from agents.kafka.async_producer import DeliveryFailed


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (Failure("no such alert", "look again"), 409, {"error": "no such alert", "hint": "look again"}),
        (DeliveryFailed("Kafka did not accept it.", "run: tenor doctor"), 503, {"error": "Kafka did not accept it."}),
    ],
)
def test_a_refused_delivery_is_the_servers_error(error: Failure, status: int, body: dict[str, str]) -> None:
    """``DeliveryFailed`` is a ``Failure``, but no conflict: trying again may help."""

    async def endpoint(request: Request) -> Response:
        raise error

    auth: Any = SimpleNamespace(may_read=lambda request: True, may_change=lambda request: True)
    response = asyncio.run(cast(Any, require_change(auth, endpoint)(cast(Request, None))))
    assert (response.status_code, json.loads(response.body)) == (status, body)
