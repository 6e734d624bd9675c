"""How librdkafka's clients reach Kafka: TLS and SASL as settings say. ``faust_login`` tells the same to Faust."""

from typing import Any

from agents.settings.model import Settings
from agents.settings.validation import OAUTH, require_login


def librdkafka(settings: Settings) -> dict[str, Any]:
    """What librdkafka's clients must know; nothing for a broker that lets everybody in."""
    if settings.embedded:  # on loopback, and without TLS or users
        return {}
    return {"security.protocol": protocol(settings), **tls(settings), **login(settings)}


def protocol(settings: Settings) -> str:
    transport = "SSL" if settings.kafka_tls else "PLAINTEXT"
    return transport if settings.kafka_sasl is None else f"SASL_{transport}"


def tls(settings: Settings) -> dict[str, Any]:
    """Certificates. A broker's name is always checked against its certificate: librdkafka's default."""
    named = {
        "ssl.ca.location": settings.kafka_ca_file,
        "ssl.certificate.location": settings.kafka_cert_file,
        "ssl.key.location": settings.kafka_key_file,
    }
    return {name: str(path) for name, path in named.items() if path is not None}


def login(settings: Settings) -> dict[str, Any]:
    if settings.kafka_sasl is None:
        return {}
    require_login(settings)
    if settings.kafka_sasl != OAUTH:
        return {
            "sasl.mechanisms": settings.kafka_sasl,
            "sasl.username": settings.kafka_user,
            "sasl.password": settings.kafka_password.get_secret_value(),
        }
    asked = {
        "sasl.oauthbearer.scope": settings.kafka_token_scope,
        "https.ca.location": settings.kafka_token_ca_file and str(settings.kafka_token_ca_file),
    }
    return {
        "sasl.mechanisms": OAUTH,
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": settings.kafka_token_url,
        "sasl.oauthbearer.client.id": settings.kafka_client_id,
        "sasl.oauthbearer.client.secret": settings.kafka_client_secret.get_secret_value(),
        **{name: value for name, value in asked.items() if value},
    }


def how(settings: Settings) -> str:
    """How we try to reach a broker, in words."""
    spoken = "with TLS" if settings.kafka_tls else "without TLS"
    return f"{spoken} and without a login" if settings.kafka_sasl is None else f"{spoken} and {settings.kafka_sasl}"


def to_check(settings: Settings) -> str:
    """Which settings to look at when a broker refuses us."""
    if settings.kafka_sasl == OAUTH:
        return (
            "check TENOR_KAFKA_TOKEN_URL, TENOR_KAFKA_CLIENT_ID, TENOR_KAFKA_CLIENT_SECRET and TENOR_KAFKA_TOKEN_SCOPE"
        )
    return "check TENOR_KAFKA_SASL, TENOR_KAFKA_USER and TENOR_KAFKA_PASSWORD"
