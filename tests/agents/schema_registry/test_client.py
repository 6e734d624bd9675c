"""A schema registry that is not there, is no registry at all, or lets nobody in without a login."""

import base64
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from agents.common.errors import Failure
from agents.embedded.process import LOOPBACK
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.codec import SINGLE_OBJECT
from schemas.records import record
from tests.support.data.records import rating
from tests.support.servers.certificates import Authority
from tests.support.servers.json_handler import JsonHandler
from tests.support.servers.tls_proxy import tls_front


def test_without_a_registry_records_carry_their_fingerprint() -> None:
    codec, schema = codec_for(Settings(_env_file=None, registry_url=None)), record("rating")
    encoded = codec.encode(schema, rating())
    assert encoded.startswith(SINGLE_OBJECT)
    assert codec.decode(schema, encoded, {}) == rating()


@pytest.mark.parametrize("url", ["nonsense", "", "ftp:"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(Failure, match="TENOR_REGISTRY_URL is wrong"):
        codec_for(Settings(_env_file=None, registry_url=url))


def test_a_registry_that_does_not_answer() -> None:
    codec = codec_for(Settings(_env_file=None, registry_url="http://127.0.0.1:1"))
    with pytest.raises(Failure, match="The request to the schema registry failed") as raised:
        codec.encode(record("rating"), rating())
    assert raised.value.hint == "Check TENOR_REGISTRY_URL."


# --- with a login, behind TLS ---

USER, PASSWORD, WRONG = "reader", "p:a ss", "wr0ng"
KNOWN_AS = 7


class Guarded(JsonHandler):
    """Knows every schema under one id, and answers nobody without the login."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") == login:
            self.reply(200, {"id": KNOWN_AS, "version": 1, "subject": "s", "schema": "{}"})
        else:
            self.reply(401, {"error_code": 40101, "message": f"not with {self.headers.get('Authorization')}"})


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Settings]:
    authority, server = Authority(tmp_path), ThreadingHTTPServer((LOOPBACK, 0), Guarded)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with tls_front(server.server_port, authority.issue("registry")) as port:
        yield Settings(
            _env_file=None,
            registry_url=f"https://{LOOPBACK}:{port}",
            registry_user=USER,
            registry_password=SecretStr(PASSWORD),
            registry_ca_file=authority.file,
        )
    server.shutdown()
    server.server_close()


def encoded(settings: Settings) -> bytes:
    return codec_for(settings).encode(record("rating"), rating())


def test_a_registry_that_asks_for_a_login(guarded: Settings) -> None:
    assert encoded(guarded)[:5] == b"\0" + KNOWN_AS.to_bytes(4, "big")


def test_a_wrong_login_is_told_without_the_secret(guarded: Settings) -> None:
    with pytest.raises(Failure, match=r"Authentication failed at the schema registry \(HTTP 401\)") as raised:
        encoded(guarded.model_copy(update={"registry_password": SecretStr(WRONG)}))
    text = f"{raised.value.message} {raised.value.hint}"
    assert "TENOR_REGISTRY_PASSWORD" in text
    assert WRONG not in text
    assert base64.b64encode(f"{USER}:{WRONG}".encode()).decode() not in text


@pytest.mark.parametrize("half", ["registry_user", "registry_password"])
def test_half_a_login(guarded: Settings, half: str) -> None:
    with pytest.raises(Failure, match="Set both TENOR_REGISTRY_USER and TENOR_REGISTRY_PASSWORD"):
        encoded(guarded.model_copy(update={half: Settings.model_fields[half].default}))


def test_a_registry_nobody_vouches_for(guarded: Settings, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="The request to the schema registry failed"):
        encoded(guarded.model_copy(update={"registry_ca_file": Authority(tmp_path, "stranger").file}))


def test_a_ca_file_that_is_none(guarded: Settings, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(Failure, match="TENOR_REGISTRY_CA_FILE"):
        codec_for(guarded.model_copy(update={"registry_ca_file": tmp_path / "ca.pem"}))
