"""TLS to ClickHouse, native and HTTP, checked against a CA of our own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.clickhouse.client import connect
from agents.clickhouse.http import ClickHouseHttp
from agents.common.errors import Failure
from agents.embedded.process import LOOPBACK
from agents.settings.model import Settings
from tests.support.servers.certificates import Authority
from tests.support.servers.shared_engines import ClickHousePorts
from tests.support.servers.tls_proxy import tls_front

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure(clickhouse: ClickHousePorts, authority: Authority) -> Iterator[Settings]:
    """Settings of a ClickHouse that speaks TLS only."""
    certificate = authority.issue("clickhouse")
    with tls_front(clickhouse.tcp_port, certificate) as native, tls_front(clickhouse.http_port, certificate) as http:
        yield settings(native, http, clickhouse_ca_file=authority.file)


def settings(native: int, http: int, **changes: object) -> Settings:
    ports = {"clickhouse_host": LOOPBACK, "clickhouse_port": native, "clickhouse_http_port": http}
    known = {"_env_file": None, "clickhouse_secure": True, "clickhouse_database": "default", **ports}
    return Settings(**{**known, **changes})  # type: ignore[arg-type]


def test_both_protocols(secure: Settings) -> None:
    client = connect(secure)
    assert client.execute("SELECT 1") == [(1,)]
    client.disconnect()
    over_http = ClickHouseHttp(secure)
    over_http.post("SELECT 1", b"", {})
    over_http.close()


def test_a_certificate_nobody_vouches_for(secure: Settings, tmp_path: Path) -> None:
    stranger = secure.model_copy(update={"clickhouse_ca_file": Authority(tmp_path, "stranger").file})
    with pytest.raises(Failure, match=r"with TLS: check .*TENOR_CLICKHOUSE_CA_FILE"):
        connect(stranger)
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        ClickHouseHttp(stranger).post("SELECT 1", b"", {})


def test_a_certificate_for_another_host(clickhouse: ClickHousePorts, authority: Authority) -> None:
    other = authority.issue("other", "127.0.0.2")
    with tls_front(clickhouse.tcp_port, other) as native, tls_front(clickhouse.http_port, other) as http:
        strange = settings(native, http, clickhouse_ca_file=authority.file)
        with pytest.raises(Failure, match="TENOR_CLICKHOUSE_CA_FILE"):
            connect(strange)
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            ClickHouseHttp(strange).post("SELECT 1", b"", {})


def test_without_our_ca_the_usual_ones_count(secure: Settings) -> None:
    with pytest.raises(Failure, match="with TLS"):
        connect(secure.model_copy(update={"clickhouse_ca_file": None}))


def test_a_ca_file_that_is_none(secure: Settings, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(Failure, match="TENOR_CLICKHOUSE_CA_FILE"):
        connect(secure.model_copy(update={"clickhouse_ca_file": tmp_path / "ca.pem"}))
