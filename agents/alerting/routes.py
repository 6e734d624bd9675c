"""The routes file of this deployment. ``Failure`` says what is wrong with it; no value of it is quoted."""

import os

from agents.common.errors import Failure
from agents.settings.model import Settings
from streams.alerts.routes import Routes
from streams.alerts.routes_file import RoutesError, read_routes

HINT = "docs/alerts.md shows what a routes file may say"


def routes_of(settings: Settings) -> Routes:
    """The routes, secrets taken from the environment."""
    path = settings.alert_routes
    if path is None:
        raise Failure("there are no routes for alerts: TENOR_ALERT_ROUTES is not set", HINT)
    try:
        return read_routes(path.read_text(encoding="utf-8"), os.environ)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise Failure(f"the routes file {path} cannot be read: {reason}") from None
    except RoutesError as error:
        raise Failure(f"{path}: {error}", HINT) from None
