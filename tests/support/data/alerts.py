"""Alerts and routes for tests of their delivery."""

from typing import Any

from streams.alerts.routes import QuietHours, Route, Routes, Team
from streams.alerts.rules import sample_alert

NOW = 1_790_000_000_000  # 2026-09-21 14:13 UTC
MINUTE = 60_000
HOUR = 60 * MINUTE
SUPPORT = Team(name="support", apprise=("json://localhost",))


def alert(number: int = 1, conversation_id: str | None = "c1", **changes: Any) -> dict[str, Any]:
    made = sample_alert("warning", NOW) | {"alert_id": f"alert-{number}", "conversation_id": conversation_id}
    return made | {"event_time": NOW + number} | changes


def team(**changes: Any) -> Team:
    return Team(**{"name": "support", "apprise": ("json://localhost",)} | changes)


def routes(*teams: Team) -> Routes:
    """Every alert to each of these teams."""
    known_teams = teams or (SUPPORT,)
    return Routes(known_teams, tuple(Route(team.name) for team in known_teams))


def command(action: str, **changes: Any) -> dict[str, Any]:
    about = {"tenant": "default", "conversation_id": "c1", "team": None, "until": None, "event_time": NOW}
    return {"action": action, **about} | changes


__all__ = ["HOUR", "MINUTE", "NOW", "SUPPORT", "QuietHours", "alert", "command", "routes", "team"]
