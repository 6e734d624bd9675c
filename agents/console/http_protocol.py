"""HTTP/1.1 as uvicorn speaks it, with a deadline for every request, and our headers on what it refuses by itself."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from agents.common.health import REQUEST_S
from agents.console.security_headers import HEADERS


class DeadlineProtocol(H11Protocol):
    """One connection. uvicorn limits how long it may be idle between two requests, not how long a request may take."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._expect()
        else:
            self._relax()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "Connection": "close",
            "Cache-Control": "no-store",
            **HEADERS,
        }
        told = h11.Response(status_code=400, headers=list(headers.items()), reason=b"Bad Request")
        for part in (told, h11.Data(data=msg.encode()), h11.EndOfMessage()):
            self.transport.write(self.conn.send(part) or b"")
        self.transport.close()

    def _expect(self) -> None:
        """The rest of a request has as long as is left since its beginning."""
        if self._late is None:
            self._late = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _relax(self) -> None:
        """The request is there, or nobody is."""
        if self._late is not None:
            self._late.cancel()
            self._late = None
