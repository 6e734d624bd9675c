"""What cannot be meant is refused when it is rendered, with what to do: by the templates, or by the schema."""

from collections import Counter
from typing import Any

import pytest

from tests.support.helm.chart import MINIMAL, refusal, rendered

pytestmark = pytest.mark.helm
ROUTES = {"inline": "teams: []"}
TLS = {"enabled": True}

CONTRADICTIONS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "keda and hpa": (
        {"worker": {"keda": {"enabled": True}, "hpa": {"enabled": True}}},
        ("worker.keda and worker.hpa are both enabled", "leave one"),
    ),
    "more workers than partitions": (
        {"partitions": 4, "worker": {"replicas": 5}},
        ("worker.replicas is 5, and there are 4 partitions", "set at most 4"),
    ),
    "keda beyond partitions": (
        {"partitions": 4, "worker": {"keda": {"enabled": True, "maxReplicas": 5}}},
        ("worker.keda.maxReplicas is 5, and there are 4 partitions",),
    ),
    "hpa beyond partitions": (
        {"partitions": 4, "worker": {"hpa": {"enabled": True, "maxReplicas": 9}}},
        ("worker.hpa.maxReplicas is 9, and there are 4 partitions",),
    ),
    "fewest above most": (
        {"worker": {"keda": {"enabled": True, "minReplicas": 6, "maxReplicas": 5}}},
        ("worker.keda.minReplicas is 6, more than the 5",),
    ),
    "keda without topics": ({"worker": {"keda": {"enabled": True, "topics": []}}}, ("worker.keda.topics is empty",)),
    "hpa without a request": (
        {"worker": {"hpa": {"enabled": True}, "resources": {"requests": {"cpu": None}}}},
        ("worker.hpa needs worker.resources.requests.cpu",),
    ),
    "two budgets": ({"worker": {"podDisruptionBudget": {"minAvailable": 1}}}, ("takes one of maxUnavailable and",)),
    "no budget": ({"sink": {"podDisruptionBudget": {"maxUnavailable": None}}}, ("sink.podDisruptionBudget takes one",)),
    "two session timeouts": (
        {"settings": {"session_timeout_s": 9}},
        ("worker.staticMembership.sessionTimeoutSeconds",),
    ),
    "certificates without TLS": ({"kafka": {"tls": {"ca": {"secret": "ca"}}}}, ("set kafka.tls.enabled=true",)),
    "PLAIN in clear": (
        {"kafka": {"sasl": {"mechanism": "PLAIN", "username": "tenor"}}},
        ("PLAIN without TLS would send the secret in clear",),
    ),
    "SCRAM without a user": ({"kafka": {"sasl": {"mechanism": "SCRAM-SHA-512"}}}, ("needs kafka.sasl.username",)),
    "a user without a mechanism": ({"kafka": {"sasl": {"username": "tenor"}}}, ("mechanism is none that uses it",)),
    "OAUTHBEARER by halves": (
        {"kafka": {"tls": TLS, "sasl": {"mechanism": "OAUTHBEARER", "clientId": "tenor"}}},
        ("needs kafka.sasl.tokenUrl and kafka.sasl.clientId",),
    ),
    "a token endpoint in clear": (
        {"kafka": {"tls": TLS, "sasl": {"mechanism": "OAUTHBEARER", "clientId": "t", "tokenUrl": "http://idp"}}},
        ("kafka.sasl.tokenUrl must be https",),
    ),
    "a client id for SCRAM": (
        {"kafka": {"sasl": {"mechanism": "SCRAM-SHA-256", "username": "tenor", "clientId": "tenor"}}},
        ("are for OAUTHBEARER",),
    ),
    "two CAs": (
        {"kafka": {"tls": TLS | {"ca": {"secret": "a", "configMap": "b"}}}},
        ("kafka.tls.ca names a ConfigMap",),
    ),
    "a registry's login without it": ({"registry": {"username": "tenor"}}, ("but no registry.url",)),
    "a registry's password in clear": (
        {"registry": {"url": "http://registry:8081", "username": "tenor"}},
        ("registry.url must be https",),
    ),
    "no ClickHouse": ({"clickhouse": {"host": ""}}, ("clickhouse.host is empty, and sink, console, migrate need it",)),
    "a CA of ClickHouse without TLS": (
        {"clickhouse": {"tls": {"ca": {"secret": "a"}}}},
        ("clickhouse.tls.enabled=true",),
    ),
    "ingress without console": (
        {"console": {"enabled": False, "ingress": {"enabled": True, "hosts": ["a.example"], "tlsSecret": "a"}}},
        ("leads to a console that is not enabled",),
    ),
    "ingress without host": (
        {"console": {"ingress": {"enabled": True, "tlsSecret": "a"}}},
        ("console.ingress.hosts is empty",),
    ),
    "ingress without certificate": (
        {"console": {"ingress": {"enabled": True, "hosts": ["a.example"]}}},
        ("the token would be sent in clear",),
    ),
    "alerts without routes": ({"alerts": {"enabled": True}}, ("there are no routes",)),
    "routes without alerts": ({"alerts": {"routes": ROUTES}}, ("nobody delivers: set alerts.enabled=true",)),
    "routes twice": (
        {"alerts": {"enabled": True, "routes": ROUTES | {"configMap": "a"}}},
        ("alerts.routes.inline and alerts.routes.configMap are both set",),
    ),
    "protocols twice": (
        {"protocols": {"inline": "a", "configMap": "b"}},
        ("protocols.inline and protocols.configMap",),
    ),
    "workload on and off": (
        {"workload": {"enabled": True}, "settings": {"workload": {"enabled": False}}},
        ("settings.workload.enabled would be overridden: leave it out, and set workload.enabled=false",),
    ),
    "workload on in one place": (
        {"settings": {"workload": {"enabled": True}}},
        ("settings.workload.enabled would be overridden: leave it out, and set workload.enabled=true",),
    ),
    "numbers of a workload nobody counts": (
        {"settings": {"workload": {"least": 8}}},
        ("settings.workload is set, but nobody counts: set workload.enabled=true",),
    ),
    "a token without a collector": ({"otlp": {"tokenKey": "token"}}, ("but no collector: set otlp.endpoint",)),
    "a collector's token in clear": (
        {"otlp": {"endpoint": "http://collector:4318", "tokenKey": "token"}},
        ("otlp.endpoint must be https",),
    ),
    "a collector's Secret without a key": (
        {"otlp": {"endpoint": "https://collector:4318", "existingSecret": "tracing"}},
        ("set otlp.tokenKey",),
    ),
    "our variable beside its value": (
        {"worker": {"extraEnv": [{"name": "TENOR_BROKERS", "value": "a:1"}]}},
        ("worker.extraEnv sets TENOR_BROKERS", "under settings"),
    ),
}

