"""Health over HTTP, as Kubernetes and Prometheus ask for it."""

import re
import socket
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from pydantic import SecretStr

from agents.common.errors import Failure
from agents.common.health import HEADERS, Health, serve
from agents.embedded.process import LOOPBACK
from tests.support.servers.slow_client import ended

Ask = Callable[[str], tuple[int, str]]


class Clock:
    """Monotonic seconds of our choosing."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(30.0, clock)


@pytest.fixture
def port(health: Health) -> int:
    return serve(health, LOOPBACK, 0)


@pytest.fixture
def ask(port: int) -> Ask:
    def answer(path: str) -> tuple[int, str]:
        try:
            with urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=5) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    return answer


def test_ready_follows_recovery(ask: Ask, health: Health) -> None:
    assert ask("/ready") == (503, "recovering\n")
    health.set_ready(True)
    assert ask("/ready") == (200, "ready\n")
    assert "tenor_ready 1.0" in ask("/metrics")[1]
    health.set_ready(False)
    assert ask("/ready")[0] == 503
    assert "tenor_ready 0.0" in ask("/metrics")[1]


def test_a_stall_turns_healthz_red_and_its_end_green(ask: Ask, health: Health, clock: Clock) -> None:
    with health.working("conversation.messages"):
        clock.now = 30.0
        assert ask("/healthz") == (200, "ok\n")
        clock.now = 31.0
        assert ask("/healthz") == (503, "conversation.messages has taken 31 s\n")
    assert ask("/healthz")[0] == 200


def test_one_stalled_piece_of_work_among_many(ask: Ask, health: Health, clock: Clock) -> None:
    with health.working("stuck"):
        for _ in range(5):
            clock.now += 10
            with health.working("moving"):
                pass
        assert ask("/healthz") == (503, "stuck has taken 50 s\n")


def test_idle_is_not_a_stall(ask: Ask, clock: Clock) -> None:
    clock.now = 1e6
    assert ask("/healthz")[0] == 200


def test_work_that_fails_is_no_longer_under_way(health: Health, clock: Clock) -> None:
    with pytest.raises(RuntimeError), health.working("broken"):
        raise RuntimeError
    clock.now = 100.0
    assert health.describe_stall() is None


def test_the_age_of_the_oldest_work_is_exported(ask: Ask, health: Health, clock: Clock) -> None:
    assert "tenor_oldest_work_seconds 0.0" in ask("/metrics")[1]
    with health.working("one"):
        clock.now += 40
        with health.working("another"):
            clock.now += 5
            assert "tenor_oldest_work_seconds 45.0" in ask("/metrics")[1]
    assert "tenor_oldest_work_seconds 0.0" in ask("/metrics")[1]


def test_metrics_and_unknown_paths(ask: Ask) -> None:
    status, body = ask("/metrics")
    assert status == 200
    assert "# TYPE tenor_events_in_total counter" in body
    assert "# TYPE tenor_run_seconds histogram" in body
    assert ask("/")[0] == 404


def test_a_silent_client_does_not_block_the_others(port: int, ask: Ask) -> None:
    with socket.create_connection((LOOPBACK, port)), socket.create_connection((LOOPBACK, port)) as half:
        half.sendall(b"GET /healthz HT")
        assert ask("/healthz")[0] == 200


def test_a_port_in_use(port: int, health: Health) -> None:
    with pytest.raises(Failure, match=f"Cannot listen on {LOOPBACK}:{port}") as raised:
        serve(health, LOOPBACK, port)
    assert raised.value.hint == "Set TENOR_HTTP_PORT."


def test_an_address_that_is_not_ours(health: Health) -> None:
    with pytest.raises(Failure, match="Cannot listen on"):
        serve(health, "192.0.2.1", 0, TOKEN)


# --- authorisation ---

TOKEN = SecretStr("0123456789abcdef")
Headers = dict[str, str]


@pytest.fixture
def guarded(health: Health) -> int:
    return serve(health, LOOPBACK, 0, TOKEN)


def answered(port: int, path: str, headers: Headers | None = None, method: str = "GET") -> HTTPResponse:
    """The answer, its body read."""
    connection = HTTPConnection(LOOPBACK, port, timeout=5)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


@pytest.mark.parametrize("form", ["application/openmetrics-text; version=x.y", ";;=,", "text/html", "*/*;q=x"])
def test_metrics_come_as_plain_text_whatever_the_client_accepts(port: int, form: str) -> None:
    answer = answered(port, "/metrics", {"Accept": form})
    assert answer.status == 200
    assert (answer.getheader("Content-Type") or "").startswith("text/plain; version=")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "example.org"])
def test_beyond_loopback_nothing_is_served_without_a_token(health: Health, host: str) -> None:
    with pytest.raises(Failure, match="requires a token") as raised:
        serve(health, host, 0)
    assert raised.value.hint == "Set TENOR_HTTP_TOKEN_FILE."


def test_with_a_token_every_address_is_served(health: Health) -> None:
    port = serve(health, "0.0.0.0", 0, TOKEN)
    assert answered(port, "/metrics").status == 401
    assert answered(port, "/healthz").status == 200


def test_the_token_opens_the_metrics(guarded: int) -> None:
    answer = answered(guarded, "/metrics", {"Authorization": f"Bearer {TOKEN.get_secret_value()}"})
    assert answer.status == 200
    assert b"tenor_ready" in answer.body  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer 0123456789abcde"},
        {"Authorization": "Bearer 0123456789abcdeg"},
        {"Authorization": "Bearer \u00e9"},
        {"Authorization": "Basic 0123456789abcdef"},
        {"Authorization": "0123456789abcdef"},
    ],
)
def test_without_the_token_they_stay_closed(guarded: int, headers: Headers) -> None:
    answer = answered(guarded, "/metrics", headers)
    assert answer.status == 401
    assert answer.getheader("WWW-Authenticate") == 'Bearer realm="tenor"'
    assert answer.body == b"A token is required.\n"  # type: ignore[attr-defined]


def test_probes_stay_open(guarded: int, health: Health) -> None:
    health.set_ready(True)
    assert answered(guarded, "/healthz").status == answered(guarded, "/ready").status == 200


@pytest.mark.parametrize("path", ["/healthz", "/ready", "/metrics", "/other"])
def test_no_browser_may_use_an_answer_and_no_other_site_read_it(guarded: int, path: str) -> None:
    headers = {"Origin": "https://elsewhere.example", "Authorization": f"Bearer {TOKEN.get_secret_value()}"}
    sent = dict(answered(guarded, path, headers).getheaders())
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["X-Frame-Options"] == "DENY"
    assert sent["Content-Security-Policy"].startswith("default-src 'none'")
    assert sent["Cache-Control"] == "no-store"
    assert sent["Server"] == "tenor"
    assert not [name for name in sent if name.lower().startswith("access-control-")]


def send_raw(port: int, request: bytes) -> tuple[bytes, bytes]:
    """Head and body of the response to a request that no HTTP library would send."""
    with socket.create_connection((LOOPBACK, port), timeout=5) as client:
        client.sendall(request)
        head, _, body = b"".join(iter(lambda: client.recv(65536), b"")).partition(b"\r\n\r\n")
    return head, body


def broken() -> str:
    raise ValueError("hunter2")


NO_HTTP = {
    b"200 OK": b"GET /metrics HTTP/1.1\r\nAuthorization: Bearer right\r\n\r\n",
    b"400 Bad Request": b"<script>hunter2</script>\r\n\r\n",
    b"401 Unauthorized": b"GET /metrics HTTP/1.1\r\nAuthorization: Basic hunter2\r\n\r\n",
    b"404 Not Found": b"GET /hunter2 HTTP/1.1\r\n\r\n",
    b"405 Method Not Allowed": b"POST /healthz HTTP/1.1\r\nContent-Length: 7\r\n\r\n",
    b"414 Request-URI Too Long": b"GET /" + b"x" * 65532,
    b"431 Request Header Fields Too Large": b"GET / HTTP/1.1\r\n" + b"X-hunter2: 1\r\n" * 101 + b"\r\n",
    b"500 Internal Server Error": b"GET /healthz HTTP/1.1\r\n\r\n",
    b"503 Service Unavailable": b"GET /ready HTTP/1.1\r\n\r\n",
    b"505 HTTP Version Not Supported": b"GET / HTTP/2.0\r\n\r\n",
}


@pytest.mark.parametrize("status", NO_HTTP)
def test_every_answer_carries_the_headers_and_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, health: Health, status: bytes
) -> None:
    """The library's own errors, too; no response repeats the request or reveals what the server runs on."""
    monkeypatch.setattr(health, "describe_stall", broken)
    head, body = send_raw(serve(health, LOOPBACK, 0, SecretStr("right")), NO_HTTP[status])
    first, *lines = head.split(b"\r\n")
    assert first == b"HTTP/1.0 " + status
    for name, value in HEADERS:
        assert lines.count(f"{name}: {value}".encode()) == 1, name
    assert b"\r\nContent-Type: text/plain" in head
    for word in (b"hunter2", b"<", b"/3.", b"wsgi"):
        assert word not in (head + (b"" if b"200" in status else body)).lower()


