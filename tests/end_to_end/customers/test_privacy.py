"""The whole embedded stack: message text goes nowhere but where it came from, and who is forgotten is gone."""

import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import zstandard
from clickhouse_driver import Client
from confluent_kafka import Consumer, TopicPartition

from agents.alerting import commands
from agents.clickhouse.client import connect
from agents.embedded import stack
from agents.embedded.stack import Stack
from agents.kafka import client as kafka
from agents.kafka import topic_reader
from agents.kafka.client import admin_client, metadata
from agents.kafka.consumed_record import ConsumedRecord
from agents.privacy import profiles
from agents.privacy.erase import erase_customer, open_conversations
from agents.recordings import replay
from agents.settings.loader import environment
from agents.settings.model import Settings
from agents.verification.verify import verify
from schemas.codec import Codec
from schemas.json_form import to_json
from schemas.records import record
from schemas.topics import Name
from streams import state as states
from streams.signals.extraction import extract_signal
from tests.support.bus_events import ANGRY, burst, click, conversation, message, now_ms
from tests.support.data.command_line import succeeded, tenor
from tests.support.deployment import Deployment

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

CANARY = "xylophonequagmire"
START = now_ms() - 600_000
JSON = {"content-type": b"application/json"}
SETTLE_S = 60.0
# Of the server's own tables those that may quote what it was asked.
QUOTING = ("query_log", "query_thread_log", "text_log", "mutations", "errors", "processes", "part_log")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack.running(
        Settings(_env_file=None, partitions=2), tmp_path_factory.mktemp("stack"), 1, lambda line: None
    ) as running_stack:
        yield running_stack


@pytest.fixture(scope="module")
def bus(running: Stack) -> Deployment:
    """A test's hands on the bus."""
    return Deployment(running.settings, running.directory)


def settle(running: Stack) -> None:
    replay.wait_for_pipeline(running.settings, SETTLE_S, lambda stage, lag: None)


def avro(name: str, event: Mapping[str, Any]) -> bytes:
    return Codec().encode(record(name), dict(event))


def refused() -> list[tuple[Name, bytes, dict[str, bytes]]]:
    """Events that hold the canary wherever a text may stand, and are refused."""
    said = message("canary", f"I am so angry, {CANARY}!", event_time=START)
    return [
        (Name.MESSAGES, to_json({**said, "text": [CANARY]}), JSON),
        (Name.MESSAGES, to_json({**said, CANARY: 1}), JSON),
        (Name.MESSAGES, to_json({**said, "status": CANARY}), JSON),
        (Name.MESSAGES, to_json({**said, "event_time": CANARY}), JSON),
        (Name.MESSAGES, to_json(said)[:-9], JSON),
        (Name.MESSAGES, avro("message", said)[:-3], {}),
        (Name.MESSAGES, avro("message", said | {"event_time": 0}), {}),
        (Name.MESSAGES, CANARY.encode(), {"tenor-version": CANARY.encode()}),
        (Name.NAVIGATION, avro("message", said), {}),
        (Name.RATINGS, to_json({"text": CANARY}), JSON),
        (Name.SIGNALS, CANARY.encode(), {}),
    ]


def kafka_holds(settings: Settings, needle: str) -> set[str]:
    """Topics that hold a string: in keys, values, headers, and in what our states are once they are inflated."""
    client = admin_client(settings)
    names = sorted(metadata(client, settings).topics)
    return {
        message.topic
        for message in topic_reader.read(settings, names)
        if needle.encode() in everything(message).lower()
    }


def everything(message: ConsumedRecord) -> bytes:
    headers = b" ".join(name.encode() + b" " + (value or b"") for name, value in message.headers)
    value = message.value or b""
    return b" ".join((message.key or b"", value, unpacked(value), headers))


def unpacked(value: bytes) -> bytes:
    """What a state holds; nothing where it is none."""
    try:
        return states.DECOMPRESSOR.decompress(memoryview(value)[states.HEADER.size :])
    except zstandard.ZstdError:
        return b""


