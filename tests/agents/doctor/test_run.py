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
from agents.doctor.broker import Cluster, connect_broker
from agents.doctor.check import Check, has_failed
from agents.doctor.run import EVERYTHING, GRANTS, NEEDS, ON_KAFKA, run_doctor
from agents.doctor.view import as_json, render
from agents.kafka import client as kafka
from agents.kafka.admin import topics
from agents.settings.loader import environment, read_settings
from agents.settings.model import Settings
from agents.settings.secret_source import nested_secret_names
from schemas.topics import Name
from streams import state
from tests.support.data.command_line import tenor

pytestmark = pytest.mark.integration


def run(monkeypatch: pytest.MonkeyPatch, settings: Settings, role: str | None = None) -> dict[str, list[Check]]:
    """The checks with these settings, by subject."""
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    by_subject: dict[str, list[Check]] = {}
    for check in run_doctor(role, timeout_s=2):
        by_subject.setdefault(check.subject, []).append(check)
    return by_subject


def verdicts(by_subject: dict[str, list[Check]]) -> dict[str, set[str]]:
    return {subject: {check.verdict for check in checks} for subject, checks in by_subject.items()}


def publish(settings: Settings, topic: str, value: bytes, at: int) -> None:
    producer = Producer(kafka.producer_config(settings))
    producer.produce(topic, key=b"k", value=value, timestamp=at)
    assert producer.flush(10) == 0


def unmigrate(settings: Settings) -> None:
    """Make the last migrations look as if they had not been applied."""
    client = connect(settings)
    client.execute("ALTER TABLE migrations DELETE WHERE number > 6 SETTINGS mutations_sync = 2")
    client.disconnect()


def test_a_healthy_deployment(monkeypatch: pytest.MonkeyPatch, migrated: Settings) -> None:
    topics.apply(migrated)
    checks = run(monkeypatch, migrated)
    assert {"settings", "broker", "topics", "state", "clickhouse", "tables", "grants", "clock"} <= checks.keys()
    assert set().union(*verdicts(checks).values()) == {"ok"}, checks


