"""Health over HTTP: ``/healthz`` (is work moving?), ``/ready`` (has recovery finished?), ``/metrics``.

Served from its own thread, so that it still answers when the work does not move: that is when it is asked.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from agents import metrics
from agents.errors import Failure

Clock = Callable[[], float]
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
        return None


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request: who connects and says nothing does not keep the others waiting."""

    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    """A request every few seconds is no news."""

    timeout = REQUEST_S

    def log_message(self, format: str, *args: Any) -> None:
        pass


def application(health: Health) -> Callable[..., Any]:
    """The WSGI application."""
    metrics_app = make_wsgi_app()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return metrics_app(environ, start_response)
        status, body = respond(path, health)
        start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")])
        return [body.encode()]

    return answer


def respond(path: str, health: Health) -> tuple[str, str]:
    if path == "/healthz":
        stalled = health.stalled()
        return ("503 Service Unavailable", f"{stalled}\n") if stalled else ("200 OK", "work moves\n")
    if path == "/ready":
        return ("200 OK", "ready\n") if health.ready else ("503 Service Unavailable", "recovering\n")
    return "404 Not Found", "ask /healthz, /ready or /metrics\n"


def serve(health: Health, host: str, port: int) -> int:
    """Serve until the process ends; the port it took. ``Failure`` when the port is in use."""
    try:
        server = make_server(host, port, application(health), Server, QuietHandler)
    except OSError as error:
        raise Failure(f"{host}:{port} cannot be served: {error.strerror}", "set TENOR_HTTP_PORT") from None
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return int(server.server_port)
