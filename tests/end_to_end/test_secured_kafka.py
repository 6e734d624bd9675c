"""The flow on a Kafka that lets nobody in without TLS and a login."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from pydantic import SecretStr

from agents.common.errors import Failure
from agents.kafka import client as kafka
from agents.settings.model import Settings
from agents.worker.kafka_credentials import build_credentials
from schemas.topics import Name
from tests.support.bus_events import CALM, conversation, now_ms
from tests.support.deployment import Deployment, deploy, eventually, settings_for
from tests.support.servers.apache_kafka import unavailable_reason
from tests.support.servers.certificates import Authority, Issued
from tests.support.servers.identity_provider import CLIENT, SECRET, IdentityProvider
from tests.support.servers.secured_kafka import PASSWORD, USER, SecuredKafka

pytestmark = [pytest.mark.kafka, pytest.mark.reference]
WRONG = "wr0ng-word"


@dataclass(frozen=True)
class Secured:
    """A running broker, and what one needs to be let in."""

    address: str
    mutual: str
    authority: Authority
    ours: Issued
    provider: IdentityProvider

    def settings(self, mechanism: str | None, **changes: Any) -> Settings:
        """As a deployment that is let in by a mechanism, or by its certificate."""
        by_token = {
            "kafka_token_url": self.provider.url,
            "kafka_client_id": CLIENT,
            "kafka_client_secret": SecretStr(SECRET),
        }
        by_password = {"kafka_user": USER, "kafka_password": SecretStr(PASSWORD)}
        by_certificate = {
            "brokers": self.mutual,
            "kafka_cert_file": self.ours.certificate,
            "kafka_key_file": self.ours.key,
        }
        login = by_certificate if mechanism is None else by_token if mechanism == "OAUTHBEARER" else by_password
        tls = {"kafka_tls": True, "kafka_ca_file": self.authority.file, "kafka_sasl": mechanism}
        return settings_for(("kafka", self.address), **{"partitions": 2, **tls, **login, **changes})


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    reason = unavailable_reason()
    if reason:
        assert not os.environ.get("CI"), f"Apache Kafka must be tested in CI, but: {reason}"
        pytest.skip(reason)
    directory = tmp_path_factory.mktemp("secured")
    authority, provider = Authority(directory), IdentityProvider(directory)
    broker = SecuredKafka(authority.issue("broker"), authority.file, provider.keys)
    try:
        yield Secured(broker.start(), broker.mutual, authority, authority.issue("client"), provider)
    finally:
        broker.stop()
        provider.stop()


@pytest.fixture
def deployed(secured: Secured, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Settings], Deployment]]:
    made: list[Deployment] = []

    def make(settings: Settings) -> Deployment:
        made.append(deploy(settings, tmp_path_factory.mktemp("deployment")))
        return made[-1]

    yield make
    for deployment in made:
        deployment.stop()


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "OAUTHBEARER"])
def test_the_flow_over_tls_with_a_login(
    secured: Secured, deployed: Callable[[Settings], Deployment], mechanism: str
) -> None:
    running = deployed(secured.settings(mechanism))
    worker = running.start_worker()
    running.send(Name.MESSAGES, *conversation("c", [CALM] * 3, now_ms() - 3_600_000))
    points = eventually(lambda: len(points := running.points("c")) >= 3 and points, "three points")
    assert [point["turn"] for point in points] == [1, 2, 3]
    said = worker.log_path.read_text()
    assert "ready" in said
    assert PASSWORD not in said
    assert SECRET not in said


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "PLAIN", None])
async def test_every_other_way_in_for_both_clients(secured: Secured, mechanism: str | None) -> None:
    settings = secured.settings(mechanism)
    assert kafka.metadata(kafka.admin_client(settings), settings).brokers
    auth = credentials_to_aiokafka_auth(build_credentials(settings))
    client = AIOKafkaClient(bootstrap_servers=settings.brokers, **auth)
    await client.bootstrap()
    await client.close()


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN", "OAUTHBEARER"])
def test_a_wrong_secret_is_told_and_stands_nowhere(
    secured: Secured, tmp_path: Path, mechanism: str, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = {"kafka_client_secret" if mechanism == "OAUTHBEARER" else "kafka_password": SecretStr(WRONG)}
    settings = secured.settings(mechanism, **wrong)
    with pytest.raises(Failure, match=rf"Authentication failed \(SASL {mechanism}\)") as failure:
        kafka.admin_client(settings)
    assert "Check TENOR_KAFKA_" in str(failure.value.hint)
    worker = Deployment(settings, tmp_path).start("worker", wait=False)
    eventually(lambda: not worker.alive, "the worker has given up")
    said = "".join([worker.log_path.read_text(), str(failure.value), str(failure.value.hint), *capfd.readouterr()])
    assert worker.exit_code == 1
    assert f"Authentication failed (SASL {mechanism})" in " ".join(said.split())
    assert WRONG not in said + repr(settings)


def test_an_authority_nobody_told_us_of(secured: Secured, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    with pytest.raises(Failure, match="TLS handshake") as failure:
        kafka.admin_client(secured.settings("PLAIN", kafka_ca_file=stranger.file))
    assert "TENOR_KAFKA_CA_FILE" in str(failure.value.hint)


def test_without_tls(secured: Secured) -> None:
    open_settings = settings_for(("kafka", secured.address))
    with pytest.raises(Failure, match=r"does not answer \(no TLS, no login;") as failure:
        kafka.admin_client(open_settings)
    assert "TENOR_KAFKA_TLS" in str(failure.value.hint)
