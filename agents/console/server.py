"""Serves the console until the process is stopped."""

import socket
from collections.abc import Callable

import uvicorn

from agents.common.errors import Failure
from agents.console.app import Console, application
from agents.console.http_protocol import DeadlineProtocol
from agents.console.security_headers import SecurityHeaders
from agents.settings.model import Settings

Print = Callable[[str], None]

GRACE_S = 3


def run(settings: Settings, write: Print) -> None:
    """Serve. Raises ``Failure`` when the address cannot be used, or would be open to everybody."""
    console = Console(settings)
    with listen(settings.http_host, settings.http_port) as listening:
        write(f"console: {url(listening)}")
        ConsoleServer(console).run(sockets=[listening])


class ConsoleServer(uvicorn.Server):
    """Ends the streams, which never end by themselves, before it waits for open requests."""

    def __init__(self, console: Console) -> None:
        super().__init__(
            uvicorn.Config(
                SecurityHeaders(application(console)),
                http=DeadlineProtocol,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
                lifespan="on",
            )
        )
        self._poller = console.poller

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._poller.close()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one."""
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise Failure(f"Cannot listen on {host}:{port}: {error.strerror}.", "Set TENOR_HTTP_PORT.") from None


def url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
