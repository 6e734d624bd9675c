"""Authorisation of the console, over plain HTTP."""

import http.client
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from agents.common.errors import Failure
from agents.common.http_auth import is_loopback
from agents.console.app import BODY_BYTES, Console, parse_page
from agents.console.auth import COOKIE, FAILURES_S, MAX_FAILURES, Auth
from agents.console.pages import local_path
from agents.console.security_headers import HEADERS
from agents.settings.model import Settings
from tests.agents.console.serving import served
from tests.support.servers.slow_client import ended

TOKEN = "a token of thirty-two letters :-)"
NOBODY = Settings(_env_file=None, clickhouse_port=1, brokers="127.0.0.1:1", console_poll_s=0.2)
SECURED = NOBODY.model_copy(update={"http_token": SecretStr(TOKEN)})
GUARDED = ("/api/session", "/events/board", "/events/conversation", "/events/alerts", "/events/experiments", "/metrics")
ASKED = ("/api/alerts", "/api/enable")


class Caller:
    """An HTTP client of one console."""

    def __init__(self, url: str) -> None:
        self.host = url.removeprefix("http://")

    def __call__(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection(self.host, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body.encode(), named)
        answer = connection.getresponse()
        sent = {name.lower(): value for name, value in answer.getheaders()}
        stream = sent.get("content-type", "").startswith("text/event-stream")
        text = (answer.read1(9) if stream else answer.read()).decode()
        connection.close()
        return answer.status, sent, text

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    def signed_in(self) -> dict[str, str]:
        """Headers of the page of a browser that has signed in."""
        status, sent, _ = self("POST", "/login", urlencode({"token": TOKEN}), Origin=self.origin)
        assert status == 303
        cookie = {"Cookie": sent["set-cookie"].partition(";")[0]}
        csrf = json.loads(self("GET", "/api/session", **cookie)[2])["csrf"]
        return {**cookie, "Origin": self.origin, "X_Tenor_Csrf": csrf}


@pytest.fixture(scope="module")
def open_console() -> Iterator[Caller]:
    with served(NOBODY) as url:
        yield Caller(url)


@pytest.fixture(scope="module")
def secured() -> Iterator[Caller]:
    with served(SECURED) as url:
        yield Caller(url)


@pytest.mark.parametrize("path", GUARDED)
def test_nothing_is_served_without_the_token(secured: Caller, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Cookie": f"{COOKIE}=1e99.a.b"}):
        assert secured("GET", path, **headers)[0] == 401
    assert secured("GET", path, Authorization=f"Bearer {TOKEN}")[0] == 200


def test_probes_need_no_token(secured: Caller) -> None:
    assert secured("GET", "/healthz")[0] == 200
    assert secured("GET", "/ready")[0] == 503, "ClickHouse has not answered yet"


def test_a_browser_signs_in_and_gets_no_cookie_a_script_could_read(secured: Caller) -> None:
    status, sent, _ = secured("GET", "/conversation?id=a%26b")
    assert (status, sent["location"]) == (303, "/login?next=%2Fconversation%3Fid%3Da%2526b")
    body = urlencode({"token": TOKEN})
    status, sent, _ = secured("POST", sent["location"], body, Origin=secured.origin)
    assert (status, sent["location"]) == (303, "/conversation?id=a%26b")
    flags = [one.strip().lower() for one in sent["set-cookie"].split(";")[1:]]
    assert {"httponly", "samesite=lax", "path=/"} <= set(flags)
    assert TOKEN not in sent["set-cookie"]
    assert secured("POST", "/login", urlencode({"token": "wrong"}), Origin=secured.origin)[0] == 401
    assert secured("POST", "/login", body, Origin="http://elsewhere.example")[0] == 403
    assert secured("POST", "/login", body)[0] == 403


@pytest.mark.parametrize("path", ASKED)
def test_only_the_own_page_may_change_something(secured: Caller, path: str) -> None:
    ours = secured.signed_in()
    assert secured("POST", path, "{}", **ours)[0] == 400, "allowed, but the body is empty"
    assert secured("POST", path, "{}", Authorization=f"Bearer {TOKEN}")[0] == 400
    for changed in ("X_Tenor_Csrf", "Origin"):
        assert secured("POST", path, "{}", **{k: v for k, v in ours.items() if k != changed})[0] == 403
    assert secured("POST", path, "{}", **ours | {"Origin": "http://elsewhere.example"})[0] == 403
    assert secured("POST", path, "{}", **ours | {"Origin": "null"})[0] == 403
    assert secured("POST", path, "{}", **ours | {"X_Tenor_Csrf": "0" * 64})[0] == 403
    assert secured("POST", path, "{}", Origin=secured.origin)[0] == 401
    assert secured("GET", path, **ours)[0] == 405


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        '{"why": ' + "[" * 8000,
        '{"tenant": "t", "option": "a", "reason": "b", "by": "c", "why": "d"}',
        '{"tenant": 1, "option": "a", "reason": "b", "by": "c"}',
        '{"tenant": "", "option": "a", "reason": "b", "by": "c"}',
        json.dumps({"tenant": "t", "option": "a" * 501, "reason": "b", "by": "c"}),
    ],
)
def test_an_invalid_body_is_refused(open_console: Caller, body: str) -> None:
    csrf = json.loads(open_console("GET", "/api/session")[2])["csrf"]
    status, _, text = open_console("POST", "/api/enable", body, Origin=open_console.origin, X_Tenor_Csrf=csrf)
    assert status == 400
    assert json.loads(text)["error"]


