"""Loads the routes file of this deployment. Errors never quote its values, which may be secrets."""

import os

from agents.common.errors import Failure
from agents.common.files import read_text
from agents.settings.model import Settings
from streams.alerts.routes import Routes
from streams.alerts.routes_file import RoutesError, read_routes

HINT = "The format is in docs/alerts.md."


def load_routes(settings: Settings) -> Routes:
    """The routes, with secrets from the environment. ``Failure`` when the file is missing or invalid."""
    path = settings.alert_routes
    if path is None:
        raise Failure("Alerts have no routes: TENOR_ALERT_ROUTES is not set.", HINT)
    text = read_text(path, "The routes file")
    try:
        return read_routes(text, os.environ)
    except RoutesError as error:
        raise Failure(f"{path}: {error}", HINT) from None
