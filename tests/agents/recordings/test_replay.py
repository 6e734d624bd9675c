"""Replay against a real broker: counts, keys, order, pace, settling and the closing tick."""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from agents.common.errors import Failure
from agents.embedded.process import free_port
from agents.embedded.tansu import Tansu
from agents.kafka.admin import topics
from agents.kafka.admin.lag import pipeline_stages
from agents.kafka.client import admin_client, consumer_config, end_offsets, partitions_of
from agents.recordings import file
from agents.recordings.model import Event, Recording
from agents.recordings.replay import publish_closing_tick, replay, wait_for_pipeline
from agents.settings.model import Settings
from agents.simulator import simulate
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import INGESTED, RECORD_OF, Name
from tests.support.isolation import unique

pytestmark = pytest.mark.integration


CONVERSATIONS = 15


@pytest.fixture
def bus(tansu: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings whose topics exist and are empty."""
    for name in [name for name in os.environ if name.startswith("TENOR_")]:
        monkeypatch.delenv(name)
    own = with_prefix(tansu, f"{unique('replay')}.")
    topics.apply(own)
    yield own
    client = admin_client(own)
    for deleted in client.delete_topics([topic.name for topic in own.topics.all()]).values():
        deleted.result(10)


def with_prefix(brokers: str, prefix: str) -> Settings:
    return Settings(_env_file=None, brokers=brokers, topic_prefix=prefix, partitions=3, embedded=True)  # type: ignore[call-arg]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small recording."""
    path = tmp_path_factory.mktemp("recordings") / "day.jsonl.gz"
    file.write(path, simulate(11, CONVERSATIONS), seed=11)
    return path


def silent(done: int, total: int) -> None:
    """Ignores the progress."""


def consumed(settings: Settings, names: list[Name]) -> dict[Name, list[Message]]:
    """Every record of some topics."""
    read: dict[Name, list[Message]] = {name: [] for name in names}
    for name in names:
        for position, end in end_offsets(settings, partitions_of(settings, [settings.topics.name(name)])).items():
            read[name] += list(records(settings, position, end))
    return read


def records(settings: Settings, position: tuple[str, int], end: int) -> Iterator[Message]:
    consumer = Consumer(consumer_config(settings, "test-reader"))
    consumer.assign([TopicPartition(*position, 0)])
    deadline = time.monotonic() + 10
    while end and time.monotonic() < deadline:
        message = consumer.poll(0.1)
        if message is None:
            continue
        assert message.error() is None
        yield message
        if message.offset() == end - 1:
            break
    consumer.close()


def commit_all(settings: Settings, group: str, names: list[str]) -> None:
    """Commit every offset, as a worker would."""
    ends = end_offsets(settings, partitions_of(settings, names))
    consumer = Consumer(consumer_config(settings, group))
    consumer.commit(offsets=[TopicPartition(*at, end) for at, end in ends.items() if end], asynchronous=False)
    consumer.close()


def test_every_event_arrives_once_under_its_key_in_order(bus: Settings, day: Path) -> None:
    seen: list[tuple[int, int]] = []
    result = replay(bus, day, None, lambda done, total: seen.append((done, total)))
    expected = file.read(day)
    names = [Name(name) for name in result.events]
    arrived = consumed(bus, names)
    assert {name: len(messages) for name, messages in arrived.items()} == result.events
    assert sum(result.events.values()) == len(expected.events)
    assert seen[-1] == (len(expected.events), len(expected.events))
    for name in names:
        assert decoded(name, arrived[name]) == by_key(name, expected)


def decoded(name: Name, messages: list[Message]) -> dict[str, list[str]]:
    """Event ids by key, in the order of the log."""
    ids = defaultdict(list)
    for message in messages:
        headers = dict(message.headers() or ())
        assert headers == {"content-type": b"application/avro", "tenor-version": b"1"}
        event = Codec().decode(record(RECORD_OF[name]), message.value(), {})
        assert (message.key() or b"").decode() == event["conversation_id"]
        ids[event["conversation_id"]].append(event["event_id"])
    return ids


def by_key(name: Name, expected: Recording) -> dict[str, list[str]]:
    ids = defaultdict(list)
    for event in expected.events:
        if event.topic == name:
            ids[event.key].append(event.event["event_id"])
    return ids


def test_the_result_describes_what_was_published(bus: Settings, day: Path) -> None:
    result = replay(bus, day, None, silent)
    times = [event.event["event_time"] for event in result.recording.events]
    assert (result.first_event_ms, result.last_event_ms) == (min(times), max(times))
    assert result.conversations == CONVERSATIONS
    assert result.recording == file.read(day)
    assert result.seconds > 0


def test_a_conversation_stays_in_one_partition(bus: Settings, day: Path) -> None:
    replay(bus, day, None, silent)
    [messages] = consumed(bus, [Name.MESSAGES]).values()
    assert max(Counter(key for key, _ in {(m.key(), m.partition()) for m in messages}).values()) == 1
    assert len({m.partition() for m in messages}) == 3


def test_a_paced_replay_takes_its_time(bus: Settings, tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl"
    turns = [line for line in simulate(11, 1) if isinstance(line, Event)][:5]
    file.write(path, turns)
    lasts_s = (turns[-1].event["event_time"] - turns[0].event["event_time"]) / 1000
    result = replay(bus, path, lasts_s / 0.6, silent)
    assert 0.6 <= result.seconds < 3


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_an_invalid_speed(bus: Settings, day: Path, speed: float) -> None:
    with pytest.raises(Failure, match="speed must be above 0"):
        replay(bus, day, speed, silent)


def test_topics_are_not_created_by_accident(bus: Settings, day: Path) -> None:
    elsewhere = with_prefix(bus.brokers, "nowhere.")
    for _ in range(2):
        with pytest.raises(Failure, match=r"nowhere\.conversation\.keystrokes does not exist"):
            replay(elsewhere, day, None, silent)


def test_an_unreachable_broker_is_a_failure(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.kafka.client.TIMEOUT_S", 0.5)
    with pytest.raises(Failure, match="does not answer"):
        replay(with_prefix("127.0.0.1:1", ""), day, None, silent)


def test_a_broker_that_dies_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.recordings.replay.DELIVERY_TIMEOUT_S", 1.5)
    broker = Tansu.start(free_port(), tmp_path)
    bus, path = with_prefix(broker.bootstrap, ""), tmp_path / "day.jsonl"
    topics.apply(bus)
    file.write(path, simulate(11, 2))
    with pytest.raises(Failure, match=r"did not accept a record for .* \(_MSG_TIMED_OUT\)"):
        replay(bus, path, 600.0, lambda done, total: broker.stop() if done > 5 else None)


def test_a_record_the_broker_does_not_take_is_a_failure(bus: Settings, tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    [first, *_] = (line for line in simulate(11, 1) if isinstance(line, Event) and "text" in line.event)
    file.write(path, [first._replace(event={**first.event, "text": "x" * 17 * 1024 * 1024})])
    with pytest.raises(Failure, match=r"did not accept a record for replay\w+\.conversation\.messages \(MSG_SIZE"):
        replay(bus, path, None, silent)


def test_the_closing_tick_reaches_every_partition(bus: Settings) -> None:
    publish_closing_tick(bus, 1_772_409_600_000)
    [ticks] = consumed(bus, [Name.SIGNALS]).values()
    signals = [Codec().decode(record("signal"), message.value(), {}) for message in ticks]
    assert sorted(message.partition() or 0 for message in ticks) == [0, 1, 2]
    assert {(s["kind"], s["event_time"]) for s in signals} == {("tick", 1_772_409_600_000 + 4_800_001)}


def test_nothing_published_is_settled(bus: Settings) -> None:
    wait_for_pipeline(bus, 5.0, lambda stage, lag: pytest.fail(f"{stage} is said to be behind by {lag}"))


def test_settling_names_the_stage_that_is_behind(bus: Settings, day: Path) -> None:
    published = sum(replay(bus, day, None, silent).events.values())
    rated = len(consumed(bus, [Name.RATINGS])[Name.RATINGS])
    waits: list[tuple[str, int]] = []
    with pytest.raises(Failure, match=rf"ingest is {published - rated} records behind after 0\.1 s"):
        wait_for_pipeline(bus, 0.1, lambda stage, lag: waits.append((stage, lag)))
    assert set(waits) == {("ingest", published - rated)}


def test_stages_are_waited_for_in_the_order_of_the_flow(bus: Settings, day: Path) -> None:
    replay(bus, day, None, silent)
    publish_closing_tick(bus, 1_772_409_600_000)
    commit_all(bus, bus.topics.worker_group, [bus.topics.name(name) for name in INGESTED])
    with pytest.raises(Failure, match="conversations is 3 records behind"):
        wait_for_pipeline(bus, 0.1, lambda stage, lag: None)
    commit_all(bus, bus.topics.worker_group, [bus.topics.name(Name.SIGNALS)])
    with pytest.raises(Failure, match=r"sink is \d+ records behind"):
        wait_for_pipeline(bus, 0.1, lambda stage, lag: None)
    commit_all(bus, bus.topics.sink_group, [bus.topics.name(Name.RATINGS)])
    wait_for_pipeline(bus, 5.0, lambda stage, lag: pytest.fail(f"{stage} is said to be behind by {lag}"))


def test_every_ingested_and_sunk_topic_is_waited_for(bus: Settings) -> None:
    read = {
        stage.name: {name.removeprefix(bus.topic_prefix) for name in stage.topics}
        for stage in pipeline_stages(bus.topics)
    }
    with_profiles = "conversations, with their profiles"  # which come to the signals from what the first look wrote
    assert list(read) == ["ingest", "conversations", "profiles", with_profiles, "alerts", "sink"]
    assert read["conversations"] == read[with_profiles] == {"tenor.signals"}
    assert read["ingest"] == {str(name) for name in INGESTED}
    assert {"tenor.trajectories", "tenor.alerts", "conversation.messages.dlq"} <= read["sink"]
