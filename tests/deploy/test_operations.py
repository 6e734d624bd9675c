"""What operators load: rules and panels that parse and name metrics there are; rules lead to what is to be done."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import typer.main
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from agents.cli.main import app
from agents.common import metrics
from agents.settings.loader import known_variables
from schemas.topics import Topics

ROOT = Path(__file__).parents[2]
RULES = yaml.safe_load((ROOT / "deploy/prometheus/tenor-rules.yaml").read_text(encoding="utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
WANTED = {"TenorLag", "TenorStalledFold", "TenorDeadLetters", "TenorSinkFailures", "TenorControlShare"}
DURATION = re.compile(r"\d+[smhd]")

OPERATION = json.loads((ROOT / "deploy/grafana/operation.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in OPERATION["panels"] if panel["type"] != "row"]
GRAFANA = {"$__rate_interval": "5m", "$job": ".*"}


def exported() -> dict[str, set[str]]:
    """Names of samples with their labels. Of a metric that has labels, nothing is collected before it is used."""
    found: dict[str, set[str]] = {}
    for metric in (one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)):
        for name in REGISTRY._collector_to_names[metric]:
            le = {"le"} if name.endswith("_bucket") else set()
            found[name] = set(metric._labelnames) | le
    return found


def selectors(expression: Any) -> Iterator[Any]:
    """Every selector of a parsed expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for name in ("expr", "lhs", "rhs", "vector_selector"):
        if (inner := getattr(expression, name, None)) is not None:
            yield from selectors(inner)
    for inner in getattr(expression, "args", None) or ():
        yield from selectors(inner)


def check(query: str) -> None:
    """A query parses, and asks only for metrics and labels there are."""
    known = exported()
    found = list(selectors(promql_parser.parse(query)))
    assert found, "it asks for nothing"
    for selector in found:
        assert selector.name in known, f"there is no metric {selector.name}"
        asked = {one.name for one in selector.matchers.matchers} - {"job", "instance", "__name__"}
        assert asked <= known[selector.name], f"{selector.name} has no label {asked - known[selector.name]}"


def test_the_rules_have_the_shape_prometheus_wants() -> None:
    assert RULES.keys() == {"groups"}
    assert all(group.keys() == {"name", "rules"} for group in RULES["groups"])
    names = [rule["alert"] for rule in ALERTS]
    assert len(set(names)) == len(names)
    assert set(names) >= WANTED


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_a_rule_can_fire_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule.keys() - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert DURATION.fullmatch(rule.get("for", "1m"))
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert all(rule["annotations"].values())
    check(rule["expr"])
    document, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert anchor == rule["alert"].lower()
    assert f"\n## {rule['alert']}\n" in (ROOT / document).read_text(encoding="utf-8")


@pytest.mark.parametrize("wrong", ["rate(tenor_no_such_total[5m])", 'tenor_lag_records{colour="red"}', "1 + 1", "sum("])
def test_the_check_can_fail(wrong: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(wrong)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_asks_for_metrics_there_are(panel: dict[str, Any]) -> None:
    assert panel["datasource"] == {"type": "prometheus", "uid": "${prometheus}"}
    for target in panel["targets"]:
        assert target["datasource"] == panel["datasource"]
        query = target["expr"]
        for name, value in GRAFANA.items():
            query = query.replace(name, value)
        check(query)


def test_every_metric_is_on_the_dashboard_or_in_a_rule() -> None:
    """What nobody sees need not be counted."""
    seen = json.dumps(OPERATION) + json.dumps(RULES)
    missing = {metric._name for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)}
    assert {name for name in missing if name not in seen} == set()


TOLD = "".join(
    (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("operations.md", "a-million-conversations.md")
)


def test_the_documents_name_commands_and_settings_there_are() -> None:
    commands = re.findall(r"^\$ tenor ([a-z-]+(?: [a-z-]+)?)|`tenor ([a-z-]+(?: [a-z-]+)?)", TOLD, re.MULTILINE)
    assert len(commands) > 15
    for told in filter(None, (word for pair in commands for word in pair)):
        found: Any = typer.main.get_command(app)
        for word in told.split():
            if hasattr(found, "commands"):
                assert word in found.commands, told
                found = found.commands[word]
    settings = set(re.findall(r"TENOR_[A-Z_]+[A-Z]", TOLD))
    assert len(settings) > 15 and settings <= set(known_variables())


def test_disaster_recovery_names_topics_and_groups_there_are() -> None:
    names = Topics()
    known = {topic.name for topic in names.all()}
    assert set(re.findall(r"--topic (tenor[\w.-]*)", TOLD)) <= known
    groups = {names.worker_group, names.sink_group, names.learner_group, names.alerts_group}
    assert set(re.findall(r"--group ([\w-]+)", TOLD)) == groups
    [pattern] = re.findall(r"--topic '(.+)'", TOLD)
    ours = {name for name in known if re.fullmatch(pattern, name)}
    assert ours == {name for name in known if not name.startswith("conversation.")}
