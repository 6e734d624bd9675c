"""Secrets are named, never held; each role is given those it needs and no other."""

from pathlib import Path

import pytest

from tests.support.helm.chart import FILES, container, environment, named, of_file, ours, rendered, with_pods

pytestmark = pytest.mark.helm
SCRAM = {"kafka": {"sasl": {"mechanism": "SCRAM-SHA-512", "username": "tenor"}}}
ALERTS = {"alerts": {"enabled": True, "routes": {"configMap": "routes"}, "variablesSecret": "tenor-routes"}}
WORKLOAD = {"workload": {"enabled": True}}
OTLP = {"endpoint": "https://collector.example", "tokenKey": "token"}
GIVEN = {
    "worker": {"kafka-password", "http-token", "salt"},
    "learner": {"kafka-password", "http-token", "salt"},
    "sink": {"kafka-password", "clickhouse-password", "http-token"},
    "alerts": {"kafka-password", "http-token"},
    "workload": {"kafka-password", "http-token"},
    "console": {"kafka-password", "clickhouse-password", "http-token"},
    "setup": {"kafka-password", "clickhouse-password"},
}


def secret_files(spec) -> dict[str, tuple[str, str]]:  # type: ignore[no-untyped-def]
    """Of each secret file of a pod the Secret and its key."""
    volumes = [one for one in spec["volumes"] if one["name"] == "secrets"]
    sources = [source["secret"] for one in volumes for source in one["projected"]["sources"]]
    return {item["path"]: (one["name"], item["key"]) for one in sources for item in one["items"]}


@pytest.mark.parametrize("path", FILES, ids=named)
def test_the_chart_makes_no_secret(path: Path) -> None:
    assert [one for one in of_file(path) if one["kind"] == "Secret"] == []


@pytest.mark.parametrize("role", GIVEN)
def test_a_role_is_given_what_it_needs(role: str) -> None:
    spec = with_pods(rendered(SCRAM | ALERTS | WORKLOAD))[role]
    assert set(secret_files(spec)) == GIVEN[role]
    assert {name for name, _ in secret_files(spec).values()} == {"tenor"}


def test_of_two_steps_of_the_setup_each_has_its_own_variables() -> None:
    topics, migrate = map(environment, ours(with_pods(rendered(SCRAM))["setup"]))
    assert "TENOR_KAFKA_PASSWORD_FILE" in topics and "TENOR_CLICKHOUSE_PASSWORD_FILE" not in topics
    assert "TENOR_CLICKHOUSE_PASSWORD_FILE" in migrate and "TENOR_KAFKA_PASSWORD_FILE" not in migrate


def test_each_secret_may_have_its_own_place() -> None:
    found = with_pods(of_file(next(path for path in FILES if named(path) == "secrets-apart")))
    assert secret_files(found["worker"]) == {"http-token": ("tenor-http", "token"), "salt": ("tenor-salt", "value")}
    assert secret_files(found["setup"]) == {}
    assert found["worker"]["imagePullSecrets"] == [{"name": "registry"}]


@pytest.mark.parametrize(
    ("role", "user", "secret"),
    [
        ("sink", "tenor_sink_user", "clickhouse-sink"),
        ("console", "tenor_reader_user", "clickhouse-reader"),
        ("setup", "tenor_migrate_user", "clickhouse-migrate"),
    ],
)
def test_each_task_has_its_user_in_clickhouse(role: str, user: str, secret: str) -> None:
    spec = with_pods(of_file(next(path for path in FILES if named(path) == "clickhouse-users")))[role]
    assert environment(spec["containers"][0])["TENOR_CLICKHOUSE_USER"] == user
    assert secret_files(spec)["clickhouse-password"] == (secret, "password")


@pytest.mark.parametrize(("own", "secret"), [({}, "tenor"), ({"existingSecret": "tracing"}, "tracing")])
def test_the_token_of_a_collector_is_for_workers_alone(own: dict[str, str], secret: str) -> None:
    found = rendered({"otlp": OTLP | {"share": 0.1} | own} | ALERTS | WORKLOAD)
    told = environment(container(found, "worker"))
    assert told["TENOR_OTLP_ENDPOINT"] == "https://collector.example" and told["TENOR_OTLP_SHARE"] == "0.1"
    assert told["TENOR_OTLP_TOKEN_FILE"] == "/run/secrets/tenor/otlp-token"
    given = {role: secret_files(spec).get("otlp-token") for role, spec in with_pods(found).items()}
    assert given.pop("worker") == (secret, "token") and set(given.values()) == {None}
    for spec in (spec for role, spec in with_pods(found).items() if role != "worker"):
        assert not [name for one in ours(spec) for name in environment(one) if "OTLP" in name]


def test_a_collector_may_ask_for_no_token() -> None:
    found = rendered({"otlp": {"endpoint": "http://collector:4318"}})
    told = environment(container(found, "worker"))
    assert told["TENOR_OTLP_SHARE"] == "1" and "TENOR_OTLP_TOKEN_FILE" not in told
    assert "otlp-token" not in secret_files(with_pods(found)["worker"])


def test_variables_of_the_routes_are_for_alerts_alone() -> None:
    sources = {role: ours(spec)[0].get("envFrom") for role, spec in with_pods(rendered(ALERTS)).items()}
    assert sources.pop("alerts") == [{"secretRef": {"name": "tenor-routes"}}]
    assert set(sources.values()) == {None}


def test_a_login_by_token() -> None:
    found = of_file(next(path for path in FILES if named(path) == "kafka-oauth"))
    variables = environment(container(found, "worker"))
    assert variables["TENOR_KAFKA_SASL"] == "OAUTHBEARER"
    assert variables["TENOR_KAFKA_CLIENT_SECRET_FILE"] == "/run/secrets/tenor/kafka-client-secret"
    assert "TENOR_KAFKA_PASSWORD_FILE" not in variables
    assert secret_files(with_pods(found)["worker"])["kafka-client-secret"] == ("kafka-client", "secret")


def test_a_login_by_certificate() -> None:
    found = of_file(next(path for path in FILES if named(path) == "kafka-mtls"))
    variables = environment(container(found, "learner"))
    assert variables["TENOR_KAFKA_CERT_FILE"] == "/etc/tenor/certificates/kafka-cert.pem"
    assert variables["TENOR_KAFKA_KEY_FILE"] == "/etc/tenor/certificates/kafka-key.pem"
    assert "TENOR_KAFKA_SASL" not in variables


def test_files_can_be_read_by_the_group_alone() -> None:
    for spec in with_pods(rendered(SCRAM)).values():
        for volume in spec["volumes"]:
            assert volume.get("projected", {"defaultMode": 0o440})["defaultMode"] == 0o440
