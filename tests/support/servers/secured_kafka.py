"""Apache Kafka as in production: TLS and authentication. One node, every SASL mechanism."""

from pathlib import Path

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from agents.embedded.process import LOOPBACK, ChildProcess, free_port, wait_for_port
from tests.support.servers import apache_kafka
from tests.support.servers.apache_kafka import ApacheKafka
from tests.support.servers.certificates import Issued
from tests.support.servers.identity_provider import AUDIENCE

USER, PASSWORD = "worker", "p4ss-w0rd of the worker"
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER")
CHECKS_TOKENS = "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler"
OAUTH_LOGIN = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


class SecuredKafka(ApacheKafka):
    """``start`` returns the listener with TLS and logins; the open one, for the test's own hands, is kept inside.

    Args:
        certificate: of the broker.
        keys: what it checks tokens with.
    """

    def __init__(self, certificate: Issued, authority: Path, keys: Path) -> None:
        super().__init__()
        self._certificate, self._authority, self._keys = certificate, authority, keys
        self._port, self._mutual_port = free_port(), free_port()

    def start(self) -> str:
        """Start; the address of the secured listener."""
        opened = super().start()
        wait_for_port(LOOPBACK, self._port, self.child, 30)
        add_user(AdminClient({"bootstrap.servers": opened}))
        return f"{LOOPBACK}:{self._port}"

    @property
    def mutual(self) -> str:
        """A listener where the client's certificate is the login."""
        return f"{LOOPBACK}:{self._mutual_port}"

    def _launch(self, jars: Path, config: Path, port: int) -> None:
        java, *rest = apache_kafka.java(jars)
        allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self._keys.as_uri()}"
        argv = [java, allowed, *rest, "kafka.Kafka", str(config)]
        self._child = ChildProcess.start("Apache Kafka", argv, config.parent, config.parent / "kafka.log")
        wait_for_port(LOOPBACK, port, self._child, apache_kafka.START_TIMEOUT_S)

    def _configure(self, directory: Path, port: int) -> Path:
        config = super()._configure(directory, port)
        known = dict(line.split("=", 1) for line in config.read_text().splitlines())
        login = "listener.name.secured."
        known |= {
            "listeners": f"{known['listeners']},SECURED://{LOOPBACK}:{self._port},MUTUAL://{LOOPBACK}:{self._mutual_port}",
            "listener.security.protocol.map": known["listener.security.protocol.map"] + ",SECURED:SASL_SSL,MUTUAL:SSL",
            "listener.name.mutual.ssl.client.auth": "required",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._certificate.both),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self._authority),
            f"{login}sasl.enabled.mechanisms": ",".join(MECHANISMS),
            f"{login}scram-sha-512.sasl.jaas.config": f"{SCRAM_LOGIN} required;",
            f"{login}scram-sha-256.sasl.jaas.config": f"{SCRAM_LOGIN} required;",
            f"{login}plain.sasl.jaas.config": f'{PLAIN_LOGIN} required user_{USER}="{PASSWORD}";',
            f"{login}oauthbearer.sasl.jaas.config": f"{OAUTH_LOGIN} required;",
            f"{login}oauthbearer.sasl.server.callback.handler.class": CHECKS_TOKENS,
            f"{login}oauthbearer.sasl.oauthbearer.jwks.endpoint.url": self._keys.as_uri(),
            f"{login}oauthbearer.sasl.oauthbearer.expected.audience": AUDIENCE,
        }
        config.write_text("".join(f"{key}={value}\n" for key, value in known.items()))
        return config


def add_user(client: AdminClient) -> None:
    """SCRAM keeps its users in the cluster itself."""
    for mechanism in (ScramMechanism.SCRAM_SHA_512, ScramMechanism.SCRAM_SHA_256):
        info = ScramCredentialInfo(mechanism, 4096)
        changes = client.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, info, PASSWORD.encode())])
        for changed in changes.values():
            changed.result(20)
