"""The effects in the report: rows of the views in schemas/clickhouse/0006_proof.sql."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from clickhouse_driver import Client

from agents.clickhouse.client import rows
from streams.experiment.effects import SHOWN_AFTER
from streams.interventions.options import CONTROL

Row = dict[str, Any]

INSUFFICIENT = "insufficient data"

CHOSEN = "SELECT tenant, assumeNotNull(option), count() FROM decided WHERE available GROUP BY tenant, option"
FOLLOWED = """
SELECT tenant, option, countIf(status = 'matured') AS matured, countIf(status = 'overlapped') AS overlapped,
    countIf(reward IS NULL) AS censored, avg(reward) AS mean_reward,
    if(count(reward) > 1, stddevSamp(reward) / sqrt(count(reward)), NULL) AS standard_error, countIf(failed) AS failures
FROM observed GROUP BY tenant, option
"""
NO_OUTCOMES = {"matured": 0, "overlapped": 0, "censored": 0, "mean_reward": None, "standard_error": None, "failures": 0}
UPLIFT = "SELECT * FROM uplift ORDER BY tenant, option"
CENSORING = "SELECT tenant, option, reason, censored FROM censoring ORDER BY tenant, option, reason"
HEALTH = "SELECT * FROM propensity_health ORDER BY tenant, version = 'all', version"
CONTROL_SHARE = "SELECT * FROM control_share_check ORDER BY tenant"
VALUES = "SELECT * FROM policy_values ORDER BY tenant, candidate"
HOLDOUT = "SELECT * FROM holdout_check ORDER BY tenant, measure"
RECOVERY = "SELECT * FROM time_to_recovery ORDER BY tenant, arm"
CALIBRATION = "SELECT * FROM belief_calibration ORDER BY tenant, bin_from"
POLICY = "SELECT * REPLACE (toString(created_at) AS created_at) FROM policy_state ORDER BY tenant"
NO_COMPARISON = {
    "n": 0,
    "treated": 0,
    "controls": 0,
    "control_conversations": 0,
    "mean": None,
    "low": None,
    "high": None,
    "upper_bound": None,
    "verdict": INSUFFICIENT,
}


def report_interventions(client: Client) -> list[Row]:
    """Outcomes of each tenant's options and their difference to control, control last."""
    chosen = {(tenant, option): count for tenant, option, count in client.execute(CHOSEN)}
    followed = {(row.pop("tenant"), row.pop("option")): row for row in rows(client, FOLLOWED)}
    against = {(row.pop("tenant"), row.pop("option")): row for row in rows(client, UPLIFT)}
    reasons: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for tenant, option, reason, count in client.execute(CENSORING):
        reasons[tenant, option][reason] = count
    keys = sorted(chosen.keys() | followed.keys(), key=lambda key: (key[0], key[1] == CONTROL, key[1]))
    return [
        {
            "tenant": key[0],
            "option": key[1],
            "decisions": chosen.get(key, 0),
            **followed.get(key, NO_OUTCOMES),
            "reasons": reasons[key],
            "against_control": None if key[1] == CONTROL else against.get(key, NO_COMPARISON),
        }
        for key in keys
    ]


def report_data_quality(client: Client) -> Row:
    """Whether the logged propensities match the draws, and whether control is as frequent as they say."""
    return {"propensities": rows(client, HEALTH), "control_share": rows(client, CONTROL_SHARE)}


def report_conclusions(client: Client) -> list[Row]:
    """Any intervention against control and what is rolled back, by tenant: did it help?"""
    tenants = sorted({tenant for tenant, *_ in client.execute(CHOSEN)})
    against = {row["tenant"]: row for row in rows(client, UPLIFT) if row["option"] == "any"}
    policy = {row["tenant"]: row for row in rows(client, POLICY)}
    return [conclude(tenant, against.get(tenant, NO_COMPARISON), policy.get(tenant)) for tenant in tenants]


def conclude(tenant: str, against: Row, policy: Row | None) -> Row:
    conclusion = {"tenant": tenant, **{name: against[name] for name in NO_COMPARISON}}
    rolled_back = policy["disabled"] if policy else []
    return {
        **conclusion,
        "rolled_back": rolled_back,
        "answer": format_answer(against),
        "rollback": format_rollback(rolled_back),
    }


def format_answer(comparison: Row) -> str:
    """The answer in a sentence."""
    if comparison["mean"] is None:
        return (
            f"Insufficient data: {comparison['n']:,} observed decisions with both intervention and control possible; "
            f"{SHOWN_AFTER} are needed."
        )
    interval = f"95 % interval, valid at every look: {comparison['low']:+.3f} to {comparison['high']:+.3f}"
    if comparison["verdict"] == "helped":
        return (
            f"Yes: after an intervention the level fell by {comparison['mean']:.3f} more than without one ({interval})."
        )
    if comparison["verdict"] == "harmed":
        return f"No, it harmed: an intervention left the level {-comparison['mean']:.3f} higher than none ({interval})."
    return f"No effect is shown: intervention minus control is {comparison['mean']:+.3f} ({interval})."


def format_rollback(options: Sequence[str]) -> str:
    return f"Rolled back: {', '.join(options)}." if options else "No option is rolled back."
