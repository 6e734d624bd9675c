"""Who is forgotten: what is looked for first, in what order, and what was asked about their alerts."""

from collections.abc import Iterable
from typing import Any

import pytest

from agents.alerting import commands
from agents.common.errors import Failure
from agents.common.pseudonyms import pseudonymize
from agents.console.alert_state import AlertCommandLog, CommandTarget
from agents.kafka import topic_reader
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.producer import Producer
from agents.privacy.erase import erase_customer, open_conversations
from agents.privacy.erase_view import remaining_places
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from agents.worker.changelog import as_of_header
from schemas.records import record
from schemas.topics import Name, Topics
from streams import state as states
from streams.config.model import Config
from streams.conversations.lifecycle import open_state
from streams.conversations.partition import key_of
from streams.signals.extraction import Signal, extract_signal
from tests.support.data.builders import keystrokes

CONFIG = Config()
STEPS = (Name.SIGNALS, Name.CUSTOMERS, Name.FORGOTTEN)


@pytest.fixture
def bus(migrated: Settings) -> Settings:
    """Settings of a broker that has the topics, and of a ClickHouse that has the tables."""
    topics.apply(migrated)
    return migrated


def named(conversation_id: str) -> Signal:
    """What a customer typed, and so a signal that names them and calls for no row."""
    return extract_signal("keystrokes", keystrokes(conversation_id=conversation_id), (Name.KEYSTROKES, 0, 0))


def written(signal: Signal, as_of: int, ended: bool = False) -> tuple[bytes, bytes | None, Any]:
    value = None if ended else states.encode(open_state(signal, CONFIG), signal["event_time"])
    return key_of(signal).encode(), value, as_of_header(as_of)


def publish(settings: Settings, topic: str, *records: tuple[bytes | None, bytes | None, Any]) -> None:
    Producer(settings).send([OutgoingRecord(topic, *one, partition=0) for one in records])


def count(settings: Settings, names: Iterable[Name]) -> int:
    return sum(1 for _ in topic_reader.read(settings, [settings.topics.name(name) for name in names]))


@pytest.mark.integration
def test_a_late_state_of_a_paused_worker_does_not_bring_back_what_ended(bus: Settings) -> None:
    on, over = named("on"), named("over")
    late = [written(over, 5), written(over, 9, ended=True), written(over, 7)]
    publish(bus, bus.topics.changelog, written(on, 6), *late, written(on, 4, ended=True))
    assert set(open_conversations(bus, "default", "u1")) == {"on"}
    assert open_conversations(bus, "another", "u1") == open_conversations(bus, "default", "u2") == {}


@pytest.mark.integration
def test_nothing_is_asked_before_what_is_under_way_is_folded(bus: Settings) -> None:
    """No worker is running: the conversation is not known yet to be the customer's."""
    value = codec_for(bus).encode(record("signal"), named("c1"))
    publish(bus, bus.topics.name(Name.SIGNALS), (b"c1", value, []))
    with pytest.raises(Failure, match="conversations is 1 records behind"):
        erase_customer(bus, "default", "u1", 0.1, lambda stage, lag: None)
    assert count(bus, STEPS) == 1


def last(settings: Settings) -> dict[bytes | None, bytes | None]:
    """What compaction would leave of the commands."""
    topic = settings.topics.name(Name.ALERT_COMMANDS)
    return {one.key: one.value for one in topic_reader.read(settings, [topic])}


@pytest.mark.integration
def test_what_was_asked_about_a_conversation_is_erased_and_nothing_else(bus: Settings) -> None:
    def give(tenant: str, conversation_id: str | None, team: str | None) -> None:
        commands.publish_command(bus, "acknowledge", tenant, conversation_id, team, "lead-3", "on it")

    for subject in (("default", "gone", None), ("default", "gone", "night"), ("default", "stays", None)):
        give(*subject)
    give("default", None, "night")
    give("another", "gone", None)
    publish(bus, bus.topics.name(Name.ALERT_COMMANDS), (b"odd", b"no record of ours", []))
    assert commands.erase_commands(bus, "default", {pseudonymize("gone")}) == 2
    assert sum(value is None for value in last(bus).values()) == 2
    assert len(last(bus)) == 6

    log = AlertCommandLog(bus)  # as the console reads it
    log.refresh()
    assert log.commands_about(CommandTarget("default", "gone")) == []
    for kept in (CommandTarget("default", "stays"), CommandTarget("another", "gone")):
        assert len(log.commands_about(kept)) == 1

    before = count(bus, [Name.ALERT_COMMANDS])
    assert commands.erase_commands(bus, "default", {pseudonymize("gone")}) == 0
    assert count(bus, [Name.ALERT_COMMANDS]) == before
    give("default", "gone", None)  # somebody new, who is forgotten in turn
    assert commands.erase_commands(bus, "default", {pseudonymize("gone")}) == 1


def test_every_topic_that_names_a_conversation_or_a_customer_is_told_of() -> None:
    told = " ".join(where for _, where, _ in remaining_places(Topics()))
    assert {"tenor-conversations-changelog", "tenor.profiles", "tenor.alert-commands"} <= set(told.split())
