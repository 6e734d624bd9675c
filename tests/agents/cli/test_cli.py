"""The command line: what people can get wrong is one sentence and a non-zero exit code; what is right works."""

import json
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import LOOPBACK, free_port
from agents.kafka import client as kafka
from agents.kafka import topic_reader
from agents.kafka.client import admin
from agents.schema_registry.client import codec_for
from agents.settings.loader import environment
from agents.settings.model import Settings
from schemas.errors import Reason, Rejected
from schemas.headers import dead_letter
from schemas.records import record
from schemas.topics import Name
from streams.customers.partition import key_of
from streams.customers.profile import Profile, encode
from streams.ids import SEPARATOR
from streams.state import Baseline
from tests.support.data.command_line import Result, assert_failure, sentences, succeeded, tenor
from tests.support.servers.alert_receivers import SECRET, http

pytestmark = pytest.mark.integration

NOBODY = f"{LOOPBACK}:1"
LETTERS = "conversation.messages"
WITHOUT = "report --since 2026-03-02T00:00:00Z"  # and without --html
NEEDS_KAFKA = (
    "worker",
    "sink",
    "topics apply",
    "verify",
    f"dlq list {LETTERS}",
    f"dlq show {LETTERS} 0",
    f"dlq requeue {LETTERS} 0",
    "profiles show anna",
    "profiles erase anna",
    "alerts ack c1",
    "alerts snooze --team support --for 2h",
    "replay day.jsonl",
)


@pytest.fixture
def env(settings: Settings) -> dict[str, str]:
    """Variables that reach a broker and a ClickHouse in which nothing is created yet."""
    return environment(settings)


# --- what a person can get wrong ---


@pytest.fixture(scope="module", autouse=True)
def without_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Result]]]:
    """Every command that needs Kafka, run where there is none: each has patience, so they begin first, at once."""
    directory = tmp_path_factory.mktemp("no-kafka")
    succeeded(tenor(directory, "simulate day.jsonl --conversations 2"))
    with ThreadPoolExecutor(len(NEEDS_KAFKA)) as pool:
        yield {line: pool.submit(tenor, directory, line, TENOR_BROKERS=NOBODY) for line in NEEDS_KAFKA}


@pytest.mark.parametrize("line", ["migrate", "report", "report --html x.html", "explain c1"])
def test_an_unreachable_clickhouse(tmp_path: Path, line: str) -> None:
    result = tenor(tmp_path, line, TENOR_CLICKHOUSE_PORT="1")
    assert_failure(result, "ClickHouse at 127.0.0.1:1 cannot be reached", "TENOR_CLICKHOUSE_PORT")


def test_a_sink_without_topics_without_clickhouse_without_tables(tmp_path: Path, env: dict[str, str]) -> None:
    assert_failure(tenor(tmp_path, "sink", **env), "topics are missing", "tenor topics apply")
    succeeded(tenor(tmp_path, "topics apply", **env))
    assert_failure(tenor(tmp_path, "sink", **{**env, "TENOR_CLICKHOUSE_PORT": "1"}), "cannot be reached")
    assert_failure(tenor(tmp_path, "sink", **env), "has no database", "tenor migrate")
    assert_failure(tenor(tmp_path, "report", **env), "has no database", "tenor migrate")


def test_a_worker_without_topics(tmp_path: Path, env: dict[str, str]) -> None:
    assert_failure(tenor(tmp_path, "worker", **env), "topics are missing", "tenor topics apply")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """A ClickHouse with a password."""
    server = ClickHouse.start(free_port(), free_port(), tmp_path_factory.mktemp("guarded"), "right")
    yield server
    server.stop()


def test_a_wrong_clickhouse_password(tmp_path: Path, guarded: ClickHouse) -> None:
    env = {"TENOR_CLICKHOUSE_PORT": str(guarded.tcp_port), "TENOR_CLICKHOUSE_USER": guarded.user}
    for line in ("migrate", "report"):
        result = tenor(tmp_path, line, **env, TENOR_CLICKHOUSE_PASSWORD="very-wrong")
        assert_failure(result, "does not let user tenor in", "TENOR_CLICKHOUSE_PASSWORD")
        assert "very-wrong" not in result.stderr
    succeeded(tenor(tmp_path, "migrate", **env, TENOR_CLICKHOUSE_PASSWORD="right"))