# Whoever must have a Secret names one; there is none for anybody else.
WITHOUT_SECRET = MINIMAL | {
    "existingSecret": "",
    "http": {"existingSecret": "a"},
    "salt": {"existingSecret": "a"},
    "clickhouse": {"host": "a", "passwords": False},
}

MISSING: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "everything": (
        {},
        (
            "image.repository is empty",
            "kafka.brokers is empty",
            "the HTTP token",
            "key of the lottery",
            "clickhouse.host",
        ),
    ),
    "the token": (
        MINIMAL
        | {"existingSecret": "", "salt": {"existingSecret": "a"}, "clickhouse": {"host": "a", "passwords": False}},
        ("no Secret has the HTTP token", "http.existingSecret"),
    ),
    "the salt": (
        MINIMAL
        | {"existingSecret": "", "http": {"existingSecret": "a"}, "clickhouse": {"host": "a", "passwords": False}},
        ("no Secret has the key of the lottery",),
    ),
    "passwords": (
        MINIMAL | {"existingSecret": "", "http": {"existingSecret": "a"}, "salt": {"existingSecret": "a"}},
        ("ClickHouse password of sink", "of console", "of migrate", "clickhouse.passwords=false"),
    ),
    "the login to Kafka": (
        WITHOUT_SECRET | {"kafka": {"brokers": ["a:1"], "sasl": {"mechanism": "SCRAM-SHA-512", "username": "tenor"}}},
        ("kafka.sasl has no Secret",),
    ),
    "the collector's token": (
        WITHOUT_SECRET | {"otlp": {"endpoint": "https://collector:4318", "tokenKey": "token"}},
        ("no Secret has the collector's token", "otlp.existingSecret"),
    ),
}

