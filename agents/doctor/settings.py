"""Settings: each valid, none contradicting another, and no variable misspelled."""

from collections import Counter
from collections.abc import Iterator

from agents.common import http_auth, logs
from agents.common.errors import Failure
from agents.doctor.check import Check, from_failure
from agents.settings import validation
from agents.settings.effective import DEFAULT, effective_settings
from agents.settings.loader import find_misspelled, read_settings, tenor_variables
from agents.settings.model import Settings

SUBJECT = "settings"
DEFAULT_SALT = str(Settings.model_fields["decision"].default.salt)


def check_settings() -> tuple[Settings | None, list[Check]]:
    """The settings, None where they are invalid, and the result of their checks."""
    misspelled = find_misspelled(tenor_variables())
    problems = [Check(SUBJECT, "failed", f"Unknown setting {name}", hint) for name, hint in misspelled]
    try:
        settings = read_settings()
    except Failure as failure:
        return None, [*problems, from_failure(SUBJECT, failure)]
    problems += find_problems(settings)
    return settings, problems or [Check(SUBJECT, "ok", count_sources(settings))]


def find_problems(settings: Settings) -> Iterator[Check]:
    for message, hint in validation.find_contradictions(settings):
        yield from_failure(SUBJECT, Failure(message, hint))
    try:
        validation.require_login(settings)
        logs.require_level(settings.log_level)
    except Failure as failure:
        yield from_failure(SUBJECT, failure)
    if not (settings.http_token or http_auth.is_loopback(settings.http_host)):
        finding = f"Serving /metrics on {settings.http_host or 'every address'} requires a token"
        yield Check(SUBJECT, "failed", finding, "Set TENOR_HTTP_TOKEN_FILE")
    if settings.decision.salt == DEFAULT_SALT and not settings.embedded:
        finding = "The salt of the lottery is the public default, so anyone can predict who will be in control"
        yield Check(SUBJECT, "warning", finding, "Set TENOR_DECISION__SALT_FILE before the first decision, and keep it")


def count_sources(settings: Settings) -> str:
    """How many settings come from which source."""
    sources = Counter(setting.source for setting in effective_settings(settings))
    others = ", ".join(f"{count} from {source}" for source, count in sources.items() if source != DEFAULT)
    return f"{sources.total()} settings: " + (f"{others}, the rest are defaults" if others else "all are defaults")
