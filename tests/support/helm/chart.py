"""The chart as the real helm renders it."""

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
HELM = ROOT / ".cache" / "helm" / "bin" / "helm"
CHART = ROOT / "deploy" / "helm" / "tenor"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
EXAMPLES = sorted((CHART / "examples").glob("*/values.yaml"))
FILES = [*CI, *EXAMPLES]
MINIMAL = {
    "image": {"repository": "registry.example/tenor"},
    "existingSecret": "tenor",
    "kafka": {"brokers": ["kafka:9092"]},
    "clickhouse": {"host": "clickhouse"},
}
POD_KINDS = ("StatefulSet", "Deployment", "Job")

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster, where PyYAML has it

Object = dict[str, Any]
Values = Mapping[str, Any]


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run helm; it may fail."""
    return subprocess.run([str(HELM), *arguments], capture_output=True, text=True, timeout=60, check=False)


def named(path: Path) -> str:
    """A short name of a values file, for the ID of a test."""
    return path.name.removesuffix("-values.yaml") if path in CI else f"example {path.parent.name}"


@cache
def of_file(path: Path, version: str = "1.33.0") -> list[Object]:
    """All manifests that the chart renders from a values file. The result is shared: do not change it."""
    return objects("--values", str(path), "--kube-version", version)


def rendered(values: Values) -> list[Object]:
    """All manifests that the chart renders from the minimal values and these."""
    manifests: list[Object] = with_values(merged(MINIMAL, values), objects)
    return manifests


def refusal(values: Values, without_minimal: bool = False) -> str:
    """The error with which the chart refuses these values; fails when it does not."""
    result = with_values(values if without_minimal else merged(MINIMAL, values), template)
    assert result.returncode != 0, "it was rendered"
    return str(result.stderr)


def with_values(values: Values, use: Any) -> Any:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "values.yaml"
        path.write_text(yaml.safe_dump(dict(values)))
        return use("--values", str(path))


def template(*arguments: str) -> subprocess.CompletedProcess[str]:
    return helm("template", "tenor", str(CHART), "--namespace", "support", *arguments)


def objects(*arguments: str) -> list[Object]:
    result = template(*arguments)
    assert result.returncode == 0, result.stderr
    return [manifest for manifest in yaml.load_all(result.stdout, LOADER) if manifest]


def merged(values: Values, other: Values) -> dict[str, Any]:
    """Deep merge; ``other`` wins."""
    both = {**values, **other}
    for key in values.keys() & other.keys():
        if isinstance(values[key], Mapping) and isinstance(other[key], Mapping):
            both[key] = merged(values[key], other[key])
    return both


def only(manifests: Sequence[Object], kind: str, name: str | None = None) -> Object:
    """The one object of a kind; of a name, where there are several."""
    those = [item for item in manifests if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    assert len(those) == 1, [f"{item['kind']} {item['metadata']['name']}" for item in manifests]
    return those[0]


def kinds(manifests: Sequence[Object]) -> list[str]:
    return sorted(f"{item['kind']}/{item['metadata']['name']}" for item in manifests)


def with_pods(manifests: Sequence[Object]) -> dict[str, Object]:
    """The specs of all pods, by role."""
    return {
        workload["metadata"]["labels"]["app.kubernetes.io/component"]: workload["spec"]["template"]["spec"]
        for workload in manifests
        if workload["kind"] in POD_KINDS
    }


def container(manifests: Sequence[Object], role: str) -> Object:
    """The container of a role."""
    return next(candidate for candidate in with_pods(manifests)[role]["containers"] if candidate["name"] == role)


def ours(spec: Object) -> list[Object]:
    """Containers of Tenor's image in a pod, those that run before included."""
    everything = [*spec.get("initContainers", []), *spec["containers"]]
    return [container for container in everything if "/tenor" in container["image"]]


def environment(container: Object) -> dict[str, str | None]:
    """Variables of a container; None for what Kubernetes fills in."""
    return {variable["name"]: variable.get("value") for variable in container["env"]}
