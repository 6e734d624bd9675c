"""Settings that contradict each other are refused, with what to do; consistent ones are accepted."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agents.common.errors import Failure
from agents.common.http_auth import is_loopback
from agents.settings.model import Settings
from agents.settings.validation import refuse_contradictions, require_login

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
def test_consistent_settings_are_accepted(changes: dict[str, Any]) -> None:
    refuse_contradictions(settings(**changes))


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        (
            {**TLS, "kafka_ca_file": Path("/nowhere")},
            "TENOR_KAFKA_CA_FILE is invalid: there is no file /nowhere.",
            "Mount the file",
        ),
        ({"kafka_ca_file": FILE}, "TENOR_KAFKA_CA_FILE is set, but TLS to Kafka is off", "TENOR_KAFKA_TLS=true"),
        ({**TLS, "kafka_cert_file": FILE}, "The client certificate for Kafka is incomplete", "TENOR_KAFKA_KEY_FILE"),
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
        (
            {**AWAY, "kafka_sasl": "PLAIN", **PASSWORD},
            "SASL PLAIN without TLS would send the secret unencrypted",
            "SCRAM",
        ),
        ({**AWAY, "kafka_sasl": "OAUTHBEARER", **TOKEN}, "OAUTHBEARER without TLS", "TENOR_KAFKA_TLS=true"),
        (
            {**TLS, "kafka_sasl": "OAUTHBEARER", **TOKEN, "kafka_token_url": "http://idp/t"},
            "TENOR_KAFKA_TOKEN_URL is invalid: without https the client secret",
            "https",
        ),
        ({"clickhouse_ca_file": FILE}, "TLS to ClickHouse is off", "TENOR_CLICKHOUSE_SECURE=true"),
        (REGISTRY, "but TENOR_REGISTRY_URL is not", "Set TENOR_REGISTRY_URL"),
        ({"registry_url": "http://registry:8081", **REGISTRY}, "TENOR_REGISTRY_URL is invalid: without https", "https"),
        ({"registry_url": "https://u:hidden@registry"}, "TENOR_REGISTRY_URL holds a login", "TENOR_REGISTRY_PASSWORD"),
        ({"http_token": SecretStr("two words")}, "TENOR_HTTP_TOKEN is invalid", "openssl rand"),
        ({"http_token": SecretStr("caf\u00e9")}, "TENOR_HTTP_TOKEN is invalid", "openssl rand"),
        ({"otlp_token": SECRET}, "TENOR_OTLP_TOKEN is set, but", "Set TENOR_OTLP_ENDPOINT"),
        ({**TRACES, "otlp_token": SecretStr("two words")}, "TENOR_OTLP_TOKEN is invalid", "openssl rand"),
        (
            {"otlp_endpoint": "collector:4317"},
            "TENOR_OTLP_ENDPOINT is invalid: it is not an http",
            "gRPC is not supported",
        ),
        ({"otlp_endpoint": "https://u:hidden@c"}, "TENOR_OTLP_ENDPOINT holds a login", "TENOR_OTLP_TOKEN_FILE"),
        ({"otlp_endpoint": "http://c:4318", "otlp_token": SECRET}, "would be sent unencrypted", "https"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(Failure) as raised:
        refuse_contradictions(settings(**changes))
    assert message in raised.value.message
    assert hint in str(raised.value.hint)
    assert "hidden" not in f"{raised.value.message} {raised.value.hint}"


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
def test_an_incomplete_login_is_refused(changes: dict[str, Any], missing: str) -> None:
    with pytest.raises(Failure, match=f"but {missing} is not set") as raised:
        require_login(settings(**changes))
    assert missing in str(raised.value.hint)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LocalHost"])
def test_loopback_hosts(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1", "localhost.example", "127.0.0.1.example", "kafka"])
def test_other_hosts(host: str) -> None:
    assert not is_loopback(host)
