"""One valid record of each kind the sink keeps; keyword arguments change fields."""

from typing import Any

AT = 1_790_000_000_123  # 2026-09-21
SCOPE = {"tenant": "default", "conversation_id": "c1", "customer_id": "u1", "channel": "chat"}
SHARES = [{"signal": "text.sentiment", "share": 0.75}, {"signal": "text.blame", "share": 0.25}]
TRIED = [{"option": "slow", "change": 0.2}, {"option": "own", "change": None}]

Datum = dict[str, Any]


def point(number: int = 1, **changes: Any) -> Datum:
    return {
        "point_id": f"point-{number}",
        "event_id": f"event-{number}",
        "event_time": AT + number * 1000,
        **SCOPE,
        "turn": number,
        "level": 0.1 * number,
        "level_sd": 0.05,
        "slope": None,
        "alarm": 1.5,
        "raised": False,
        "observation": None,
        "p_now": 0.25,
        "p_next": 0.125,
        "p_rise": None,
        "model_version": "0123456789abcdef",
        "reply": {"wording.apology": 1.0, "wording.words": 12.0},
        "level_before": None if number == 1 else 0.1 * (number - 1),
        "contributions": SHARES,
        "cues": ["text.blame"],
        "source": {"topic": "conversation.messages", "partition": 1, "offset": number},
        "config_version": "v1",
    } | changes


def decision(number: int = 1, **changes: Any) -> Datum:
    return {
        "decision_id": f"decision-{number}",
        "event_time": AT + number * 1000,
        **SCOPE,
        "decision_index": 1,
        "turn": 2,
        "kind": "first",
        "previous_decision_id": None,
        "available": True,
        "unavailable_reason": None,
        "level": 0.6,
        "level_sd": 0.1,
        "slope": 0.2,
        "alarm": 8.0,
        "context": {"level": 0.6, "turn": 2.0},
        "context_version": 1,
        "eligible": ["slow", "own"],
        "excluded": [],
        "propensities": [
            {"option": "slow", "probability": 0.4},
            {"option": "own", "probability": 0.4},
            {"option": "control", "probability": 0.2},
        ],
        "predicted_reward": None,
        "lottery": 0.3,
        "option": "slow",
        "control": False,
        "holdout": False,
        "propensity": 0.4,
        "policy_version": "uniform-1",
        "snapshot_offset": None,
        "window_turns": 3,
        "window_s": 600.0,
        "contributions": SHARES,
        "cues": [],
        "raised_at": AT,
        "tried": TRIED,
        "config_version": "v1",
    } | changes


def outcome(number: int = 1, **changes: Any) -> Datum:
    return {
        "outcome_id": f"outcome-{number}",
        "decision_id": f"decision-{number}",
        "event_time": AT + number * 1000 + 600_000,
        **SCOPE,
        "decided_at": AT + number * 1000,
        "option": "slow",
        "control": False,
        "propensity": 0.4,
        "status": "matured",
        "censoring_reason": None,
        "pre_level": 0.6,
        "pre_sd": 0.1,
        "post_level": 0.4,
        "post_sd": 0.1,
        "reward": 0.2,
        "turns": 3,
        "elapsed_s": 90.0,
        "failed": False,
        "delivered": True,
        "action": "reinforce",
        "raised_at": AT,
        "tried": TRIED,
        "contributions": SHARES,
        "config_version": "v1",
    } | changes


def alert(number: int = 1, **changes: Any) -> Datum:
    return {
        "alert_id": f"alert-{number}",
        "event_time": AT + number * 1000,
        **SCOPE,
        "rule": "escalation",
        "severity": "critical",
        "title": "A conversation needs a person",
        "explanation": "The frustration signal rose",
        "recommendation": "Take over",
        "level": None,
        "level_sd": None,
        "contributions": SHARES,
        "evidence": ["negative words (75%)", "blames us (25%)"],
        "raised_at": AT,
        "tried": TRIED,
        "decision_id": "decision-1",
        "outcome_id": None,
        "rule_version": 2,
        "policy_version": "uniform-1",
        "config_version": "v1",
    } | changes


