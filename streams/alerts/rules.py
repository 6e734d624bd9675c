"""Alert rules: which decisions and outcomes a team lead should know about. Few, and each explains itself.

Rules:
    frustration_raised     a conversation's first decision point.
    intervention_failed    an intervention after which the level rose beyond the margin.
    handed_over            repeated failures: a human must take over.
    option_rolled_back     an option that does harm, or that a person disabled, is no longer chosen.
    policy_drift           what follows interventions has changed, over all conversations.
    team_overloaded        a team is under strain: workload exposure, off by default.
"""

from collections.abc import Mapping, Sequence, Set
from math import sqrt
from typing import Any

from schemas.times import format_time
from streams import ids
from streams.config.model import Config
from streams.interventions.options import CONTROL
from streams.outputs import Output
from streams.policy.rollback import Rollback, find_rollbacks
from streams.policy.snapshot import Snapshot, to_record
from streams.signals import labels

VERSION = 2  # of these rules and what they say; raised with every change that shows in an alert
SCOPE = ("tenant", "conversation_id", "customer_id", "channel", "event_time", "config_version")


def alert_for_decision(decision: Mapping[str, Any]) -> Output | None:
    """The alert for a decision, if any."""
    if decision["kind"] == "escalation":
        return build_decision_alert(decision, "handed_over", "critical", "Interventions failed: take over", TAKE_OVER)
    if decision["decision_index"] == 1:
        return build_decision_alert(
            decision, "frustration_raised", "warning", "Frustration signal raised", recommend(decision)
        )
    return None


def alert_for_outcome(outcome: Mapping[str, Any]) -> Output | None:
    """The alert for an outcome, if any."""
    if not outcome["failed"]:
        return None
    rose = outcome["post_level"] - outcome["pre_level"]
    return build_alert(
        outcome,
        rule="intervention_failed",
        severity="warning",
        title=f"{outcome['option']} did not help",
        explanation=f"The frustration signal rose by {rose:.2f} over {outcome['turns']} customer turns after it"
        f"{describe_duration(outcome)}.{describe_tried(outcome['tried'][:-1])}",
        recommendation=NEXT[outcome["action"]],
        level=outcome["post_level"],
        level_sd=outcome["post_sd"],
        contributions=outcome["contributions"],
        raised_at=outcome["raised_at"],
        tried=outcome["tried"],
        decision_id=outcome["decision_id"],
        outcome_id=outcome["outcome_id"],
        policy_version=None,
    )


TAKE_OVER = "Let a person take the conversation over now."
NEXT = {  # after a failure, by what follows: nothing does once the conversation was handed over
    "reroute": "Another way is tried next; read along.",
    "escalate": TAKE_OVER,
    "none": "A person should have the conversation by now; make sure of it.",
}


def recommend(decision: Mapping[str, Any]) -> str:
    """Recommendation for a conversation whose frustration was just raised."""
    if not decision["available"]:
        return f"No intervention was possible ({decision['unavailable_reason']}); read along."
    if decision["control"]:
        return "Nothing: this conversation is in the control group and is left alone on purpose."
    return f"Answer by {decision['option']}; its guidance is on tenor.interventions."


def build_decision_alert(
    decision: Mapping[str, Any], rule: str, severity: str, title: str, recommendation: str
) -> Output:
    return build_alert(
        decision,
        rule=rule,
        severity=severity,
        title=title,
        explanation=explain(decision),
        recommendation=recommendation,
        level=decision["level"],
        level_sd=decision["level_sd"],
        contributions=decision["contributions"][: labels.STRONGEST],
        raised_at=decision["raised_at"],
        tried=decision["tried"],
        decision_id=decision["decision_id"],
        outcome_id=None,
        policy_version=decision["policy_version"],
    )


def explain(decision: Mapping[str, Any]) -> str:
    """Explanation in words: the level, since when it is raised, by which signals, and what was tried."""
    strongest = ", ".join(labels.describe_strongest(decision["contributions"]))
    return (
        f"Level {decision['level']:.2f} ± {decision['level_sd']:.2f} after turn {decision['turn']}"
        f"{describe_duration(decision)}; "
        f"strongest signals: {strongest or 'none single'}.{describe_tried(decision['tried'])}"
    )