def tables(client: Client) -> list[str]:
    """Every table that holds rows, ours and the server's."""
    rows = client.execute(
        "SELECT database, name, engine FROM system.tables WHERE lower(database) != 'information_schema'"
    )
    ours = [f"{database}.{name}" for database, name, engine in rows if database != "system" and engine != "View"]
    return ours + [f"system.{name}" for database, name, _ in rows if database == "system" and name in QUOTING]


def clickhouse_holds(settings: Settings, needle: str) -> set[str]:
    """Tables that hold a string, in any column. A query that asks for it would find itself: the rows are read here."""
    client = connect(settings)
    client.execute("SYSTEM FLUSH LOGS")
    read = {table: json.dumps(client.execute(f"SELECT * FROM {table}"), default=str) for table in tables(client)}
    client.disconnect()
    return {table for table, rows in read.items() if needle in rows.lower()}


def files_hold(directory: Path, needle: str) -> set[str]:
    """Files whose bytes hold a string of ASCII, whatever its case: logs, and what an engine writes down as it is.

    Not surely what is packed or encoded otherwise, as ClickHouse's columns are: ``clickhouse_holds`` reads their rows.
    The broker's records, in its memory here, are read from their topics, and of those our states are inflated.
    """
    paths = [path for path in directory.rglob("*") if path.is_file() and needle.encode() in path.read_bytes().lower()]
    return {str(path.relative_to(directory)) for path in paths}


def test_what_the_search_of_files_sees_and_what_not(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "plain.bin").write_bytes(b"\0\xff" + CANARY.title().encode() + b"\0")
    (tmp_path / "other.log").write_text("nothing")
    (tmp_path / "packed.z").write_bytes(zlib.compress(CANARY.encode()))
    (tmp_path / "wide.txt").write_text(CANARY, encoding="utf-16")
    assert files_hold(tmp_path, CANARY) == {"deep/er/plain.bin"}


def metrics_hold(running: Stack, needle: str) -> set[str]:
    names = set()
    for process in running.processes:
        with urlopen(f"{process.url}/metrics", timeout=5) as response:
            if needle in response.read().decode().lower():
                names.add(process.name)
    return names


def test_text_goes_nowhere_but_where_it_came_from(running: Stack, bus: Deployment) -> None:
    settings = running.settings
    turns = conversation("canary", [f"{ANGRY} {CANARY} {CANARY.upper()}!"] * 8, START, 20_000)
    for turn in turns:  # what operators wrote is text, too
        turn |= {"text": f"{turn['text']} {CANARY}", "customer_id": "canary-owner"}
    turns[-1] |= {"status": "resolved"}
    bus.send(Name.MESSAGES, *turns)
    bus.send(Name.KEYSTROKES, *[burst("canary", event_time=START + i) for i in range(4)])
    bus.send(Name.NAVIGATION, *[click("canary", event_time=START + i, page=CANARY, target=CANARY) for i in range(4)])
    bus.produce((name, "canary", value, headers) for name, value, headers in refused())
    settle(running)
    replay.publish_closing_tick(settings, START + 10**7)
    settle(running)

    sent_to = (Name.MESSAGES, Name.NAVIGATION, Name.RATINGS, Name.SIGNALS)
    letters = {settings.topics.dead_letters(name) for name in sent_to}
    assert kafka_holds(settings, CANARY) == letters | {settings.topics.name(name) for name in sent_to}
    # Of tenor.signals that is the record we put there.
    assert [signal.key for signal in bus.read(Name.SIGNALS) if CANARY.encode() in everything(signal)] == [b"canary"]
    assert clickhouse_holds(settings, CANARY) == set()
    assert files_hold(running.directory, CANARY) == set()
    assert metrics_hold(running, CANARY) == set()
    planted = running.directory / "logs" / "planted.log"  # beside the logs of the processes it would be found
    planted.write_text(f"a line\nand {CANARY.upper()}\n")
    assert files_hold(running.directory, CANARY) == {"logs/planted.log"}
    planted.unlink()

    # The search would have found it: the conversation's id is everywhere it should be.
    assert settings.topics.changelog in kafka_holds(settings, "canary")
    stored = clickhouse_holds(settings, "canary")
    assert {f"tenor.{name}" for name in ("trajectory_points", "decisions", "distal_outcomes")} <= stored
    counted = connect(settings).execute("SELECT count() FROM refused")
    assert counted == [(len(refused()),)]


