"""Topics and tables, before anything else: a hook with all it needs brought along."""

from typing import Any

import pytest

from tests.support.helm.chart import container, environment, kinds, only, ours, rendered, with_pods

pytestmark = pytest.mark.helm
HOOK = "pre-install,pre-upgrade"


def hooks(found: list[dict[str, Any]]) -> dict[str, int]:
    """Objects that are there before the release, with their weight."""
    annotated = {f"{one['kind']}": one["metadata"].get("annotations", {}) for one in found}
    return {
        kind: int(said["helm.sh/hook-weight"]) for kind, said in annotated.items() if said.get("helm.sh/hook") == HOOK
    }


def test_the_job_comes_after_what_it_needs() -> None:
    found = [one for one in rendered({"networkPolicy": {"enabled": True}}) if one["metadata"]["name"] == "tenor-setup"]
    assert hooks(found) == {"Job": 0, "ServiceAccount": -5, "NetworkPolicy": -5}


def test_the_job_needs_nothing_of_the_release() -> None:
    """Configuration that the release makes is not there yet."""
    spec = with_pods(rendered({"protocols": {"inline": "options: []"}}))["setup"]
    assert spec["serviceAccountName"] == "tenor-setup"
    assert [one for one in spec["volumes"] if "configMap" in one] == []


def test_it_is_kept_for_its_log_and_ends_by_itself() -> None:
    job = only(rendered({}), "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook-delete-policy"] == "before-hook-creation"
    assert job["spec"]["ttlSecondsAfterFinished"] == 3600
    assert job["spec"]["backoffLimit"] == 3 and job["spec"]["activeDeadlineSeconds"] == 300
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize(
    ("setup", "steps"),
    [
        ({}, [["topics", "apply", "--tolerate-settings"], ["migrate"]]),
        ({"strictTopics": True}, [["topics", "apply"], ["migrate"]]),
        ({"topics": False}, [["migrate"]]),
        ({"migrate": False}, [["topics", "apply", "--tolerate-settings"]]),
    ],
)
def test_either_step_can_be_left_to_others(setup: dict[str, bool], steps: list[list[str]]) -> None:
    spec = with_pods(rendered({"setup": setup}))["setup"]
    assert [one["args"] for one in ours(spec)] == steps


def test_neither() -> None:
    found = kinds(rendered({"setup": {"topics": False, "migrate": False}, "networkPolicy": {"enabled": True}}))
    assert [one for one in found if "setup" in one] == []


def test_topics_are_made_as_the_values_say() -> None:
    topics = ours(with_pods(rendered({"partitions": 24, "kafka": {"replication": 2, "topicPrefix": "a."}}))["setup"])[0]
    told = environment(topics)
    assert (told["TENOR_PARTITIONS"], told["TENOR_REPLICATION"], told["TENOR_TOPIC_PREFIX"]) == ("24", "2", "a.")


@pytest.mark.parametrize("role", ["learner", "alerts", "workload"])
def test_what_there_may_be_one_of_is_never_two(role: str) -> None:
    values = {"alerts": {"enabled": True, "routes": {"configMap": "routes"}}, "workload": {"enabled": True}}
    spec = only(rendered(values), "Deployment", f"tenor-{role}")["spec"]
    assert spec["replicas"] == 1 and spec["strategy"] == {"type": "Recreate"}


def test_workload_is_off_unless_it_is_switched_on() -> None:
    """And then it is one process that is told so; its numbers are settings as any."""
    assert not [one for one in kinds(rendered({})) if "workload" in one]
    found = rendered({"workload": {"enabled": True}, "settings": {"workload": {"least": 8}}})
    told = {role: environment(ours(spec)[-1]) for role, spec in with_pods(found).items()}
    assert {role for role, one in told.items() if "TENOR_WORKLOAD__ENABLED" in one} == {"workload"}
    assert told["workload"]["TENOR_WORKLOAD__ENABLED"] == "true" and told["workload"]["TENOR_WORKLOAD__LEAST"] == "8"


def test_settings_are_written_as_they_are_read() -> None:
    settings = {"event_bytes": 20971520, "future_s": 300, "belief": {"threshold": 7.5}, "signals": {"text": False}}
    told = environment(container(rendered({"settings": settings | {"log_level": "debug"}}), "worker"))
    assert told["TENOR_EVENT_BYTES"] == "20971520", "and not 2.097152e+07"
    assert told["TENOR_FUTURE_S"] == "300" and told["TENOR_LOG_LEVEL"] == "debug"
    assert told["TENOR_BELIEF__THRESHOLD"] == "7.5" and told["TENOR_SIGNALS__TEXT"] == "false"


def test_every_role_has_the_same_settings() -> None:
    found = with_pods(rendered({"settings": {"belief": {"threshold": 7.5}}}))
    assert {environment(one)["TENOR_BELIEF__THRESHOLD"] for spec in found.values() for one in ours(spec)} == {"7.5"}
