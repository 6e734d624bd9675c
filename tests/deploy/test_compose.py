"""The compose file fits settings, files, commands and secrets there are. ``make deploy-lint`` checks its form."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from agents.cli.main import app
from agents.settings.loader import known_variables
from agents.settings.model import Settings
from agents.settings.validation import refuse_contradictions
from schemas.topics import Topics
from streams.alerts.routes_file import read_routes
from tests.deploy import recipe

DEPLOY = recipe.ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "build" in one}
ROLES = {"worker", "learner", "sink", "alerts", "workload", "console", "topics", "migrate"}
SECRETS = "/run/secrets/"


def mounted(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Source and place of every mount."""
    for one in service.get("volumes", ()):
        source, place, *_ = one.split(":")
        yield source, place


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_every_role_is_there_and_is_a_command() -> None:
    assert OURS.keys() == ROLES
    for service in OURS.values():
        found: Any = typer.main.get_command(app)
        for word in service["command"]:
            found = found.commands[word]


@pytest.mark.parametrize("name", OURS)
def test_its_variables_are_settings_that_can_be_meant_together(name: str) -> None:
    given = OURS[name]["environment"]
    assert set(given) <= set(known_variables())
    plain = {key.removeprefix("TENOR_").lower(): value for key, value in given.items() if not key.endswith("_FILE")}
    refuse_contradictions(Settings(_env_file=None, **plain))  # type: ignore[call-arg]
    secrets = {value.removeprefix(SECRETS) for key, value in given.items() if key.endswith("_FILE")}
    assert secrets == set(OURS[name]["secrets"])


@pytest.mark.parametrize("name", OURS)
def test_ours_run_as_the_image_is_meant_to(name: str) -> None:
    one = OURS[name]
    assert one["read_only"] is True and one["cap_drop"] == ["ALL"] and one["tmpfs"] == ["/tmp"]
    assert one["build"] == {"context": "..", "dockerfile": "deploy/Dockerfile"}
    waits = one["depends_on"]
    assert waits.keys() <= SERVICES.keys()
    assert {waits[job]["condition"] for job in ("topics", "migrate") if job in waits} <= {
        "service_completed_successfully"
    }
    assert ("restart" in one) == (name not in ("topics", "migrate"))


@pytest.mark.parametrize("name", SERVICES)
def test_what_it_mounts_is_there(name: str) -> None:
    for source, place in mounted(SERVICES[name]):
        if source.startswith("."):
            assert (DEPLOY / source).exists(), source
            assert place.startswith("/etc/")
        else:
            assert source in COMPOSE["volumes"]
    assert set(SERVICES[name].get("secrets", ())) <= COMPOSE["secrets"].keys()


def test_workload_alone_waits_for_its_profile() -> None:
    assert {name: one["profiles"] for name, one in SERVICES.items() if "profiles" in one} == {"workload": ["workload"]}
    switched = {name for name, one in OURS.items() if "TENOR_WORKLOAD__ENABLED" in one["environment"]}
    assert switched == {"workload"} and OURS["workload"]["environment"]["TENOR_WORKLOAD__ENABLED"] == "true"
    assert not [name for name, one in SERVICES.items() if "workload" in one.get("depends_on", ())]


def test_nothing_is_served_beyond_this_machine() -> None:
    ports = [port for one in SERVICES.values() for port in one.get("ports", ())]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_no_image_is_whatever_is_newest() -> None:
    images = {one["image"] for name, one in SERVICES.items() if name not in OURS}
    assert all(":" in image and not image.endswith(":latest") for image in images)


def test_more_workers_than_partitions_are_not_started() -> None:
    worker = OURS["worker"]
    assert worker["deploy"]["replicas"] <= int(worker["environment"]["TENOR_PARTITIONS"]) == Topics().partitions


def test_prometheus_asks_every_role_for_its_metrics_and_knows_the_rules() -> None:
    config = read(DEPLOY / "prometheus" / "prometheus.yml")
    asked = {job["dns_sd_configs"][0]["names"][0]: job for job in config["scrape_configs"]}
    assert asked.keys() == ROLES - {"topics", "migrate", "console"}
    files = {place: source for source, place in mounted(SERVICES["prometheus"])}
    assert all(Path(files[rules]).name == "tenor-rules.yaml" for rules in config["rule_files"])
    for job in asked.values():
        assert job["authorization"]["credentials_file"].removeprefix(SECRETS) in SERVICES["prometheus"]["secrets"]
        assert {one["port"] for one in job["dns_sd_configs"]} == {int(PORT)}


PORT = recipe.environment(recipe.stages()[-1])["TENOR_HTTP_PORT"]


def test_grafana_has_the_sources_its_dashboards_ask_for() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    sources = read(provisioning / "datasources" / "tenor.yaml")["datasources"]
    boards = [read(DEPLOY / "grafana" / f"{name}.json") for name in ("operation", "conversations")]
    asked = {one["query"] for board in boards for one in board["templating"]["list"] if one["type"] == "datasource"}
    assert asked == {one["type"] for one in sources}
    assert SERVICES["grafana"]["environment"]["GF_PLUGINS_PREINSTALL"] in asked
    [folder] = read(provisioning / "dashboards" / "tenor.yaml")["providers"]
    places = [place for source, place in mounted(SERVICES["grafana"]) if source.endswith(".json")]
    assert len(places) == len(boards) and {str(Path(place).parent) for place in places} == {folder["options"]["path"]}


def test_alerts_go_to_the_mailbox_of_the_file() -> None:
    routes = read_routes((DEPLOY / "compose" / "routes.yaml").read_text(encoding="utf-8"), {})
    assert [team.name for team in routes.teams] == ["support"]
    assert "mailto://mail:1025/" in (DEPLOY / "compose" / "routes.yaml").read_text(encoding="utf-8")
    assert "mail" in SERVICES
