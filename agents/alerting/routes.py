"""The routes file of this deployment. ``Failure`` says what is wrong with it; no value of it is quoted."""

import os

from agents.common.errors import Failure
from agents.common.files import read_text
from agents.settings.model import Settings
from streams.alerts.routes import Routes
from streams.alerts.routes_file import RoutesError, read_routes

HINT = "docs/alerts.md shows what a routes file may say"


def routes_of(settings: Settings) -> Routes:
    """The routes, secrets taken from the environment."""
    path = settings.alert_routes
    if path is None:
        raise Failure("there are no routes for alerts: TENOR_ALERT_ROUTES is not set", HINT)
    text = read_text(path, "The routes file")
    try:
        return read_routes(text, os.environ)
    except RoutesError as error:
        raise Failure(f"{path}: {error}", HINT) from None
