"""Serves the console until the process is told to stop."""

import socket
from collections.abc import Callable

import uvicorn

from agents.common.errors import Failure
from agents.console.app import Console, application
from agents.console.http_protocol import DeadlineProtocol
from agents.console.security_headers import SecurityHeaders
from agents.settings.model import Settings

Say = Callable[[str], None]

GRACE_S = 3


def run(settings: Settings, say: Say) -> None:
    """Serve; ``Failure`` when the address cannot be served or would serve everybody."""
    console = Console(settings)
    with listening(settings.http_host, settings.http_port) as taken:
        say(f"console: {url(taken)}")
        ConsoleServer(console).run(sockets=[taken])


class ConsoleServer(uvicorn.Server):
    """Ends the streams, which never end by themselves, before it waits for what is under way."""

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
        self._feed = console.feed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._feed.close()
        await super().shutdown(sockets)


def listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections; port 0 takes a free one."""
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise Failure(f"{host}:{port} cannot be served: {error.strerror}", "set TENOR_HTTP_PORT") from None


def url(taken: socket.socket) -> str:
    host, port = taken.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
