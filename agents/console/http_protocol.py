"""uvicorn's HTTP/1.1, with a deadline for every request, and the security headers on its own errors."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from agents.common.health import REQUEST_S
from agents.console.security_headers import HEADERS


class DeadlineProtocol(H11Protocol):
    """One connection. uvicorn limits how long it may be idle between requests, not how long a request may take."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._start_deadline()
        else:
            self._cancel_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "Connection": "close",
            "Cache-Control": "no-store",
            **HEADERS,
        }
        response = h11.Response(status_code=400, headers=list(headers.items()), reason=b"Bad Request")
        for part in (response, h11.Data(data=msg.encode()), h11.EndOfMessage()):
            self.transport.write(self.conn.send(part) or b"")
        self.transport.close()

    def _start_deadline(self) -> None:
        """Abort the connection unless the whole request arrives in time; a running deadline is kept."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _cancel_deadline(self) -> None:
        """The request is complete, or the connection is gone."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
