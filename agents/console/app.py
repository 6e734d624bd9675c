"""The console as an application: which address answers what, and to whom."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qs, quote

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.responses import StreamingResponse as Streaming
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.common.health import Health
from agents.console import sse
from agents.console.alert_inbox import AlertInbox
from agents.console.alert_state import CommandTarget
from agents.console.auth import COOKIE, Auth, same_origin
from agents.console.board import ORDERS, BoardQuery
from agents.console.poller import Poller
from agents.kafka.async_producer import DeliveryFailed
from agents.learning import policy_commands
from agents.settings.model import Settings

STATIC = Path(__file__).parent / "static"
PAGES = ("/", "/conversation", "/alerts", "/experiments")
BODY_BYTES = 16_384
PAGE_SIZE, MOST_PAGES = 50, 1_000
STREAMS = 500

Endpoint = Callable[[Request], Awaitable[Response]]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class AlertCommandRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody says about an alert."""

    alert: Text
    tenant: Text
    conversation: Text
    action: Literal["acknowledge", "snooze", "resume"]
    by: Text
    minutes: Annotated[float, msgspec.Meta(ge=1, le=7 * 24 * 60)] = 60


class EnableOptionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody wants an option drawn again."""

    tenant: Text
    option: Text
    reason: Text
    by: Text


class Console:
    """Everything the endpoints need.

    Args:
        settings: of this deployment; ``Failure`` when they would serve the console to everybody.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.auth = Auth(settings)
        self.health = Health(settings.stall_s)
        self.feed = Poller(settings, self.health)
        self.inbox = AlertInbox(self.feed)
        self.shared = sse.SharedExperiments(self.feed)
        self.streams = 0

    # pages

    async def page(self, request: Request) -> Response:
        if self.auth.allowed(request):
            return HTMLResponse((STATIC / "index.html").read_bytes())
        if not self.auth.asks:
            return PlainTextResponse("ask for localhost or 127.0.0.1\n", 421)
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(wanted, safe='')}", 303)

    async def login(self, request: Request) -> Response:
        if request.method == "GET":
            return login_page("")
        if not same_origin(request):
            return login_page("This form was sent by another site.", 403)
        token = parse_qs((await request.body()).decode(errors="replace")).get("token", [""])[0]
        session = await asyncio.to_thread(self.auth.sign_in, token)
        if session is None:
            locked = self.auth.locked
            why = "Too many wrong tokens. Try again in a minute." if locked else "That is not the token."
            return login_page(why, 429 if locked else 401)
        answer = RedirectResponse(local(request.query_params.get("next", "/")), 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, session, httponly=True, samesite="lax", secure=secure)
        return answer

    async def logout(self, request: Request) -> Response:
        answer = RedirectResponse("/login" if self.auth.asks else "/", 303)
        if same_origin(request):
            answer.delete_cookie(COOKIE)
        return answer

    # what pages ask

    async def session(self, request: Request) -> Response:
        return JSONResponse({"csrf": self.auth.csrf(request), "asks": self.auth.asks})

    async def board(self, request: Request) -> Response:
        asked = request.query_params
        wish = BoardQuery(
            page=number(asked.get("page")),
            size=PAGE_SIZE,
            text=asked.get("text", "")[:200],
            tenant=asked.get("tenant", "")[:200],
            raised=asked.get("raised") == "1",
            ended=asked.get("ended") == "1",
            by=asked["by"] if asked.get("by") in ORDERS else "level",
        )
        return self._stream(request, sse.board(self.feed, wish))

    async def conversation(self, request: Request) -> Response:
        asked = request.query_params
        id, tenant = asked.get("id", "")[:500], asked.get("tenant", "")[:500] or None
        return self._stream(request, sse.conversation(self.feed, id, tenant))

    async def alerts(self, request: Request) -> Response:
        asked = request.query_params
        page, handled = number(asked.get("page")), asked.get("handled") == "1"
        return self._stream(request, sse.alerts(self.feed, self.inbox, handled, page, PAGE_SIZE))

    async def experiments(self, request: Request) -> Response:
        return self._stream(request, sse.experiments(self.feed, self.shared))

    def _stream(self, request: Request, tell: sse.Tell) -> Response:
        if self.streams >= STREAMS:
            return PlainTextResponse("too many look at once\n", 503)

        async def counted() -> AsyncIterator[str]:
            self.streams += 1
            try:
                async for one in sse.stream(self.feed, lambda: self.auth.allowed(request), tell):
                    yield one
            finally:
                self.streams -= 1

        return Streaming(counted(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    # what people ask for

    async def about_alert(self, request: Request) -> Response:
        said = msgspec.json.decode(await request.body(), type=AlertCommandRequest)
        until = now_ms() + round(said.minutes * 60_000) if said.action == "snooze" else None
        await self.inbox.say(said.action, CommandTarget(said.tenant, said.conversation), said.alert, said.by, until)
        return JSONResponse({})

    async def enable(self, request: Request) -> Response:
        said = msgspec.json.decode(await request.body(), type=EnableOptionRequest)
        give = policy_commands.publish_command
        await self.feed.aside(lambda: give(self.settings, "enable", said.option, said.tenant, said.by, said.reason))
        return JSONResponse({})

    # what machines ask

    async def healthz(self, request: Request) -> Response:
        stalled = self.health.stalled()
        return PlainTextResponse(f"{stalled or 'work moves'}\n", 503 if stalled else 200)

    async def ready(self, request: Request) -> Response:
        return PlainTextResponse("ready\n" if self.health.ready else "not yet\n", 200 if self.health.ready else 503)

    async def metrics(self, request: Request) -> Response:
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    # who may

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """Only for who may look."""

        async def answer(request: Request) -> Response:
            if not self.auth.allowed(request):
                return PlainTextResponse("sign in first\n", 401, {"WWW-Authenticate": 'Bearer realm="tenor"'})
            return await endpoint(request)

        return answer

    def asking(self, endpoint: Endpoint) -> Endpoint:
        """Only for who may look, and from our own page."""

        async def answer(request: Request) -> Response:
            if not self.auth.may_ask(request):
                return JSONResponse({"error": "This page is out of date: load it again."}, 403)
            try:
                return await endpoint(request)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                return JSONResponse({"error": str(error)}, 400)
            except DeliveryFailed as failure:  # a Failure, too: the more specific answer first
                return JSONResponse({"error": failure.message}, 503)
            except Failure as failure:
                return JSONResponse({"error": failure.message, "hint": failure.hint}, 409)

        return self.guarded(answer)


def application(console: Console) -> Starlette:
    """The ASGI application; it looks at ClickHouse for as long as it lives."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        looking = asyncio.create_task(console.feed.run())
        yield
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking

    guarded, asking = console.guarded, console.asking
    routes = [
        *(Route(path, console.page) for path in PAGES),
        Route("/login", console.login, methods=["GET", "POST"]),
        Route("/logout", console.logout, methods=["POST"]),
        Route("/api/session", guarded(console.session)),
        Route("/events/board", guarded(console.board)),
        Route("/events/conversation", guarded(console.conversation)),
        Route("/events/alerts", guarded(console.alerts)),
        Route("/events/experiments", guarded(console.experiments)),
        Route("/api/alerts", asking(console.about_alert), methods=["POST"]),
        Route("/api/enable", asking(console.enable), methods=["POST"]),
        Route("/healthz", console.healthz),
        Route("/ready", console.ready),
        Route("/metrics", guarded(console.metrics)),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(routes=routes, lifespan=lifespan, max_body_size=BODY_BYTES)


def login_page(wrong: str, status: int = 200) -> Response:
    """The form; ``wrong`` is a sentence of ours, never of a request."""
    shown = f'<p role="alert" class="wrong">{wrong}</p>' if wrong else ""
    page = (STATIC / "login.html").read_text(encoding="utf-8").replace("<!-- wrong -->", shown)
    return HTMLResponse(page, status)


def local(path: str) -> str:
    """A place in the console to go on to; its front page for anything else."""
    safe = path.partition("?")[0] in PAGES and path.isprintable() and "\\" not in path
    return path if safe else "/"


def number(text: str | None) -> int:
    """A page number, 0 for what is none."""
    return min(int(text), MOST_PAGES) if text and text.isascii() and text.isdecimal() and len(text) < 7 else 0
