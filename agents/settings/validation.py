"""Settings that cannot be meant together: refused at the start, with what to do, before anything connects."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agents.common.errors import Failure
from agents.common.http_auth import loopback

if TYPE_CHECKING:
    from agents.settings.model import Settings

OAUTH = "OAUTHBEARER"
NEEDED_BY_TOKEN = ("kafka_token_url", "kafka_client_id", "kafka_client_secret")
BY_TOKEN = (*NEEDED_BY_TOKEN, "kafka_token_scope", "kafka_token_ca_file")
BY_PASSWORD = ("kafka_user", "kafka_password")
ONLY_WITH_TLS = ("kafka_ca_file", "kafka_cert_file", "kafka_key_file")
FILES = (*ONLY_WITH_TLS, "kafka_token_ca_file", "clickhouse_ca_file", "registry_ca_file")

Found = Iterator[tuple[str, str]]


def refuse(settings: "Settings") -> None:
    """``Failure`` for the first contradiction."""
    for message, hint in found(settings):
        raise Failure(message, hint)


def found(settings: "Settings") -> Found:
    """Every contradiction, and what to do.

    What is set for other engines is not looked at where the embedded ones are used: they are on loopback, without TLS.
    """
    engines = () if settings.embedded else (files, kafka_tls, kafka_login, kafka_token, clickhouse)
    for look in (*engines, registry, http, traces):
        yield from look(settings)


def require_login(settings: "Settings") -> None:
    """``Failure`` when something is missing to log in to Kafka. Asked by who does: not every command needs secrets."""
    mechanism = settings.kafka_sasl
    for name in () if mechanism is None else NEEDED_BY_TOKEN if mechanism == OAUTH else BY_PASSWORD:
        if not filled(settings, name):
            raise Failure(f"TENOR_KAFKA_SASL is {mechanism}, but {variable(name)} is not set", f"set {or_file(name)}")


def files(settings: "Settings") -> Found:
    for name in FILES:
        path: Path | None = getattr(settings, name)
        if path is not None and not path.is_file():
            yield f"{variable(name)} is wrong: there is no file {path}", "mount it, or unset the variable"


def kafka_tls(settings: "Settings") -> Found:
    for name in ONLY_WITH_TLS:
        if getattr(settings, name) is not None and not settings.kafka_tls:
            yield f"{variable(name)} is set, but TLS to Kafka is off", "set TENOR_KAFKA_TLS=true, or unset it"
    if (settings.kafka_cert_file is None) != (settings.kafka_key_file is None):
        yield "of our certificate to Kafka one half is missing", "set TENOR_KAFKA_CERT_FILE and TENOR_KAFKA_KEY_FILE"


def kafka_login(settings: "Settings") -> Found:
    mechanism = settings.kafka_sasl
    unused = set(BY_PASSWORD if mechanism in (None, OAUTH) else ()) | set(() if mechanism == OAUTH else BY_TOKEN)
    for name in sorted(unused):
        if filled(settings, name):
            yield f"{variable(name)} is set, but TENOR_KAFKA_SASL is {mechanism or 'not'}", which(name)
    if mechanism in ("PLAIN", OAUTH) and not settings.kafka_tls and not all(map(loopback, hosts(settings.brokers))):
        yield f"{mechanism} without TLS would send the secret in clear", "set TENOR_KAFKA_TLS=true, or log in by SCRAM"


def which(name: str) -> str:
    means = "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512" if name in BY_PASSWORD else OAUTH
    return f"set TENOR_KAFKA_SASL to {means}, or unset {variable(name)}"


def kafka_token(settings: "Settings") -> Found:
    if settings.kafka_token_url is not None:
        yield from clear_text("kafka_token_url", settings.kafka_token_url, "the client's secret")


def registry(settings: "Settings") -> Found:
    url, login = settings.registry_url, filled(settings, "registry_user") or filled(settings, "registry_password")
    if url is None:
        if login or settings.registry_ca_file is not None:
            yield "a login or CA of a schema registry is set, but no registry", "set TENOR_REGISTRY_URL"
        return
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        yield (
            "TENOR_REGISTRY_URL holds a login, and a URL ends up in logs",
            "put it in TENOR_REGISTRY_USER and TENOR_REGISTRY_PASSWORD_FILE",
        )
    if login:
        yield from clear_text("registry_url", url, "the password")


def clickhouse(settings: "Settings") -> Found:
    if settings.clickhouse_ca_file is not None and not settings.clickhouse_secure:
        yield "TENOR_CLICKHOUSE_CA_FILE is set, but TLS to ClickHouse is off", "set TENOR_CLICKHOUSE_SECURE=true"


def http(settings: "Settings") -> Found:
    for name in ("http_token", "otlp_token"):
        token = getattr(settings, name).get_secret_value()
        if token and (not token.isascii() or not token.isprintable() or " " in token):
            yield f"{variable(name)} is wrong: a header cannot carry it", "make one with: openssl rand -hex 32"


def traces(settings: "Settings") -> Found:
    url, token = settings.otlp_endpoint, filled(settings, "otlp_token")
    if url is None:
        if token:
            yield "TENOR_OTLP_TOKEN is set, but no collector", "set TENOR_OTLP_ENDPOINT"
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield "TENOR_OTLP_ENDPOINT is wrong: it is no http or https URL", "as http://collector:4318; gRPC is not spoken"
    if parts.username is not None or parts.password is not None:
        yield "TENOR_OTLP_ENDPOINT holds a login, and a URL ends up in logs", "put a token in TENOR_OTLP_TOKEN_FILE"
    if token:
        yield from clear_text("otlp_endpoint", url, "the token")


def clear_text(name: str, url: str, secret: str) -> Found:
    """A secret goes to https only, or to this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback(parts.hostname or "")):
        yield f"{variable(name)} is wrong: without https {secret} would be sent in clear", "give it a https URL"


def hosts(brokers: str) -> list[str]:
    return [broker.strip().rpartition(":")[0] for broker in brokers.split(",")]


def filled(settings: "Settings", name: str) -> bool:
    value = getattr(settings, name)
    return bool(value.get_secret_value() if hasattr(value, "get_secret_value") else value)


def variable(name: str) -> str:
    return f"TENOR_{name.upper()}"


def or_file(name: str) -> str:
    """A variable, or for a secret the file that may hold it."""
    return f"{variable(name)}_FILE" if name.endswith(("password", "secret", "token")) else variable(name)
