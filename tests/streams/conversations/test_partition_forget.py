"""A customer is forgotten: what runs is ended untold, and nothing that comes again brings it back."""

import copy
from collections.abc import Iterable
from typing import Any

from streams import state as states
from streams.conversations.partition import FLOOR, Partition
from streams.outputs import Output
from streams.signals.extraction import Signal, forget_signal
from tests.streams.conversations.test_partition import END, Stored, opened, write
from tests.support.data.builders import START, brought, of, published
from tests.support.data.signal_logs import Log


def wish(customer: str = "u1", tenant: str = "default") -> Signal:
    return forget_signal(tenant, customer, START)


def angry(conversation: str, customer: str = "u1", tenant: str = "default") -> list[Signal]:
    """Four turns; the window of the second decision is open."""
    log = Log()
    for _ in range(4):
        log.event("furious", conversation, 6, 0)
    return [one | {"customer_id": customer, "tenant": tenant} for one in log.signals]


def told(partition: Partition, signals: Iterable[Signal], start: int = 0) -> list[Output]:
    return [output for at, signal in enumerate(signals, start) for output in partition.fold(signal, at)]


def kept(partition: Partition, stored: Stored) -> set[str | None]:
    write(stored, partition.changes())
    return {states.decode(value).customer_id for key, value in stored.items() if key != FLOOR}


def test_nothing_is_kept_of_a_customer_and_everything_of_the_others() -> None:
    stored: Stored = {}
    partition = opened(stored)
    told(partition, [*angry("c1"), *angry("c2", "u2"), *angry("c1", "u1", "another")])
    assert kept(partition, stored) == {"u1", "u2"}
    told(partition, [wish()], 12)
    write(stored, partition.changes())
    left = [states.decode(value) for key, value in stored.items() if key != FLOOR]
    assert sorted((one.tenant, one.customer_id) for one in left) == [("another", "u1"), ("default", "u2")]
    assert len(partition) == 2


def test_an_open_window_is_told_to_who_waits_for_it_without_a_name_or_a_reward() -> None:
    partition = opened({})
    before = told(partition, angry("c1"))
    closed = {one["decision_id"] for one in of(before, "outcome")}
    [waiting] = {one["decision_id"] for one in of(before, "decision") if one["available"]} - closed
    [output] = after = told(partition, [wish(), END], 4)
    assert output.record == "outcome"
    published(output)
    expected: dict[str, Any] = {"decision_id": waiting, "customer_id": None, "turns": 0, "reward": None}
    assert {name: output.datum[name] for name in expected} == expected
    assert (output.datum["status"], output.datum["censoring_reason"]) == ("censored", "forgotten")
    assert of(after, "distal_outcome") == of(after, "customer_note") == []


def test_what_was_folded_before_does_not_open_the_conversation_anew() -> None:
    partition = opened({})
    signals = angry("c1")
    told(partition, [*signals, wish(), *copy.deepcopy(signals)])
    assert (len(partition), partition.skipped) == (0, len(signals))


def test_a_profile_that_was_on_its_way_is_passed_by() -> None:
    partition = opened({})
    told(partition, [*angry("c1"), wish(), brought("c1")])
    assert (len(partition), partition.skipped) == (0, 1)


def test_a_customer_who_comes_back_is_somebody_new() -> None:
    stored: Stored = {}
    partition = opened(stored)
    signals = angry("c1")
    told(partition, [*signals[:3], wish(), signals[3]])
    write(stored, partition.changes())
    [state] = [states.decode(value) for key, value in stored.items() if key != FLOOR]
    assert (state.turn, state.usual, state.notes) == (1, None, 1)
    point = told(partition, [END], 5)
    assert [one["turns"] for one in of(point, "distal_outcome")] == [1]


def test_the_deadline_of_what_was_forgotten_closes_nothing_in_the_life_after() -> None:
    """Its place in the queue stays: the same conversation, begun anew, may even be due at the same moment."""
    partition = opened({})
    signals = angry("c1")
    again = [one | {"source": one["source"] | {"offset": at}} for at, one in enumerate(copy.deepcopy(signals), 4)]
    outputs = told(partition, [*signals, wish(), *again, END])
    assert len(of(outputs, "distal_outcome")) == 1
    assert len(partition) == 0


def test_a_wish_that_is_read_again_leaves_the_life_after_alone() -> None:
    """The worker died when it had written the state, and not the floor."""
    stored: Stored = {}
    partition = opened(stored)
    signals = angry("c1")
    told(partition, signals[:3])
    write(stored, partition.changes())
    run = [wish(), *signals[3:]]
    told(partition, run, 3)
    write(stored, partition.changes()[:1])
    recovered = opened(stored, lambda key: 3 + len(run) - 1)
    told(recovered, run, 3)
    write(stored, recovered.changes())
    assert kept(recovered, stored) == {"u1"}


def test_a_wish_about_nobody_changes_nothing() -> None:
    stored: Stored = {}
    partition = opened(stored)
    told(partition, angry("c1"))
    write(stored, partition.changes())
    assert told(partition, [wish("nobody"), wish(tenant="defaul"), wish(tenant="default\x1fc1")], 4) == []
    assert partition.changes() == []
