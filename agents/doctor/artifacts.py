"""Files and models: intervention options, alert routes, the shipped text model and the one learned last."""

from collections.abc import Iterator

from agents.alerting.routes import load_routes
from agents.doctor.broker import Cluster
from agents.doctor.check import Check
from agents.learning.text_models import TextModelStore
from agents.settings.model import Settings
from streams.text_model.pretrained import lexicons, shipped

PROTOCOLS, ROUTES, MODEL = "protocols", "routes", "text model"


def protocols(settings: Settings) -> Iterator[Check]:
    config, path = settings.config, settings.protocols_file
    where = f"of {path}" if path is not None else "as shipped"
    found = f"{len(config.protocols)} intervention options {where}; config_version {config.version}"
    yield Check(PROTOCOLS, "ok", found)


def routes(settings: Settings) -> Iterator[Check]:
    if settings.alert_routes is None:
        yield Check(ROUTES, "ok", "none: TENOR_ALERT_ROUTES is not set, nobody is told of alerts")
        return
    found = load_routes(settings)
    yield Check(ROUTES, "ok", f"{len(found.teams)} teams and {len(found.routes)} routes in {settings.alert_routes}")


def text_model(settings: Settings) -> Iterator[Check]:
    found = f"shipped: {shipped().version}, {len(lexicons())} lexicons"
    yield Check(MODEL, "ok", found)


def learned_text_model(cluster: Cluster) -> Iterator[Check]:
    """Whether the text model that was published last can be read."""
    if cluster.settings.topics.text_model not in cluster.metadata.topics:
        return
    models = TextModelStore(cluster.settings)
    version = models.newest()
    if version is None:
        yield Check(MODEL, "ok", "none was learned yet")
        return
    models(version)
    yield Check(MODEL, "ok", f"learned last: {version}")
