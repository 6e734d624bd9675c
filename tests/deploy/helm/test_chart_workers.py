"""Workers: stable names, a budget, a volume, and their number by lag or processor time."""

import pytest

from schemas.topics import INGESTED, Name, Topics
from tests.support.helm.chart import FILES, container, environment, kinds, merged, named, of_file, only, rendered

pytestmark = pytest.mark.helm
KEDA = {"partitions": 24, "worker": {"keda": {"enabled": True}}}


def file(name: str):  # type: ignore[no-untyped-def]
    return of_file(next(path for path in FILES if named(path) == name))


def test_a_worker_is_known_by_the_name_of_its_pod() -> None:
    found = container(rendered({}), "worker")
    instance = next(one for one in found["env"] if one["name"] == "TENOR_INSTANCE")
    assert instance["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert environment(found)["TENOR_SESSION_TIMEOUT_S"] == "30"
    without = environment(container(rendered({"worker": {"staticMembership": {"enabled": False}}}), "worker"))
    assert not {"TENOR_INSTANCE", "TENOR_SESSION_TIMEOUT_S"} & without.keys()


def test_only_workers_have_a_name_and_a_session_of_their_own() -> None:
    for role in ("learner", "sink", "console"):
        assert not {"TENOR_INSTANCE", "TENOR_SESSION_TIMEOUT_S"} & environment(container(rendered({}), role)).keys()


def test_the_service_of_the_workers_is_theirs() -> None:
    found = rendered({})
    workers = only(found, "StatefulSet")
    service = only(found, "Service", workers["spec"]["serviceName"])
    assert service["spec"]["clusterIP"] == "None" and service["spec"]["publishNotReadyAddresses"] is True
    assert service["spec"]["selector"] == workers["spec"]["selector"]["matchLabels"]


def test_what_the_next_upgrade_will_look_at() -> None:
    annotations = only(rendered({"partitions": 12}), "StatefulSet")["metadata"]["annotations"]
    assert annotations == {"tenor/state-format": "conversations-3.profiles-1", "tenor/partitions": "12"}


def test_no_volume_unless_wanted() -> None:
    spec = only(rendered({}), "StatefulSet")["spec"]
    assert "volumeClaimTemplates" not in spec
    assert {"name": "state", "emptyDir": {}} in spec["template"]["spec"]["volumes"]


def test_a_volume_for_each_worker() -> None:
    spec = only(file("persistence"), "StatefulSet")["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"
    assert claim["spec"]["storageClassName"] == "fast"
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenScaled": "Retain", "whenDeleted": "Delete"}
    assert {"name": "state", "mountPath": "/var/lib/tenor"} in container(file("persistence"), "worker")["volumeMounts"]
    assert "state" not in [one["name"] for one in spec["template"]["spec"]["volumes"]]


@pytest.mark.parametrize("name", ["keda", "hpa"])
def test_whoever_scales_sets_the_replicas(name: str) -> None:
    assert "replicas" not in only(file(name), "StatefulSet")["spec"]
    assert only(rendered({"worker": {"replicas": 0}}), "StatefulSet")["spec"]["replicas"] == 0


def test_one_trigger_for_each_topic_of_the_group_of_workers() -> None:
    found = only(rendered(merged(KEDA, {"kafka": {"topicPrefix": "staging."}})), "ScaledObject")["spec"]
    topics = Topics("staging.")
    triggers = [one["metadata"] for one in found["triggers"]]
    assert [one["topic"] for one in triggers] == [topics.name(name) for name in (*INGESTED, Name.SIGNALS)]
    assert {one["consumerGroup"] for one in triggers} == {topics.worker_group}
    assert {one["allowIdleConsumers"] for one in triggers} == {"false"}
    assert {one["offsetResetPolicy"] for one in triggers} == {"earliest"}


def test_as_many_workers_as_partitions_and_no_more() -> None:
    assert only(rendered(KEDA), "ScaledObject")["spec"]["maxReplicaCount"] == 24
    assert only(file("keda"), "ScaledObject")["spec"]["maxReplicaCount"] == 12
    assert only(file("hpa"), "HorizontalPodAutoscaler")["spec"]["maxReplicas"] == 6


@pytest.mark.parametrize("name", ["keda", "hpa"])
def test_workers_are_taken_away_slowly(name: str) -> None:
    found = file(name)
    spec = (
        only(found, "ScaledObject")["spec"]["advanced"]["horizontalPodAutoscalerConfig"]
        if name == "keda"
        else only(found, "HorizontalPodAutoscaler")["spec"]
    )
    assert spec["behavior"]["scaleDown"] == {
        "stabilizationWindowSeconds": 600,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 300}],
    }
    assert spec["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 0


def test_keda_logs_in_as_the_workers_do() -> None:
    found = file("keda-secured")
    login = only(found, "TriggerAuthentication")
    assert login["spec"] == {
        "secretTargetRef": [
            {"parameter": "password", "name": "tenor", "key": "kafka-password"},
            {"parameter": "cert", "name": "tenor-kafka-cert", "key": "tls.crt"},
            {"parameter": "key", "name": "tenor-kafka-cert", "key": "tls.key"},
        ],
        "configMapTargetRef": [{"parameter": "ca", "name": "kafka-ca", "key": "ca.crt"}],
        "env": [{"parameter": "username", "name": "TENOR_KAFKA_USER", "containerName": "worker"}],
    }
    for trigger in only(found, "ScaledObject")["spec"]["triggers"]:
        assert trigger["authenticationRef"] == {"name": login["metadata"]["name"]}
        assert trigger["metadata"]["sasl"] == "scram_sha256" and trigger["metadata"]["tls"] == "enable"


@pytest.mark.parametrize(
    ("kafka", "reference"),
    [
        ({}, None),
        ({"tls": {"enabled": True}}, None),
        ({"tls": {"enabled": True, "ca": {"secret": "ca"}}}, "tenor-worker"),
    ],
)
def test_keda_is_given_a_login_where_there_is_one(kafka: dict[str, object], reference: str | None) -> None:
    found = rendered(merged(KEDA, {"kafka": kafka}))
    assert only(found, "ScaledObject")["spec"]["triggers"][0].get("authenticationRef", {}).get("name") == reference
    assert ("TriggerAuthentication/tenor-worker" in kinds(found)) == (reference is not None)


def test_keda_may_have_a_login_of_its_own() -> None:
    own = {"worker": {"keda": {"existingTriggerAuthentication": "msk"}}}
    found = rendered(merged(KEDA, own))
    assert only(found, "ScaledObject")["spec"]["triggers"][0]["authenticationRef"] == {"name": "msk"}
    assert "TriggerAuthentication/tenor-worker" not in kinds(found)


def test_evictions_are_limited() -> None:
    found = rendered({})
    budget = only(found, "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1 and "minAvailable" not in budget
    assert budget["selector"]["matchLabels"] == only(found, "StatefulSet")["spec"]["selector"]["matchLabels"]
    share = only(file("hpa"), "PodDisruptionBudget")["spec"]
    assert share["minAvailable"] == "50%" and "maxUnavailable" not in share
    several = kinds(rendered({"sink": {"replicas": 2}, "console": {"replicas": 2}}))
    assert {"PodDisruptionBudget/tenor-sink", "PodDisruptionBudget/tenor-console"} <= set(several)
