"""A schema registry that is not there, or is no registry at all."""

import pytest

from agents.errors import Failure
from agents.registry import codec_for
from agents.settings import Settings
from schemas.codec import SINGLE_OBJECT
from schemas.records import record
from tests.agents.samples import rating


def test_without_a_registry_records_carry_their_fingerprint() -> None:
    codec, schema = codec_for(Settings(_env_file=None, registry_url=None)), record("rating")
    encoded = codec.encode(schema, rating())
    assert encoded.startswith(SINGLE_OBJECT)
    assert codec.decode(schema, encoded, {}) == rating()


@pytest.mark.parametrize("url", ["nonsense", "", "ftp:"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(Failure, match="TENOR_REGISTRY_URL is wrong"):
        codec_for(Settings(_env_file=None, registry_url=url))


def test_a_registry_that_does_not_answer() -> None:
    codec = codec_for(Settings(_env_file=None, registry_url="http://127.0.0.1:1"))
    with pytest.raises(Failure, match="the schema registry cannot be asked") as found:
        codec.encode(record("rating"), rating())
    assert found.value.hint == "check TENOR_REGISTRY_URL"
