"""A file of settings: what it sets, what wins over it, and what is refused."""

import os
from pathlib import Path

import pytest

from agents.common.errors import Failure, UnknownSetting
from agents.settings.file_source import file_names, names
from agents.settings.loader import environment, load, misspelled, no_files
from agents.settings.model import Settings
from agents.settings.secret_source import nested_secrets, secrets_of


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables, no .env file, a directory of our own."""
    for name in [name for name in os.environ if name.startswith("TENOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, text: str, name: str = "tenor.yaml", **variables: str) -> Settings:
    """Settings with a file of this text, and these variables beside it."""
    Path(name).write_text(text)
    for variable, value in {"TENOR_CONFIG": name, **variables}.items():
        monkeypatch.setenv(variable, value)
    return load()


YAML = "partitions: 4\ntopic_prefix: staging.\nbelief:\n  threshold: 9\n"
TOML = 'partitions = 4\ntopic_prefix = "staging."\n[belief]\nthreshold = 9\n'


@pytest.mark.parametrize(("name", "text"), [("a.yaml", YAML), ("a.yml", YAML), ("a.TOML", TOML)])
def test_a_file_sets_what_it_names(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    found = given(monkeypatch, text, name)
    assert (found.partitions, found.topic_prefix, found.belief.threshold) == (4, "staging.", 9.0)
    assert found.model_fields_set == {"partitions", "topic_prefix", "belief"}


def test_the_environment_wins_over_dotenv_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("TENOR_PARTITIONS=5\nTENOR_REPLICATION=2\n")
    text = "partitions: 3\nreplication: 1\nhttp_port: 9\nbelief: {threshold: 9, clear: 1.5}\n"
    found = given(monkeypatch, text, TENOR_PARTITIONS="6", TENOR_BELIEF__THRESHOLD="8")
    assert (found.partitions, found.replication, found.http_port) == (6, 2, 9)
    assert (found.belief.threshold, found.belief.clear) == (8.0, 1.5)


def test_dotenv_may_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "tenor.toml").write_text("partitions = 2")
    (tmp_path / ".env").write_text("TENOR_CONFIG=tenor.toml\n")
    assert load().partitions == 2


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}"])
def test_an_empty_file_sets_nothing(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert given(monkeypatch, text) == Settings()


def test_every_setting_and_every_secret_file_may_stand_there() -> None:
    assert set(Settings.model_fields) <= set(names(Settings))
    assert {"belief.threshold", "decision.salt"} <= set(names(Settings))
    nested = [f"{group}.{name}" for group, name in nested_secrets(Settings)]
    assert set(file_names(Settings)) == {f"{name}_file" for name in [*secrets_of(Settings), *nested]}


def test_secrets_may_stand_in_files_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("password", "salt"):
        Path(name).write_text(f"hidden {name}\n")
    text = "clickhouse_password_file: password\ndecision:\n  salt_file: salt\n  control_share: 0.3\n"
    found = given(monkeypatch, text)
    assert found.clickhouse_password.get_secret_value() == "hidden password"
    assert (found.decision.salt, found.decision.control_share) == ("hidden salt", 0.3)
    monkeypatch.setenv("TENOR_CLICKHOUSE_PASSWORD", "of the environment")
    assert load().clickhouse_password.get_secret_value() == "of the environment"


def test_a_process_that_is_given_all_does_not_read_the_file_again(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("salt").write_text("hidden")
    found = given(monkeypatch, YAML + "decision: {salt_file: salt}\n")
    for name, value in {**no_files(), **environment(found)}.items():
        monkeypatch.setenv(name, value)
    Path("tenor.yaml").unlink()
    assert load() == found


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("partition: 3", "tenor.yaml: partition is no setting", "is partitions meant?"),
        ("belief: {treshold: 3}", "tenor.yaml: belief.treshold is no setting", "is belief.threshold meant?"),
        ("kafka_pasword_file: x", "kafka_pasword_file is no setting", "is kafka_password_file meant?"),
        ("TENOR_PARTITIONS: 3", "TENOR_PARTITIONS is no setting", "docs/configuration.md"),
        ("config: other.yaml", "config is no setting", "meant?|docs"),
    ],
)
def test_a_misspelled_name_is_told_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, text: str, said: str, hint: str
) -> None:
    with pytest.raises(UnknownSetting, match=said) as found:
        given(monkeypatch, text)
    assert found.value.exit_code == 2
    assert any(one in str(found.value.hint) for one in hint.split("|"))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{}", "a.json is named neither .yaml nor .toml"),
        ("a.yaml", "a: [", "a.yaml is not YAML at line 1"),
        ("a.toml", "hunter2", "a.toml is not TOML"),
        ("a.yaml", "- brokers", "a.yaml must hold names of settings"),
        ("a.yaml", "belief: 3", "TENOR_BELIEF is wrong"),
        ("a.yaml", "kafka_password: a\nkafka_password_file: b", "kafka_password and kafka_password_file are both set"),
    ],
)
def test_a_file_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, name: str, text: str, said: str) -> None:
    with pytest.raises(Failure, match=said) as found:
        given(monkeypatch, text, name)
    assert "hunter2" not in f"{found.value} {found.value.hint}"


def test_a_file_that_is_not_there_or_no_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TENOR_CONFIG", "nowhere.yaml")
    with pytest.raises(Failure, match=r"^TENOR_CONFIG is wrong: nowhere\.yaml cannot be read: No such file"):
        load()
    (tmp_path / "nowhere.yaml").write_bytes(b"\xff")
    with pytest.raises(Failure, match="it is not UTF-8 text"):
        load()


def test_a_wrong_value_says_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure, match=r"^TENOR_PARTITIONS is wrong") as found:
        given(monkeypatch, "partitions: hunter2")
    assert found.value.hint == "it stands in tenor.yaml"
    assert "hunter2" not in str(found.value)
    monkeypatch.setenv("TENOR_PARTITIONS", "many")
    with pytest.raises(Failure, match=r"^TENOR_PARTITIONS is wrong") as found:
        load()
    assert found.value.hint is None


# --- variables nobody knows ---


def test_a_misspelled_variable_in_dotenv_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TENOR_BROKER=x\nOTHER=1\n")
    with pytest.raises(UnknownSetting, match=r"^TENOR_BROKER is no setting$") as found:
        load()
    assert found.value.hint == "is TENOR_BROKERS meant?"


def test_each_misspelled_variable_is_told() -> None:
    found = misspelled({"TENOR_BROKER": "", "TENOR_BELIEF__TRESHOLD": "", "TENOR_PARTITIONS": "", "TENOR_XYZ": ""})
    assert found == [
        ("TENOR_BELIEF__TRESHOLD", "is TENOR_BELIEF__THRESHOLD meant?"),
        ("TENOR_BROKER", "is TENOR_BROKERS meant?"),
        ("TENOR_XYZ", "see docs/configuration.md"),
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


def test_what_kubernetes_says_of_services_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert misspelled(SERVICES) == []
    assert misspelled({"TENOR_PORT": "8080"}) != []
    for name, value in SERVICES.items():
        monkeypatch.setenv(name, value)
    assert load() == Settings()


def test_a_service_that_takes_the_name_of_a_setting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_CLICKHOUSE_PORT", "tcp://10.0.0.1:9000")
    with pytest.raises(Failure, match=r"^TENOR_CLICKHOUSE_PORT is wrong") as found:
        load()
    assert "enableServiceLinks" in str(found.value.hint)
