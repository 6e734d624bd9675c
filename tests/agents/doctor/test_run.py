"""The doctor on the embedded stack: healthy, and broken in several ways at once."""

import json
from pathlib import Path
from typing import get_args

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]
from rich.console import Console

from agents.cli.admin import Role
from agents.clickhouse.client import connect
from agents.common.clock import now_ms
from agents.doctor.broker import Cluster, look
from agents.doctor.check import Check, broken
from agents.doctor.run import EVERYTHING, GRANTS, NEEDS, ON_KAFKA, examine
from agents.doctor.view import as_json, render
from agents.kafka import client as kafka
from agents.kafka.admin import topics
from agents.settings.loader import environment, read
from agents.settings.model import Settings
from agents.settings.secret_source import nested_secrets
from schemas.topics import Name
from streams import state
from tests.support.data.command_line import tenor

pytestmark = pytest.mark.integration


def examined(monkeypatch: pytest.MonkeyPatch, settings: Settings, role: str | None = None) -> dict[str, list[Check]]:
    """What is found with these settings, by what it is about."""
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    found: dict[str, list[Check]] = {}
    for one in examine(role, patience_s=2):
        found.setdefault(one.about, []).append(one)
    return found


def verdicts(found: dict[str, list[Check]]) -> dict[str, set[str]]:
    return {about: {one.verdict for one in checks} for about, checks in found.items()}


def publish(settings: Settings, topic: str, value: bytes, at: int) -> None:
    producer = Producer(kafka.producer_config(settings))
    producer.produce(topic, key=b"k", value=value, timestamp=at)
    assert producer.flush(10) == 0


def unmigrate(settings: Settings) -> None:
    """Have the last migrations look as if they had not been applied."""
    client = connect(settings)
    client.execute("ALTER TABLE migrations DELETE WHERE number > 6 SETTINGS mutations_sync = 2")
    client.disconnect()


def test_a_healthy_deployment(monkeypatch: pytest.MonkeyPatch, migrated: Settings) -> None:
    topics.apply(migrated)
    found = examined(monkeypatch, migrated)
    assert {"settings", "broker", "topics", "state", "clickhouse", "tables", "grants", "clock"} <= found.keys()
    assert set().union(*verdicts(found).values()) == {"ok"}, found


