"""Files and models: intervention options, alert routes, the built-in text model and the newest learned one."""

from collections.abc import Iterator

from agents.alerting.routes import load_routes
from agents.doctor.broker import Cluster
from agents.doctor.check import Check
from agents.learning.text_models import TextModelStore
from agents.settings.model import Settings
from streams.text_model.pretrained import load_lexicons, load_weights

PROTOCOLS, ROUTES, MODEL = "protocols", "routes", "text model"


def check_protocols(settings: Settings) -> Iterator[Check]:
    config, path = settings.config, settings.protocols_file
    origin = f"from {path}" if path is not None else "(built in)"
    finding = f"{len(config.protocols)} intervention options {origin}, config_version {config.version}"
    yield Check(PROTOCOLS, "ok", finding)


def check_routes(settings: Settings) -> Iterator[Check]:
    if settings.alert_routes is None:
        yield Check(ROUTES, "ok", "No routes: TENOR_ALERT_ROUTES is not set, so alerts are not delivered")
        return
    routes = load_routes(settings)
    finding = f"{len(routes.teams)} teams and {len(routes.routes)} routes in {settings.alert_routes}"
    yield Check(ROUTES, "ok", finding)


def check_text_model(settings: Settings) -> Iterator[Check]:
    yield Check(MODEL, "ok", f"Built in: {load_weights().version}, {len(load_lexicons())} lexicons")


def check_learned_text_model(cluster: Cluster) -> Iterator[Check]:
    """Whether the newest published text model can be read."""
    if cluster.settings.topics.text_model not in cluster.metadata.topics:
        return
    models = TextModelStore(cluster.settings)
    version = models.newest()
    if version is None:
        yield Check(MODEL, "ok", "No learned model yet")
        return
    models(version)
    yield Check(MODEL, "ok", f"Newest learned model: {version}")
