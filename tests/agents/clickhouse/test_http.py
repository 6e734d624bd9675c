"""A connection that ClickHouse has closed meanwhile, as it does with what is idle."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from agents.clickhouse import http as clickhouse_http
from agents.clickhouse.http import ClickHouseHttp
from agents.embedded.process import LOOPBACK
from agents.settings.model import Settings


class Impatient(BaseHTTPRequestHandler):
    """Says nothing of it, and closes after each answer."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def http() -> Iterator[ClickHouseHttp]:
    server = HTTPServer((LOOPBACK, 0), Impatient)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = Settings(_env_file=None, clickhouse_host=LOOPBACK, clickhouse_http_port=server.server_port)  # type: ignore[call-arg]
    http = ClickHouseHttp(settings, 5.0)
    yield http
    http.close()
    server.shutdown()
    server.server_close()


def test_what_was_idle_is_opened_anew(http: ClickHouseHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clickhouse_http, "KEEP_ALIVE_S", 0.0)
    for _ in range(3):
        http.post("INSERT INTO somewhere FORMAT Avro", b"bytes", {})


def test_what_was_closed_too_soon_is_told_and_the_next_goes_through(http: ClickHouseHttp) -> None:
    http.post("INSERT INTO somewhere FORMAT Avro", b"bytes", {})
    with pytest.raises((OSError, clickhouse_http.HTTPException)):
        http.post("INSERT INTO somewhere FORMAT Avro", b"bytes", {})
    http.post("INSERT INTO somewhere FORMAT Avro", b"bytes", {})
