"""Settings that cannot be meant together are refused, with what to do; and those that can are not."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agents.common.errors import Failure
from agents.common.http_auth import loopback
from agents.settings.model import Settings
from agents.settings.validation import refuse, require_login

FILE = Path(__file__)
SECRET = SecretStr("hidden")
AWAY = {"brokers": "10.0.0.1:9092,localhost:9092"}
PASSWORD: dict[str, Any] = {"kafka_user": "u", "kafka_password": SECRET}
TOKEN: dict[str, Any] = {"kafka_token_url": "https://idp/t", "kafka_client_id": "c", "kafka_client_secret": SECRET}
REGISTRY: dict[str, Any] = {"registry_user": "u", "registry_password": SECRET}
TLS = {"kafka_tls": True}
TRACES = {"otlp_endpoint": "https://collector:4318"}


def settings(**changes: Any) -> Settings:
    return Settings(_env_file=None, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {**TLS, **AWAY, "kafka_ca_file": FILE, "kafka_cert_file": FILE, "kafka_key_file": FILE},
        {**AWAY, "kafka_sasl": "SCRAM-SHA-512", **PASSWORD},
        {**AWAY, **TLS, "kafka_sasl": "PLAIN", **PASSWORD},
        {"brokers": "127.0.0.1:9092,[::1]:9092,localhost:9092", "kafka_sasl": "PLAIN", **PASSWORD},
        {**AWAY, **TLS, "kafka_sasl": "OAUTHBEARER", **TOKEN, "kafka_token_scope": "s", "kafka_token_ca_file": FILE},
        {**TLS, "kafka_sasl": "OAUTHBEARER", **TOKEN, "kafka_token_url": "http://127.0.0.1:8080/t"},
        {**TLS, "kafka_sasl": "SCRAM-SHA-256"},  # not every command logs in
        {"clickhouse_secure": True, "clickhouse_ca_file": FILE},
        {"registry_url": "https://registry", **REGISTRY, "registry_ca_file": FILE},
        {"registry_url": "http://localhost:8081", **REGISTRY},
        {"registry_url": "http://registry:8081"},
        {"http_token": SecretStr("0123abc-._~")},
        {"otlp_endpoint": "http://collector:4318/"},
        {**TRACES, "otlp_token": SECRET},
        {"embedded": True, "kafka_sasl": "PLAIN", "kafka_ca_file": Path("/nowhere"), "clickhouse_ca_file": FILE},
    ],
)
def test_what_can_be_meant(changes: dict[str, Any]) -> None:
    refuse(settings(**changes))


@pytest.mark.parametrize(
    ("changes", "said", "hint"),
    [
        (
            {**TLS, "kafka_ca_file": Path("/nowhere")},
            "TENOR_KAFKA_CA_FILE is wrong: there is no file /nowhere",
            "mount",
        ),
        ({"kafka_ca_file": FILE}, "TENOR_KAFKA_CA_FILE is set, but TLS to Kafka is off", "TENOR_KAFKA_TLS=true"),
        ({**TLS, "kafka_cert_file": FILE}, "one half is missing", "TENOR_KAFKA_KEY_FILE"),
        (PASSWORD, "TENOR_KAFKA_PASSWORD is set, but TENOR_KAFKA_SASL is not", "PLAIN, SCRAM-SHA-256 or SCRAM"),
        ({"kafka_client_id": "c"}, "TENOR_KAFKA_CLIENT_ID is set, but TENOR_KAFKA_SASL is not", "to OAUTHBEARER"),
        (
            {**TLS, "kafka_sasl": "PLAIN", **PASSWORD, "kafka_token_scope": "s"},
            "TENOR_KAFKA_TOKEN_SCOPE is set, but TENOR_KAFKA_SASL is PLAIN",
            "unset TENOR_KAFKA_TOKEN_SCOPE",
        ),
        (
            {**TLS, "kafka_sasl": "OAUTHBEARER", **TOKEN, "kafka_user": "u"},
            "TENOR_KAFKA_USER is set, but TENOR_KAFKA_SASL is OAUTHBEARER",
            "unset TENOR_KAFKA_USER",
        ),
        ({**AWAY, "kafka_sasl": "PLAIN", **PASSWORD}, "PLAIN without TLS would send the secret in clear", "SCRAM"),
        ({**AWAY, "kafka_sasl": "OAUTHBEARER", **TOKEN}, "OAUTHBEARER without TLS", "TENOR_KAFKA_TLS=true"),
        (
            {**TLS, "kafka_sasl": "OAUTHBEARER", **TOKEN, "kafka_token_url": "http://idp/t"},
            "TENOR_KAFKA_TOKEN_URL is wrong: without https the client's secret",
            "https",
        ),
        ({"clickhouse_ca_file": FILE}, "TLS to ClickHouse is off", "TENOR_CLICKHOUSE_SECURE=true"),
        (REGISTRY, "but no registry", "TENOR_REGISTRY_URL"),
        ({"registry_url": "http://registry:8081", **REGISTRY}, "TENOR_REGISTRY_URL is wrong: without https", "https"),
        ({"registry_url": "https://u:hidden@registry"}, "TENOR_REGISTRY_URL holds a login", "TENOR_REGISTRY_PASSWORD"),
        ({"http_token": SecretStr("two words")}, "TENOR_HTTP_TOKEN is wrong", "openssl rand"),
        ({"http_token": SecretStr("caf\u00e9")}, "TENOR_HTTP_TOKEN is wrong", "openssl rand"),
        ({"otlp_token": SECRET}, "TENOR_OTLP_TOKEN is set, but no collector", "TENOR_OTLP_ENDPOINT"),
        ({**TRACES, "otlp_token": SecretStr("two words")}, "TENOR_OTLP_TOKEN is wrong", "openssl rand"),
        ({"otlp_endpoint": "collector:4317"}, "TENOR_OTLP_ENDPOINT is wrong: it is no http", "gRPC is not spoken"),
        ({"otlp_endpoint": "https://u:hidden@c"}, "TENOR_OTLP_ENDPOINT holds a login", "TENOR_OTLP_TOKEN_FILE"),
        ({"otlp_endpoint": "http://c:4318", "otlp_token": SECRET}, "would be sent in clear", "https"),
    ],
)
def test_what_cannot(changes: dict[str, Any], said: str, hint: str) -> None:
    with pytest.raises(Failure) as found:
        refuse(settings(**changes))
    assert said in found.value.message
    assert hint in str(found.value.hint)
    assert "hidden" not in f"{found.value.message} {found.value.hint}"


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"kafka_sasl": "PLAIN", "kafka_password": SECRET}, "TENOR_KAFKA_USER"),
        ({"kafka_sasl": "SCRAM-SHA-512", "kafka_user": "u"}, "TENOR_KAFKA_PASSWORD"),
        ({"kafka_sasl": "OAUTHBEARER", **TOKEN, "kafka_token_url": None}, "TENOR_KAFKA_TOKEN_URL"),
        ({"kafka_sasl": "OAUTHBEARER", **TOKEN, "kafka_client_id": ""}, "TENOR_KAFKA_CLIENT_ID"),
        ({"kafka_sasl": "OAUTHBEARER", **TOKEN, "kafka_client_secret": SecretStr("")}, "TENOR_KAFKA_CLIENT_SECRET"),
    ],
)
def test_half_a_login(changes: dict[str, Any], missing: str) -> None:
    with pytest.raises(Failure, match=f"but {missing} is not set") as found:
        require_login(settings(**changes))
    assert missing in str(found.value.hint)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LocalHost"])
def test_this_machine(host: str) -> None:
    assert loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1", "localhost.example", "127.0.0.1.example", "kafka"])
def test_others(host: str) -> None:
    assert not loopback(host)
