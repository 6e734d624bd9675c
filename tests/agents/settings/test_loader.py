"""Settings: another process gets exactly what was set in this one."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agents.common.errors import Failure
from agents.settings.loader import environment, load, unset_file_variables
from agents.settings.model import Settings
from agents.settings.secret_source import secret_names
from streams.config.model import (
    BeliefConfig,
    Config,
    DecisionConfig,
    LearnerConfig,
    NavigationConfig,
    OutcomeConfig,
    PolicyConfig,
    ProfileConfig,
    SignalConfig,
    WorkloadConfig,
)
from streams.interventions.catalogue import SHIPPED, default_options

CHANGED: dict[str, Any] = {
    "brokers": "a:1,b:2",
    "topic_prefix": "staging.",
    "partitions": 3,
    "replication": 2,
    "registry_url": "https://registry:8081",
    "registry_user": "reader",
    "registry_password": SecretStr("r'egistry"),
    "registry_ca_file": SHIPPED,
    "kafka_tls": True,
    "kafka_ca_file": SHIPPED,
    "kafka_cert_file": SHIPPED,
    "kafka_key_file": SHIPPED,
    "kafka_sasl": "OAUTHBEARER",
    "kafka_user": "worker",
    "kafka_password": SecretStr("k'afka"),
    "kafka_token_url": "https://idp/token",
    "kafka_client_id": "tenor",
    "kafka_client_secret": SecretStr("c'lient"),
    "kafka_token_scope": "kafka",
    "kafka_token_ca_file": SHIPPED,
    "clickhouse_host": "there",
    "clickhouse_port": 9440,
    "clickhouse_http_port": 8443,
    "clickhouse_user": "writer",
    "clickhouse_password": SecretStr("p'w\" $x#{}"),
    "clickhouse_database": "other",
    "clickhouse_secure": True,
    "clickhouse_ca_file": SHIPPED,
    "http_host": "0.0.0.0",
    "http_port": 8000,
    "http_token": SecretStr("t'oken"),
    "otlp_endpoint": "https://collector:4318",
    "otlp_share": 0.1,
    "otlp_token": SecretStr("t'races"),
    "log_level": "error",
    "log_json": True,
    "instance": "worker-0",
    "session_timeout_s": 2.5,
    "fetch_wait_ms": 7,
    "fetch_bytes": 512,
    "write_behind_s": 0.5,
    "poll_records": 5,
    "commit_interval_s": 0.25,
    "linger_ms": 0,
    "stall_s": 9.0,
    "tick_s": 0.5,
    "tick_lateness_s": 0.0,
    "sink_rows": 10,
    "sink_wait_s": 0.1,
    "sink_patience_s": 3.5,
    "event_bytes": 100,
    "future_s": 1.5,
    "past_s": 2.5,
    "embedded": True,
    "alert_routes": SHIPPED,
    "alert_patience_s": 9.0,
    "rate_per_s": 2.5,
    "rate_burst": 20,
    "console_url": "https://tenor.example",
    "console_live_s": 60.0,
    "console_poll_s": 2.0,
    "console_session_s": 600.0,
    "protocols_file": SHIPPED,
    "signals": SignalConfig(text=False, typing_sd=0.123456789012345),
    "navigation": NavigationConfig(rage_clicks=4, help_ms=0.1, ignore_paging=False),
    "belief": BeliefConfig(drift=1e-9, slope_points=7),
    "decision": DecisionConfig(salt="geheim \N{SNOWMAN}", control_share=1 / 3),
    "outcome": OutcomeConfig(window_turns=1, idle_s=0.1),
    "profile": ProfileConfig(remember=False, decay=0.5),
    "policy": PolicyConfig(floor=0.05, rollback_after=300),
    "learner": LearnerConfig(labels=7, base_rate=True),
    "workload": WorkloadConfig(enabled=True, least=8),
}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables and no .env file."""
    for name in [name for name in os.environ if name.startswith("TENOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def loaded(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> Settings:
    set_all(monkeypatch, variables)
    return load()


def read(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> Settings:
    """Settings that may contradict each other."""
    set_all(monkeypatch, variables)
    return Settings()


def set_all(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_every_setting_is_tried_here() -> None:
    assert CHANGED.keys() == Settings.model_fields.keys()
    defaults = Settings()
    assert all(getattr(defaults, name) != value for name, value in CHANGED.items())


@pytest.mark.parametrize("name", CHANGED)
def test_one_changed_setting_reaches_another_process(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    settings = Settings(**{name: CHANGED[name]})
    assert environment(settings).keys() == {f"TENOR_{name.upper()}"}
    assert read(monkeypatch, environment(settings)) == settings


def test_all_of_them_do_and_the_config_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(**CHANGED)
    again = loaded(monkeypatch, environment(settings))
    assert again == settings
    assert again.config.version == settings.config.version != Config().version


def test_defaults_are_left_out_and_copies_tell_what_they_changed() -> None:
    assert environment(Settings()) == {}
    assert environment(Settings().model_copy(update={"http_port": 5})) == {"TENOR_HTTP_PORT": "5"}


@pytest.mark.parametrize("name", ["registry_url", "instance", "protocols_file", "alert_routes", "console_url"])
def test_none_stays_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    settings = Settings(**{name: None})
    assert loaded(monkeypatch, environment(settings)) == settings


def test_a_nested_variable_changes_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch, {"TENOR_BELIEF__THRESHOLD": "5", "TENOR_DECISION__SALT": "x", "TENOR_NAVIGATION__DEAD_MS": "7000"}
    )
    assert settings.belief == BeliefConfig(threshold=5.0)
    assert settings.decision == DecisionConfig(salt="x")
    assert settings.navigation == NavigationConfig(dead_ms=7000.0)
    assert loaded(monkeypatch, environment(settings)) == settings


def test_a_dotenv_file_counts_and_is_handed_on(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TENOR_PARTITIONS=5\nTENOR_CLICKHOUSE_PASSWORD=hidden\nOTHER=1\n")
    settings = load()
    assert settings.partitions == 5
    assert environment(settings) == {"TENOR_PARTITIONS": "5", "TENOR_CLICKHOUSE_PASSWORD": "hidden"}


@pytest.mark.parametrize("name", secret_names(Settings))
def test_secrets_do_not_show(name: str) -> None:
    settings = Settings(**{name: "hidden"})
    assert "hidden" in environment(settings).values()
    assert (
        "hidden" not in f"{settings!r} {settings} {settings.model_dump_json()} {environment(settings, secrets=False)}"
    )


def test_every_secret_is_one_by_its_type() -> None:
    secret = re.compile("password|secret|token$|key$|login")
    named = {name for name in Settings.model_fields if secret.search(name)}
    assert named == set(secret_names(Settings))


def test_the_salt_of_the_lottery_is_one_of_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever knows it can tell who will be in control."""
    (tmp_path / "salt").write_text("hidden\n")
    variables = {"TENOR_DECISION__SALT_FILE": str(tmp_path / "salt"), "TENOR_DECISION__CONTROL_SHARE": "0.4"}
    settings = loaded(monkeypatch, variables)
    assert settings.decision == DecisionConfig(salt="hidden", control_share=0.4)
    assert "hidden" in str(environment(settings))
    assert "hidden" not in f"{settings!r} {environment(settings, secrets=False)}"
    assert loaded(monkeypatch, {**unset_file_variables(), **environment(settings)}) == settings


@pytest.mark.parametrize("name", secret_names(Settings))
def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text(" of two words \n")
    settings = read(monkeypatch, {f"TENOR_{name.upper()}_FILE": str(tmp_path / "secret")})
    assert getattr(settings, name).get_secret_value() == " of two words "
    assert environment(settings) == {f"TENOR_{name.upper()}": " of two words "}


def test_a_dotenv_file_may_name_the_file_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    (tmp_path / ".env").write_text(f"TENOR_CLICKHOUSE_PASSWORD_FILE={tmp_path}/one\n")
    assert load().clickhouse_password.get_secret_value() == "one"
    settings = loaded(monkeypatch, {"TENOR_CLICKHOUSE_PASSWORD_FILE": str(tmp_path / "two")})
    assert settings.clickhouse_password.get_secret_value() == "two"


def test_a_secret_in_both_places_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    both = {"TENOR_CLICKHOUSE_PASSWORD_FILE": str(tmp_path / "secret"), "TENOR_CLICKHOUSE_PASSWORD": "hidden"}
    with pytest.raises(Failure, match=r"^TENOR_CLICKHOUSE_PASSWORD and TENOR_CLICKHOUSE_PASSWORD_FILE are both set\.$"):
        loaded(monkeypatch, both)


def test_a_process_that_is_given_secrets_does_not_look_for_their_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("x")
    monkeypatch.setenv("TENOR_CLICKHOUSE_PASSWORD_FILE", str(tmp_path / "secret"))
    settings = load()
    assert loaded(monkeypatch, {**unset_file_variables(), **environment(settings)}) == settings


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file"), (b"\n", "is empty"), (b"\xff", "it is not UTF-8 text")],
)
def test_a_file_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(Failure, match=f"^TENOR_KAFKA_PASSWORD_FILE is invalid: .*{message}"):
        loaded(monkeypatch, {"TENOR_KAFKA_PASSWORD_FILE": str(tmp_path / "secret")})


def test_a_misspelled_file_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure, match="Unknown setting TENOR_KAFKA_PASWORD_FILE") as raised:
        loaded(monkeypatch, {"TENOR_KAFKA_PASWORD_FILE": "/run/secrets/kafka"})
    assert raised.value.hint == "Did you mean TENOR_KAFKA_PASSWORD_FILE?"


@pytest.mark.parametrize("name", ["TENOR_KAFKA_SASL", "TENOR_PARTITIONS", "TENOR_HTTP_PORT"])
def test_a_value_in_the_wrong_place_is_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(Failure, match=f"^{name} is invalid") as raised:
        loaded(monkeypatch, {name: "hunter2"})
    assert "hunter2" not in f"{raised.value} {raised.value.hint}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TENOR_PARTITIONS", "0"),
        ("TENOR_STALL_S", "0"),
        ("TENOR_BELIEF__GATE", "wide"),
        ("TENOR_EMBEDDED", "perhaps"),
        ("TENOR_DECISION__CONTROL_SHARE", "1.2"),
        ("TENOR_BELIEF__SLOPE_POINTS", "1"),
        ("TENOR_OUTCOME__WINDOW_S", "nan"),
        ("TENOR_SIGNALS__TEXT_SD", "0"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(Failure, match=f"^{name} is invalid: "):
        loaded(monkeypatch, {name: value})


def test_a_number_out_of_range_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    message = "^TENOR_DECISION__CONTROL_SHARE is invalid: control_share must be between 0 and 1, not 1.2.$"
    with pytest.raises(Failure, match=message):
        loaded(monkeypatch, {"TENOR_DECISION__CONTROL_SHARE": "1.2"})


def test_protocols(tmp_path: Path) -> None:
    assert Settings().config.protocols == default_options()
    with pytest.raises(Failure, match=r"nowhere\.yaml cannot be read: No such file"):
        _ = Settings(protocols_file=tmp_path / "nowhere.yaml").config
    with pytest.raises(Failure, match="cannot be read: Is a directory"):
        _ = Settings(protocols_file=tmp_path).config
    (tmp_path / "empty.yaml").write_text("options: []")
    with pytest.raises(Failure, match=r"empty\.yaml: the protocols file has no options"):
        _ = Settings(protocols_file=tmp_path / "empty.yaml").config


def test_a_protocols_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Failure, match=r"binary\.yaml"):
        _ = Settings(protocols_file=tmp_path / "binary.yaml").config
