"""What may come in and go out; the console from outside."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.helm.chart import FILES, container, environment, named, of_file, only, rendered

pytestmark = pytest.mark.helm
ALERTS = {"alerts": {"enabled": True, "routes": {"configMap": "routes"}}}
INGRESS = {"enabled": True, "hosts": ["tenor.example.org"], "tlsSecret": "tenor-tls"}


def file(name: str) -> list[dict[str, Any]]:
    return of_file(next(path for path in FILES if named(path) == name))


def ports(rules: list[dict[str, Any]]) -> set[object]:
    return {one["port"] for rule in rules for one in rule["ports"]}


@pytest.mark.parametrize(
    ("role", "out"),
    [
        ("worker", {53, 9092, 9094, 8081, 3128}),
        ("learner", {53, 9092, 9094, 8081, 3128}),
        ("sink", {53, 9092, 9094, 8081, 9000, 8123, 3128}),
        ("console", {53, 9092, 9094, 8081, 9000, 8123, 3128}),
        ("alerts", {53, 9092, 9094, 8081, 443, 465, 587, 3128}),
        ("setup", {53, 9092, 9094, 9000, 8123, 3128}),
    ],
)
def test_out_goes_what_a_role_needs(role: str, out: set[int]) -> None:
    policy = only(file("networkpolicy"), "NetworkPolicy", f"tenor-{role}")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert ports(policy["egress"]) == out
    kafka = next(rule for rule in policy["egress"] if 9094 in ports([rule]))
    assert kafka["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kafka"}}}]


def test_in_comes_prometheus_and_to_the_console_the_ingress() -> None:
    def names(role: str) -> list[str]:
        policy = only(file("networkpolicy"), "NetworkPolicy", f"tenor-{role}")["spec"]
        return [
            one["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
            for rule in policy.get("ingress", [])
            for one in rule["from"]
        ]

    assert names("worker") == names("sink") == ["monitoring"]
    assert names("console") == ["monitoring", "ingress-nginx"]
    assert names("setup") == []


def test_the_workload_lets_in_monitoring_alone() -> None:
    def names(role: str) -> list[str]:
        (rule,) = only(file("workload"), "NetworkPolicy", f"tenor-{role}")["spec"]["ingress"]
        return [one["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for one in rule["from"]]

    assert {*names("workload"), *names("worker"), *names("alerts"), *names("console")} == {"monitoring"}
    policy = only(file("workload"), "NetworkPolicy", "tenor-workload")["spec"]
    assert ports(policy["egress"]) == {53, 9093, 443}, "no ClickHouse, no mail"


def test_nothing_comes_in_unless_it_is_named() -> None:
    found = rendered({"networkPolicy": {"enabled": True}})
    assert all("ingress" not in one["spec"] for one in found if one["kind"] == "NetworkPolicy")


def test_a_policy_is_for_the_pods_of_its_role() -> None:
    found = file("networkpolicy")
    selected = only(found, "NetworkPolicy", "tenor-worker")["spec"]["podSelector"]["matchLabels"]
    assert selected.items() <= only(found, "StatefulSet")["spec"]["template"]["metadata"]["labels"].items()


def test_a_token_endpoint_may_be_reached() -> None:
    kafka = {
        "brokers": ["kafka:9093"],
        "tls": {"enabled": True},
        "sasl": {"mechanism": "OAUTHBEARER", "clientId": "tenor", "tokenUrl": "https://idp.example:8443/token"},
    }
    policy = only(rendered({"kafka": kafka, "networkPolicy": {"enabled": True}}), "NetworkPolicy", "tenor-worker")
    assert ports(policy["spec"]["egress"]) == {53, 9093, 8443}


def test_workers_alone_may_reach_a_collector() -> None:
    reach = {role: ports(only(file("tracing"), "NetworkPolicy", f"tenor-{role}")["spec"]["egress"]) for role in ROLES}
    assert reach.pop("worker") == {53, 9092, 4318}
    assert all(4318 not in one for one in reach.values())


ROLES = ("worker", "learner", "sink", "console", "setup")


def test_without_a_policy_there_is_none() -> None:
    assert [one for one in rendered(ALERTS) if one["kind"] == "NetworkPolicy"] == []


def test_the_ingress_leads_to_the_console() -> None:
    found = file("ingress")
    ingress = only(found, "Ingress")["spec"]
    assert ingress["tls"] == [{"secretName": "tenor-tls", "hosts": ["tenor.example.org"]}]
    backend = ingress["rules"][0]["http"]["paths"][0]["backend"]["service"]
    service = only(found, "Service", backend["name"])
    assert backend["port"] == {"name": "http"} and service["spec"]["ports"][0]["name"] == "http"
    pods = only(found, "Deployment", "tenor-console")["spec"]
    assert service["spec"]["selector"].items() <= pods["template"]["metadata"]["labels"].items()
    assert pods["replicas"] == 2


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"console": {"ingress": INGRESS}}, "https://tenor.example.org"),
        (
            {"console": {"ingress": INGRESS}, "alerts": ALERTS["alerts"] | {"consoleUrl": "https://a.example"}},
            "https://a.example",
        ),
        ({}, None),
    ],
)
def test_alerts_link_to_the_console(values: dict[str, Any], url: str | None) -> None:
    assert environment(container(rendered(ALERTS | values), "alerts")).get("TENOR_CONSOLE_URL") == url


@pytest.mark.parametrize("path", FILES, ids=named)
def test_only_the_console_has_an_address(path: Path) -> None:
    for one in of_file(path):
        if one["kind"] == "Service":
            assert (one["spec"].get("clusterIP") != "None") == one["metadata"]["name"].endswith("-console")
