"""``tenor migrate|topics|verify``."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import free_port
from agents.kafka.client import admin_client
from agents.settings.model import Settings
from schemas.topics import Name
from tests.support.data.command_line import assert_failure, succeeded, tenor

pytestmark = pytest.mark.integration


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
        assert_failure(result, "Authentication failed for user tenor", "TENOR_CLICKHOUSE_PASSWORD")
        assert "very-wrong" not in result.stderr
    succeeded(tenor(tmp_path, "migrate", **env, TENOR_CLICKHOUSE_PASSWORD="right"))


def test_verify_without_topics(tmp_path: Path, env: dict[str, str]) -> None:
    assert_failure(tenor(tmp_path, "verify", **env), "topics are missing")


def test_topics_apply_twice_and_drift(tmp_path: Path, env: dict[str, str]) -> None:
    for _ in range(2):
        assert succeeded(tenor(tmp_path, "topics apply", **env)) == "all topics are up to date\n"
    drifted = tenor(tmp_path, "topics apply", **{**env, "TENOR_PARTITIONS": "3"})
    assert drifted.returncode == 1
    assert f"{env['TENOR_TOPIC_PREFIX']}tenor.signals: 2 partitions, should be 3" in drifted.stdout
    assert tenor(tmp_path, "topics apply --tolerate-settings", **{**env, "TENOR_PARTITIONS": "3"}).returncode == 1


def test_a_longer_retention_is_told_and_may_be_tolerated(
    tmp_path: Path, env: dict[str, str], settings: Settings
) -> None:
    name = settings.topics.name(Name.MESSAGES)
    ours = NewTopic(name, settings.partitions, 1, config={"retention.ms": "2592000000"})
    client = admin_client(settings)
    client.create_topics([ours])[name].result(10)
    assert tenor(tmp_path, "topics apply", **env).returncode == 1
    told = succeeded(tenor(tmp_path, "topics apply --tolerate-settings", **env))
    assert f"{name}: retention.ms is 2592000000, should be 604800000" in told


def test_migrate_twice_and_an_empty_report(tmp_path: Path, env: dict[str, str]) -> None:
    assert "0001_tables.sql" in succeeded(tenor(tmp_path, "migrate", **env))
    assert succeeded(tenor(tmp_path, "migrate", **env)) == "the database is up to date\n"
    found = json.loads(succeeded(tenor(tmp_path, "report --json", **env)))
    assert found["traffic"] == {"conversations": 0, "customer_turns": 0, "points": 0, "raised_conversations": 0}
    assert found["interventions"] == []
    assert succeeded(tenor(tmp_path, "report", **env))
    assert_failure(tenor(tmp_path, "export data", **env), "HTTP port")
