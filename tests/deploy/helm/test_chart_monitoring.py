"""Scraped with the token, ruled by the rules of deploy/prometheus, drawn by the dashboards of deploy/grafana."""

import json
from typing import Any

import pytest
import yaml

from tests.support.helm.chart import CHART, FILES, HELM, MINIMAL, ROOT, helm, merged, named, of_file, only, rendered

pytestmark = pytest.mark.helm
RULES = yaml.safe_load((ROOT / "deploy/prometheus/tenor-rules.yaml").read_text())["groups"][0]["rules"]
WITHOUT: dict[str, Any] = {"monitoring": {"prometheusRule": {"enabled": True}}}


def monitored() -> list[dict[str, Any]]:
    return of_file(next(path for path in FILES if named(path) == "monitoring"))


def test_every_role_is_scraped_with_the_token() -> None:
    found = monitored()
    monitor = only(found, "ServiceMonitor")
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["authorization"] == {"type": "Bearer", "credentials": {"name": "tenor", "key": "http-token"}}
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    services = [one for one in found if one["kind"] == "Service"]
    assert {one["metadata"]["name"] for one in services} == {
        f"tenor-{one}" for one in ("worker", "learner", "sink", "console")
    }
    assert all(wanted <= one["metadata"]["labels"].items() for one in services)
    assert {one["spec"]["ports"][0]["name"] for one in services} == {endpoint["port"]}


def test_the_rules_are_those_of_prometheus() -> None:
    (group,) = only(rendered(WITHOUT), "PrometheusRule")["spec"]["groups"]
    assert group["rules"] == RULES


def test_rules_can_be_left_out_and_their_runbooks_found() -> None:
    (group,) = only(monitored(), "PrometheusRule")["spec"]["groups"]
    assert {one["alert"] for one in RULES} - {one["alert"] for one in group["rules"]} == {"TenorOptionRolledBack"}
    for one in group["rules"]:
        assert one["annotations"]["runbook_url"].startswith("https://git.example/tenor/blob/main/docs/operations.md#")


@pytest.mark.parametrize("name", ["operation", "conversations"])
def test_the_dashboards_are_those_of_grafana(name: str) -> None:
    found = only(monitored(), "ConfigMap", f"tenor-dashboard-{name}")
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert found["metadata"]["annotations"] == {"grafana_folder": "Tenor"}
    held = json.loads(found["data"][f"tenor-{name}.json"])
    assert held == json.loads((ROOT / f"deploy/grafana/{name}.json").read_text())


def notes(values: dict[str, Any], tmp_path: Any) -> str:
    """What an install says at its end."""
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(merged(MINIMAL, values)))
    arguments = ("--dry-run=client", "--namespace", "support", "--values", str(tmp_path / "values.yaml"))
    found = helm("install", "tenor", str(CHART), *arguments)
    assert HELM.exists() and found.returncode == 0, found.stderr
    return found.stdout.partition("NOTES:\n")[2]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {},
            (
                "workers   2, on 8 partitions",
                "alerts    off",
                "workload  off",
                "port-forward service/tenor-console 8080:80",
            ),
        ),
        ({"worker": {"keda": {"enabled": True}}}, ("workers   2 to 8, by lag",)),
        ({"worker": {"hpa": {"enabled": True}}}, ("workers   2 to 8, by processor time",)),
        ({"learner": {"enabled": False}}, ("learner   off", "the policy draws uniformly for ever")),
        ({"workload": {"enabled": True}}, ("workload  runs", "docs/operators.md")),
        ({"sink": {"enabled": False}}, ("nothing reaches ClickHouse",)),
        ({"kafka": {"replication": 1}}, ("topics are made with replication 1",)),
        ({"kafka": {"topicPrefix": "staging."}}, ("publish to staging.conversation.messages",)),
        (
            {"networkPolicy": {"enabled": True}, "monitoring": {"serviceMonitor": {"enabled": True}}},
            ("networkPolicy.metricsFrom is empty",),
        ),
        (
            {"console": {"ingress": {"enabled": True, "hosts": ["a.example"], "tlsSecret": "a"}}},
            ("The console: https://a.example",),
        ),
    ],
)
def test_the_notes_say_what_runs_and_what_to_mind(
    values: dict[str, Any], words: tuple[str, ...], tmp_path: Any
) -> None:
    told = notes(values, tmp_path)
    for word in words:
        assert word in told
    assert "kubectl -n support rollout status statefulset/tenor-worker" in told
