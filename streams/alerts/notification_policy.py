"""The notification policy: which messages a team gets, and when. Pure: every time is passed in, nothing is sent here.

An alert for a team is sent at once, unless it is suppressed:
    stale          it arrived too late to act on;
    snoozed        the team, or somebody for this conversation, wants nothing until a time;
    acknowledged   somebody has the conversation, and the alert is no worse than what they saw;
    quiet_hours    the team has quiet hours, and the alert can wait;
    rate_limited   the team has reached its limit in this period;
or it is grouped: alerts of a conversation soon after a message wait for the next message. Alerts suppressed by limit or
quiet hours are counted and sent as a summary. When a conversation recovers, its pending alerts are dropped and the team
gets one message about it.

Memory is bounded: ids, conversations and pending alerts each have a maximum; the oldest are forgotten first.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from streams.alerts.routes import Routes
from streams.alerts.team_notifications import Action, Alert, Suppress, TeamNotifications

SEEN = 50_000


class NotificationPolicy:
    """Decides what each team is sent, and remembers it.

    Args:
        routes: which alerts go to which team.
    """

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._teams = {team.name: TeamNotifications(team) for team in routes.teams}

    @property
    def pending(self) -> int:
        """Number of alerts waiting for a message, over all teams."""
        return sum(team.pending for team in self._teams.values())

    def handle_alert(self, alert: Alert, arrived: int, now: int) -> list[Action]:
        """Actions for an alert; none if it was handled before.

        Args:
            arrived: when the broker received it, milliseconds.
        """
        if alert["alert_id"] in self._seen:
            return []
        self._remember(alert["alert_id"])
        teams = self._routes.teams_for(alert)
        if not teams:
            return [Suppress(alert, "", "no_route")]
        return [action for team in teams for action in self._teams[team.name].handle_alert(alert, arrived, now)]

    def handle_time(self, now: int) -> list[Action]:
        """Actions that are due by time: pending alerts, and summaries."""
        return [action for team in self._teams.values() for action in team.handle_time(now)]

    def close_conversation(
        self, tenant: str, conversation_id: str, event_time: int, raised: bool, now: int
    ) -> list[Action]:
        """Actions when a conversation has recovered or ended.

        Args:
            event_time: stream time of it; ignored if older than the newest alert.
            raised: whether frustration is still raised; then no recovery is sent.
        """
        subject = tenant, conversation_id
        return [
            action
            for team in self._teams.values()
            for action in team.close_conversation(subject, event_time, raised, now)
        ]

    def has_seen(self, alert_id: str) -> bool:
        """Whether an alert was handled before."""
        return alert_id in self._seen

    def is_open(self, conversation_id: str) -> bool:
        """Whether any team was sent an alert of this conversation, of any tenant."""
        return any(conversation_id in team.conversations for team in self._teams.values())

    def apply_command(self, command: Mapping[str, Any], now: int) -> list[Action]:
        """Apply an operator's command. Without team and conversation, or for an unknown team, it changes nothing."""
        if command["team"] is None and command["conversation_id"] is None:
            return []
        teams = self._teams.values() if command["team"] is None else [self._teams.get(command["team"])]
        return [action for team in teams if team is not None for action in team.apply_command(command, now)]

    def restore(self, delivery: Mapping[str, Any]) -> None:
        """Restore a delivery from before a restart, in order."""
        if delivery["kind"] == "alert":
            self._remember(delivery["alert_id"])
        team = self._teams.get(delivery["team"])
        if team is not None:
            team.restore(delivery)

    def _remember(self, alert_id: str) -> None:
        self._seen[alert_id] = None
        if len(self._seen) > SEEN:
            self._seen.popitem(last=False)