def describe_duration(about: Mapping[str, Any]) -> str:
    """Since when frustration is raised, in words; empty if unknown."""
    at = about["raised_at"]
    if at is None:
        return ""
    minutes = max(0, about["event_time"] - at) // 60_000
    return f", raised for {minutes} min" if minutes else ", raised just now"


def describe_tried(tried: Sequence[Mapping[str, Any]]) -> str:
    """What was tried and how it went, in words; empty if nothing was."""
    return f" Tried before: {'; '.join(map(describe_attempt, tried))}." if tried else ""


def describe_attempt(tried: Mapping[str, Any]) -> str:
    """How one attempt went: ``slow, then it rose by 0.20``."""
    change = tried["change"]
    if change is None:
        how = "then the customer did not write"
    else:
        how = f"then it {'rose' if change > 0 else 'fell'} by {abs(change):.2f}"
    return f"{'left alone' if tried['option'] == CONTROL else tried['option']}, {how}"


def build_alert(about: Mapping[str, Any], rule: str, **fields: Any) -> Output:
    alert_id = ids.stable_id("alert", rule, fields["outcome_id"] or fields["decision_id"])
    evidence = labels.describe_strongest(fields["contributions"])
    about_whom = {name: about[name] for name in SCOPE}
    datum = {"alert_id": alert_id, "rule": rule, "rule_version": VERSION, **about_whom, "evidence": evidence, **fields}
    return Output("alert", alert_id, datum)


def alerts_for_snapshot(snapshot: Snapshot, before: Set[str], config: Config) -> list[Output]:
    """The alerts for a policy snapshot.

    Args:
        before: options that were disabled before it.
    """
    rollbacks = {rollback.option: rollback for rollback in find_rollbacks(snapshot.evidence, (), config)}
    record = to_record(snapshot)
    drifted = [alert_for_drift(record)] if snapshot.forgot else []
    return drifted + [
        alert_for_rollback(record, option, rollbacks.get(option)) for option in sorted(snapshot.disabled - before)
    ]


def alert_for_rollback(snapshot: Mapping[str, Any], option: str, rollback: Rollback | None) -> Output:
    """The alert for a disabled option; ``rollback`` is None if a person disabled it."""
    explanation = "A person disabled it."
    if rollback is not None:
        explanation = (
            f"Over {rollback.evidence.n} decisions that could have been either, "
            f"its reward is {rollback.evidence.mean:+.3f} beside control, "
            f"and always-valid confidence says below {rollback.upper:+.3f}."
        )
    title, recommendation = f"{option} is no longer chosen", f"Reword or remove it, then: tenor policy enable {option}"
    return build_policy_alert(snapshot, "option_rolled_back", "critical", title, explanation, recommendation, option)


def alert_for_drift(snapshot: Mapping[str, Any]) -> Output:
    """The alert when the policy's errors have grown."""
    now = sqrt(snapshot["errors"][-1])
    explanation = (
        f"Outcomes now differ from what the policy expects by {now:.3f} (root mean square), more than they did."
    )
    recommendation = (
        "Look for what changed: a product, a channel, a prompt. The policy has begun to learn anew by itself."
    )
    title = "Interventions no longer do what they did"
    return build_policy_alert(snapshot, "policy_drift", "warning", title, explanation, recommendation, "drift")


def build_policy_alert(
    snapshot: Mapping[str, Any], rule: str, severity: str, title: str, explanation: str, recommendation: str, what: str
) -> Output:
    """An alert about the policy."""
    alert_id = ids.stable_id("alert", rule, what, snapshot["tenant"], snapshot["policy_version"])
    about = {"tenant": snapshot["tenant"], "event_time": snapshot["created_at"]}
    versions = {"policy_version": snapshot["policy_version"], "config_version": snapshot["config_version"]}
    texts = {"title": title, "explanation": explanation, "recommendation": recommendation}
    return build_general_alert(alert_id, rule, severity, about | versions | texts)


