"""Every pod of every file of values: what it may do, what it is told, how it is watched."""

from pathlib import Path

import pytest

from agents.settings.loader import known_variables
from tests.support.helm.chart import FILES, container, environment, merged, named, of_file, ours, rendered, with_pods

pytestmark = pytest.mark.helm
KNOWN = set(known_variables())


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_pod_may_more_than_it_must(path: Path) -> None:
    for role, spec in with_pods(of_file(path)).items():
        assert spec["automountServiceAccountToken"] is False, role
        pod = spec["securityContext"]
        assert pod["runAsNonRoot"] and pod["runAsUser"] == 10001
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
        for one in ours(spec):
            own = one["securityContext"]
            assert own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"]
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert {"mountPath": "/tmp", "name": "tmp"} in one["volumeMounts"]
            assert one["resources"]["requests"].keys() == {"cpu", "memory"}
            assert "memory" in one["resources"]["limits"] and "cpu" not in one["resources"]["limits"]


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_variable_is_a_setting_once(path: Path) -> None:
    """Else a process would refuse to start. Links to Services would add some: TENOR_CONSOLE_PORT."""
    for spec in with_pods(of_file(path)).values():
        assert spec["enableServiceLinks"] is False
        for one in ours(spec):
            names = [variable["name"] for variable in one["env"]]
            assert len(set(names)) == len(names)
            assert {name for name in names if name.startswith("TENOR_")} <= KNOWN


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_mount_has_its_volume_and_every_volume_its_mount(path: Path) -> None:
    for one in of_file(path):
        if one["kind"] not in ("StatefulSet", "Deployment", "Job"):
            continue
        spec = one["spec"]["template"]["spec"]
        claimed = {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", [])}
        volumes = {volume["name"] for volume in spec["volumes"]} | claimed
        assert {mount["name"] for each in ours(spec) for mount in each["volumeMounts"]} == volumes


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_file_a_variable_names_is_mounted(path: Path) -> None:
    for spec in with_pods(of_file(path)).values():
        for one in ours(spec):
            for name, value in environment(one).items():
                if name.startswith("TENOR_") and (name.endswith("_FILE") or name == "TENOR_ALERT_ROUTES"):
                    assert value in files_of(spec, one), name


def files_of(spec, one) -> set[str]:  # type: ignore[no-untyped-def]
    """Where the files of a container's volumes are."""
    places = {mount["name"]: mount["mountPath"] for mount in one["volumeMounts"]}
    found = set()
    for volume in spec["volumes"]:
        sources = volume.get("projected", {}).get("sources", [volume])
        items = [
            item
            for source in sources
            for part in source.values()
            if isinstance(part, dict)
            for item in part.get("items", [])
        ]
        found |= {f"{places[volume['name']]}/{item['path']}" for item in items if volume["name"] in places}
    return found


@pytest.mark.parametrize("role", ["worker", "learner", "sink", "alerts", "workload", "console"])
def test_probes_ask_our_endpoints(role: str) -> None:
    found = container(rendered(ALL), role)
    ports = {one["name"]: one["containerPort"] for one in found["ports"]}
    assert ports == {"http": 8080}
    assert environment(found)["TENOR_HTTP_PORT"] == "8080" and environment(found)["TENOR_HTTP_HOST"] == "0.0.0.0"
    assert found["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert found["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "http"}


ALERTS = {"alerts": {"enabled": True, "routes": {"configMap": "routes"}}}
ALL = ALERTS | {"workload": {"enabled": True}}


def test_a_worker_may_take_a_quarter_of_an_hour_to_recover() -> None:
    probe = container(rendered({}), "worker")["startupProbe"]
    assert probe["httpGet"]["path"] == "/ready"
    assert probe["periodSeconds"] * probe["failureThreshold"] == 900


def test_the_role_is_the_command() -> None:
    found = with_pods(rendered(ALL))
    told = {role: [one["args"] for one in ours(spec)] for role, spec in found.items()}
    assert told == {
        "worker": [["worker"]],
        "learner": [["learner"]],
        "sink": [["sink"]],
        "alerts": [["alerts"]],
        "workload": [["workload"]],
        "console": [["console"]],
        "setup": [["topics", "apply", "--tolerate-settings"], ["migrate"]],
    }
    assert not any("command" in one for spec in found.values() for one in ours(spec))


@pytest.mark.parametrize("image", [{"tag": "1.2.3"}, {"digest": "sha256:" + "0" * 64, "tag": "1.2.3"}, {}])
def test_the_image(image: dict[str, str]) -> None:
    found = container(rendered({"image": image}), "worker")["image"]
    ending = f"@{image['digest']}" if "digest" in image else f":{image.get('tag', '0.1.0')}"
    assert found == f"registry.example/tenor{ending}"


def test_of_a_role_counts_what_it_says_and_what_all_say() -> None:
    found = with_pods(of_file(next(path for path in FILES if named(path) == "extras")))
    assert found["worker"]["nodeSelector"] == {"pool": "workers"}
    assert found["sink"]["nodeSelector"] == {"kubernetes.io/arch": "amd64"}
    assert all(spec["tolerations"] == [{"key": "dedicated", "operator": "Exists"}] for spec in found.values())
    names = {role: {one["name"] for one in ours(spec)[0]["env"]} for role, spec in found.items()}
    assert all("TZ" in those for those in names.values())
    assert [role for role, those in names.items() if "NODE" in those] == ["worker"]
    assert [one["name"] for one in found["worker"]["containers"]] == ["worker", "beside"]
    assert [one["name"] for one in found["setup"]["initContainers"]] == ["before", "topics"]


def test_pods_are_kept_apart_unless_told_otherwise() -> None:
    for role in ("worker", "sink", "console"):
        spec = with_pods(rendered({}))[role]
        term = spec["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"][0]
        assert term["podAffinityTerm"]["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] == role
        assert spec["topologySpreadConstraints"][0]["topologyKey"] == "topology.kubernetes.io/zone"
    nobody = with_pods(rendered({"worker": {"affinity": {}, "topologySpreadConstraints": []}}))["worker"]
    assert "affinity" not in nobody and "topologySpreadConstraints" not in nobody


@pytest.mark.parametrize(
    ("values", "role", "annotation"),
    [
        ({"protocols": {"inline": "options: []"}}, "worker", "checksum/protocols"),
        ({"protocols": {"inline": "options: []"}}, "learner", "checksum/protocols"),
        (ALERTS | {"alerts": {"enabled": True, "routes": {"inline": "teams: []"}}}, "alerts", "checksum/routes"),
    ],
)
def test_pods_are_replaced_when_their_file_changes(values: dict[str, object], role: str, annotation: str) -> None:
    def annotations(more: dict[str, object]) -> dict[str, str]:
        found = rendered(merged(values, more))
        return next(
            one["spec"]["template"]["metadata"]["annotations"]
            for one in found
            if one["metadata"]["name"] == f"tenor-{role}" and "template" in one.get("spec", {})
        )

    changed = {"protocols": {"inline": "options: [a]"}, "alerts": {"enabled": True, "routes": {"inline": "teams: [a]"}}}
    assert annotations({})[annotation] != annotations(changed)[annotation]
    assert annotation not in str(of_file(FILES[-1]) if named(FILES[-1]) == "example minimal" else rendered({}))