GONE = "forgetme"  # in the id of the customer and of every conversation
SUNK = ("trajectory_points", "decisions", "outcomes", "alerts", "distal_outcomes", "ratings", "candidate_policies")


def visits() -> list[dict[str, Any]]:
    """One conversation that is over, one with an open window; the customer is not known from the start."""
    over = conversation(f"{GONE}-over", [ANGRY] * 8, START, 20_000)
    on = conversation(f"{GONE}-on", [ANGRY] * 7, START + 200_000, 20_000)[:-1]
    for turn in [*over[6:], *on[6:]]:
        turn |= {"customer_id": GONE}
    over[-1] |= {"status": "resolved"}
    return [*over, *on]


def rating(conversation_id: str) -> dict[str, Any]:
    return {
        "event_id": "r1",
        "conversation_id": conversation_id,
        "event_time": START,
        "rater_id": "r",
        "clarity": 4,
        "rater_role": "reviewer",
    }


def asked(settings: Settings) -> None:
    """A lead has both conversations, and a third of somebody else."""
    commands.publish_command(settings, "acknowledge", "default", f"{GONE}-over", None, "lead-3", f"{GONE} wrote twice")
    commands.publish_command(
        settings, "snooze", "default", f"{GONE}-on", "night", "lead-3", "asleep", now_ms() + 3_600_000
    )
    commands.publish_command(settings, "acknowledge", "default", "stays", None, "lead-3", "on it")


def stays() -> list[dict[str, Any]]:
    turns = conversation("stays", [ANGRY] * 8, START, 20_000)
    return [turn | {"customer_id": "somebody"} for turn in turns]


def decided_again(client: Client) -> None:
    """Another policy's wishes for every decision on record."""
    client.execute(
        "INSERT INTO candidate_policies SELECT tenant, 'other', decision_id, propensities, now64(3) FROM decisions"
    )


def rows_of(client: Client, conversation_id: str) -> dict[str, int]:
    query = "SELECT count() FROM {} FINAL WHERE conversation_id = %(id)s"
    # What silence adds is told once, whenever a tick says so.
    tables = ("trajectory_points", "decisions", "alert_commands")
    return {table: client.execute(query.format(table), {"id": conversation_id})[0][0] for table in tables}


def compacted(settings: Settings, needle: str) -> set[str]:
    """Compacted topics whose last word on some key still holds a string; a key that was erased says nothing."""
    names = [topic.name for topic in settings.topics.all() if topic.retention_ms is None]
    last = {(message.topic, message.key): message for message in topic_reader.read(settings, names)}
    return {
        message.topic
        for message in last.values()
        if message.value is not None and needle.encode() in everything(message).lower()
    }


def holds(running: Stack, needle: str) -> set[str]:
    """Wherever a string is found but in topics that keep everything for a time."""
    places = clickhouse_holds(running.settings, needle) | compacted(running.settings, needle)
    return places | metrics_hold(running, needle) | files_hold(running.directory / "logs", needle)


def rewind(running: Stack) -> None:
    """Have the sink read again whatever Kafka still holds."""
    settings = running.settings
    [sink] = [process for process in running.processes if process.name == "sink"]
    sink.child.stop(15)
    consumer = Consumer(kafka.consumer_config(settings, settings.topics.sink_group))
    positions = kafka.partitions_of(settings, sorted(metadata(admin_client(settings), settings).topics))
    done = kafka.committed_offsets(settings, settings.topics.sink_group, positions)
    consumer.commit(offsets=[TopicPartition(*at, 0) for at, offset in done.items() if offset], asynchronous=False)
    consumer.close()
    running.supervise(lambda line: None)
    running.wait_ready()
    settle(running)


