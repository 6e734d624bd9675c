"""Settings that contradict each other. A process refuses them at its start, before it connects to anything."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agents.common.errors import Failure
from agents.common.http_auth import is_loopback

if TYPE_CHECKING:
    from agents.settings.model import Settings

OAUTH = "OAUTHBEARER"
NEEDED_BY_TOKEN = ("kafka_token_url", "kafka_client_id", "kafka_client_secret")
BY_TOKEN = (*NEEDED_BY_TOKEN, "kafka_token_scope", "kafka_token_ca_file")
BY_PASSWORD = ("kafka_user", "kafka_password")
ONLY_WITH_TLS = ("kafka_ca_file", "kafka_cert_file", "kafka_key_file")
FILES = (*ONLY_WITH_TLS, "kafka_token_ca_file", "clickhouse_ca_file", "registry_ca_file")

Contradictions = Iterator[tuple[str, str]]  # what is wrong, and what to do


def refuse_contradictions(settings: "Settings") -> None:
    """Raises ``Failure`` for the first contradiction."""
    for message, hint in find_contradictions(settings):
        raise Failure(message, hint)


def find_contradictions(settings: "Settings") -> Contradictions:
    """Every contradiction, and what to do about it.

    With the embedded engines the settings of Kafka and ClickHouse are not checked: those run on loopback, without TLS.
    """
    engines = (check_files, check_kafka_tls, check_kafka_login, check_kafka_token, check_clickhouse)
    for check in (*(() if settings.embedded else engines), check_registry, check_tokens, check_traces):
        yield from check(settings)


def require_login(settings: "Settings") -> None:
    """Raises ``Failure`` when a setting needed to log in to Kafka is missing.

    Called by what logs in, because not every command needs the secrets.
    """
    mechanism = settings.kafka_sasl
    for name in () if mechanism is None else NEEDED_BY_TOKEN if mechanism == OAUTH else BY_PASSWORD:
        if not is_set(settings, name):
            message = f"TENOR_KAFKA_SASL is {mechanism}, but {variable(name)} is not set."
            raise Failure(message, f"Set {secret_variable(name)}.")


def check_files(settings: "Settings") -> Contradictions:
    for name in FILES:
        path: Path | None = getattr(settings, name)
        if path is not None and not path.is_file():
            yield f"{variable(name)} is invalid: there is no file {path}.", "Mount the file, or unset the variable."


def check_kafka_tls(settings: "Settings") -> Contradictions:
    for name in ONLY_WITH_TLS:
        if getattr(settings, name) is not None and not settings.kafka_tls:
            hint = f"Set TENOR_KAFKA_TLS=true, or unset {variable(name)}."
            yield f"{variable(name)} is set, but TLS to Kafka is off.", hint
    if (settings.kafka_cert_file is None) != (settings.kafka_key_file is None):
        message = "The client certificate for Kafka is incomplete: the certificate or its private key is missing."
        yield message, "Set both TENOR_KAFKA_CERT_FILE and TENOR_KAFKA_KEY_FILE."


def check_kafka_login(settings: "Settings") -> Contradictions:
    mechanism = settings.kafka_sasl
    unused = set(BY_PASSWORD if mechanism in (None, OAUTH) else ()) | set(() if mechanism == OAUTH else BY_TOKEN)
    for name in sorted(unused):
        if is_set(settings, name):
            message = f"{variable(name)} is set, but TENOR_KAFKA_SASL is {mechanism or 'not'}."
            yield message, suggest_mechanism(name)
    if mechanism in ("PLAIN", OAUTH) and not settings.kafka_tls and not all(map(is_loopback, hosts(settings.brokers))):
        message = f"SASL {mechanism} without TLS would send the secret unencrypted."
        yield message, "Set TENOR_KAFKA_TLS=true, or TENOR_KAFKA_SASL=SCRAM-SHA-512."


def suggest_mechanism(name: str) -> str:
    mechanisms = "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512" if name in BY_PASSWORD else OAUTH
    return f"Set TENOR_KAFKA_SASL to {mechanisms}, or unset {variable(name)}."


def check_kafka_token(settings: "Settings") -> Contradictions:
    if settings.kafka_token_url is not None:
        yield from check_encrypted("kafka_token_url", settings.kafka_token_url, "the client secret")


def check_registry(settings: "Settings") -> Contradictions:
    url, login = settings.registry_url, is_set(settings, "registry_user") or is_set(settings, "registry_password")
    if url is None:
        if login or settings.registry_ca_file is not None:
            message = "A login or CA for the schema registry is set, but TENOR_REGISTRY_URL is not."
            yield message, "Set TENOR_REGISTRY_URL, or unset the other TENOR_REGISTRY_* variables."
        return
    if holds_login(url):
        hint = "Put the login in TENOR_REGISTRY_USER and TENOR_REGISTRY_PASSWORD_FILE."
        yield "TENOR_REGISTRY_URL holds a login, and URLs end up in logs.", hint
    if login:
        yield from check_encrypted("registry_url", url, "the password")


def check_clickhouse(settings: "Settings") -> Contradictions:
    if settings.clickhouse_ca_file is not None and not settings.clickhouse_secure:
        hint = "Set TENOR_CLICKHOUSE_SECURE=true, or unset TENOR_CLICKHOUSE_CA_FILE."
        yield "TENOR_CLICKHOUSE_CA_FILE is set, but TLS to ClickHouse is off.", hint


def check_tokens(settings: "Settings") -> Contradictions:
    for name in ("http_token", "otlp_token"):
        token = getattr(settings, name).get_secret_value()
        if token and (not token.isascii() or not token.isprintable() or " " in token):
            message = f"{variable(name)} is invalid: an HTTP header cannot carry it."
            yield message, "Generate a token with: openssl rand -hex 32"


def check_traces(settings: "Settings") -> Contradictions:
    url, token = settings.otlp_endpoint, is_set(settings, "otlp_token")
    if url is None:
        if token:
            hint = "Set TENOR_OTLP_ENDPOINT, or unset TENOR_OTLP_TOKEN."
            yield "TENOR_OTLP_TOKEN is set, but TENOR_OTLP_ENDPOINT is not.", hint
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        hint = "Use the collector's OTLP/HTTP address, such as http://collector:4318; gRPC is not supported."
        yield "TENOR_OTLP_ENDPOINT is invalid: it is not an http or https URL.", hint
    if holds_login(url):
        hint = "Put a token in TENOR_OTLP_TOKEN_FILE instead."
        yield "TENOR_OTLP_ENDPOINT holds a login, and URLs end up in logs.", hint
    if token:
        yield from check_encrypted("otlp_endpoint", url, "the token")


def check_encrypted(name: str, url: str, secret: str) -> Contradictions:
    """A secret may go over https, or over http to this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        message = f"{variable(name)} is invalid: without https {secret} would be sent unencrypted."
        yield message, f"Set {variable(name)} to an https URL."


def holds_login(url: str) -> bool:
    parts = urlsplit(url)
    return parts.username is not None or parts.password is not None


def hosts(brokers: str) -> list[str]:
    return [broker.strip().rpartition(":")[0] for broker in brokers.split(",")]


def is_set(settings: "Settings", name: str) -> bool:
    value = getattr(settings, name)
    return bool(value.get_secret_value() if hasattr(value, "get_secret_value") else value)


def variable(name: str) -> str:
    return f"TENOR_{name.upper()}"


def secret_variable(name: str) -> str:
    """The variable to set: for a secret the one that names its file."""
    return f"{variable(name)}_FILE" if name.endswith(("password", "secret", "token")) else variable(name)
