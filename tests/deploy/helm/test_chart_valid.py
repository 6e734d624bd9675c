"""Every file of values is linted, rendered, and valid for three versions of Kubernetes: oldest, usual, newest."""

import json
from collections import Counter
from functools import lru_cache
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.support.helm.chart import CHART, FILES, helm, kinds, named, of_file
from tests.support.helm.crds import SCHEMAS

pytestmark = pytest.mark.helm
VERSIONS = ("1.27.0", "1.33.0", "1.37.0")


@pytest.fixture(scope="module")
def kubernetes():  # type: ignore[no-untyped-def]
    """kubernetes-validate, which make helm-test fetches; it reads a schema once and not for each object."""
    from kubernetes_validate import utils

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "schema_contents", lru_cache(None)(utils.schema_contents))
        yield utils


@lru_cache(None)
def valid(kubernetes, text: str, version: str) -> None:  # type: ignore[no-untyped-def]
    """Most files make many of the same objects: each is looked at once."""
    assert kubernetes.validate(json.loads(text), version, strict=True) == version.removesuffix(".0")


@pytest.mark.parametrize("path", FILES, ids=named)
def test_lint(path: Path, seen: Counter[str]) -> None:
    found = helm("lint", "--strict", str(CHART), "--values", str(path))
    assert found.returncode == 0, found.stdout + found.stderr
    assert "[WARNING]" not in found.stdout
    seen["files of values linted"] += 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", FILES, ids=named)
def test_objects(path: Path, version: str, kubernetes, seen: Counter[str]) -> None:  # type: ignore[no-untyped-def]
    found = of_file(path, version)
    assert len(set(kinds(found))) == len(found), "two objects of one name"
    for one in found:
        if one["kind"] in SCHEMAS:
            jsonschema.validate(one, SCHEMAS[one["kind"]])
            seen["custom resources valid by the shapes in tests/support/helm/crds.py"] += 1
        else:
            valid(kubernetes, json.dumps(one), version)
            seen[f"objects valid for Kubernetes {version}"] += 1
    seen["renderings"] += 1


def test_the_schemas_refuse_what_is_wrong(kubernetes) -> None:  # type: ignore[no-untyped-def]
    one = yaml.safe_load("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {prots: []}}")
    with pytest.raises(jsonschema.ValidationError):
        kubernetes.validate(one, VERSIONS[-1], strict=True)


def test_an_older_kubernetes_is_refused() -> None:
    found = helm("template", "tenor", str(CHART), "--values", str(FILES[0]), "--kube-version", "1.26.9")
    assert "incompatible with Kubernetes v1.26.9" in found.stderr


def test_the_chart_can_be_packed(tmp_path: Path) -> None:
    found = helm("package", str(CHART), "--destination", str(tmp_path))
    assert found.returncode == 0, found.stderr
    packed = tmp_path / "tenor-0.1.0.tgz"
    assert packed.stat().st_size < 1_000_000
    listed = helm("show", "readme", str(packed)).stdout
    assert "| `kafka.brokers` |" in listed
