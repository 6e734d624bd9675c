"""Kafka credentials for Faust (aiokafka). Apart from librdkafka's, since Faust is slow to import."""

import ssl

from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials
from faust.types.auth import CredentialsT

from agents.common.errors import Failure
from agents.settings.model import Settings
from agents.settings.validation import OAUTH, require_login
from agents.worker.oauth_tokens import ClientCredentials, TokenProvider


def build_credentials(settings: Settings) -> CredentialsT | None:
    """Credentials; None for a broker without authentication and TLS."""
    if settings.embedded:
        return None
    require_login(settings)
    context = ssl_context(settings) if settings.kafka_tls else None
    if settings.kafka_sasl == OAUTH:
        return OAuthCredentials(oauth_cb=TokenProvider(client_credentials(settings)), ssl_context=context)
    if settings.kafka_sasl is not None:
        return SASLCredentials(
            username=settings.kafka_user,
            password=settings.kafka_password.get_secret_value(),
            ssl_context=context,
            mechanism=settings.kafka_sasl,
        )
    return SSLCredentials(context) if context else None


def client_credentials(settings: Settings) -> ClientCredentials:
    return ClientCredentials(
        settings.kafka_token_url or "",
        settings.kafka_client_id,
        settings.kafka_client_secret.get_secret_value(),
        settings.kafka_token_scope,
        settings.kafka_token_ca_file,
    )


def ssl_context(settings: Settings) -> ssl.SSLContext:
    """The TLS context. ``Failure`` when a certificate or key cannot be loaded."""
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file)
    except (OSError, ssl.SSLError) as error:
        raise tls_failure("TENOR_KAFKA_CA_FILE", error) from None
    if settings.kafka_cert_file is not None:
        try:
            context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file, password=refuse_encrypted)
        except (OSError, ssl.SSLError, ValueError) as error:
            raise tls_failure("TENOR_KAFKA_CERT_FILE and TENOR_KAFKA_KEY_FILE", error) from None
    return context


def refuse_encrypted() -> str:
    """Password callback: without one, OpenSSL asks on the terminal."""
    raise ValueError("the key is encrypted")


def tls_failure(variables: str, error: Exception) -> Failure:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return Failure(f"Cannot load {variables}: {reason}.", "Use PEM files and a key that is not encrypted.")
