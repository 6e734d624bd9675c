"""Routes: what they match, when it is quiet, and what is said of a file that cannot be used."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.alerts.routes import QuietHours, Route
from streams.alerts.routes_file import RoutesError, read_routes
from tests.support.data.alerts import alert

SECRET = "0123456789abcdef-secret"
VARIABLES = {"HOOK_SECRET": SECRET, "SLACK_URL": "slack://a/b/c"}
FILE = """
teams:
  - name: support
    apprise: ["${SLACK_URL}", "mailto://${HOOK_SECRET}@example.org"]
    webhooks:
      - {url: https://example.org/hook, secret: "${HOOK_SECRET}"}
    at_most: 12
    quiet: {zone: Europe/Berlin, start: 20:00, end: "07:00", at_least: critical}
    snoozed_until: 2026-12-01T08:00:00+01:00
routes:
  - team: support
    tenants: [acme]
    rules: [handed_over, intervention_failed]
    channels: [chat]
    at_least: warning
"""


def at(text: str, zone: str = "Europe/Berlin") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def refusal(text: str) -> str:
    with pytest.raises(RoutesError) as caught:
        read_routes(text, VARIABLES)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_a_whole_file_is_read() -> None:
    result = read_routes(FILE, VARIABLES)
    [team] = result.teams
    assert team.apprise == ("slack://a/b/c", f"mailto://{SECRET}@example.org")
    assert (team.webhooks[0].url, team.webhooks[0].secret) == ("https://example.org/hook", SECRET)
    assert team.quiet is not None
    assert (team.quiet.start, team.quiet.end) == (20 * 60, 7 * 60)  # YAML reads 20:00 as a number
    assert team.snoozed_until == at("2026-12-01T08:00:00")
    assert result.routes[0] == Route("support", ("acme",), ("handed_over", "intervention_failed"), ("chat",), "warning")


def test_secrets_are_not_shown() -> None:
    result = read_routes(FILE, VARIABLES)
    assert SECRET not in repr(result)
    assert "slack://" not in repr(result)


def test_a_secret_cannot_add_to_the_file() -> None:
    result = read_routes(FILE, VARIABLES | {"SLACK_URL": 'x"], at_most: 1000, apprise: ["y'})
    assert result.teams[0].at_most == 12


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"at_most: 12": "at_mots: 12"}, "unknown field team support: at_mots; did you mean at_most?"),
        ({"at_most: 12": "at_most: many"}, "team support: at_most must be a valid integer"),
        ({"at_most: 12": "at_most: 0"}, "team support: at_most must be greater than or equal to 1"),
        ({"${SLACK_URL}": "${SLAK}"}, "teams.1.apprise.1: environment variable SLAK is not set"),
        ({"Europe/Berlin": "Berlin"}, "team support: quiet.zone: must be an IANA time zone such as Europe/Berlin"),
        ({"Europe/Berlin": "../../etc/passwd"}, "team support: quiet.zone: must be an IANA time zone"),
        ({"20:00": "25:00"}, 'team support: quiet.start: must be a time of day such as "20:00"'),
        ({'"07:00"': "soon"}, 'team support: quiet.end: must be a time of day such as "20:00"'),
        (
            {"at_least: critical}": "at_leats: info}"},
            "unknown field team support: quiet.at_leats; did you mean at_least?",
        ),
        ({"at_least: warning": "at_least: loud"}, "route 1: at_least must be 'info', 'warning' or 'critical'"),
        ({"rules: [handed_over": "rules: [handed_ovr"}, "route 1: rules.1 must be 'frustration_raised'"),
        ({"tenants: [acme]": "tenant: acme"}, "unknown field route 1: tenant; did you mean tenants?"),
        ({"tenants: [acme]": "tenants: acme"}, "route 1: tenants: must be a list"),
        ({'secret: "${HOOK_SECRET}"': "secret: short"}, "webhooks.1.secret: must be a text of at least 16 characters"),
        ({"https://example": "ftp://example"}, "webhooks.1.url: must start with https:// or http://"),
        (
            {"08:00:00+01:00": "08:00:00"},
            "snoozed_until: must be a time with a UTC offset such as 2026-12-01T08:00:00+01:00",
        ),
        ({"- team: support": "- team: suport"}, "route 1: unknown team suport; did you mean support?"),
        ({"- name: support": "- nam: support"}, "unknown field team 1: nam; did you mean name?"),
        ({"routes:": "route:"}, "unknown field route; did you mean routes?"),
        ({"teams:": "teams: ["}, "the routes are not YAML at line"),
    ],
)
def test_what_is_wrong_is_said_with_what_was_meant(change: dict[str, str], told: str) -> None:
    text = FILE
    for before, after in change.items():
        assert before in text
        text = text.replace(before, after, 1)
    assert told in refusal(text)


@pytest.mark.parametrize(
    "text", ["", "[]", "a", "1: 2", "teams: []\nroutes: []", "teams: 1", "routes: {a: b}", "? [1]"]
)
def test_what_is_no_routes_file_is_refused(text: str) -> None:
    assert refusal(text)


def test_a_team_that_could_be_told_nothing_or_is_doubled_or_unheard_is_refused() -> None:
    assert "apprise and webhooks are both empty; add an address" in refusal("teams: [{name: a}]\nroutes: [{team: a}]")
    one = "{name: a, apprise: [x]}"
    assert refusal(f"teams: [{one}, {one}]\nroutes: [{{team: a}}]") == "team a is defined twice; keep one or rename it"
    other = "{name: b, apprise: [x]}"
    assert refusal(f"teams: [{one}, {other}]\nroutes: [{{team: a}}]") == "team b has no route; add one under 'routes'"


@pytest.mark.parametrize(
    ("changes", "matches"),
    [
        ({}, True),
        ({"tenant": "other"}, False),
        ({"rule": "policy_drift"}, False),
        ({"channel": "email"}, False),
        ({"severity": "info"}, False),
        ({"severity": "critical"}, True),
    ],
)
def test_a_route_matches_where_all_of_it_holds(changes: dict[str, Any], matches: bool) -> None:
    route = Route("support", ("acme",), ("handed_over",), ("chat",), "warning")
    base = {"tenant": "acme", "rule": "handed_over", "channel": "chat"}
    assert route.matches(alert(**(base | changes))) is matches


NIGHT = QuietHours(zone=ZoneInfo("Europe/Berlin"), start=20 * 60, end=7 * 60)


@pytest.mark.parametrize(
    ("local", "quiet"),
    [
        ("2026-01-10T19:59", False),
        ("2026-01-10T20:00", True),
        ("2026-01-10T00:00", True),
        ("2026-01-10T06:59", True),
        ("2026-01-10T07:00", False),
        # The clock goes forward on 2026-03-29 at 02:00, and back on 2026-10-25 at 03:00.
        ("2026-03-29T06:59", True),
        ("2026-03-29T07:00", False),
        ("2026-10-25T06:59", True),
        ("2026-10-25T07:00", False),
    ],
)
def test_quiet_hours_follow_the_local_clock(local: str, quiet: bool) -> None:
    assert NIGHT.holds(at(local)) is quiet


def test_a_quiet_night_is_as_long_as_the_night() -> None:
    """Eleven hours; ten where the clock goes forward, twelve where it goes back."""
    for day, hours in (("2026-01-10", 11), ("2026-03-28", 10), ("2026-10-24", 12)):
        noon = at(f"{day}T12:00")
        minutes = sum(NIGHT.holds(noon + minute * 60_000) for minute in range(24 * 60))
        assert minutes == hours * 60


def test_the_same_start_and_end_is_the_whole_day() -> None:
    always = QuietHours(zone=ZoneInfo("UTC"), start=0, end=0)
    assert all(always.holds(at(f"2026-01-10T{hour:02}:30", "UTC")) for hour in range(24))