def test_a_body_too_long_is_refused_however_it_is_sent_and_whatever_it_says(secured: Caller) -> None:
    """Each would be accepted if it were shorter."""
    form = urlencode({"token": TOKEN})
    fits, too_long = (form + "&x=" + "x" * (size - len(form) - 3) for size in (BODY_BYTES, BODY_BYTES + 1))
    assert len(fits) == BODY_BYTES
    assert secured("POST", "/login", fits, Origin=secured.origin)[0] == 303
    assert secured("POST", "/login", too_long, Origin=secured.origin)[0] == 413
    assert in_pieces(secured, "/login", fits, Origin=secured.origin) == 303
    assert in_pieces(secured, "/login", too_long, Origin=secured.origin) == 413
    asked = json.dumps({"why": "not known"}).rjust(BODY_BYTES)
    for path in ASKED:
        assert secured("POST", path, asked, Authorization=f"Bearer {TOKEN}")[0] == 400
        assert secured("POST", path, f" {asked}", Authorization=f"Bearer {TOKEN}")[0] == 413


def in_pieces(caller: Caller, path: str, body: str, **headers: str) -> int:
    """The status of a request with chunked encoding."""
    connection = http.client.HTTPConnection(caller.host, timeout=10)
    pieces = (body[at : at + 1000].encode() for at in range(0, len(body), 1000))
    connection.request("POST", path, pieces, headers, encode_chunked=True)
    status = connection.getresponse().status
    connection.close()
    return status


def test_without_a_token_only_loopback_is_served_and_only_by_its_names(open_console: Caller) -> None:
    assert open_console("GET", "/")[0] == 200
    port = open_console.host.partition(":")[2]
    assert open_console("GET", "/", Host=f"localhost:{port}")[0] == 200
    for host in ("elsewhere.example", f"127.0.0.1.elsewhere.example:{port}", "10.0.0.1", ""):
        assert open_console("GET", "/", Host=host)[0] == 421
        assert open_console("GET", "/events/board", Host=host)[0] == 401
    with pytest.raises(Failure, match=r"the console on 0\.0\.0\.0 requires a token"):
        Console(NOBODY.model_copy(update={"http_host": "0.0.0.0"}))