def test_an_http_port_in_use(tmp_path: Path, env: dict[str, str]) -> None:
    for line in ("topics apply", "migrate"):
        succeeded(tenor(tmp_path, line, **env))
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        for line in ("worker", "sink"):
            result = tenor(tmp_path, line, **{**env, "TENOR_HTTP_PORT": port})
            assert_failure(result, f"{LOOPBACK}:{port} cannot be served", "TENOR_HTTP_PORT")


WRONG = {
    ("TENOR_PARTITIONS", "many"): ("TENOR_PARTITIONS", "integer"),
    ("TENOR_BELIEF__THRESHOLD", "high"): ("TENOR_BELIEF__THRESHOLD", "number"),
    ("TENOR_LOG_LEVEL", "loud"): ("TENOR_LOG_LEVEL", "loud", "warning"),
}


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_variable(tmp_path: Path, name: str, value: str) -> None:
    assert_failure(tenor(tmp_path, "migrate", **{name: value}), *WRONG[name, value])


def test_a_wrong_group_of_settings(tmp_path: Path) -> None:
    assert_failure(tenor(tmp_path, "migrate", TENOR_BELIEF="no json"), "TENOR_BELIEF")


def test_a_misspelled_nested_variable(tmp_path: Path) -> None:
    result = tenor(tmp_path, "migrate", TENOR_BELIEF__TRESHOLD="5", TENOR_CLICKHOUSE_PORT="1")
    assert_failure(result, "TENOR_BELIEF__TRESHOLD is no setting", "is TENOR_BELIEF__THRESHOLD meant?", code=2)


def test_no_command_starts_with_a_misspelled_variable_and_help_does(tmp_path: Path) -> None:
    for line in ("simulate day.jsonl", "worker", "schemas check", "up"):
        assert_failure(tenor(tmp_path, line, TENOR_BROKER="x"), "is TENOR_BROKERS meant?", code=2)
    assert "Run a worker" in succeeded(tenor(tmp_path, "worker --help", TENOR_BROKER="x"))


def test_a_protocols_file_that_is_missing_or_broken(tmp_path: Path, env: dict[str, str]) -> None:
    succeeded(tenor(tmp_path, "topics apply", **env))
    missing = tenor(tmp_path, "worker", **env, TENOR_PROTOCOLS_FILE="none.yaml")
    assert_failure(missing, "the protocols file none.yaml cannot be read: No such file")
    (tmp_path / "broken.yaml").write_text("options: [{id: slow, patience: 3}]")
    broken = tenor(tmp_path, "worker", **env, TENOR_PROTOCOLS_FILE="broken.yaml")
    assert_failure(broken, "broken.yaml: option slow: unknown field patience")


def test_a_protocols_file_that_is_no_yaml(tmp_path: Path, env: dict[str, str]) -> None:
    succeeded(tenor(tmp_path, "topics apply", **env))
    (tmp_path / "broken.yaml").write_text("options: [")
    assert_failure(tenor(tmp_path, "worker", **env, TENOR_PROTOCOLS_FILE="broken.yaml"), "not YAML")


@pytest.mark.parametrize("line", ["alerts", "alerts test"])
def test_alerts_without_routes_or_with_broken_ones(tmp_path: Path, line: str) -> None:
    assert_failure(tenor(tmp_path, line), "TENOR_ALERT_ROUTES is not set", "docs/alerts.md")
    (tmp_path / "routes.yaml").write_text("teams: [{name: a, apprise: [x], at_mots: 3}]\nroutes: [{team: a}]")
    told = tenor(tmp_path, line, TENOR_ALERT_ROUTES="routes.yaml")
    assert_failure(told, "routes.yaml: unknown field team a: at_mots, is at_most meant?")


