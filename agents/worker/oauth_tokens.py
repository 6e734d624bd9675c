"""Access tokens for Faust's Kafka client, by OAuth 2.0 client credentials (RFC 6749, 4.4). librdkafka gets its own."""

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
LEEWAY_S = 30  # a token that expires so soon may not outlive the login


@dataclass(frozen=True)
class ClientCredentials:
    """Where tokens are had, and who asks.

    Attributes:
        url: token endpoint.
        client_id, client_secret: of this deployment, at the identity provider; sent as HTTP basic.
        scope: asked for; empty for none.
        ca_file: CA certificates of the endpoint, PEM; None for the system's.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    ca_file: Path | None = None

    async def fetch(self) -> OAuth2Token:
        """A fresh token. ``KafkaConnectionError`` when there is none to be had: Kafka's client then tries again."""
        verify = ssl.create_default_context(cafile=self.ca_file)
        asked = {"grant_type": "client_credentials", **({"scope": self.scope} if self.scope else {})}
        try:
            async with AsyncOAuth2Client(
                self.client_id, self.client_secret, verify=verify, timeout=TIMEOUT_S
            ) as client:
                return await client.fetch_token(self.url, **asked)
        except AuthlibBaseError as error:
            raise unavailable(error.error) from None
        except Exception as error:  # of the HTTP library below it, whose errors Authlib does not promise to keep
            raise unavailable(type(error).__name__) from None


def unavailable(reason: str | None) -> KafkaConnectionError:
    return KafkaConnectionError(
        f"no token for Kafka ({reason}): check TENOR_KAFKA_TOKEN_URL, TENOR_KAFKA_CLIENT_ID and the client's secret"
    )


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]
    """Hands Kafka's client a token that is still good.

    Args:
        source: where new ones come from.
    """

    def __init__(self, source: ClientCredentials) -> None:
        self._source = source
        self._token: OAuth2Token | None = None

    async def token(self) -> str:
        """The access token; a new one where the last ends soon, or does not tell when."""
        if self._token is None or not good(self._token):
            self._token = await self._source.fetch()
        return str(self._token["access_token"])


def good(token: Any) -> bool:
    return bool(token.get("expires_at")) and not token.is_expired(leeway=LEEWAY_S)