def test_who_is_forgotten_is_gone_and_stays_gone(running: Stack, bus: Deployment) -> None:
    settings, client = running.settings, connect(running.settings)
    bus.send(Name.MESSAGES, *visits(), *stays())
    bus.produce([(Name.RATINGS, "any", to_json(rating(f"{GONE}-over")), JSON)])
    asked(settings)
    settle(running)
    decided_again(client)
    assert set(open_conversations(settings, "default", GONE)) == {f"{GONE}-over", f"{GONE}-on"}
    assert profiles.find_profile(settings, "default", GONE) is not None
    assert holds(running, GONE) >= {settings.topics.changelog, settings.topics.profiles, "tenor.trajectory_points"}
    assert holds(running, GONE) >= {settings.topics.name(Name.ALERT_COMMANDS), "tenor.alert_commands"}
    [(decision,)] = client.execute(
        f"SELECT min(decision_id) FROM decisions WHERE startsWith(conversation_id, '{GONE}')"
    )
    others = rows_of(client, "stays")
    client.execute("TRUNCATE TABLE IF EXISTS system.query_log")  # what this test asked itself

    said = succeeded(tenor(running.directory, f"forget --customer {GONE}", **environment(settings), COLUMNS="150"))
    told = {tuple(words[:-1]): words[-1] for words in map(str.split, said.splitlines()) if words}
    assert told["open", "conversations", "workers,", settings.topics.changelog] == "2"
    assert told["pending", "outcomes", "workers,", settings.topics.changelog] == "1"
    assert told["profile", "workers,", settings.topics.profiles] == "1"
    assert told["commands", "about", "alerts", settings.topics.name(Name.ALERT_COMMANDS)] == "2"
    assert told["rows", "ClickHouse,", "alert_commands"] == "2"
    assert told["rows", "ClickHouse,", "trajectory_points"] == "15"
    assert told["rows", "ClickHouse,", "ratings"] == "1"
    assert told["rows", "ClickHouse,", "candidate_policies"] == "4"

    assert holds(running, GONE) == set()
    assert holds(running, decision) == set()
    assert rows_of(client, "stays") == others
    rewind(running)  # the sink stores everything again that Kafka still holds
    bus.send(Name.MESSAGES, *visits())  # and somebody publishes an old recording
    settle(running)
    replay.publish_closing_tick(settings, START + 10**7)
    settle(running)
    assert clickhouse_holds(settings, GONE) == set()
    assert rows_of(client, "stays") == others
    verdict = verify(settings)
    assert verdict.equal, verdict


LATE = "latecomer"  # in the id of the customer and of the conversation


def left_unfolded(running: Stack, bus: Deployment, typed: Mapping[str, Any]) -> None:
    """Leave a signal in the log that no worker has read. At its source stands what ingest has passed and refused."""
    bus.produce([(Name.KEYSTROKES, "nobody", b"no event", JSON)])
    settle(running)
    source = next(process for process in bus.read(Name.KEYSTROKES) if process.key == b"nobody")
    [worker] = [process for process in running.processes if process.name == "worker-1"]
    worker.child.stop(15)
    bus.send(Name.SIGNALS, extract_signal("keystrokes", typed, (source.topic, source.partition, source.offset)))


def test_whom_only_a_signal_under_way_names_is_gone_with_all_that_came_before(running: Stack, bus: Deployment) -> None:
    settings, at = running.settings, now_ms()
    bus.send(Name.MESSAGES, message(LATE, event_time=at, customer_id=None))
    settle(running)
    assert "tenor.trajectory_points" in clickhouse_holds(settings, LATE)
    left_unfolded(running, bus, burst(LATE, event_time=at + 1, customer_id=LATE))

    # The worker comes back once it is waited for.
    erased = erase_customer(
        settings, "default", LATE, SETTLE_S, lambda stage, lag: running.supervise(lambda line: None)
    )
    assert erased.conversations == 1
    assert erased.rows["trajectory_points"] == 1
    assert clickhouse_holds(settings, LATE) == set()