def test_nothing_is_made_yet(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    found = examined(monkeypatch, settings)
    [lacking] = found["topics"]
    assert lacking.verdict == "failed"
    assert f"{len(settings.topics.all())} topics are missing" in lacking.found
    assert lacking.todo == "run: tenor topics apply"
    [tables] = found["tables"]
    assert (tables.verdict, "tenor migrate" in str(tables.todo)) == ("failed", True)
    assert verdicts(found)["broker"] == verdicts(found)["protocols"] == {"ok"}
    known = kafka.metadata(kafka.admin_client(settings), settings).topics
    assert not [name for name in known if name.startswith(settings.topic_prefix)], "the doctor changed something"


def test_what_is_not_as_it_should_be(monkeypatch: pytest.MonkeyPatch, migrated: Settings) -> None:
    names = migrated.topics
    changed = [
        NewTopic(names.name(Name.SIGNALS), 3, 1),
        NewTopic(names.name(Name.POLICY), 2, 1),
        NewTopic(names.profiles, 2, 1, config={"cleanup.policy": "delete", "max.message.bytes": "1048588"}),
        NewTopic(names.name(Name.MESSAGES), 5, 1),
    ]
    client = kafka.admin_client(migrated)
    for created in client.create_topics(changed).values():
        created.result(10)
    topics.apply(migrated)
    publish(migrated, names.changelog, bytes([state.FORMAT - 1]) + bytes(20), now_ms())
    publish(migrated, names.name(Name.MESSAGES), b"x", now_ms() + 3 * 3_600_000)
    unmigrate(migrated)
    routes = migrated.model_copy(update={"alert_routes": Path("nowhere.yaml")})

    found = examined(monkeypatch, routes)
    said = {one.found: one for checks in found.values() for one in checks if one.verdict != "ok"}
    wanted = {
        f"{names.name(Name.SIGNALS)} has 3 partitions, TENOR_PARTITIONS is 2": "failed",
        f"{names.name(Name.POLICY)} has 2 partitions, should have 1": "failed",
        f"{names.name(Name.MESSAGES)} has 5 partitions, should have 2": "warning",
        f"{names.profiles}: cleanup.policy is delete, should be compact": "failed",
        f"{names.name(Name.MESSAGES)}: retention.ms is not set": "warning",
        f"a state in {names.changelog}: a conversation's state has format {state.FORMAT - 1}": "failed",
        f"the newest record of {names.name(Name.MESSAGES)} is 10": "failed",
        "the ClickHouse database": "failed",
        "the routes file": "failed",
    }
    for begin, verdict in wanted.items():
        named = [one for text, one in said.items() if text.startswith(begin)]
        assert [one.verdict for one in named] == [verdict], (begin, said)
        assert named[0].todo or named[0].about == "routes", named


def test_a_broker_that_is_not_there_hides_nothing_else(
    monkeypatch: pytest.MonkeyPatch, migrated: Settings, tmp_path: Path
) -> None:
    found = examined(monkeypatch, migrated.model_copy(update={"brokers": "127.0.0.1:1"}))
    away, rest = found["broker"]
    assert (away.verdict, "does not answer" in away.found) == ("failed", True)
    assert (rest.verdict, all(about in rest.found for about in ON_KAFKA)) == ("warning", True)
    assert verdicts(found)["tables"] == {"ok"}


def test_one_role_needs_less(monkeypatch: pytest.MonkeyPatch, migrated: Settings) -> None:
    topics.apply(migrated)
    away = migrated.model_copy(update={"clickhouse_port": 1})
    worker = examined(monkeypatch, away, "worker")
    assert "clickhouse" not in worker
    assert {one for all_ in verdicts(worker).values() for one in all_} == {"ok"}
    assert verdicts(examined(monkeypatch, away, "sink"))["clickhouse"] == {"failed"}


def test_every_role_is_known() -> None:
    assert set(get_args(Role)) == NEEDS.keys()
    assert {role for role, needed in NEEDS.items() if "clickhouse" in needed} == GRANTS.keys()
    assert set(ON_KAFKA) <= EVERYTHING


def test_a_broker_that_answers_has_enough_brothers(settings: Settings) -> None:
    cluster, [found] = look(settings.model_copy(update={"replication": 3}), 5)
    assert isinstance(cluster, Cluster)
    assert (found.verdict, found.found) == ("failed", "TENOR_REPLICATION is 3, but there are 1 brokers")


CANARY = "hunter2"
# Of every secret the variable, those in groups included.
SECRETS = [f"TENOR_{name}".upper() for name, one in Settings.model_fields.items() if "SecretStr" in str(one.annotation)]
SECRETS += [f"TENOR_{group}__{name}".upper() for group, name in nested_secrets(Settings)]


def secret(variable: str, form: str = "{}") -> str:
    """A value that tells whose it is. Some forms cannot be meant, which is complained of."""
    return form.format(f"{CANARY}-{variable.lower()}")


ENGINES = {"TENOR_EMBEDDED": "false", "TENOR_CLICKHOUSE_USER": "nobody"}
REFUSED = {
    "right, and refused": ENGINES,
    "logins to what does not answer": ENGINES
    | {
        "TENOR_KAFKA_SASL": "SCRAM-SHA-256",
        "TENOR_KAFKA_USER": "u",
        "TENOR_REGISTRY_URL": "http://127.0.0.1:1",
        "TENOR_REGISTRY_USER": "u",
        "TENOR_OTLP_ENDPOINT": "http://127.0.0.1:1",
    },
    "a token from who does not answer": ENGINES
    | {"TENOR_KAFKA_SASL": "OAUTHBEARER", "TENOR_KAFKA_TOKEN_URL": "http://127.0.0.1:1", "TENOR_KAFKA_CLIENT_ID": "u"},
    "URLs with a login": ENGINES
    | {
        "TENOR_REGISTRY_URL": f"http://u:{CANARY}@127.0.0.1:1",
        "TENOR_OTLP_ENDPOINT": f"http://u:{CANARY}@127.0.0.1:1",
    },
    "misspelled": ENGINES | {"TENOR_KAFKA_PASWORD": CANARY, "TENOR_DECISION__SALTS": CANARY},
    "out of range": {"TENOR_DECISION__CONTROL_SHARE": "7"},
    "no JSON": {"TENOR_DECISION": f'{{"salt": "{CANARY}'},
    "no header carries them": ENGINES,
    "twice": {f"{name}_FILE": f"/{CANARY}" for name in SECRETS},
}


@pytest.mark.parametrize("what", REFUSED)
def test_no_secret_is_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], settings: Settings, what: str
) -> None:
    """Not in the table, not as JSON, not on standard error, whatever is wrong with it or with what it opens."""
    form = "{} with a space" if what == "no header carries them" else "{}"
    given = {**environment(settings), **{name: secret(name, form) for name in SECRETS}, **REFUSED[what]}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found = list(examine(patience_s=1))
    assert broken(found)
    render(found, Console(width=1000))
    print(as_json(found))
    printed, complained = capfd.readouterr()
    assert "failed" in printed
    assert CANARY not in (printed + complained).lower()


def test_every_secret_was_there_to_be_told(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    assert len(SECRETS) >= 7
    for name in SECRETS:
        monkeypatch.setenv(name, secret(name))
    monkeypatch.chdir(tmp_path)
    found = environment(read())
    assert all(secret(name) in str(found) for name in SECRETS)


def test_the_command_tells_all_and_no_secret(settings: Settings, tmp_path: Path) -> None:
    env = {**environment(settings), "TENOR_BROKER": "x"}
    env |= {"TENOR_CLICKHOUSE_USER": "nobody", **{name: secret(name) for name in SECRETS}}
    table, result = (tenor(tmp_path, f"doctor {form}", **env, COLUMNS="1000") for form in ("", "--json"))
    assert result.returncode == 1
    found = json.loads(result.stdout)
    checks = [Check(**one) for one in found["checks"]]
    assert broken(checks)
    assert found["failed"] == sum(one.verdict == "failed" for one in checks)
    assert Check("settings", "failed", "TENOR_BROKER is no setting", "is TENOR_BROKERS meant?") in checks
    [login] = [one for one in checks if one.about == "clickhouse"]
    assert "Authentication failed for user nobody" in login.found
    assert "Authentication failed for user nobody" in table.stdout
    assert CANARY not in "".join((table.stdout, table.stderr, result.stdout, result.stderr)).lower()
