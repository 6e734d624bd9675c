"""Assignments and customer turns as streams/workload reads them. Times are minutes."""

from typing import Any

from streams.config.model import WorkloadConfig
from streams.workload.aggregate import WorkloadAggregate

MINUTE = 60_000
START = 1_790_002_800_000  # a full hour
HOUR = 60
CONFIG = WorkloadConfig(enabled=True, least=3, grace_s=0)
SECRET = "0" * 64

Datum = dict[str, Any]


def at(minute: float) -> int:
    return START + round(minute * MINUTE)


def given(minute: float, conversation: str, operator: str | None, **changes: Any) -> Datum:
    """An assignment."""
    return {
        "event_id": f"{conversation}-{minute}-{operator}",
        "conversation_id": conversation,
        "event_time": at(minute),
        "tenant": "default",
        "operator_id": operator,
        "team": None if operator is None else "berlin",
        "shown_to": None,
    } | changes


def turn(minute: float, conversation: str, raised: bool, **changes: Any) -> Datum:
    """The frustration level of a customer after a turn."""
    return {
        "event_time": at(minute),
        "tenant": "default",
        "conversation_id": conversation,
        "channel": "chat",
        "turn": 1,
        "raised": raised,
    } | changes


def case(
    operator: str, start: float, end: float, hostile: tuple[float, float] | None = None, **changes: Any
) -> list[Datum]:
    """One conversation of an operator; frustrated from a minute to a minute."""
    name = f"{operator}-{start}"
    first, last = hostile or (end, end)
    minutes = {*range(round(start), round(end), 10), *(hostile or ())}
    turns = [turn(minute, name, first <= minute < last) for minute in sorted(minutes)]
    return [given(start, name, operator, **changes), *turns, given(end, name, None)]


def taken(data: list[Datum], config: WorkloadConfig = CONFIG) -> WorkloadAggregate:
    """A workload aggregate that has read all of the data."""
    aggregate = WorkloadAggregate(config)
    for datum in data:
        (aggregate.add_point if "turn" in datum else aggregate.add_assignment)(datum)
    return aggregate


def told(data: list[Datum], config: WorkloadConfig = CONFIG, until: float = 6 * HOUR) -> list[Datum]:
    """The teams' records once time has passed ``until``, minutes."""
    aggregate = taken([*data, turn(until, "later", False)], config)
    return [output.datum for output in aggregate.close_periods(at(until)) if output.record == "team_workload"]
