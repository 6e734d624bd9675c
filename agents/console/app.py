"""The console as an ASGI application: its routes, and who may use them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.responses import StreamingResponse as Streaming
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from agents.common.errors import Failure
from agents.common.health import Health
from agents.console import sse
from agents.console.alert_inbox import AlertInbox
from agents.console.auth import Auth
from agents.console.board import ORDERS, BoardQuery
from agents.console.commands import Commands
from agents.console.pages import PAGES, STATIC, Pages
from agents.console.poller import Poller
from agents.kafka.async_producer import DeliveryFailed
from agents.settings.model import Settings

BODY_BYTES = 16_384
PAGE_SIZE, MAX_PAGE = 50, 1_000
MAX_STREAMS = 500

Endpoint = Callable[[Request], Awaitable[Response]]


class Console:
    """The endpoints for data and machines, and what all endpoints share.

    Args:
        settings: of this deployment. Raises ``Failure`` when they would open the console to everybody.
    """

    def __init__(self, settings: Settings) -> None:
        self.auth = Auth(settings)
        self.health = Health(settings.stall_s)
        self.poller = Poller(settings, self.health)
        self.inbox = AlertInbox(self.poller)
        self.shared = sse.SharedExperiments(self.poller)
        self.streams = 0

    async def session(self, request: Request) -> Response:
        return JSONResponse({"csrf": self.auth.csrf(request), "asks": self.auth.requires_token})

    async def board(self, request: Request) -> Response:
        parameters = request.query_params
        query = BoardQuery(
            page=parse_page(parameters.get("page")),
            size=PAGE_SIZE,
            text=parameters.get("text", "")[:200],
            tenant=parameters.get("tenant", "")[:200],
            raised=parameters.get("raised") == "1",
            ended=parameters.get("ended") == "1",
            by=parameters["by"] if parameters.get("by") in ORDERS else "level",
        )
        return self._stream(request, sse.board_payloads(self.poller, query))

    async def conversation(self, request: Request) -> Response:
        parameters = request.query_params
        id, tenant = parameters.get("id", "")[:500], parameters.get("tenant", "")[:500] or None
        return self._stream(request, sse.conversation_payloads(self.poller, id, tenant))

    async def alerts(self, request: Request) -> Response:
        parameters = request.query_params
        page, handled = parse_page(parameters.get("page")), parameters.get("handled") == "1"
        return self._stream(request, sse.alert_payloads(self.poller, self.inbox, handled, page, PAGE_SIZE))

    async def experiments(self, request: Request) -> Response:
        return self._stream(request, sse.experiment_payloads(self.poller, self.shared))

    def _stream(self, request: Request, next_payload: sse.NextPayload) -> Response:
        if self.streams >= MAX_STREAMS:
            return PlainTextResponse("Too many open pages; close one.\n", 503)

        async def counted() -> AsyncIterator[str]:
            self.streams += 1
            try:
                async for event in sse.stream(self.poller, lambda: self.auth.may_read(request), next_payload):
                    yield event
            finally:
                self.streams -= 1

        return Streaming(counted(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def healthz(self, request: Request) -> Response:
        stall = self.health.describe_stall()
        return PlainTextResponse(f"{stall or 'ok'}\n", 503 if stall else 200)

    async def ready(self, request: Request) -> Response:
        ready = self.health.ready
        return PlainTextResponse("ready\n" if ready else "ClickHouse has not answered yet\n", 200 if ready else 503)

    async def metrics(self, request: Request) -> Response:
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def require_read(auth: Auth, endpoint: Endpoint) -> Endpoint:
    """Only for requests that may read."""

    async def respond(request: Request) -> Response:
        if not auth.may_read(request):
            return PlainTextResponse("Sign in first.\n", 401, {"WWW-Authenticate": 'Bearer realm="tenor"'})
        return await endpoint(request)

    return respond


def require_change(auth: Auth, endpoint: Endpoint) -> Endpoint:
    """Only for requests that may read and change something; errors become JSON."""

    async def respond(request: Request) -> Response:
        if not auth.may_change(request):
            return JSONResponse({"error": "This page is out of date; reload it."}, 403)
        try:
            return await endpoint(request)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except DeliveryFailed as failure:  # a Failure, too, so it comes first
            return JSONResponse({"error": failure.message}, 503)
        except Failure as failure:
            return JSONResponse({"error": failure.message, "hint": failure.hint}, 409)

    return require_read(auth, respond)


def application(console: Console) -> Starlette:
    """The ASGI application; it polls ClickHouse while it runs."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        polling = asyncio.create_task(console.poller.run())
        yield
        polling.cancel()
        with suppress(asyncio.CancelledError):
            await polling

    return Starlette(routes=list_routes(console), lifespan=lifespan, max_body_size=BODY_BYTES)


def list_routes(console: Console) -> list[Route | Mount]:
    auth = console.auth
    pages, commands = Pages(auth), Commands(console.poller, console.inbox)
    return [
        *(Route(path, pages.page) for path in PAGES),
        Route("/login", pages.login, methods=["GET", "POST"]),
        Route("/logout", pages.logout, methods=["POST"]),
        Route("/api/session", require_read(auth, console.session)),
        Route("/events/board", require_read(auth, console.board)),
        Route("/events/conversation", require_read(auth, console.conversation)),
        Route("/events/alerts", require_read(auth, console.alerts)),
        Route("/events/experiments", require_read(auth, console.experiments)),
        Route("/api/alerts", require_change(auth, commands.alert), methods=["POST"]),
        Route("/api/enable", require_change(auth, commands.enable), methods=["POST"]),
        Route("/healthz", console.healthz),
        Route("/ready", console.ready),
        Route("/metrics", require_read(auth, console.metrics)),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def parse_page(text: str | None) -> int:
    """A page number, 0 for an invalid one."""
    return min(int(text), MAX_PAGE) if text and text.isascii() and text.isdecimal() and len(text) < 7 else 0
