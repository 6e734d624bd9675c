"""Tokens for Faust's Kafka client, from an identity provider that answers over HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError

from agents.worker.oauth_tokens import LEEWAY_S, ClientCredentials, TokenProvider
from tests.support.servers.identity_provider import CLIENT, SECRET, IdentityProvider


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[IdentityProvider]:
    server = IdentityProvider(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def source(provider: IdentityProvider) -> ClientCredentials:
    return ClientCredentials(provider.url, CLIENT, SECRET)


async def test_a_token_is_asked_for_once_while_it_is_good(
    provider: IdentityProvider, source: ClientCredentials
) -> None:
    tokens = TokenProvider(source)
    assert await tokens.token() == await tokens.token()
    assert [form["grant_type"] for form in provider.asked] == [["client_credentials"]]
    assert "scope" not in provider.asked[0]


@pytest.mark.parametrize("lifetime_s", [LEEWAY_S, None])
async def test_a_token_that_ends_soon_or_does_not_tell_is_not_kept(
    provider: IdentityProvider, source: ClientCredentials, lifetime_s: int | None
) -> None:
    provider.lifetime_s = lifetime_s
    tokens = TokenProvider(source)
    assert await tokens.token() != await tokens.token()
    assert len(provider.asked) == 2


async def test_a_scope_is_asked_for(provider: IdentityProvider, source: ClientCredentials) -> None:
    await replace(source, scope="kafka read").fetch()
    assert provider.asked[0]["scope"] == ["kafka read"]


async def test_a_wrong_secret_is_told_without_it(source: ClientCredentials) -> None:
    wrong = replace(source, client_secret="wr0ng")
    with pytest.raises(KafkaConnectionError, match=r"cannot fetch a token for Kafka \(invalid_client\)") as raised:
        await wrong.fetch()
    assert "wr0ng" not in f"{raised.value!r} {wrong!r}"


async def test_a_provider_that_is_away_comes_back(provider: IdentityProvider, source: ClientCredentials) -> None:
    tokens = TokenProvider(replace(source, url="http://127.0.0.1:1/token"))
    with pytest.raises(KafkaConnectionError, match="cannot fetch a token for Kafka"):
        await tokens.token()
    assert await TokenProvider(source).token()