def alert_for_workload(workload: Mapping[str, Any]) -> Output:
    """The alert when a team is under strain. It names the team and a queue, never a person."""
    alert_id = ids.stable_id("alert", "team_overloaded", workload["workload_id"])
    queue = workload["channel"]
    elsewhere = f"send new conversations of the queue {queue} elsewhere for a while, " if queue else ""
    texts = {
        "title": f"Team {workload['team']} may need cover",
        "explanation": describe_exposure(workload),
        "recommendation": f"Find cover for the team: {elsewhere}see that breaks are taken, and ask who wants relief.",
    }
    about = {name: workload[name] for name in ("tenant", "event_time", "config_version")}
    return build_general_alert(alert_id, "team_overloaded", "warning", about | texts | {"channel": queue or "other"})


def describe_exposure(workload: Mapping[str, Any]) -> str:
    """Exposure of a team, and which figures are too high, in words."""
    recovery = workload["recovery_minutes"]
    figures = {
        "hostile_minutes": f"{workload['hostile_minutes']:.0f} of {workload['work_minutes']:.0f} minutes of work in "
        "hostile conversations",
        "hard_in_a_row": f"{workload['hard_in_a_row']:.1f} hard cases in a row",
        "breaks_missed": f"{workload['breaks_missed']:.1f} breaks missed",
    }
    sentences = [
        f"{how_much} (too much)" if name in workload["strained"] else how_much for name, how_much in figures.items()
    ]
    sentences += [] if recovery is None else [f"{recovery:.0f} minutes between hard cases"]
    where = "" if workload["channel"] is None else describe_queue(workload)
    since, until = format_time(workload["since"]), format_time(workload["event_time"])
    return f"From {since} to {until}, mean of {workload['operators']} operators: {', '.join(sentences)}.{where}"


def describe_queue(workload: Mapping[str, Any]) -> str:
    """The queue with most of the exposure, in words."""
    return f" Most of it in the queue {workload['channel']} ({workload['channel_share']:.0%})."


def build_general_alert(alert_id: str, rule: str, severity: str, fields: Mapping[str, Any]) -> Output:
    """An alert about no conversation: without customer, level and evidence."""
    datum = {
        "alert_id": alert_id,
        "rule": rule,
        "rule_version": VERSION,
        "conversation_id": None,
        "customer_id": None,
        "channel": "other",
        "severity": severity,
        "level": None,
        "level_sd": None,
        "contributions": [],
        "evidence": [],
        "raised_at": None,
        "tried": [],
        "decision_id": None,
        "outcome_id": None,
        "policy_version": None,
        **fields,
    }
    return Output("alert", alert_id, datum)


def sample_alert(severity: str, at: int) -> dict[str, Any]:
    """A sample alert, to test routes.

    Args:
        at: its time, milliseconds.
    """
    contributions = [
        {"signal": "text.waiting", "share": 0.5},
        {"signal": "text.repeats", "share": 0.25},
        {"signal": "typing.backspace_rate", "share": 0.125},
    ]
    return {
        "alert_id": ids.stable_id("alert", "test", at),
        "event_time": at,
        "tenant": "default",
        "conversation_id": "test-conversation",
        "customer_id": None,
        "channel": "other",
        "rule": "frustration_raised",
        "rule_version": VERSION,
        "severity": severity,
        "title": "This is a test",
        "explanation": "Somebody ran: tenor alerts test. No conversation is meant.",
        "recommendation": "Nothing.",
        "level": 0.62,
        "level_sd": 0.08,
        "contributions": contributions,
        "evidence": labels.describe_strongest(contributions),
        "raised_at": at,
        "tried": [{"option": "slow_reassurance", "change": 0.2}],
        "decision_id": None,
        "outcome_id": None,
        "policy_version": None,
        "config_version": "test",
    }


def alerts_for_outputs(outputs: list[Output]) -> list[Output]:
    """The alerts for these outputs."""
    rules = {"decision": alert_for_decision, "outcome": alert_for_outcome}
    called_for = [rules[output.record](output.datum) for output in outputs if output.record in rules]
    return [alert for alert in called_for if alert is not None]