def test_a_command_about_alerts_that_makes_no_sense(tmp_path: Path) -> None:
    assert_failure(tenor(tmp_path, "alerts snooze"), "it must be about a conversation, a team, or both")
    assert_failure(tenor(tmp_path, "alerts snooze c1 --for soon"), "soon is no length of time", "30m, 2h or 1d")


def test_a_recording_that_is_missing_or_broken(tmp_path: Path) -> None:
    assert_failure(tenor(tmp_path, "replay none.jsonl"), "none.jsonl cannot be read: No such file")
    (tmp_path / "broken.jsonl").write_text('{"recording":"tenor","version":1,"seed":1}\n{"secret words')
    result = tenor(tmp_path, "replay broken.jsonl")
    assert_failure(result, "broken.jsonl, line 2")
    assert "secret words" not in result.stderr
    (tmp_path / "broken.gz").write_bytes(b"\x1f\x8b\x08cut")
    assert_failure(tenor(tmp_path, "replay broken.gz"), "broken.gz is not whole")
    assert_failure(tenor(tmp_path, "simulate none/day.jsonl"), "none/day.jsonl cannot be written")


def test_dead_letters_that_do_not_exist(tmp_path: Path, env: dict[str, str]) -> None:
    assert_failure(tenor(tmp_path, "dlq list tenor.alerts", **env), "tenor.alerts has no dead letter queue", "one of:")
    assert_failure(tenor(tmp_path, f"dlq show {env['TENOR_TOPIC_PREFIX']}{LETTERS} 7", **env), "offset 7")


@pytest.mark.parametrize(
    "line", ["perform", "topics perform", "replay", "up --workers 0", f"dlq show {LETTERS} first", WITHOUT]
)
def test_a_command_nobody_knows_or_with_wrong_arguments(tmp_path: Path, line: str) -> None:
    result = tenor(tmp_path, line)
    assert result.returncode == 2
    assert "Usage:" in result.stderr
    assert "Traceback" not in result.stderr


def test_verify_without_topics(tmp_path: Path, env: dict[str, str]) -> None:
    assert_failure(tenor(tmp_path, "verify", **env), "topics are missing")


# --- what is right ---


def test_help_names_every_command(tmp_path: Path) -> None:
    told = succeeded(tenor(tmp_path, "--help"))
    for command in [
        "worker",
        "sink",
        "migrate",
        "up",
        "demo",
        "simulate",
        "replay",
        "report",
        "export",
        "verify",
        "topics",
        "dlq",
        "profiles",
        "alerts",
        "blind-review",
        "config",
        "doctor",
        "schemas",
    ]:
        assert f" {command} " in told


def test_a_test_alert_is_delivered_or_said_to_be_not(tmp_path: Path) -> None:
    with http() as hook:
        team = {"name": "support", "webhooks": [{"url": hook.url, "secret": "${HOOK_SECRET}"}]}
        routes = {"teams": [team], "routes": [{"team": "support", "at_least": "critical"}]}
        (tmp_path / "routes.yaml").write_text(json.dumps(routes))
        env = {"TENOR_ALERT_ROUTES": "routes.yaml", "TENOR_CONSOLE_URL": "https://tenor.example", "HOOK_SECRET": SECRET}
        assert "delivered" in succeeded(tenor(tmp_path, "alerts test", **env))
        assert [(body["kind"], body["severity"]) for body in hook.bodies] == [("test", "warning")]
        refused = tenor(tmp_path, "alerts test", **env | {"HOOK_SECRET": "another secret, also long"})
        assert refused.returncode == 1
        assert "not delivered: HTTP 401" in refused.stdout
        assert_failure(tenor(tmp_path, "alerts test --team nobody", **env), "there is no team nobody", "support")


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        told = succeeded(tenor(tmp_path, f"simulate {name}.jsonl.gz --seed {seed} --conversations 5"))
        assert told == f"wrote {name}.jsonl.gz\n"
    one, same, other = ((tmp_path / f"{name}.jsonl.gz").read_bytes() for name in "abc")
    assert one == same
    assert one != other


