"""The console's HTML: its pages, signing in and signing out."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from agents.console.auth import COOKIE, Auth, same_origin

STATIC = Path(__file__).parent / "static"
PAGES = ("/", "/conversation", "/alerts", "/experiments")


class Pages:
    """Endpoints that answer with a page."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    async def page(self, request: Request) -> Response:
        if self._auth.may_read(request):
            return HTMLResponse((STATIC / "index.html").read_bytes())
        if not self._auth.requires_token:
            return PlainTextResponse("Use localhost or 127.0.0.1.\n", 421)
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(path, safe='')}", 303)

    async def login(self, request: Request) -> Response:
        if request.method == "GET":
            return login_page("")
        if not same_origin(request):
            return login_page("This form was sent by another site.", 403)
        token = parse_qs((await request.body()).decode(errors="replace")).get("token", [""])[0]
        session = await asyncio.to_thread(self._auth.sign_in, token)
        if session is None:
            locked = self._auth.locked
            error = "Too many wrong tokens. Try again in a minute." if locked else "Wrong token."
            return login_page(error, 429 if locked else 401)
        response = RedirectResponse(local_path(request.query_params.get("next", "/")), 303)
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, session, httponly=True, samesite="lax", secure=secure)
        return response

    async def logout(self, request: Request) -> Response:
        response = RedirectResponse("/login" if self._auth.requires_token else "/", 303)
        if same_origin(request):
            response.delete_cookie(COOKIE)
        return response


def login_page(error: str, status: int = 200) -> Response:
    """The form with an error, which must not quote the request."""
    paragraph = f'<p role="alert" class="wrong">{error}</p>' if error else ""
    page = (STATIC / "login.html").read_text(encoding="utf-8").replace("<!-- error -->", paragraph)
    return HTMLResponse(page, status)


def local_path(path: str) -> str:
    """A page of the console to go on to; the front page for any other path."""
    safe = path.partition("?")[0] in PAGES and path.isprintable() and "\\" not in path
    return path if safe else "/"
