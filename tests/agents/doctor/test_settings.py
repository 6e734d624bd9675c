"""What the doctor says of settings: all that is wrong, not only the first."""

import os
from pathlib import Path

import pytest

from agents.doctor.check import broken
from agents.doctor.settings import look


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables and no .env file."""
    for name in [name for name in os.environ if name.startswith("TENOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def found(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[tuple[str, str]]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return [(one.verdict, one.found) for one in look()[1]]


def test_good_ones_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    [(verdict, said)] = found(monkeypatch, TENOR_PARTITIONS="4", TENOR_DECISION__SALT="own")
    assert (verdict, "2 from environment" in said) == ("ok", True)


def test_a_salt_everybody_knows_is_worth_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    [(verdict, said)] = found(monkeypatch)
    assert (verdict, "salt" in said) == ("warning", True)
    assert not broken(look()[1])


def test_all_that_is_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said = found(
        monkeypatch,
        TENOR_BROKER="a:1",
        TENOR_PARTITION="3",
        TENOR_KAFKA_USER="u",
        TENOR_CLICKHOUSE_CA_FILE="nowhere.pem",
        TENOR_LOG_LEVEL="loud",
        TENOR_HTTP_HOST="0.0.0.0",
        TENOR_DECISION__SALT="own",
    )
    assert [verdict for verdict, _ in said] == ["failed"] * 7
    text = " ".join(one for _, one in said)
    for word in (
        "TENOR_BROKER ",
        "TENOR_PARTITION ",
        "KAFKA_SASL is not",
        "CA_FILE is wrong",
        "off",
        "LOG_LEVEL",
        "0.0.0.0",
    ):
        assert word in text


def test_a_login_that_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    said = found(monkeypatch, TENOR_KAFKA_SASL="SCRAM-SHA-512", TENOR_KAFKA_USER="u", TENOR_DECISION__SALT="own")
    assert said == [("failed", "TENOR_KAFKA_SASL is SCRAM-SHA-512, but TENOR_KAFKA_PASSWORD is not set")]


def test_settings_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_PARTITIONS", "many")
    settings, [wrong] = look()
    assert settings is None
    assert (wrong.verdict, wrong.found.partition(":")[0]) == ("failed", "TENOR_PARTITIONS is wrong")
