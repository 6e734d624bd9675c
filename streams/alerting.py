"""Alerts: which decisions and outcomes a team lead should hear of. Few, and each says why.

Rules:
    frustration_raised     a conversation's first decision point.
    intervention_failed    an intervention after which the level rose beyond the margin.
    handed_over            repeated failures: a human must take over.
"""

from collections.abc import Mapping
from typing import Any

from streams import ids
from streams.outputs import Output

SCOPE = ("tenant", "conversation_id", "customer_id", "channel", "event_time", "config_version")


def of_decision(decision: Mapping[str, Any]) -> Output | None:
    """The alert a decision calls for, if any."""
    if decision["kind"] == "escalation":
        return from_decision(decision, "handed_over", "critical", "Interventions failed: take over", TAKE_OVER)
    if decision["decision_index"] == 1:
        return from_decision(decision, "frustration_raised", "warning", "Frustration signal raised", step_in(decision))
    return None


def of_outcome(outcome: Mapping[str, Any]) -> Output | None:
    """The alert an outcome calls for, if any."""
    if not outcome["failed"]:
        return None
    rose = outcome["post_level"] - outcome["pre_level"]
    return alert(
        outcome,
        rule="intervention_failed",
        severity="warning",
        title=f"{outcome['option']} did not help",
        explanation=f"The frustration signal rose by {rose:.2f} over {outcome['turns']} customer turns after it.",
        recommendation=NEXT[outcome["action"]],
        level=outcome["post_level"],
        level_sd=outcome["post_sd"],
        contributions=[],
        decision_id=outcome["decision_id"],
        outcome_id=outcome["outcome_id"],
    )


TAKE_OVER = "Let a person take the conversation over now."
NEXT = {  # after a failure, by what follows: nothing does once the conversation was handed over
    "reroute": "Another way is tried next; read along.",
    "escalate": TAKE_OVER,
    "none": "A person should have the conversation by now; make sure of it.",
}


def step_in(decision: Mapping[str, Any]) -> str:
    """What to do about a conversation whose frustration has just been noticed."""
    if not decision["available"]:
        return f"No intervention was possible ({decision['unavailable_reason']}); read along."
    if decision["control"]:
        return "Nothing: this conversation is in the control group and is left alone on purpose."
    return f"Answer by {decision['option']}; its guidance is on tenor.interventions."


def from_decision(decision: Mapping[str, Any], rule: str, severity: str, title: str, recommendation: str) -> Output:
    return alert(
        decision,
        rule=rule,
        severity=severity,
        title=title,
        explanation=explain(decision),
        recommendation=recommendation,
        level=decision["level"],
        level_sd=decision["level_sd"],
        contributions=decision["contributions"][:3],
        decision_id=decision["decision_id"],
        outcome_id=None,
    )


def explain(decision: Mapping[str, Any]) -> str:
    """What rose and by how much, in words."""
    strongest = [f"{c['signal']} {c['share']:.0%}" for c in decision["contributions"] if c["share"] > 0][:3]
    return (
        f"Level {decision['level']:.2f} ± {decision['level_sd']:.2f} after turn {decision['turn']}; "
        f"strongest signals: {', '.join(strongest) or 'none single'}."
    )


def alert(about: Mapping[str, Any], rule: str, **fields: Any) -> Output:
    alert_id = ids.stable_id("alert", rule, fields["outcome_id"] or fields["decision_id"])
    datum = {"alert_id": alert_id, "rule": rule, **{name: about[name] for name in SCOPE}, **fields}
    return Output("alert", alert_id, datum)
