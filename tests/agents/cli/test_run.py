"""``tenor worker|sink``: what keeps a process from starting."""

import socket
from pathlib import Path

import pytest

from agents.embedded.process import LOOPBACK
from tests.support.data.command_line import assert_failure, succeeded, tenor

pytestmark = pytest.mark.integration


def test_a_sink_without_topics_without_clickhouse_without_tables(tmp_path: Path, env: dict[str, str]) -> None:
    assert_failure(tenor(tmp_path, "sink", **env), "topics are missing", "tenor topics apply")
    succeeded(tenor(tmp_path, "topics apply", **env))
    assert_failure(tenor(tmp_path, "sink", **{**env, "TENOR_CLICKHOUSE_PORT": "1"}), "cannot be reached")
    assert_failure(tenor(tmp_path, "sink", **env), "has no database", "tenor migrate")
    assert_failure(tenor(tmp_path, "report", **env), "has no database", "tenor migrate")


def test_a_worker_without_topics(tmp_path: Path, env: dict[str, str]) -> None:
    assert_failure(tenor(tmp_path, "worker", **env), "topics are missing", "tenor topics apply")


def test_an_http_port_in_use(tmp_path: Path, env: dict[str, str]) -> None:
    for line in ("topics apply", "migrate"):
        succeeded(tenor(tmp_path, line, **env))
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        for line in ("worker", "sink"):
            result = tenor(tmp_path, line, **{**env, "TENOR_HTTP_PORT": port})
            assert_failure(result, f"Cannot listen on {LOOPBACK}:{port}", "TENOR_HTTP_PORT")


def test_a_protocols_file_that_is_missing_or_broken(tmp_path: Path, env: dict[str, str]) -> None:
    succeeded(tenor(tmp_path, "topics apply", **env))
    missing = tenor(tmp_path, "worker", **env, TENOR_PROTOCOLS_FILE="none.yaml")
    assert_failure(missing, "The protocols file none.yaml cannot be read: No such file")
    (tmp_path / "broken.yaml").write_text("options: [{id: slow, patience: 3}]")
    broken = tenor(tmp_path, "worker", **env, TENOR_PROTOCOLS_FILE="broken.yaml")
    assert_failure(broken, "broken.yaml: option slow: unknown field patience")


def test_a_protocols_file_that_is_no_yaml(tmp_path: Path, env: dict[str, str]) -> None:
    succeeded(tenor(tmp_path, "topics apply", **env))
    (tmp_path / "broken.yaml").write_text("options: [")
    assert_failure(tenor(tmp_path, "worker", **env, TENOR_PROTOCOLS_FILE="broken.yaml"), "not YAML")
