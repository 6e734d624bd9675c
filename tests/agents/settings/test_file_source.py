"""The settings file: what it sets, what wins over it, and what is refused."""

import os
from pathlib import Path

import pytest

from agents.common.errors import Failure, UnknownSetting
from agents.settings.file_source import secret_file_names, setting_names
from agents.settings.loader import environment, find_misspelled, load, unset_file_variables
from agents.settings.model import Settings
from agents.settings.secret_source import nested_secret_names, secret_names


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables, no .env file, an empty working directory."""
    for name in [name for name in os.environ if name.startswith("TENOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def load_file(monkeypatch: pytest.MonkeyPatch, text: str, name: str = "tenor.yaml", **variables: str) -> Settings:
    """Settings from a file with this text, and from these variables."""
    Path(name).write_text(text)
    for variable, value in {"TENOR_CONFIG": name, **variables}.items():
        monkeypatch.setenv(variable, value)
    return load()


YAML = "partitions: 4\ntopic_prefix: staging.\nbelief:\n  threshold: 9\n"
TOML = 'partitions = 4\ntopic_prefix = "staging."\n[belief]\nthreshold = 9\n'


@pytest.mark.parametrize(("name", "text"), [("a.yaml", YAML), ("a.yml", YAML), ("a.TOML", TOML)])
def test_a_file_sets_what_it_names(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    settings = load_file(monkeypatch, text, name)
    assert (settings.partitions, settings.topic_prefix, settings.belief.threshold) == (4, "staging.", 9.0)
    assert settings.model_fields_set == {"partitions", "topic_prefix", "belief"}


def test_the_environment_wins_over_dotenv_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("TENOR_PARTITIONS=5\nTENOR_REPLICATION=2\n")
    text = "partitions: 3\nreplication: 1\nhttp_port: 9\nbelief: {threshold: 9, clear: 1.5}\n"
    settings = load_file(monkeypatch, text, TENOR_PARTITIONS="6", TENOR_BELIEF__THRESHOLD="8")
    assert (settings.partitions, settings.replication, settings.http_port) == (6, 2, 9)
    assert (settings.belief.threshold, settings.belief.clear) == (8.0, 1.5)


def test_dotenv_may_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "tenor.toml").write_text("partitions = 2")
    (tmp_path / ".env").write_text("TENOR_CONFIG=tenor.toml\n")
    assert load().partitions == 2


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}"])
def test_an_empty_file_sets_nothing(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert load_file(monkeypatch, text) == Settings()


def test_every_setting_and_every_secret_file_may_stand_there() -> None:
    assert set(Settings.model_fields) <= set(setting_names(Settings))
    assert {"belief.threshold", "decision.salt"} <= set(setting_names(Settings))
    nested = [f"{group}.{name}" for group, name in nested_secret_names(Settings)]
    assert set(secret_file_names(Settings)) == {f"{name}_file" for name in [*secret_names(Settings), *nested]}


def test_secrets_may_stand_in_files_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("password", "salt"):
        Path(name).write_text(f"hidden {name}\n")
    text = "clickhouse_password_file: password\ndecision:\n  salt_file: salt\n  control_share: 0.3\n"
    settings = load_file(monkeypatch, text)
    assert settings.clickhouse_password.get_secret_value() == "hidden password"
    assert (settings.decision.salt, settings.decision.control_share) == ("hidden salt", 0.3)
    monkeypatch.setenv("TENOR_CLICKHOUSE_PASSWORD", "of the environment")
    assert load().clickhouse_password.get_secret_value() == "of the environment"


def test_a_process_that_is_given_all_does_not_read_the_file_again(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("salt").write_text("hidden")
    settings = load_file(monkeypatch, YAML + "decision: {salt_file: salt}\n")
    for name, value in {**unset_file_variables(), **environment(settings)}.items():
        monkeypatch.setenv(name, value)
    Path("tenor.yaml").unlink()
    assert load() == settings


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("partition: 3", "tenor.yaml: unknown setting partition.", "Did you mean partitions?"),
        ("belief: {treshold: 3}", "tenor.yaml: unknown setting belief.treshold.", "Did you mean belief.threshold?"),
        ("kafka_pasword_file: x", "unknown setting kafka_pasword_file.", "Did you mean kafka_password_file?"),
        ("TENOR_PARTITIONS: 3", "unknown setting TENOR_PARTITIONS.", "docs/configuration.md"),
        ("config: other.yaml", "unknown setting config.", "Did you mean|docs"),
    ],
)
def test_a_misspelled_name_is_refused_with_a_suggestion(
    monkeypatch: pytest.MonkeyPatch, text: str, message: str, hint: str
) -> None:
    with pytest.raises(UnknownSetting, match=message) as raised:
        load_file(monkeypatch, text)
    assert raised.value.exit_code == 2
    assert any(part in str(raised.value.hint) for part in hint.split("|"))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{}", "a.json is neither .yaml nor .toml"),
        ("a.yaml", "a: [", r"a.yaml is not valid YAML \(line 1\)"),
        ("a.toml", "hunter2", "a.toml is not valid TOML"),
        ("a.yaml", "- brokers", "a.yaml must be a mapping of setting names"),
        ("a.yaml", "belief: 3", "TENOR_BELIEF is invalid"),
        ("a.yaml", "kafka_password: a\nkafka_password_file: b", "kafka_password and kafka_password_file are both set"),
    ],
)
def test_an_unusable_file_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, text: str, message: str) -> None:
    with pytest.raises(Failure, match=message) as raised:
        load_file(monkeypatch, text, name)
    assert "hunter2" not in f"{raised.value} {raised.value.hint}"


def test_a_file_that_is_not_there_or_no_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TENOR_CONFIG", "nowhere.yaml")
    with pytest.raises(Failure, match=r"^TENOR_CONFIG is invalid: nowhere\.yaml cannot be read: No such file"):
        load()
    (tmp_path / "nowhere.yaml").write_bytes(b"\xff")
    with pytest.raises(Failure, match="it is not UTF-8 text"):
        load()


def test_a_wrong_value_is_located(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure, match=r"^TENOR_PARTITIONS is invalid") as raised:
        load_file(monkeypatch, "partitions: hunter2")
    assert raised.value.hint == "It is set in tenor.yaml."
    assert "hunter2" not in str(raised.value)
    monkeypatch.setenv("TENOR_PARTITIONS", "many")
    with pytest.raises(Failure, match=r"^TENOR_PARTITIONS is invalid") as raised:
        load()
    assert raised.value.hint is None


# --- unknown variables ---


def test_a_misspelled_variable_in_dotenv_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TENOR_BROKER=x\nOTHER=1\n")
    with pytest.raises(UnknownSetting, match=r"^Unknown setting TENOR_BROKER\.$") as raised:
        load()
    assert raised.value.hint == "Did you mean TENOR_BROKERS?"


def test_each_misspelled_variable_is_found() -> None:
    misspelled = find_misspelled(
        {"TENOR_BROKER": "", "TENOR_BELIEF__TRESHOLD": "", "TENOR_PARTITIONS": "", "TENOR_XYZ": ""}
    )
    assert misspelled == [
        ("TENOR_BELIEF__TRESHOLD", "Did you mean TENOR_BELIEF__THRESHOLD?"),
        ("TENOR_BROKER", "Did you mean TENOR_BROKERS?"),
        ("TENOR_XYZ", "See docs/configuration.md for every setting."),
    ]


# What Kubernetes sets in every pod of a namespace that has Services `tenor` and `tenor-console`.
SERVICES = {
    "TENOR_SERVICE_HOST": "10.0.0.1",
    "TENOR_SERVICE_PORT": "80",
    "TENOR_SERVICE_PORT_HTTP": "80",
    "TENOR_PORT": "tcp://10.0.0.1:80",
    "TENOR_PORT_80_TCP": "tcp://10.0.0.1:80",
    "TENOR_CONSOLE_PORT_80_TCP_PROTO": "tcp",
    "TENOR_CONSOLE_PORT_80_TCP_PORT": "80",
    "TENOR_CONSOLE_PORT_80_TCP_ADDR": "10.0.0.1",
}


def test_variables_that_describe_services_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_misspelled(SERVICES) == []
    assert find_misspelled({"TENOR_PORT": "8080"}) != []
    for name, value in SERVICES.items():
        monkeypatch.setenv(name, value)
    assert load() == Settings()


def test_a_service_with_the_name_of_a_setting_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_CLICKHOUSE_PORT", "tcp://10.0.0.1:9000")
    with pytest.raises(Failure, match=r"^TENOR_CLICKHOUSE_PORT is invalid") as raised:
        load()
    assert "enableServiceLinks" in str(raised.value.hint)