@pytest.mark.parametrize("request_line", [b"", b"GET /healthz HTTP/1.1\r\n"])
def test_a_request_that_never_ends_is_ended(
    monkeypatch: pytest.MonkeyPatch, health: Health, request_line: bytes
) -> None:
    """Bytes that arrive one at a time meet every read timeout, but not the deadline of the request."""
    monkeypatch.setattr("agents.common.health.REQUEST_S", 0.5)
    with socket.create_connection((LOOPBACK, serve(health, LOOPBACK, 0))) as client:
        client.sendall(request_line)
        assert ended(client)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_only_reading(guarded: int, method: str, path: str) -> None:
    answer = answered(guarded, path, method=method)
    assert answer.status == 405
    assert answer.getheader("Allow") == "GET"


def test_after_the_first_beat_silence_is_a_stall(ask: Ask, health: Health, clock: Clock) -> None:
    """A rebalance that never ends has no work in progress, and yet nothing progresses."""
    health.beat()
    clock.now = 120.0
    assert ask("/healthz") == (200, "ok\n")
    clock.now = 121.0
    assert ask("/healthz") == (503, "no input was fetched and recovery did not progress for 121 s\n")
    health.beat()
    assert ask("/healthz")[0] == 200


def test_every_role_gives_its_token() -> None:
    """A role without it could be served on loopback only. The worker serves itself, the other roles share a helper."""
    agents = Path(__file__).resolve().parents[3] / "agents"
    texts = [path.read_text() for path in agents.rglob("*.py")]
    calls = [call for text in texts for call in re.findall(r"health\w*\.serve\((.*)\)", text)]
    assert len(calls) >= 2 and all("http_token" in call for call in calls)
