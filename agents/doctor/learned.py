"""What was learned: the newest text model and policy snapshot that are in their topics can be used."""

from collections.abc import Iterator

from agents.doctor.artifacts import MODEL
from agents.doctor.broker import Cluster
from agents.doctor.check import Check
from agents.learning.text_models import Models


def look(cluster: Cluster) -> Iterator[Check]:
    """Whether the text model that was published last can be read."""
    if cluster.settings.topics.text_model not in cluster.metadata.topics:
        return
    models = Models(cluster.settings)
    version = models.newest()
    if version is None:
        yield Check(MODEL, "ok", "none was learned yet")
        return
    models(version)
    yield Check(MODEL, "ok", f"learned last: {version}")
