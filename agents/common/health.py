"""Health over HTTP: ``/healthz`` (is work progressing?), ``/ready`` (has recovery finished?), ``/metrics``.

Probes need no token, because orchestrators have none, and they reveal only whether work progresses. ``/metrics`` names
topics and counts events: it requires the token if one is set, and one must be set beyond loopback.

The server has its own thread, so that it answers even when work is stalled.
"""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from prometheus_client import make_wsgi_app
from pydantic import SecretStr

from agents.common import metrics
from agents.common.errors import Failure
from agents.common.http_auth import has_bearer_token, is_loopback

log = structlog.get_logger(__name__)

Clock = Callable[[], float]
Response = tuple[str, str] | tuple[str, str, tuple[str, str]]
NO_TOKEN = SecretStr("")
UNAUTHORIZED = ("401 Unauthorized", "A token is required.\n", ("WWW-Authenticate", 'Bearer realm="tenor"'))
# Not web pages: a browser may not run, frame, sniff or cache them. No CORS header: no other site may read them.
HEADERS = [
    ("Server", "tenor"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
]
# No heartbeat for so many stall times is a stall: a fetch waits for the batch before it, a rebalance for every member.
SILENT_STALLS = 4
REQUEST_S = 10.0  # a client that has not finished its request by then is disconnected


class Health:
    """Whether one process is ready, and whether its work progresses.

    Args:
        stall_s: a piece of work that takes longer than this is a stall, seconds.
        clock: monotonic seconds.
    """

    def __init__(self, stall_s: float, clock: Clock = time.monotonic) -> None:
        self._stall_s = stall_s
        self._clock = clock
        self._working: dict[int, tuple[str, float]] = {}
        self._tokens = count()
        self._last_beat: float | None = None
        self.ready = False
        metrics.OLDEST_WORK.set_function(self.oldest_work_s)

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Mark a piece of work as in progress; ``/healthz`` fails while it takes too long."""
        token = next(self._tokens)
        self._working[token] = (what, self._clock())
        try:
            yield
        finally:
            del self._working[token]
        metrics.LAST_PROGRESS.set_to_current_time()

    def beat(self) -> None:
        """Record that input was fetched or recovery progressed; after the first beat they must keep coming."""
        self._last_beat = self._clock()

    def set_ready(self, ready: bool) -> None:
        self.ready = ready
        metrics.READY.set(ready)

    def oldest_work_s(self) -> float:
        """Age of the oldest piece of work in progress, seconds; 0 without any."""
        now = self._clock()
        return max((now - since for _, since in list(self._working.values())), default=0.0)

    def describe_stall(self) -> str | None:
        """What has taken too long, None when work progresses."""
        now = self._clock()
        for what, since in list(self._working.values()):
            if now - since > self._stall_s:
                return f"{what} has taken {now - since:.0f} s"
        if self._last_beat is not None and now - self._last_beat > SILENT_STALLS * self._stall_s:
            return f"no input was fetched and recovery did not progress for {now - self._last_beat:.0f} s"
        return None


class HealthServer(ThreadingMixIn, WSGIServer):
    """One thread per request: a client that connects and sends nothing does not block the others."""

    daemon_threads = True


class DeadlineReader(io.RawIOBase):
    """Reads from a socket until a deadline, then raises ``TimeoutError``. A socket's own timeout restarts at each byte.

    Args:
        connection: read with the time that is left, written with the whole limit.
        limit_s: time until the deadline, seconds.
    """

    def __init__(self, connection: socket.socket, limit_s: float) -> None:
        self._connection = connection
        self._limit_s = limit_s
        self._until = time.monotonic() + limit_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        remaining = self._until - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._connection.settimeout(remaining)
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(self._limit_s)


class HealthHandler(WSGIRequestHandler):
    """One request. The library's own errors carry our headers, too, and reveal neither the request nor the server."""

    default_request_version = "HTTP/1.0"  # a request that is not HTTP is answered with headers, too
    error_message_format = "%(message)s\n"
    error_content_type = "text/plain; charset=utf-8"

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(DeadlineReader(self.connection, REQUEST_S))

    def handle(self) -> None:
        with suppress(TimeoutError, ConnectionError):
            super().handle()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        super().send_error(code)

    def version_string(self) -> str:
        return dict(HEADERS)["Server"]

    def end_headers(self) -> None:
        for name, value in HEADERS:
            if name != "Server":  # the library sends it, from version_string
                self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Not logged: probes come every few seconds."""


def application(health: Health, token: str) -> Callable[..., Any]:
    """The WSGI application. Unless ``token`` is empty, ``/metrics`` requires it."""
    metrics_app = make_wsgi_app()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        def start(status: str, headers: list[tuple[str, str]]) -> Any:
            return start_response(status, [*headers, *HEADERS])

        path = environ["PATH_INFO"]
        try:
            response = refuse(environ, token)
            if response is None and path == "/metrics":
                # Always as plain text: the library raises on some of the formats a client can accept.
                return metrics_app({**environ, "HTTP_ACCEPT": "text/plain"}, start)
            response = response or respond(path, health)
        except Exception:
            log.exception("request_failed", path=path)
            response = "500 Internal Server Error", "Internal error; see the log.\n"
        status, body, *more = response
        start(status, [("Content-Type", "text/plain; charset=utf-8"), *more])
        return [body.encode()]

    return answer


def refuse(environ: Mapping[str, Any], token: str) -> Response | None:
    """The response to a request that is not allowed, None for one that is."""
    if environ["REQUEST_METHOD"] != "GET":
        return "405 Method Not Allowed", "Only GET is allowed.\n", ("Allow", "GET")
    if environ["PATH_INFO"] == "/metrics" and not may_read_metrics(environ, token):
        return UNAUTHORIZED
    return None


def may_read_metrics(environ: Mapping[str, Any], token: str) -> bool:
    """Whether no token is set, or the request carries it."""
    return not token or has_bearer_token(environ.get("HTTP_AUTHORIZATION", ""), token)


def respond(path: str, health: Health) -> Response:
    if path == "/healthz":
        stall = health.describe_stall()
        return ("503 Service Unavailable", f"{stall}\n") if stall else ("200 OK", "ok\n")
    if path == "/ready":
        return ("200 OK", "ready\n") if health.ready else ("503 Service Unavailable", "recovering\n")
    return "404 Not Found", "Not found; use /healthz, /ready or /metrics.\n"


def serve(health: Health, host: str, port: int, token: SecretStr = NO_TOKEN) -> int:
    """Serve until the process ends. Returns the port.

    Raises ``Failure`` when the port is in use, and beyond loopback without a token.
    """
    if not (token or is_loopback(host)):
        raise Failure(f"Serving /metrics on {host or 'every address'} requires a token.", "Set TENOR_HTTP_TOKEN_FILE.")
    try:
        server = make_server(host, port, application(health, token.get_secret_value()), HealthServer, HealthHandler)
    except OSError as error:
        raise Failure(f"Cannot listen on {host}:{port}: {error.strerror}.", "Set TENOR_HTTP_PORT.") from None
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return int(server.server_port)