def test_topics_apply_twice_and_drift(tmp_path: Path, env: dict[str, str]) -> None:
    for _ in range(2):
        assert succeeded(tenor(tmp_path, "topics apply", **env)) == "all topics are as they should be\n"
    drifted = tenor(tmp_path, "topics apply", **{**env, "TENOR_PARTITIONS": "3"})
    assert drifted.returncode == 1
    assert f"{env['TENOR_TOPIC_PREFIX']}tenor.signals: 2 partitions, should be 3" in drifted.stdout
    assert tenor(tmp_path, "topics apply --tolerate-settings", **{**env, "TENOR_PARTITIONS": "3"}).returncode == 1


def test_a_longer_retention_is_told_and_may_be_tolerated(
    tmp_path: Path, env: dict[str, str], settings: Settings
) -> None:
    name = settings.topics.name(Name.MESSAGES)
    ours = NewTopic(name, settings.partitions, 1, config={"retention.ms": "2592000000"})
    client = admin(settings)
    client.create_topics([ours])[name].result(10)
    assert tenor(tmp_path, "topics apply", **env).returncode == 1
    told = succeeded(tenor(tmp_path, "topics apply --tolerate-settings", **env))
    assert f"{name}: retention.ms is 2592000000, should be 604800000" in told


def test_the_delivery_of_alerts_is_served_beyond_loopback_with_a_token(tmp_path: Path, env: dict[str, str]) -> None:
    team = {"name": "support", "webhooks": [{"url": "http://127.0.0.1:1", "secret": SECRET}]}
    (tmp_path / "routes.yaml").write_text(json.dumps({"teams": [team], "routes": [{"team": "support"}]}))
    beyond = {**env, "TENOR_HTTP_HOST": "0.0.0.0", "TENOR_ALERT_ROUTES": "routes.yaml"}
    assert_failure(tenor(tmp_path, "alerts", **beyond), "without a token")
    assert_failure(tenor(tmp_path, "alerts", **beyond, TENOR_HTTP_TOKEN="0" * 32), "topics are missing")


def test_migrate_twice_and_an_empty_report(tmp_path: Path, env: dict[str, str]) -> None:
    assert "0001_tables.sql" in succeeded(tenor(tmp_path, "migrate", **env))
    assert succeeded(tenor(tmp_path, "migrate", **env)) == "nothing to do\n"
    found = json.loads(succeeded(tenor(tmp_path, "report --json", **env)))
    assert found["traffic"] == {"conversations": 0, "customer_turns": 0, "points": 0, "raised_conversations": 0}
    assert found["interventions"] == []
    assert succeeded(tenor(tmp_path, "report", **env))
    assert_failure(tenor(tmp_path, "export data", **env), "HTTP port")


def test_a_page_and_an_export(tmp_path: Path, warehouse: Settings) -> None:
    env = environment(warehouse)
    assert (
        succeeded(tenor(tmp_path, "report --html page.html --until 2026-03-08T00:00:00Z", **env)) == "wrote page.html\n"
    )
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    told = succeeded(tenor(tmp_path, "export data --until 2026-03-08T00:00:00Z", **env))
    assert "dead_letters.parquet: 5 rows" in told
    assert len(told.splitlines()) == len(list((tmp_path / "data").glob("*.parquet")))


def refuse(settings: Settings, key: str, value: bytes) -> None:
    """Put a dead letter in the queue of the messages."""
    topic = settings.topics.name(LETTERS)
    refusal = Rejected(Reason.BROKEN_AVRO, "the record ends [/early]")
    producer = Producer(kafka.producer_config(settings))
    headers = dead_letter([("note", b"[kept]")], refusal, (topic, 0, 41), "ingest")
    producer.produce(f"{topic}.dlq", key=key, value=value, headers=list(headers), partition=0)
    assert producer.flush(10) == 0


