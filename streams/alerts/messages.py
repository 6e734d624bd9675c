"""Messages to a team: as text, as HTML and as the body of a webhook. No field can inject markup.

Names and ids come from outside: control characters are removed, and mentions, links and tags that chat services would
act on are neutralised. In HTML everything is also escaped.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from schemas.times import format_time
from streams.alerts.rules import describe_attempt

LONGEST = 500
SCHEMA = 1  # of the webhook's body
SHOWN = 5
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
LOOK = "Look"  # the one line that is a link
# Control characters, and those that turn the direction of what follows: right-to-left letters themselves stay.
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
MENTION = re.compile(r"@(?=\w)")
HARMLESS = str.maketrans({"<": "\u2039", ">": "\u203a"})  # angle quotation marks
AT_SIGN = "\uff20"  # full width

Alert = Mapping[str, Any]
Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a team.

    Attributes:
        message_id: deterministic id.
        kind: alert, summary, recovery or test.
        team: the recipient.
        tenant: tenant it is about; empty for a summary over several.
        conversation_id: conversation it is about; None for none, or several.
        severity: of its worst alert.
        at: when it was made, milliseconds.
        alerts: alerts in full, the worst first.
        more: number of further alerts.
        rules: count by rule; for a summary.
    """

    message_id: str
    kind: str
    team: str
    tenant: str
    conversation_id: str | None
    severity: str
    at: int
    alerts: tuple[Alert, ...] = ()
    more: int = 0
    rules: tuple[tuple[str, int], ...] = ()


def clean_line(value: str) -> str:
    """A text from outside as one short line, without anything a service would act on."""
    line = " ".join(INVISIBLE.sub(" ", value).split())
    short = line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
    return MENTION.sub(AT_SIGN, short.encode(errors="replace").decode().translate(HARMLESS))


def conversation_link(console: str | None, tenant: str, conversation_id: str | None) -> str | None:
    """The conversation's page in the console; None without a console or a conversation."""
    if not console or conversation_id is None:
        return None
    return f"{console.rstrip('/')}/conversation?tenant={quote(tenant)}&id={quote(conversation_id)}"


def quote(name: str) -> str:
    """A name as one value of a query (RFC 3986)."""
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in name.encode(errors="replace"))


def title(message: Message) -> str:
    """The title of a message, one line."""
    about = f": conversation {clean_line(message.conversation_id)}" if message.conversation_id else ""
    if message.kind == "summary":
        return f"[{message.severity}] and {message.more} more alerts for {clean_line(message.team)}"
    if message.kind == "recovery":
        return f"[recovered] Frustration signal is down{about}"
    first = message.alerts[0]
    test = "[test] " if message.kind == "test" else ""
    more = f" (+{len(message.alerts) - 1 + message.more})" if len(message.alerts) + message.more > 1 else ""
    return f"{test}[{message.severity}] {clean_line(first['title'])}{about}{more}"


def lines(message: Message, console: str | None) -> list[Line]:
    """The lines of a message, each with its name."""
    if message.kind == "summary":
        return [("Held back", count_by_rule(message)), ("Why", "more than the team's limit, or in its quiet hours")]
    if message.kind == "recovery":
        where = conversation_link(console, message.tenant, message.conversation_id)
        return [("Now", "It no longer counts as raised. Nothing to do."), *link_lines(where)]
    shown = [line for alert in message.alerts[:SHOWN] for line in alert_lines(alert, console)]
    hidden = len(message.alerts[SHOWN:]) + message.more
    return [*shown, ("Besides", f"and {hidden} more in this conversation")] if hidden else shown


def alert_lines(alert: Alert, console: str | None) -> list[Line]:
    """The lines of one alert."""
    named = [("What", f"{alert['title']}. {alert['explanation']}"), ("Do now", alert["recommendation"])]
    if alert["level"] is not None:
        named.append(("Belief", f"{alert['level']:.2f} ± {alert['level_sd'] or 0:.2f}"))
    if alert["raised_at"] is not None:
        named.append(("Since", format_time(alert["raised_at"])))
    if alert["evidence"]:
        named.append(("Seen by", "; ".join(alert["evidence"])))
    if alert["tried"]:
        named.append(("Tried", "; ".join(map(describe_attempt, alert["tried"]))))
    named.append(("Whose", f"tenant {alert['tenant']}, channel {alert['channel']}"))
    named.append(("Rule", describe_versions(alert)))
    where = conversation_link(console, alert["tenant"], alert["conversation_id"])
    return [(name, clean_line(value)) for name, value in named] + link_lines(where)


def describe_versions(alert: Alert) -> str:
    """The rule, and the versions of settings and policy."""
    rule = f"{alert['rule']} {alert['rule_version']}" if alert["rule_version"] else alert["rule"]
    policy = f", policy {alert['policy_version']}" if alert["policy_version"] else ""
    return f"{rule}, settings {alert['config_version']}{policy}"


def link_lines(where: str | None) -> list[Line]:
    return [(LOOK, where)] if where else []


def count_by_rule(message: Message) -> str:
    return ", ".join(f"{count} {clean_line(rule)}" for rule, count in message.rules) or f"{message.more}"


def text(message: Message, console: str | None) -> str:
    """The message as plain text."""
    return "\n".join(f"{name}: {value}" for name, value in lines(message, console))


def html(message: Message, console: str | None) -> str:
    """The message as HTML; every value is escaped."""
    return "<br/>\n".join(line_html(name, value) for name, value in lines(message, console))


def line_html(name: str, value: str) -> str:
    shown = f'<a href="{escape(value)}">{escape(value)}</a>' if name == LOOK else escape(value)
    return f"<b>{escape(name)}:</b> <bdi>{shown}</bdi>"


def body(message: Message, console: str | None) -> dict[str, Any]:
    """The body of a webhook: values as they are, for programs. Its schema is ``schemas/webhook.schema.json``."""
    return {
        "schema": SCHEMA,
        "message_id": message.message_id,
        "kind": message.kind,
        "team": message.team,
        "tenant": message.tenant or None,
        "conversation_id": message.conversation_id,
        "severity": message.severity,
        "sent_at": format_time(message.at),
        "title": title(message),
        "text": text(message, console),
        "link": conversation_link(console, message.tenant, message.conversation_id),
        "more": message.more,
        "rules": dict(message.rules),
        "alerts": [alert_body(alert, console) for alert in message.alerts],
    }


def alert_body(alert: Alert, console: str | None) -> dict[str, Any]:
    copied = {name: alert[name] for name in COPIED_FIELDS}
    times = {name: None if alert[name] is None else format_time(alert[name]) for name in ("event_time", "raised_at")}
    nested = {"contributions": copy_items(alert["contributions"]), "tried": copy_items(alert["tried"])}
    return copied | times | nested | {"link": conversation_link(console, alert["tenant"], alert["conversation_id"])}


COPIED_FIELDS = (
    *("alert_id", "tenant", "conversation_id", "customer_id", "channel", "rule", "rule_version", "severity", "title"),
    *("explanation", "recommendation", "level", "level_sd", "evidence", "decision_id", "outcome_id"),
    *("policy_version", "config_version"),
)


def copy_items(nested: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(item) for item in nested]


def to_json(message: Message, console: str | None) -> bytes:
    """The body as bytes; a lone surrogate, which has no UTF-8 form, is escaped."""
    return json.dumps(body(message, console), separators=(",", ":"), allow_nan=False).encode()
