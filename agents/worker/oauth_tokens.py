"""Access tokens for Faust's Kafka client: OAuth 2.0 client credentials (RFC 6749, 4.4). librdkafka fetches its own."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc6749 import OAuth2Token

TIMEOUT_S = 10.0
LEEWAY_S = 30  # a token that expires sooner may not last for the login


@dataclass(frozen=True)
class ClientCredentials:
    """The token endpoint and our client at the identity provider.

    Attributes:
        url: token endpoint.
        client_id, client_secret: of this deployment; sent as HTTP basic authentication.
        scope: requested scope; empty for none.
        ca_file: CA certificates of the endpoint, PEM; None for the system's.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    ca_file: Path | None = None

    async def fetch(self) -> OAuth2Token:
        """Fetch a new token. ``KafkaConnectionError`` when the endpoint gives none: Kafka's client then retries."""
        verify = ssl.create_default_context(cafile=self.ca_file)
        params = {"grant_type": "client_credentials", **({"scope": self.scope} if self.scope else {})}
        try:
            async with AsyncOAuth2Client(
                self.client_id, self.client_secret, verify=verify, timeout=TIMEOUT_S
            ) as client:
                return await client.fetch_token(self.url, **params)
        except AuthlibBaseError as error:
            raise token_error(error.error) from None
        except Exception as error:  # from the HTTP library, whose errors Authlib does not wrap
            raise token_error(type(error).__name__) from None


def token_error(reason: str | None) -> KafkaConnectionError:
    return KafkaConnectionError(
        f"cannot fetch a token for Kafka ({reason}): check TENOR_KAFKA_TOKEN_URL, TENOR_KAFKA_CLIENT_ID and the client "
        "secret"
    )


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]
    """Gives Kafka's client a valid token.

    Args:
        source: fetches new tokens.
    """

    def __init__(self, source: ClientCredentials) -> None:
        self._source = source
        self._token: OAuth2Token | None = None

    async def token(self) -> str:
        """The access token; a new one where the last expires soon or has no expiry."""
        if self._token is None or not is_valid(self._token):
            self._token = await self._source.fetch()
        return str(self._token["access_token"])


def is_valid(token: Any) -> bool:
    return bool(token.get("expires_at")) and not token.is_expired(leeway=LEEWAY_S)