def test_without_topics_and_tables(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    checks = run(monkeypatch, settings)
    [missing] = checks["topics"]
    assert missing.verdict == "failed"
    assert f"{len(settings.topics.all())} topics are missing" in missing.finding
    assert missing.todo == "Run: tenor topics apply"
    [tables] = checks["tables"]
    assert (tables.verdict, "tenor migrate" in str(tables.todo)) == ("failed", True)
    assert verdicts(checks)["broker"] == verdicts(checks)["protocols"] == {"ok"}
    known = kafka.metadata(kafka.admin_client(settings), settings).topics
    assert not [name for name in known if name.startswith(settings.topic_prefix)], "the doctor changed something"


def test_many_problems_at_once(monkeypatch: pytest.MonkeyPatch, migrated: Settings) -> None:
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

    by_subject = run(monkeypatch, routes)
    problems = {check.finding: check for checks in by_subject.values() for check in checks if check.verdict != "ok"}
    expected = {
        f"{names.name(Name.SIGNALS)} has 3 partitions, TENOR_PARTITIONS is 2": "failed",
        f"{names.name(Name.POLICY)} has 2 partitions, should have 1": "failed",
        f"{names.name(Name.MESSAGES)} has 5 partitions, should have 2": "warning",
        f"{names.profiles}: cleanup.policy is delete, should be compact": "failed",
        f"{names.name(Name.MESSAGES)}: retention.ms is not set": "warning",
        f"A state in {names.changelog}: a conversation's state has format {state.FORMAT - 1}": "failed",
        f"The newest record of {names.name(Name.MESSAGES)} is 10": "failed",
        "The ClickHouse database": "failed",
        "The routes file": "failed",
    }
    for beginning, verdict in expected.items():
        matching = [check for finding, check in problems.items() if finding.startswith(beginning)]
        assert [check.verdict for check in matching] == [verdict], (beginning, problems)
        assert matching[0].todo or matching[0].subject == "routes", matching


def test_without_a_broker_the_other_checks_still_run(
    monkeypatch: pytest.MonkeyPatch, migrated: Settings, tmp_path: Path
) -> None:
    checks = run(monkeypatch, migrated.model_copy(update={"brokers": "127.0.0.1:1"}))
    down, rest = checks["broker"]
    assert (down.verdict, "does not answer" in down.finding) == ("failed", True)
    assert (rest.verdict, all(subject in rest.finding for subject in ON_KAFKA)) == ("warning", True)
    assert verdicts(checks)["tables"] == {"ok"}


def test_one_role_needs_less(monkeypatch: pytest.MonkeyPatch, migrated: Settings) -> None:
    topics.apply(migrated)
    without_clickhouse = migrated.model_copy(update={"clickhouse_port": 1})
    worker = run(monkeypatch, without_clickhouse, "worker")
    assert "clickhouse" not in worker
    assert set().union(*verdicts(worker).values()) == {"ok"}
    assert verdicts(run(monkeypatch, without_clickhouse, "sink"))["clickhouse"] == {"failed"}


def test_every_role_is_known() -> None:
    assert set(get_args(Role)) == NEEDS.keys()
    assert {role for role, needed in NEEDS.items() if "clickhouse" in needed} == GRANTS.keys()
    assert set(ON_KAFKA) <= EVERYTHING


def test_too_few_brokers_for_the_replication(settings: Settings) -> None:
    cluster, [check] = connect_broker(settings.model_copy(update={"replication": 3}), 5)
    assert isinstance(cluster, Cluster)
    assert (check.verdict, check.finding) == ("failed", "TENOR_REPLICATION is 3, but the cluster has 1 broker")


CANARY = "hunter2"
# The variable of every secret, those in groups included.
SECRETS = [f"TENOR_{name}".upper() for name, one in Settings.model_fields.items() if "SecretStr" in str(one.annotation)]
SECRETS += [f"TENOR_{group}__{name}".upper() for group, name in nested_secret_names(Settings)]


def secret(variable: str, form: str = "{}") -> str:
    """A value that names its variable. Some forms are invalid, which the doctor reports."""
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
def test_no_secret_is_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], settings: Settings, what: str
) -> None:
    """Not in the table, not as JSON, not on standard error, whatever is wrong with it or with its server."""
    form = "{} with a space" if what == "no header carries them" else "{}"
    variables = {**environment(settings), **{name: secret(name, form) for name in SECRETS}, **REFUSED[what]}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    checks = run_doctor(timeout_s=1)
    assert has_failed(checks)
    render(checks, Console(width=1000))
    print(as_json(checks))
    printed, logged = capfd.readouterr()
    assert "failed" in printed
    assert CANARY not in (printed + logged).lower()


def test_every_secret_was_set(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    assert len(SECRETS) >= 7
    for name in SECRETS:
        monkeypatch.setenv(name, secret(name))
    monkeypatch.chdir(tmp_path)
    variables = environment(read_settings())
    assert all(secret(name) in str(variables) for name in SECRETS)


def test_the_command_shows_every_check_and_no_secret(settings: Settings, tmp_path: Path) -> None:
    env = {**environment(settings), "TENOR_BROKER": "x"}
    env |= {"TENOR_CLICKHOUSE_USER": "nobody", **{name: secret(name) for name in SECRETS}}
    table, result = (tenor(tmp_path, f"doctor {form}", **env, COLUMNS="1000") for form in ("", "--json"))
    assert result.returncode == 1
    report = json.loads(result.stdout)
    checks = [Check(one["about"], one["verdict"], one["found"], one["todo"]) for one in report["checks"]]
    assert has_failed(checks)
    assert report["failed"] == sum(check.verdict == "failed" for check in checks)
    assert Check("settings", "failed", "Unknown setting TENOR_BROKER", "Did you mean TENOR_BROKERS?") in checks
    [login] = [check for check in checks if check.subject == "clickhouse"]
    assert "Authentication failed for user nobody" in login.finding
    assert "Authentication failed for user nobody" in table.stdout
    assert CANARY not in "".join((table.stdout, table.stderr, result.stdout, result.stderr)).lower()
