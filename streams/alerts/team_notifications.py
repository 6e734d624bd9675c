"""The notification state of one team: what it was sent, what is pending, muted or suppressed. Pure.

The rules are in ``notification_policy``.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from streams import ids
from streams.alerts.messages import Message
from streams.alerts.routes import Team, add_seconds, rank

CONVERSATIONS = 5_000  # a team
GATHERED = 20  # alerts of one conversation
GATHERED_IN_ALL = 2_000  # alerts of a team
FORGOTTEN_MS = 86_400_000
COUNTED = ("quiet_hours", "rate_limited")  # counted in a summary

Alert = Mapping[str, Any]
Subject = tuple[str, str]  # tenant, and conversation or rule


class Send(NamedTuple):
    """Send a message to a team."""

    message: Message


class Suppress(NamedTuple):
    """An alert is not sent to a team (empty: to no team), and why."""

    alert: Alert
    team: str
    reason: str


Action = Send | Suppress


@dataclass(slots=True)
class ConversationNotifications:
    """What a team was sent about one conversation.

    Attributes:
        severity: rank of the worst alert sent.
        told_at: when the last message was sent, milliseconds.
        event_time: of the newest alert, stream time.
        pending: alerts that wait for the next message.
    """

    severity: int
    told_at: int
    event_time: int
    pending: list[Alert] = field(default_factory=list)


@dataclass(slots=True)
class SuppressedSummary:
    """Alerts suppressed since the last summary."""

    rules: Counter[str] = field(default_factory=Counter)
    severity: str = "info"
    since: int = 0

    def add(self, rule: str, severity: str, now: int) -> None:
        self.since = self.since or now
        self.rules[rule] += 1
        self.severity = max(self.severity, severity, key=rank)


class TeamNotifications:
    """The notification state of one team."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.cases: OrderedDict[Subject, ConversationNotifications] = OrderedDict()
        self.conversations: Counter[str] = Counter()
        self._with_pending: set[Subject] = set()
        self._pending_count = 0
        self._sent: deque[tuple[int, str]] = deque(maxlen=team.at_most)
        self._suppressed_summary = SuppressedSummary()
        self._summary_sent_at = 0
        self._snoozed: OrderedDict[Subject | None, int] = OrderedDict()
        self._acknowledged: OrderedDict[Subject, tuple[int, int]] = OrderedDict()

    @property
    def pending(self) -> int:
        return self._pending_count

    def handle_alert(self, alert: Alert, arrived: int, now: int) -> Iterator[Action]:
        subject = subject_of(alert)
        if now > add_seconds(arrived, self.team.max_age_s):
            yield Suppress(alert, self.team.name, "stale")
            return
        reason = self._mute_reason(subject, rank(alert["severity"]), now) or self._quiet_reason(
            rank(alert["severity"]), now
        )
        if reason:
            yield self._suppress(alert, reason, now)
            return
        case = self.cases.get(subject)
        if case is not None and self._should_gather(case, alert, now):
            yield from self._gather(subject, case, alert, now)
            return
        yield from self._notify(subject, [*(case.pending if case else ()), alert], now)

    def handle_time(self, now: int) -> Iterator[Action]:
        for subject in sorted(self._with_pending):
            case = self.cases[subject]
            if now >= add_seconds(case.told_at, self.team.group_s):
                yield from self._notify(subject, case.pending, now)
        while self.cases and now - next(iter(self.cases.values())).told_at > FORGOTTEN_MS:
            yield from self._forget(next(iter(self.cases)), "forgotten")
        yield from self._summary(now)

    def close_conversation(self, subject: Subject, event_time: int, raised: bool, now: int) -> Iterator[Action]:
        case = self.cases.get(subject)
        if case is None or event_time < case.event_time:
            return
        acknowledged = self._acknowledged.pop(subject, None)
        unannounced = raised or acknowledged or not self.team.recoveries
        yield from self._forget(subject, "ended" if raised else "recovered")
        if (
            not unannounced
            and not self._mute_reason(subject, 0, now)
            and not self._quiet_reason(0, now)
            and self._has_room(0, now)
        ):
            message = self._message("recovery", subject, now, severity="info", about_id=str(case.told_at))
            self._count_sent(message, now)
            yield Send(message)

    def apply_command(self, command: Mapping[str, Any], now: int) -> Iterator[Action]:
        conversation_id = command["conversation_id"]
        subject = None if conversation_id is None else (command["tenant"], conversation_id)
        case = self.cases.get(subject) if subject else None
        if command["action"] == "resume":
            self._snoozed.pop(subject, None)
            if subject:
                self._acknowledged.pop(subject, None)
        elif command["action"] == "snooze":
            put_bounded(self._snoozed, subject, command["until"] or now)
        elif subject:
            seen = case.severity if case else rank("warning")
            put_bounded(self._acknowledged, subject, (max(seen, rank("warning")), command["event_time"]))
        for waiting in sorted(self._with_pending if subject is None else self._with_pending & {subject}):
            yield from self._suppress_muted(waiting, now)

    def restore(self, delivery: Mapping[str, Any]) -> None:
        at, severity, kind = delivery["event_time"], delivery["severity"], delivery["kind"]
        subject = delivery["tenant"], delivery["conversation_id"] or delivery["rule"]
        if delivery["status"] == "suppressed":
            if delivery["reason"] in COUNTED:
                self._suppressed_summary.add(delivery["rule"], severity, at)
            return
        if kind == "summary":
            self._suppressed_summary, self._summary_sent_at = SuppressedSummary(), at
        elif all(message_id != delivery["message_id"] for _, message_id in self._sent):
            self._sent.append((at, delivery["message_id"]))
        if kind == "alert":
            self._open(subject, rank(severity), at, 0)
        elif kind == "recovery" and subject in self.cases:
            self._close(subject)

    def _mute_reason(self, subject: Subject, severity: int, now: int) -> str | None:
        """Why the subject is muted for a person; None if it is not."""
        until = max(self.team.snoozed_until or 0, self._snoozed.get(None, 0), self._snoozed.get(subject, 0))
        if now < until:
            return "snoozed"
        seen, at = self._acknowledged.get(subject, (-1, 0))
        return "acknowledged" if severity <= seen and now - at < FORGOTTEN_MS else None

    def _quiet_reason(self, severity: int, now: int) -> str | None:
        quiet = self.team.quiet
        return "quiet_hours" if quiet and severity < rank(quiet.at_least) and quiet.holds(now) else None

    def _should_gather(self, case: ConversationNotifications, alert: Alert, now: int) -> bool:
        """Whether an alert waits for the next message: soon after one, and no worse than what was sent."""
        return rank(alert["severity"]) <= case.severity and now < add_seconds(case.told_at, self.team.group_s)

    def _gather(self, subject: Subject, case: ConversationNotifications, alert: Alert, now: int) -> Iterator[Action]:
        case.event_time = max(case.event_time, alert["event_time"])
        if len(case.pending) >= GATHERED or self._pending_count >= GATHERED_IN_ALL:
            yield self._suppress(alert, "rate_limited", now)
            return
        case.pending.append(alert)
        self._pending_count += 1
        self._with_pending.add(subject)

    def _notify(self, subject: Subject, alerts: list[Alert], now: int) -> Iterator[Action]:
        """Send alerts in one message, or suppress them."""
        worst = max(rank(alert["severity"]) for alert in alerts)
        reason = self._mute_reason(subject, worst, now) or self._quiet_reason(worst, now)
        if not reason and not self._has_room(worst, now):
            reason = "rate_limited"
        if reason:
            self._take_pending(subject)
            for alert in alerts:
                yield self._suppress(alert, reason, now)
            return
        ordered = sorted(alerts, key=lambda alert: (-rank(alert["severity"]), -alert["event_time"], alert["alert_id"]))
        alert_ids = ids.key(*(alert["alert_id"] for alert in ordered))
        message = self._message("alert", subject, now, ordered[0]["severity"], alert_ids, tuple(ordered))
        self._take_pending(subject)
        yield from self._open(subject, worst, now, max(alert["event_time"] for alert in alerts))
        self._count_sent(message, now)
        yield Send(message)

    def _summary(self, now: int) -> Iterator[Action]:
        """Send a summary of suppressed alerts, outside quiet hours and not too often."""
        suppressed, team = self._suppressed_summary, self.team
        if (
            not suppressed.rules
            or now < add_seconds(suppressed.since, team.group_s)
            or now < add_seconds(self._summary_sent_at, team.summary_s)
        ):
            return
        if self._mute_reason(("", ""), 0, now) or self._quiet_reason(rank(suppressed.severity), now):
            return
        self._suppressed_summary, self._summary_sent_at = SuppressedSummary(), now
        count = sum(suppressed.rules.values())
        rules = tuple(sorted(suppressed.rules.items()))
        message_id = ids.stable_id("message", team.name, "summary", now)
        yield Send(
            Message(message_id, "summary", team.name, "", None, suppressed.severity, now, more=count, rules=rules)
        )

    def _message(
        self, kind: str, subject: Subject, now: int, severity: str, about_id: str, alerts: tuple[Alert, ...] = ()
    ) -> Message:
        tenant, conversation_id = subject
        message_id = ids.stable_id("message", self.team.name, kind, *subject, about_id)
        about_conversation = alerts[0]["conversation_id"] if alerts else conversation_id
        return Message(message_id, kind, self.team.name, tenant, about_conversation, severity, now, alerts)

    def _has_room(self, severity: int, now: int) -> bool:
        """Whether the limit allows a message; the last quarter is for critical alerts only."""
        while self._sent and now >= add_seconds(self._sent[0][0], self.team.per_s):
            self._sent.popleft()
        most = self.team.at_most if severity >= rank("critical") else -(-self.team.at_most * 3 // 4)
        return len(self._sent) < most

    def _count_sent(self, message: Message, now: int) -> None:
        self._sent.append((now, message.message_id))

    def _suppress(self, alert: Alert, reason: str, now: int) -> Suppress:
        if reason in COUNTED:
            self._suppressed_summary.add(alert["rule"], alert["severity"], now)
        return Suppress(alert, self.team.name, reason)

    def _suppress_muted(self, subject: Subject, now: int) -> Iterator[Action]:
        """Suppress the pending alerts of a subject that was just muted."""
        worst = max(rank(alert["severity"]) for alert in self.cases[subject].pending)
        reason = self._mute_reason(subject, worst, now)
        for alert in self._take_pending(subject) if reason else ():
            yield self._suppress(alert, str(reason), now)

    def _open(self, subject: Subject, severity: int, now: int, event_time: int) -> list[Action]:
        """Remember a message about a conversation; returns the actions for what it displaced."""
        before = self._close(subject)
        severity = max(severity, before.severity if before else 0)
        self.cases[subject] = ConversationNotifications(
            severity, now, max(event_time, before.event_time if before else 0)
        )
        self.conversations[subject[1]] += 1
        return list(self._forget(next(iter(self.cases)), "forgotten")) if len(self.cases) > CONVERSATIONS else []

    def _take_pending(self, subject: Subject) -> list[Alert]:
        self._with_pending.discard(subject)
        case = self.cases.get(subject)
        if case is None:
            return []
        alerts, case.pending = case.pending, []
        self._pending_count -= len(alerts)
        return alerts

    def _forget(self, subject: Subject, reason: str) -> Iterator[Action]:
        for alert in self._take_pending(subject):
            yield Suppress(alert, self.team.name, reason)
        self._close(subject)

    def _close(self, subject: Subject) -> ConversationNotifications | None:
        self._with_pending.discard(subject)
        case = self.cases.pop(subject, None)
        if case is not None:
            self.conversations[subject[1]] -= 1
            if not self.conversations[subject[1]]:
                del self.conversations[subject[1]]
        return case


def subject_of(alert: Alert) -> Subject:
    """What an alert is grouped by: its conversation, or its rule without one."""
    return alert["tenant"], alert["conversation_id"] or alert["rule"]


def put_bounded(into: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    """Put a value in, and drop the oldest beyond the maximum."""
    into[key] = value
    into.move_to_end(key)
    if len(into) > CONVERSATIONS:
        into.popitem(last=False)
