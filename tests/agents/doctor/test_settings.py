"""What the doctor says of settings: every problem, not only the first."""

import os
from pathlib import Path

import pytest

from agents.doctor.check import has_failed
from agents.doctor.settings import check_settings


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables and no .env file."""
    for name in [name for name in os.environ if name.startswith("TENOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def findings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[tuple[str, str]]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return [(check.verdict, check.finding) for check in check_settings()[1]]


def test_valid_settings_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    [(verdict, finding)] = findings(monkeypatch, TENOR_PARTITIONS="4", TENOR_DECISION__SALT="own")
    assert (verdict, "2 from environment" in finding) == ("ok", True)


def test_the_default_salt_is_worth_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    [(verdict, finding)] = findings(monkeypatch)
    assert (verdict, "salt" in finding) == ("warning", True)
    assert not has_failed(check_settings()[1])


def test_every_problem_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    reported = findings(
        monkeypatch,
        TENOR_BROKER="a:1",
        TENOR_PARTITION="3",
        TENOR_KAFKA_USER="u",
        TENOR_CLICKHOUSE_CA_FILE="nowhere.pem",
        TENOR_LOG_LEVEL="loud",
        TENOR_HTTP_HOST="0.0.0.0",
        TENOR_DECISION__SALT="own",
    )
    assert [verdict for verdict, _ in reported] == ["failed"] * 7
    text = "; ".join(finding for _, finding in reported)
    for word in (
        "TENOR_BROKER;",
        "TENOR_PARTITION;",
        "KAFKA_SASL is not",
        "CA_FILE is invalid",
        "off",
        "LOG_LEVEL",
        "0.0.0.0",
    ):
        assert word in text


def test_an_incomplete_login(monkeypatch: pytest.MonkeyPatch) -> None:
    reported = findings(monkeypatch, TENOR_KAFKA_SASL="SCRAM-SHA-512", TENOR_KAFKA_USER="u", TENOR_DECISION__SALT="own")
    assert reported == [("failed", "TENOR_KAFKA_SASL is SCRAM-SHA-512, but TENOR_KAFKA_PASSWORD is not set")]


def test_invalid_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_PARTITIONS", "many")
    settings, [check] = check_settings()
    assert settings is None
    assert (check.verdict, check.finding.partition(":")[0]) == ("failed", "TENOR_PARTITIONS is invalid")
