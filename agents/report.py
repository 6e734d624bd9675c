"""The report: what was seen, what was done, what followed, as far as ClickHouse knows."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from clickhouse_driver import Client

from agents.clickhouse import UNAVAILABLE, connect, failure
from agents.detection import Point, detection
from agents.digests import digests
from agents.effects import Matured, difference
from agents.migrate import require_current
from agents.recorded import Truth
from agents.report_view import render
from agents.settings import Settings
from streams.protocols import CONTROL

__all__ = ["as_json", "render", "report"]

Report = dict[str, Any]

REPLAY_NOTE = "Recorded customers cannot react to an intervention, so in a replay no effect is expected."

TRAFFIC = """
SELECT uniqExact(tenant, conversation_id), uniqExact(tenant, conversation_id, event_id), count(),
    uniqExactIf((tenant, conversation_id), raised)
FROM trajectories
"""
POINTS = "SELECT conversation_id, turn, toUnixTimestamp64Milli(event_time), level, raised FROM trajectories"
DECISIONS = """
SELECT count(), countIf(available), countIf(kind = %(reroute)s), countIf(kind = %(escalation)s) FROM decided
"""
CHOSEN = "SELECT assumeNotNull(option), count() FROM decided WHERE available GROUP BY option"
FOLLOWED = """
SELECT option, countIf(status = %(matured)s), countIf(status = %(censored)s), avg(reward),
    if(count(reward) > 1, stddevSamp(reward) / sqrt(count(reward)), NULL), countIf(failed)
FROM observed GROUP BY option
"""
MATURED = """
SELECT o.option, assumeNotNull(o.reward), o.propensity, d.propensities
FROM observed AS o INNER JOIN decided AS d ON d.decision_id = o.decision_id
WHERE o.reward IS NOT NULL
ORDER BY o.outcome_id
"""
ALERTS = "SELECT rule, count() FROM alerted GROUP BY rule ORDER BY rule"
DEAD_LETTERS = "SELECT topic, reason, count() FROM refused GROUP BY topic, reason ORDER BY topic, reason"
WORDS = {"matured": "matured", "censored": "censored", "reroute": "reroute", "escalation": "escalation"}


def report(settings: Settings, truths: Iterable[Truth] | None = None) -> Report:
    """Everything ``tenor report`` shows. What cannot be said yet is None.

    Args:
        settings: of this deployment.
        truths: what people who know say of the turns, where the conversations come from a labelled recording.
    """
    require_current(settings)
    client = connect(settings)
    try:
        return gathered(client, truths)
    except UNAVAILABLE as error:
        raise failure(settings, error) from None
    finally:
        client.disconnect()


def gathered(client: Client, truths: Iterable[Truth] | None) -> Report:
    return {
        "traffic": traffic(client),
        "detection": None if truths is None else detection(points(client), truths),
        "decisions": decisions(client),
        "interventions": interventions(client),
        "note": None if truths is None else REPLAY_NOTE,
        "alerts": dict(client.execute(ALERTS)),
        "dead_letters": [named(("topic", "reason", "count"), row) for row in client.execute(DEAD_LETTERS)],
        "digests": digests(client),
    }


def as_json(found: Report) -> str:
    """The report as JSON; it holds no NaN."""
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)


def named(names: Sequence[str], row: Sequence[Any]) -> Report:
    return dict(zip(names, row, strict=True))


def traffic(client: Client) -> Report:
    (row,) = client.execute(TRAFFIC)
    return named(("conversations", "customer_turns", "points", "raised_conversations"), row)


def points(client: Client) -> Iterable[Point]:
    return (Point(*row) for row in client.execute_iter(POINTS))


def decisions(client: Client) -> Report:
    (row,) = client.execute(DECISIONS, WORDS)
    return named(("decision_points", "available", "reroutes", "escalations"), row)


def interventions(client: Client) -> list[Report]:
    """What followed each option, control last."""
    chosen = dict(client.execute(CHOSEN))
    followed = {option: rest for option, *rest in client.execute(FOLLOWED, WORDS)}
    outcomes = [Matured(*row) for row in client.execute(MATURED, WORDS)]
    options = sorted(chosen.keys() | followed.keys(), key=lambda option: (option == CONTROL, option))
    return [one_option(option, chosen.get(option, 0), followed.get(option), outcomes) for option in options]


def one_option(option: str, decided: int, followed: list[Any] | None, outcomes: list[Matured]) -> Report:
    matured, censored, mean, error, failures = followed or (0, 0, None, None, 0)
    return {
        "option": option,
        "decisions": decided,
        "matured": matured,
        "censored": censored,
        "mean_reward": mean,
        "standard_error": error,
        "failures": failures,
        "against_control": None if option == CONTROL else difference(option, outcomes),
    }
