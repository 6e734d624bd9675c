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
    """Run helm, whatever comes of it."""
    return subprocess.run([str(HELM), *arguments], capture_output=True, text=True, timeout=60, check=False)


def named(path: Path) -> str:
    """A file of values in a word, for the name of a test."""
    return path.name.removesuffix("-values.yaml") if path in CI else f"example {path.parent.name}"


@cache
def of_file(path: Path, version: str = "1.33.0") -> list[Object]:
    """Everything the chart makes of a file of values. Nobody may change what is shared."""
    return objects("--values", str(path), "--kube-version", version)


def rendered(values: Values) -> list[Object]:
    """Everything the chart makes of what a first install needs and these."""
    found: list[Object] = with_values(merged(MINIMAL, values), objects)
    return found


def refusal(values: Values, without_minimal: bool = False) -> str:
    """Why the chart refuses these values; fails where it does not."""
    found = with_values(values if without_minimal else merged(MINIMAL, values), template)
    assert found.returncode != 0, "it was rendered"
    return str(found.stderr)


def with_values(values: Values, use: Any) -> Any:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "values.yaml"
        path.write_text(yaml.safe_dump(dict(values)))
        return use("--values", str(path))


def template(*arguments: str) -> subprocess.CompletedProcess[str]:
    return helm("template", "tenor", str(CHART), "--namespace", "support", *arguments)


def objects(*arguments: str) -> list[Object]:
    found = template(*arguments)
    assert found.returncode == 0, found.stderr
    return [one for one in yaml.load_all(found.stdout, LOADER) if one]


def merged(one: Values, other: Values) -> dict[str, Any]:
    """Both; of what stands in both the other's."""
    both = {**one, **other}
    for key in one.keys() & other.keys():
        if isinstance(one[key], Mapping) and isinstance(other[key], Mapping):
            both[key] = merged(one[key], other[key])
    return both


def only(found: Sequence[Object], kind: str, name: str | None = None) -> Object:
    """The one object of a kind; of a name, where there are several."""
    those = [one for one in found if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    assert len(those) == 1, [f"{one['kind']} {one['metadata']['name']}" for one in found]
    return those[0]


def kinds(found: Sequence[Object]) -> list[str]:
    return sorted(f"{one['kind']}/{one['metadata']['name']}" for one in found)


def with_pods(found: Sequence[Object]) -> dict[str, Object]:
    """The specs of all pods, by role."""
    return {
        one["metadata"]["labels"]["app.kubernetes.io/component"]: one["spec"]["template"]["spec"]
        for one in found
        if one["kind"] in POD_KINDS
    }


def container(found: Sequence[Object], role: str) -> Object:
    """The container of a role."""
    return next(one for one in with_pods(found)[role]["containers"] if one["name"] == role)


def ours(spec: Object) -> list[Object]:
    """Containers of Tenor's image in a pod, those that run before included."""
    everything = [*spec.get("initContainers", []), *spec["containers"]]
    return [one for one in everything if "/tenor" in one["image"]]


def environment(one: Object) -> dict[str, str | None]:
    """Variables of a container; None for what Kubernetes fills in."""
    return {variable["name"]: variable.get("value") for variable in one["env"]}