@pytest.mark.parametrize("path", ["/", "/login", "/static/main.js", "/api/session", "/nowhere", "/healthz"])
def test_every_answer_carries_the_security_headers(open_console: Caller, path: str) -> None:
    _, sent, _ = open_console("GET", path, Origin="http://elsewhere.example")
    policy = sent["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert sent["x-content-type-options"] == "nosniff"
    assert sent["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in sent
    assert "server" not in sent


WRONG = {
    "400 of ours": ("POST", "/api/enable", "{}", {"Authorization": f"Bearer {TOKEN}"}),
    "401": ("GET", "/api/session", "", {}),
    "403": ("POST", "/login", "token=", {}),
    "404": ("GET", "/nowhere", "", {}),
    "404 of a file": ("GET", "/static/nowhere", "", {}),
    "405": ("POST", "/", "", {}),
    "413": ("POST", "/login", "x" * (BODY_BYTES + 1), {}),
    "500": ("GET", "/api/session", "", {"Authorization": f"Bearer {TOKEN}"}),
    "503": ("GET", "/ready", "", {}),
}
NO_HTTP = {
    "no HTTP": b"hunter2\r\n\r\n",
    "too long": b"GET /" + b"x" * 70_000,
    "a length that is none": b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
}


@pytest.fixture(scope="module")
def faulty() -> Iterator[Caller]:
    """A console with an error in it."""

    async def session(self: Console, request: object) -> None:
        raise ValueError("hunter2")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Console, "session", session)
        with served(SECURED) as url:
            yield Caller(url)


def assert_headers(sent: dict[str, str]) -> None:
    assert {name: sent[name.lower()] for name in HEADERS} == HEADERS
    assert sent["cache-control"] in ("no-store", "no-cache")
    assert not [name for name in sent if name == "server" or name.startswith("access-control-")]


@pytest.mark.parametrize("what", WRONG)
def test_errors_carry_the_headers_too(faulty: Caller, what: str) -> None:
    method, path, body, headers = WRONG[what]
    status, sent, text = faulty(method, path, body, **headers)
    assert str(status) == what[:3]
    assert_headers(sent)
    assert "hunter2" not in text


@pytest.mark.parametrize("what", NO_HTTP)
def test_so_do_requests_that_never_reach_the_application(open_console: Caller, what: str) -> None:
    with connected(open_console) as client:
        client.sendall(NO_HTTP[what])
        answer = http.client.HTTPResponse(client)
        answer.begin()
        text = answer.read()
    assert answer.status == 400
    assert_headers({name.lower(): value for name, value in answer.getheaders()})
    assert text == b"Invalid HTTP request received."


def connected(caller: Caller) -> socket.socket:
    host, _, port = caller.host.partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HTTP/1.1\r\nX: ",
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nX: ",
    ],
)
def test_a_request_that_never_ends_is_ended(
    monkeypatch: pytest.MonkeyPatch, open_console: Caller, begun: bytes
) -> None:
    """Bytes that arrive one at a time meet every read timeout, but not the deadline of the request."""
    monkeypatch.setattr("agents.console.http_protocol.REQUEST_S", 0.5)
    with connected(open_console) as client:
        client.sendall(begun)
        assert ended(client)


def test_a_response_has_no_deadline(monkeypatch: pytest.MonkeyPatch, open_console: Caller) -> None:
    """A stream stays open."""
    monkeypatch.setattr("agents.console.http_protocol.REQUEST_S", 0.2)
    with connected(open_console) as client:
        client.sendall(b"GET /events/board HTTP/1.1\r\nHost: localhost\r\n\r\n")
        events = b""
        while events.count(b"event: told") < 3:  # as many polls, NOBODY.console_poll_s apart
            received = client.recv(65536)
            assert received
            events += received


def test_static_files_stay_in_their_folder(open_console: Caller) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/vendor/../../auth.py"):
        assert open_console("GET", path)[0] in (404, 405)


def test_sessions_end_with_time_and_with_the_token() -> None:
    now = [1000.0]
    auth = Auth(SECURED, lambda: now[0])
    cookie = auth.sign_in(TOKEN)
    assert cookie is not None
    assert auth.session_valid(Asking(cookie))
    assert Auth(SECURED, lambda: now[0]).session_valid(Asking(cookie)), "a restart ends no session"
    other = SECURED.model_copy(update={"http_token": SecretStr("another token")})
    assert not Auth(other, lambda: now[0]).session_valid(Asking(cookie))
    later = f"{float(cookie.partition('.')[0]) + 9:.0f}.{cookie.partition('.')[2]}"
    assert not auth.session_valid(Asking(later))
    now[0] += SECURED.console_session_s + 1
    assert not auth.session_valid(Asking(cookie))


def test_guessing_is_slowed_down() -> None:
    now = [1000.0]
    auth = Auth(SECURED, lambda: now[0])
    assert [auth.sign_in(f"guess {n}") for n in range(MAX_FAILURES)] == [None] * MAX_FAILURES
    assert auth.locked
    assert auth.sign_in(TOKEN) is None
    now[0] += FAILURES_S + 1
    assert auth.sign_in(TOKEN) is not None


class Asking:
    """A request with nothing but a cookie."""

    def __init__(self, cookie: str) -> None:
        self.cookies = {COOKIE: cookie}


def test_signing_in_leads_to_no_other_site() -> None:
    assert local_path("/conversation?tenant=a&id=b") == "/conversation?tenant=a&id=b"
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "/logout", "/alerts\r\nX: y", ""):
        assert local_path(elsewhere) == "/"


@pytest.mark.parametrize(("host", "own"), [("127.0.0.1", True), ("::1", True), ("[::1]", True), ("localhost", True)])
def test_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own
    assert not any(map(is_loopback, ("0.0.0.0", "", "10.0.0.1", "localhost.example", "127.0.0.1.example")))


@pytest.mark.parametrize(("text", "page"), [(None, 0), ("3", 3), ("-1", 0), ("x", 0), ("²", 0), ("9" * 9, 0)])
def test_page_numbers(text: str | None, page: int) -> None:
    assert parse_page(text) == page