def rating(number: int = 1, **changes: Any) -> Datum:
    return {
        "event_id": f"rating-{number}",
        "event_time": AT + number * 1000,
        **SCOPE,
        "decision_id": None,
        "rater_id": "r1",
        "rater_role": "customer",
        "blinded": True,
        "clarity": 4,
        "tone": None,
        "resonance": 5,
        "felt_understood": True,
        "message_id": None,
        "frustrated": None,
        "intensity": None,
        "compared_with": None,
        "preferred": None,
    } | changes


def distal(number: int = 1, **changes: Any) -> Datum:
    return {
        "distal_id": f"distal-{number}",
        "event_time": AT + number * 1000,
        **SCOPE,
        "opened_at": AT,
        "ended": "resolved",
        "holdout": False,
        "turns": 7,
        "decisions": 2,
        "interventions": 1,
        "failures": 0,
        "level": 0.1,
        "level_sd": 0.1,
        "highest": 0.6,
        "raised": False,
        "raised_at": None,
        "recovered_at": None,
        "config_version": "v1",
    } | changes


def command(number: int = 1, **changes: Any) -> Datum:
    return {
        "command_id": f"command-{number}",
        "event_time": AT + number * 1000,
        "tenant": "default",
        "option": "slow",
        "action": "enable",
        "by": "lead-3",
        "reason": "reworded",
    } | changes


def snapshot(number: int = 1, **changes: Any) -> Datum:
    return {
        "tenant": "default",
        "policy_version": f"thompson-{number}",
        "format": 1,
        "created_at": AT + number * 1000,
        "context_version": 2,
        "matured": 50 * number,
        "options": ["slow", "control"],
        "precision": [[5.0], [6.0]],
        "response": [[0.5], [0.0]],
        "disabled": [],
        "previous": None,
        "errors": [0.01],
        "recent_errors": [],
        "forgot": False,
        "evidence": [{"option": "slow", "n": 50, "total": 1.5, "squares": 2.0, "weight": 20.0, "noise": 2.0}],
        "positions": [{"topic": "tenor.outcomes", "partition": 0, "offset": 51}],
        "config_version": "v1",
    } | changes


def alert_command(number: int = 1, **changes: Any) -> Datum:
    return {
        "command_id": f"alert-command-{number}",
        "event_time": AT + number * 1000,
        "tenant": "default",
        "target": "0123456789abcdef",
        "conversation_id": "c1",
        "team": None,
        "alert_id": "alert-1",
        "action": "snooze",
        "until": AT + 3_600_000,
        "by": "lead-3",
        "reason": "on it",
    } | changes


def delivery(number: int = 1, **changes: Any) -> Datum:
    return {
        "delivery_id": f"delivery-{number}",
        "event_time": AT + number * 1000,
        "tenant": "default",
        "conversation_id": "c1",
        "alert_id": f"alert-{number}",
        "kind": "alert",
        "severity": "critical",
        "rule": "handed_over",
        "team": "support",
        "message_id": "message-1",
        "destination": "webhook-1",
        "status": "delivered",
        "attempts": 1,
        "reason": None,
    } | changes


def workload(number: int = 1, **changes: Any) -> Datum:
    return {
        "workload_id": f"workload-{number}",
        "event_time": AT + number * 3_600_000,
        "tenant": "default",
        "team": "berlin",
        "since": AT + (number - 1) * 3_600_000,
        "operators": 8,
        "work_minutes": 52.0,
        "hostile_minutes": 31.0,
        "hard_in_a_row": 3.2,
        "breaks_missed": 0.1,
        "recovery_minutes": None,
        "channel": "chat",
        "channel_share": 0.7,
        "strained": ["hostile_minutes", "hard_in_a_row"],
        "reasons": {"recovery_minutes": "few_hard_cases"},
        "config_version": "v1",
    } | changes
