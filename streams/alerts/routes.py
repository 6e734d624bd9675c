"""Routes: which team gets an alert, where, and when it is quiet. ``routes_file`` reads them.

The types define the format of the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, ConfigDict, Field, Strict

from schemas import times
from streams.interventions.options import FORBID_EXTRA, Channel, Flag, Listed, Text

Severity = Literal["info", "warning", "critical"]
Rule = Literal[
    "frustration_raised",
    "intervention_failed",
    "handed_over",
    "option_rolled_back",
    "policy_drift",
    "team_overloaded",
]
SEVERITIES = ("info", "warning", "critical")
MINUTES = 24 * 60
LEAST_SECRET = 16


def rank(severity: str) -> int:
    """Rank of a severity, from 0."""
    return SEVERITIES.index(severity)


def parse_time_of_day(value: Any) -> int:
    """Minutes since midnight of a time such as ``"20:00"``, which YAML 1.1 reads as 1200 when unquoted."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MINUTES:
        return value
    hour, separator, minute = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not (separator and hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise ValueError('must be a time of day such as "20:00"')
    return int(hour) * 60 + int(minute)


def parse_zone(value: Any) -> ZoneInfo:
    """A time zone by its name in the IANA database."""
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ValueError("must be an IANA time zone such as Europe/Berlin") from None


def parse_moment(value: Any) -> int:
    """Milliseconds since the epoch of a time with a UTC offset."""
    at = times.parse_time(value)
    if at is None:
        raise ValueError("must be a time with a UTC offset such as 2026-12-01T08:00:00+01:00")
    return at


def check_url(value: Any) -> str:
    """A webhook URL."""
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        raise ValueError("must start with https:// or http://")
    return value


def check_secret(value: Any) -> str:
    """A secret of sufficient length."""
    if not isinstance(value, str) or len(value) < LEAST_SECRET:
        raise ValueError(f"must be a text of at least {LEAST_SECRET} characters")
    return value


TimeOfDay = Annotated[int, BeforeValidator(parse_time_of_day)]
Zone = Annotated[Any, BeforeValidator(parse_zone)]
Moment = Annotated[int, BeforeValidator(parse_moment)]
AtMost = Annotated[int, Strict(), Field(ge=1, le=1000)]
Seconds = Annotated[int, Strict(), Field(ge=0, le=7 * 86_400)]
Period = Annotated[int, Strict(), Field(ge=60, le=7 * 86_400)]


@dataclass(frozen=True)
class Webhook:
    """A signed generic webhook.

    Attributes:
        url: where to POST.
        secret: shared with the receiver; signs every request.
    """

    url: Annotated[str, BeforeValidator(check_url)] = field(repr=False)
    secret: Annotated[str, BeforeValidator(check_secret)] = field(repr=False)

    __pydantic_config__: ClassVar[ConfigDict] = FORBID_EXTRA


@dataclass(frozen=True)
class QuietHours:
    """Hours in which a team only gets urgent alerts.

    Attributes:
        zone: time zone the times are in, by its IANA name; they follow its daylight saving.
        start, end: local times of day; end may lie on the next day. The same: the whole day.
        at_least: severity that is sent even then.
    """

    zone: Zone
    start: TimeOfDay
    end: TimeOfDay
    at_least: Severity = "critical"

    __pydantic_config__: ClassVar[ConfigDict] = FORBID_EXTRA

    def holds(self, now: int) -> bool:
        """Whether it is quiet at ``now``, milliseconds."""
        length = (self.end - self.start) % MINUTES or MINUTES
        return (times.minute_of_day(now, self.zone) - self.start) % MINUTES < length


@dataclass(frozen=True)
class Team:
    """A team: its addresses and limits.

    Attributes:
        name: of the team, not of a person.
        apprise: addresses as the apprise library takes them.
        webhooks: signed generic webhooks.
        at_most: messages in ``per_s``; a quarter is reserved for critical ones.
        per_s: period of that limit, seconds.
        group_s: after a message, group further alerts of the conversation for this long, seconds, unless worse.
        summary_s: least time between two summaries of suppressed alerts, seconds.
        max_age_s: an alert older than this on arrival is not sent, seconds.
        recoveries: whether to send a message when a conversation recovers.
        quiet: quiet hours.
        snoozed_until: send nothing before this time.
    """

    name: Text
    apprise: Listed[Text] = field(default=(), repr=False)
    webhooks: Listed[Webhook] = ()
    at_most: AtMost = 20
    per_s: Period = 3600
    group_s: Seconds = 300
    summary_s: Period = 900
    max_age_s: Period = 3600
    recoveries: Flag = True
    quiet: QuietHours | None = None
    snoozed_until: Moment | None = None

    __pydantic_config__: ClassVar[ConfigDict] = FORBID_EXTRA

    def __post_init__(self) -> None:
        if not (self.apprise or self.webhooks):
            raise ValueError("apprise and webhooks are both empty; add an address to at least one")


@dataclass(frozen=True)
class Route:
    """Which alerts a team gets: those that match every field. An empty field matches all.

    Attributes:
        team: name of the team.
        tenants, rules, channels: the alert's is one of these.
        at_least: least severity.
    """

    team: Text
    tenants: Listed[Text] = ()
    rules: Listed[Rule] = ()
    channels: Listed[Channel] = ()
    at_least: Severity = "info"

    __pydantic_config__: ClassVar[ConfigDict] = FORBID_EXTRA

    def matches(self, alert: Mapping[str, Any]) -> bool:
        """Whether an alert matches."""
        return (
            (not self.tenants or alert["tenant"] in self.tenants)
            and (not self.rules or alert["rule"] in self.rules)
            and (not self.channels or alert["channel"] in self.channels)
            and rank(alert["severity"]) >= rank(self.at_least)
        )


@dataclass(frozen=True)
class Routes:
    """A routes file.

    Attributes:
        teams: all teams.
        routes: which alerts go to which team.
    """

    teams: Listed[Team] = ()
    routes: Listed[Route] = ()

    __pydantic_config__: ClassVar[ConfigDict] = FORBID_EXTRA

    @cached_property
    def by_name(self) -> dict[str, Team]:
        return {team.name: team for team in self.teams}

    def teams_for(self, alert: Mapping[str, Any]) -> Sequence[Team]:
        """Teams that get an alert, each once, in the order of the routes."""
        names = dict.fromkeys(route.team for route in self.routes if route.matches(alert))
        return [self.by_name[name] for name in names]


def add_seconds(now: int, seconds: float) -> int:
    """A time in milliseconds, some seconds later."""
    return now + round(seconds * 1000)
