"""Settings: read, right one by one, meant together, and no variable misspelled."""

from collections import Counter
from collections.abc import Iterator

from agents.common import http_auth, logs
from agents.common.errors import Failure
from agents.doctor.check import Check, of_failure
from agents.settings import validation
from agents.settings.effective import DEFAULT, effective
from agents.settings.loader import given, misspelled, read
from agents.settings.model import Settings

ABOUT = "settings"
EVERYBODY_KNOWS = str(Settings.model_fields["decision"].default.salt)


def look() -> tuple[Settings | None, list[Check]]:
    """The settings, None where they cannot be read, and what is to be said of them."""
    wrong = [Check(ABOUT, "failed", f"{name} is no setting", hint) for name, hint in misspelled(given())]
    try:
        found = read()
    except Failure as failure:
        return None, [*wrong, of_failure(ABOUT, failure)]
    wrong += complaints(found)
    return found, wrong or [Check(ABOUT, "ok", told(found))]


def complaints(settings: Settings) -> Iterator[Check]:
    for message, hint in validation.found(settings):
        yield Check(ABOUT, "failed", message, hint)
    try:
        validation.require_login(settings)
        logs.require_level(settings.log_level)
    except Failure as failure:
        yield of_failure(ABOUT, failure)
    if not (settings.http_token or http_auth.loopback(settings.http_host)):
        where = settings.http_host or "every address"
        yield Check(ABOUT, "failed", f"/metrics is not served on {where} without a token", "set TENOR_HTTP_TOKEN_FILE")
    if settings.decision.salt == EVERYBODY_KNOWS and not settings.embedded:
        found = "the lottery's salt is the one everybody knows: who will be in control can be told beforehand"
        yield Check(ABOUT, "warning", found, "set TENOR_DECISION__SALT_FILE before the first decision, and keep it")


def told(settings: Settings) -> str:
    """How many settings come from where."""
    sources = Counter(one.source for one in effective(settings))
    others = ", ".join(f"{count} from {source}" for source, count in sources.items() if source != DEFAULT)
    return f"{sources.total()} settings" + (
        f": {others}, the rest at their defaults" if others else ", all at defaults"
    )