MISSPELLED: dict[str, tuple[dict[str, Any], str]] = {
    "a value": ({"wroker": {}}, "'wroker' not allowed"),
    "a value of a section": ({"worker": {"replica": 3}}, "'replica' not allowed"),
    "a second learner": ({"learner": {"replicas": 2}}, "'replicas' not allowed"),
    "a setting": ({"settings": {"tik_s": 5}}, "'tik_s' not allowed"),
    "a setting of a group": ({"settings": {"belief": {"treshold": 8}}}, "'treshold' not allowed"),
    "a setting that has a value": ({"settings": {"brokers": "a:1"}}, "'brokers' not allowed"),
    "a secret among settings": ({"settings": {"http_token": "a"}}, "'http_token' not allowed"),
    "a collector among settings": ({"settings": {"otlp_endpoint": "http://a:4318"}}, "'otlp_endpoint' not allowed"),
    "a share of traces": ({"otlp": {"share": 10}}, "maximum: got 10, want 1"),
    "a second workload": ({"workload": {"replicas": 2}}, "'replicas' not allowed"),
    "the salt among settings": ({"settings": {"decision": {"salt": "a"}}}, "'salt' not allowed"),
    "a number as text": ({"settings": {"belief": {"threshold": "8"}}}, "got string, want number"),
    "a broker without port": ({"kafka": {"brokers": ["kafka"]}}, "does not match pattern"),
    "a mechanism": ({"kafka": {"sasl": {"mechanism": "SCRAM"}}}, "value must be one of"),
    "a registry with a login": ({"registry": {"url": "https://a:b@c"}}, "does not match pattern"),
    "partitions": ({"partitions": 0}, "minimum: got 0, want 1"),
    "a session shorter than brokers allow": (
        {"worker": {"staticMembership": {"sessionTimeoutSeconds": 5}}},
        "minimum: got 5, want 6",
    ),
    "a probe": ({"worker": {"startupProbe": {"period": 5}}}, "'period' not allowed"),
    "an amount": ({"worker": {"resources": {"limits": {"memory": "1 GB"}}}}, "does not match pattern"),
    "a variable": ({"extraEnv": [{"nmae": "A"}]}, "'nmae' not allowed"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_contradiction_is_refused(case: str, seen: Counter[str]) -> None:
    values, words = CONTRADICTIONS[case]
    told = refusal(values)
    assert "These values cannot be meant:" in told
    for word in words:
        assert word in told
    assert told.count("\n  - ") == 1, told
    seen["contradictions refused"] += 1


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_is_told_at_once(case: str, seen: Counter[str]) -> None:
    values, words = MISSING[case]
    told = refusal(values, without_minimal=True)
    for word in words:
        assert word in told
    seen["missing values refused"] += 1


@pytest.mark.parametrize("case", MISSPELLED)
def test_the_schema_refuses_what_it_does_not_know(case: str, seen: Counter[str]) -> None:
    values, words = MISSPELLED[case]
    assert words in refusal(values)
    seen["misspelled values refused"] += 1


def test_the_least_values_are_enough() -> None:
    assert rendered({})
