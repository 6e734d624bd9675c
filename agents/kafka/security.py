"""TLS and SASL of librdkafka clients, from the settings. ``agents/worker/kafka_credentials.py`` does it for Faust."""

from typing import Any

from agents.settings.model import Settings
from agents.settings.validation import OAUTH, require_login


def security_config(settings: Settings) -> dict[str, Any]:
    """TLS and SASL options; none for the embedded broker."""
    if settings.embedded:  # on loopback, without TLS and users
        return {}
    return {"security.protocol": security_protocol(settings), **tls_config(settings), **sasl_config(settings)}


def security_protocol(settings: Settings) -> str:
    transport = "SSL" if settings.kafka_tls else "PLAINTEXT"
    return transport if settings.kafka_sasl is None else f"SASL_{transport}"


def tls_config(settings: Settings) -> dict[str, Any]:
    """Certificates. The broker's name is always checked against its certificate, which is librdkafka's default."""
    paths = {
        "ssl.ca.location": settings.kafka_ca_file,
        "ssl.certificate.location": settings.kafka_cert_file,
        "ssl.key.location": settings.kafka_key_file,
    }
    return {name: str(path) for name, path in paths.items() if path is not None}


def sasl_config(settings: Settings) -> dict[str, Any]:
    if settings.kafka_sasl is None:
        return {}
    require_login(settings)
    if settings.kafka_sasl != OAUTH:
        return {
            "sasl.mechanisms": settings.kafka_sasl,
            "sasl.username": settings.kafka_user,
            "sasl.password": settings.kafka_password.get_secret_value(),
        }
    optional = {
        "sasl.oauthbearer.scope": settings.kafka_token_scope,
        "https.ca.location": settings.kafka_token_ca_file and str(settings.kafka_token_ca_file),
    }
    return {
        "sasl.mechanisms": OAUTH,
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": settings.kafka_token_url,
        "sasl.oauthbearer.client.id": settings.kafka_client_id,
        "sasl.oauthbearer.client.secret": settings.kafka_client_secret.get_secret_value(),
        **{name: value for name, value in optional.items() if value},
    }


def describe(settings: Settings) -> str:
    """How clients connect, as ``TLS, SASL PLAIN``."""
    transport = "TLS" if settings.kafka_tls else "no TLS"
    return f"{transport}, no login" if settings.kafka_sasl is None else f"{transport}, SASL {settings.kafka_sasl}"


def settings_to_check(settings: Settings) -> str:
    """Which settings to check when authentication fails."""
    if settings.kafka_sasl == OAUTH:
        return (
            "Check TENOR_KAFKA_TOKEN_URL, TENOR_KAFKA_CLIENT_ID, TENOR_KAFKA_CLIENT_SECRET and TENOR_KAFKA_TOKEN_SCOPE."
        )
    return "Check TENOR_KAFKA_SASL, TENOR_KAFKA_USER and TENOR_KAFKA_PASSWORD."
