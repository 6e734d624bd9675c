"""``tenor profiles``."""

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer

from agents.kafka import client as kafka
from agents.kafka import topic_reader
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.records import record
from schemas.topics import Name
from streams.customers.partition import key_of
from streams.customers.profile import Profile, encode
from streams.ids import SEPARATOR
from streams.state import Baseline
from tests.support.data.command_line import assert_failure, succeeded, tenor

pytestmark = pytest.mark.integration


def test_profiles_shown_and_erased(tmp_path: Path, settings: Settings, env: dict[str, str]) -> None:
    assert_failure(tenor(tmp_path, "profiles show anna", **env), "topics are missing")
    succeeded(tenor(tmp_path, "topics apply", **env))
    assert_failure(tenor(tmp_path, "profiles show anna", **env), "There is no profile of this customer")
    known = Profile(1, 5, 3, 20, (0.1,), {"latency.wait": Baseline(4.0, 1.0, 9)}, {"text.blame": 2.0})
    producer = Producer(kafka.producer_config(settings))
    for key, one in ((key_of({"tenant": "t2", "customer_id": "anna"}), known), (f"default{SEPARATOR}bert", known)):
        producer.produce(settings.topics.profiles, key=key, value=encode(one), partition=0)
    assert producer.flush(10) == 0
    assert_failure(tenor(tmp_path, "profiles show anna", **env), "There is no profile of this customer")
    shown = json.loads(succeeded(tenor(tmp_path, "profiles show anna --tenant t2", **env)))
    assert (shown["conversations"], shown["triggers"]) == (3, {"text.blame": 2.0})
    assert shown["baselines"] == {"latency.wait": {"mean": 4.0, "variance": 1.0, "count": 9}}
    succeeded(tenor(tmp_path, "profiles erase anna --tenant t2", **env))
    [note] = topic_reader.read(settings, [settings.topics.name(Name.CUSTOMERS)])
    datum = codec_for(settings).decode(record("customer_note"), note.value, {})
    assert (note.key, datum["kind"], datum["tenant"], datum["customer_id"]) == (b"anna", "erased", "t2", "anna")
    verdict = json.loads(succeeded(tenor(tmp_path, "verify --json", **env)))
    assert (verdict["equal"], verdict["unexpected"]) == (True, [])
