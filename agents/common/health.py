"""Health over HTTP: ``/healthz`` (is work moving?), ``/ready`` (has recovery finished?), ``/metrics``.

Probes are open: an orchestrator has no token, and they tell no more than that work moves. ``/metrics`` names topics
and counts events, so it asks for the token where there is one; beyond loopback there must be one.

Served from its own thread, so that it still answers when the work does not move: that is when it is asked.
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
from agents.common.http_auth import carries, loopback

log = structlog.get_logger(__name__)

Clock = Callable[[], float]
Answer = tuple[str, str] | tuple[str, str, tuple[str, str]]
NO_TOKEN = SecretStr("")
# Nothing here is a page: no browser may run, frame, guess or keep it. No CORS header, so no other site may read it.
HEADERS = [
    ("Server", "tenor"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
]
# Stalls that pass before silence counts as one: a fetch waits for the run before it, a rebalance for every member.
SILENT = 4
REQUEST_S = 10.0  # a client that has not finished its request by then is gone


class Health:
    """What one process knows of itself.

    Args:
        stall_s: a piece of work that takes longer is a stall, seconds.
        clock: monotonic seconds.
    """

    def __init__(self, stall_s: float, clock: Clock = time.monotonic) -> None:
        self._stall_s = stall_s
        self._clock = clock
        self._working: dict[int, tuple[str, float]] = {}
        self._tokens = count()
        self._pulse: float | None = None
        self.ready = False
        metrics.OLDEST_WORK.set_function(self.oldest_s)

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Marks a piece of work; a long one turns ``/healthz`` red while it lasts."""
        token = next(self._tokens)
        self._working[token] = (what, self._clock())
        try:
            yield
        finally:
            del self._working[token]
        metrics.LAST_PROGRESS.set_to_current_time()

    def beat(self) -> None:
        """Input was asked for, or recovery went on: whoever has beaten once must go on beating."""
        self._pulse = self._clock()

    def set_ready(self, ready: bool) -> None:
        self.ready = ready
        metrics.READY.set(ready)

    def oldest_s(self) -> float:
        """How long the oldest piece of work under way has taken, seconds; 0 without any."""
        now = self._clock()
        return max((now - since for _, since in list(self._working.values())), default=0.0)

    def stalled(self) -> str | None:
        """What has been under way for too long, None when work moves."""
        now = self._clock()
        for what, since in list(self._working.values()):
            if now - since > self._stall_s:
                return f"{what} has taken {now - since:.0f} s"
        if self._pulse is not None and now - self._pulse > SILENT * self._stall_s:
            return f"no input was asked for, and nothing recovered, for {now - self._pulse:.0f} s"
        return None


class HealthServer(ThreadingMixIn, WSGIServer):
    """A thread for each request: who connects and says nothing does not keep the others waiting."""

    daemon_threads = True


class DeadlineReader(io.RawIOBase):
    """What a client sends until its time is over, then ``TimeoutError``; a socket's own begins anew with each byte.

    Args:
        connection: read with what is left of the time, written with all of it.
        limit_s: how long it may take from now on, seconds.
    """

    def __init__(self, connection: socket.socket, limit_s: float) -> None:
        self._connection = connection
        self._limit_s = limit_s
        self._until = time.monotonic() + limit_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(self._limit_s)


class HealthHandler(WSGIRequestHandler):
    """One request. What the library refuses has our headers, too, and tells neither what was sent nor who we are."""

    default_request_version = "HTTP/1.0"  # what is no HTTP at all is answered with headers, too
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
            if name != "Server":  # it is there, by version_string
                self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """A request every few seconds is no news."""


def application(health: Health, token: str) -> Callable[..., Any]:
    """The WSGI application. Unless ``token`` is empty, ``/metrics`` requires it."""
    metrics_app = make_wsgi_app()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        def start(status: str, headers: list[tuple[str, str]]) -> Any:
            return start_response(status, [*headers, *HEADERS])

        path = environ["PATH_INFO"]
        try:
            found = refused(environ, token)
            if found is None and path == "/metrics":
                # In the one form: the library raises on some of the forms a client can accept.
                return metrics_app({**environ, "HTTP_ACCEPT": "text/plain"}, start)
            found = found or respond(path, health)
        except Exception:
            log.exception("request_failed", path=path)
            found = "500 Internal Server Error", "an error of ours\n"
        status, body, *more = found
        start(status, [("Content-Type", "text/plain; charset=utf-8"), *more])
        return [body.encode()]

    return answer


def refused(environ: Mapping[str, Any], token: str) -> Answer | None:
    """What is answered to who may not ask, or asks for more than to read."""
    if environ["REQUEST_METHOD"] != "GET":
        return "405 Method Not Allowed", "only GET\n", ("Allow", "GET")
    if environ["PATH_INFO"] == "/metrics" and not allowed(environ, token):
        return "401 Unauthorized", "a token is needed\n", ("WWW-Authenticate", 'Bearer realm="tenor"')
    return None


def allowed(environ: Mapping[str, Any], token: str) -> bool:
    """Whether no token is asked for, or a request carries it."""
    return not token or carries(environ.get("HTTP_AUTHORIZATION", ""), token)


def respond(path: str, health: Health) -> Answer:
    if path == "/healthz":
        stalled = health.stalled()
        return ("503 Service Unavailable", f"{stalled}\n") if stalled else ("200 OK", "work moves\n")
    if path == "/ready":
        return ("200 OK", "ready\n") if health.ready else ("503 Service Unavailable", "recovering\n")
    return "404 Not Found", "ask /healthz, /ready or /metrics\n"


def serve(health: Health, host: str, port: int, token: SecretStr = NO_TOKEN) -> int:
    """Serve until the process ends; the port it took.

    ``Failure`` when the port is in use, and beyond loopback without a token.
    """
    if not (token or loopback(host)):
        raise Failure(
            f"/metrics is not served on {host or 'every address'} without a token", "set TENOR_HTTP_TOKEN_FILE"
        )
    try:
        server = make_server(host, port, application(health, token.get_secret_value()), HealthServer, HealthHandler)
    except OSError as error:
        raise Failure(f"{host}:{port} cannot be served: {error.strerror}", "set TENOR_HTTP_PORT") from None
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return int(server.server_port)
