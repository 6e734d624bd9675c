"""An upgrade looks at what the release left in the cluster: state of another format, another number of partitions."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.helm.api_server import cluster
from tests.support.helm.chart import CHART, MINIMAL, helm, merged

pytestmark = pytest.mark.helm
PLACE = "/apis/apps/v1/namespaces/support/statefulsets/tenor-worker"
OURS = {"tenor/state-format": "conversations-3.profiles-1", "tenor/partitions": "8"}
OLDER = OURS | {"tenor/state-format": "conversations-2.profiles-1"}
ACCEPTED = {"upgrade": {"acceptStateFormat": "conversations-3.profiles-1"}}


def upgraded(directory: Path, annotations: dict[str, str] | None, values: dict[str, Any]) -> Any:
    """What helm says of an upgrade over workers with these annotations; None: over none."""
    owned = {"meta.helm.sh/release-name": "tenor", "meta.helm.sh/release-namespace": "support"}
    metadata = {
        "name": "tenor-worker",
        "namespace": "support",
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {**owned, **(annotations or {})},
    }
    running = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": {}}
    (directory / "values.yaml").write_text(yaml.safe_dump(merged(MINIMAL, values)))
    with cluster({} if annotations is None else {PLACE: running}, directory) as config:
        where = (
            "--namespace",
            "support",
            "--kubeconfig",
            str(config),
            "--dry-run=server",
            "--disable-openapi-validation",
        )
        return helm("template", "tenor", str(CHART), "--values", str(directory / "values.yaml"), *where)


@pytest.mark.parametrize("annotations", [None, OURS, {"other": "1"}])
def test_what_fits_goes_on(tmp_path: Path, annotations: dict[str, str] | None) -> None:
    found = upgraded(tmp_path, annotations, {})
    assert found.returncode == 0, found.stderr
    assert "kind: StatefulSet" in found.stdout


@pytest.mark.parametrize(
    ("annotations", "values", "words"),
    [
        (OLDER, {}, ("format conversations-2.profiles-1, and this version reads conversations-3", "UPGRADING.md")),
        (OLDER, {"upgrade": {"acceptStateFormat": "conversations-4"}}, ("set upgrade.acceptStateFormat=conv",)),
        (OURS, {"partitions": 12}, ("made with 8 partitions, and partitions is 12", "set upgrade.acceptPartitions=12")),
        (OURS, {"partitions": 12, "upgrade": {"acceptPartitions": 16}}, ("set upgrade.acceptPartitions=12",)),
    ],
)
def test_what_does_not_is_refused(
    tmp_path: Path, annotations: dict[str, str], values: dict[str, Any], words: tuple[str, ...]
) -> None:
    found = upgraded(tmp_path, annotations, values)
    assert found.returncode != 0, "it was rendered"
    for word in words:
        assert word in found.stderr


@pytest.mark.parametrize(
    ("annotations", "values"), [(OLDER, ACCEPTED), (OURS, {"partitions": 12, "upgrade": {"acceptPartitions": 12}})]
)
def test_a_person_may_accept_it(tmp_path: Path, annotations: dict[str, str], values: dict[str, Any]) -> None:
    assert upgraded(tmp_path, annotations, values).returncode == 0
