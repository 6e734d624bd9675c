"""Structured logs on standard error: what happened, to which record; never a payload."""

import logging
import sys
from typing import Any

import structlog

from agents.common.errors import Failure

LEVELS = ("debug", "info", "warning", "error")
# Libraries that are chatty at info, or whose debug output would hold payloads.
QUIET = ("aiokafka", "faust", "mode", "asyncio", "vaderSentiment", "urllib3", "requests")


def configure(level: str, as_json: bool) -> None:
    """Set up structlog and route the standard library's loggers through the same handler.

    Raises ``Failure`` for an unknown level.
    """
    require_level(level)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Neither format of a traceback prints local variables: they may hold payloads.
    rendering: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def require_level(level: str) -> None:
    """Raises ``Failure`` for an unknown level."""
    if level.lower() not in LEVELS:
        raise Failure(f'TENOR_LOG_LEVEL is invalid: unknown level "{level}".', f"Use one of {', '.join(LEVELS)}.")