def test_replay_verify_and_dead_letters(tmp_path: Path, settings: Settings, env: dict[str, str]) -> None:
    succeeded(tenor(tmp_path, "topics apply", **env))
    succeeded(tenor(tmp_path, "simulate day.jsonl --conversations 2", **env))
    verdict = json.loads(succeeded(tenor(tmp_path, "verify --json", **env)))
    assert verdict["equal"] is True
    assert verdict["events"] == 0
    assert " 2 conversations" in succeeded(tenor(tmp_path, "replay day.jsonl --no-finish", **env))
    unfolded = tenor(tmp_path, "verify --json", **env)
    assert unfolded.returncode == 1
    assert json.loads(unfolded.stdout)["lost"]
    assert "records behind" in unfolded.stderr

    refuse(settings, "c1", b"secret words")
    queue = settings.topics.dead_letters(LETTERS)
    table = succeeded(tenor(tmp_path, "dlq list", **{**env, "COLUMNS": "200"}))
    assert [line.split() for line in table.splitlines() if queue in line] == [[queue, "broken_avro", "1"]]
    letters = succeeded(tenor(tmp_path, f"dlq list {queue}", **{**env, "COLUMNS": "200"}))
    assert "0/41" in letters
    assert "the record ends [/early]" in letters
    shown = succeeded(tenor(tmp_path, f"dlq show {queue} 0", **env))
    assert "reason: broken_avro" in shown
    assert "exception.message: the record ends [/early]" in shown
    assert "secret words" not in table + letters + shown
    assert "secret words" in succeeded(tenor(tmp_path, f"dlq show {queue} 0 --payload", **env))
    said = succeeded(tenor(tmp_path, f"dlq requeue {queue} 0", **env))
    assert said == f"{queue} 0 sent to {settings.topics.name(LETTERS)}\n"
    [again] = [m for m in topic_reader.read(settings, [settings.topics.name(LETTERS)]) if m.value == b"secret words"]
    assert (again.key, list(again.headers)) == (b"c1", [("note", b"[kept]")])


def test_profiles_shown_and_erased(tmp_path: Path, settings: Settings, env: dict[str, str]) -> None:
    assert_failure(tenor(tmp_path, "profiles show anna", **env), "topics are missing")
    succeeded(tenor(tmp_path, "topics apply", **env))
    assert_failure(tenor(tmp_path, "profiles show anna", **env), "nothing is remembered")
    known = Profile(1, 5, 3, 20, (0.1,), {"latency.wait": Baseline(4.0, 1.0, 9)}, {"text.blame": 2.0})
    producer = Producer(kafka.producer_config(settings))
    for key, one in ((key_of({"tenant": "t2", "customer_id": "anna"}), known), (f"default{SEPARATOR}bert", known)):
        producer.produce(settings.topics.profiles, key=key, value=encode(one), partition=0)
    assert producer.flush(10) == 0
    assert_failure(tenor(tmp_path, "profiles show anna", **env), "nothing is remembered")
    shown = json.loads(succeeded(tenor(tmp_path, "profiles show anna --tenant t2", **env)))
    assert (shown["conversations"], shown["triggers"]) == (3, {"text.blame": 2.0})
    assert shown["baselines"] == {"latency.wait": {"mean": 4.0, "variance": 1.0, "count": 9}}
    succeeded(tenor(tmp_path, "profiles erase anna --tenant t2", **env))
    [note] = topic_reader.read(settings, [settings.topics.name(Name.CUSTOMERS)])
    datum = codec_for(settings).decode(record("customer_note"), note.value, {})
    assert (note.key, datum["kind"], datum["tenant"], datum["customer_id"]) == (b"anna", "erased", "t2", "anna")
    verdict = json.loads(succeeded(tenor(tmp_path, "verify --json", **env)))
    assert (verdict["equal"], verdict["unexpected"]) == (True, [])


# --- the broker that was not there from the beginning of this file ---


@pytest.mark.parametrize("line", NEEDS_KAFKA)
def test_an_unreachable_broker(without_kafka: Mapping[str, Future[Result]], line: str) -> None:
    result = without_kafka[line].result()
    assert_failure(result, f"the Kafka broker at {NOBODY} does not answer", "TENOR_BROKERS")


def test_an_unreachable_broker_is_said_once(without_kafka: Mapping[str, Future[Result]]) -> None:
    for future in without_kafka.values():
        assert future.result().stderr.splitlines() == sentences(future.result())
