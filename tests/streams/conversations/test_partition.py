"""The laws that make the fold exact: whatever crashes, comes again or ticks, the same records are published once."""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import accumulate, pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams import state as states
from streams.conversations.partition import FLOOR, Partition, from_nothing
from streams.ids import SEPARATOR
from streams.outputs import Output
from streams.signals.extraction import Signal
from streams.state import State
from tests import examples
from tests.support.data.builders import published, tick_at
from tests.support.data.signal_logs import CONFIG, LATEST_S, PROFILED, RESENT, TICKED, VERY_LATE, Log, logs

Published = set[tuple[str, str, bytes]]
Stored = dict[str, bytes]
END = tick_at(1e6)
EVERYTHING = logs(TICKED, RESENT, PROFILED)
CUTS = st.lists(st.integers(0, 80), min_size=1, max_size=6)


def opened(stored: Stored, as_of: Callable[[str], int] = from_nothing) -> Partition:
    """The partition as a worker builds it from its store."""
    deadlines = {key: states.deadline_of(value) for key, value in stored.items() if key != FLOOR}
    return Partition(CONFIG, stored.get, deadlines, as_of=as_of)


def write(stored: Stored, changes: Iterable[tuple[str, bytes | None]]) -> None:
    for key, value in changes:
        if value is None:
            stored.pop(key, None)
        else:
            stored[key] = value


def fold(partition: Partition, signals: Iterable[Signal]) -> Published:
    return {published(output) for signal in signals for output in partition.fold(signal)}


def folded(signals: Iterable[Signal]) -> tuple[Published, Partition]:
    """What one uninterrupted run publishes."""
    partition = opened({})
    return fold(partition, signals), partition


def runs_of(signals: list[Signal], cuts: list[int]) -> list[list[Signal]]:
    edges = sorted({0, len(signals), *(cut % (len(signals) + 1) for cut in cuts)})
    return [signals[start:end] for start, end in pairwise(edges)]


def work(
    runs: list[list[Signal]],
    crashes: dict[int, list[int]] | None = None,
    stored: Stored | None = None,
    opened: Callable[[Stored], Partition] = opened,
) -> tuple[Published, Stored]:
    """Fold run after run as the worker does: publish, write, go on.

    Args:
        crashes: by run, after how many writes it dies, once for each.
        opened: the partition as a worker builds it from its store.
    """
    stored, told = {} if stored is None else stored, set()
    partition = opened(stored)
    for number, run in enumerate(runs):
        for writes in (crashes or {}).get(number, []):
            told |= fold(partition, run)
            write(stored, partition.changes()[:writes])
            partition = opened(stored)
        told |= fold(partition, run)
        write(stored, partition.changes())
    return told, stored


def work_resumed(runs: list[list[Signal]], crashes: dict[int, list[tuple[int, int]]]) -> tuple[Published, Stored]:
    """As ``work``, but with each state the offset it is as of; and who takes over reads from some runs before on.

    Args:
        crashes: by run, after how many writes it dies, and how many runs its commits were behind; once for each.
    """
    starts = list(accumulate((len(run) for run in runs), initial=0))
    stored: Stored = {}
    told: Published = set()
    written: dict[str, int] = {}

    def as_of(key: str) -> int:
        return written.get(key, -1)

    partition = opened(stored)
    died = copy.deepcopy(crashes)
    number = 0
    while number < len(runs):
        for at, signal in enumerate(runs[number], starts[number]):
            told |= {published(output) for output in partition.fold(signal, at)}
        last, behind = died[number].pop(0) if died.get(number) else (None, 0)
        changes = partition.changes()[:last]
        write(stored, changes)
        written |= {key: starts[number + 1] - 1 for key, _ in changes}
        number += 1
        if last is not None:
            number = max(0, number - 1 - behind)
            partition = opened(stored, as_of)
    return told, stored


def remembered(stored: Stored) -> dict[str, State]:
    """The states without their positions: a crash may leave more of them than needed, never less."""
    found = {key: states.decode(value) for key, value in stored.items() if key != FLOOR}
    return {key: msgspec.structs.replace(state, positions={}) for key, state in found.items()}


@examples(300)
@given(
    EVERYTHING,
    CUTS,
    st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 5), min_size=1, max_size=2), min_size=1, max_size=4),
)
def test_a_crash_anywhere_changes_nothing(
    signals: list[Signal], cuts: list[int], crashes: dict[int, list[int]]
) -> None:
    runs = runs_of(signals, cuts)
    calm, crashed = work(runs), work(runs, crashes)
    assert crashed[0] == calm[0]
    assert remembered(crashed[1]) == remembered(calm[1])
    assert work([signals], stored=crashed[1])[0] - work([signals], stored=calm[1])[0] == set()
    assert work([[END]], stored=crashed[1])[0] == work([[END]], stored=calm[1])[0]


@given(
    logs(TICKED, TICKED, RESENT, PROFILED, VERY_LATE, VERY_LATE),
    CUTS,
    st.dictionaries(
        st.integers(0, 6),
        st.lists(st.tuples(st.integers(0, 8), st.integers(0, 2)), min_size=1, max_size=2),
        min_size=1,
        max_size=4,
    ),
)
def test_a_tick_that_comes_again_finds_the_states_as_they_are_and_not_as_they_were(
    signals: list[Signal], cuts: list[int], crashes: dict[int, list[tuple[int, int]]]
) -> None:
    """An event so late that its window is over when it comes: the tick before it must not close it, read again."""
    runs = runs_of(signals, cuts)
    calm, crashed = work(runs), work_resumed(runs, crashes)
    assert crashed[0] == calm[0]
    assert remembered(crashed[1]) == remembered(calm[1])


def test_a_tick_read_again_does_not_end_what_came_after_it() -> None:
    log = Log()
    log.event("calm", "c2", 300, 0)
    log.tick(0)
    log.event("calm", "c1", 0, 250)  # so late that silence would have ended it by the tick
    stored: Stored = {}
    partition = opened(stored)
    fold(partition, log.signals)
    write(stored, partition.changes())
    successor = opened(stored, lambda key: len(log.signals) - 1)
    assert [output for at, one in enumerate(log.signals) for output in successor.fold(one, at)] == []
    log.event("calm", "c1", 1, 250)
    [point] = [one for one in successor.fold(log.signals[-1], len(log.signals)) if one.record == "trajectory_point"]
    assert point.datum["turn"] == 2


@given(EVERYTHING, CUTS, st.integers(0, 6), st.integers(0, 6))
def test_after_a_crash_nothing_that_comes_again_is_folded_again(
    signals: list[Signal], cuts: list[int], number: int, writes: int
) -> None:
    _, stored = work(runs_of(signals, cuts), {number: [writes]})
    partition = opened(stored)
    again = [signal for signal in signals if signal["kind"] != "tick"]
    assert fold(partition, again) == set()
    assert partition.skipped == len(again)


@given(logs(TICKED, PROFILED), st.data())
def test_what_comes_again_changes_nothing(signals: list[Signal], data: st.DataObject) -> None:
    """A stretch of what was sent is sent again, anywhere: ingest died before it committed."""
    at = data.draw(st.integers(0, len(signals)))
    log = Log(copy.deepcopy(signals[:at]))
    log.resend(data.draw(st.integers(0, 60)), data.draw(st.integers(1, 20)))
    doubled = [*log.signals, *signals[at:], END]
    once, partition = folded([*signals, END])
    twice, other = folded(doubled)
    assert twice == once
    assert other.skipped == partition.skipped + len(doubled) - len(signals) - 1


@given(logs(), st.lists(st.tuples(st.integers(0, 45), st.floats(LATEST_S, 300)), min_size=1, max_size=10))
def test_a_tick_changes_nothing_that_time_would_not_have_changed_anyway(
    signals: list[Signal], ticks: list[tuple[int, float]]
) -> None:
    """A tick closes as of the moment it was due, so only *when* it is known changes, as long as no event is older."""
    ticked = list(signals)
    for at, behind in sorted(((place % (len(signals) + 1), behind) for place, behind in ticks), reverse=True):
        coming = min((one["event_time"] for one in signals[at:]), default=END["event_time"])
        ticked.insert(at, tick_at(0) | {"event_time": coming - round((behind - LATEST_S) * 1000)})
    assert folded([*ticked, END])[0] == folded([*signals, END])[0]


@given(EVERYTHING)
def test_the_same_log_gives_the_same_bytes_kept_in_memory_or_written_after_every_signal(signals: list[Signal]) -> None:
    runs = [signals], [[signal] for signal in signals]
    (one, kept), (other, reread) = (work(run) for run in runs)
    assert one == other
    assert kept == reread
    assert work(runs[0]) == (one, kept)


@given(EVERYTHING)
def test_the_order_of_what_is_published_repeats(signals: list[Signal]) -> None:
    orders = []
    for _ in range(2):
        partition = opened({})
        orders.append([published(output) for signal in [*signals, END] for output in partition.fold(signal)])
    assert orders[0] == orders[1]


@given(EVERYTHING)
def test_no_signal_is_changed_by_folding_it(signals: list[Signal]) -> None:
    before = copy.deepcopy(signals)
    folded(signals)
    assert signals == before


@given(EVERYTHING)
def test_once_everything_ended_nothing_is_kept_but_the_floor(signals: list[Signal]) -> None:
    _, stored = work([[*signals, END]])
    assert set(stored) <= {FLOOR}
    assert len(opened(stored)) == 0


@given(EVERYTHING)
def test_every_customer_turn_has_one_point_and_every_choice_one_outcome(signals: list[Signal]) -> None:
    told: list[Output] = []
    partition = opened({})
    for signal in [*signals, END]:
        told += partition.fold(signal)
    points = [one.datum["event_id"] for one in told if one.record == "trajectory_point"]
    turns = {one["event_id"] for one in signals if one["kind"] == "message" and one["participant_role"] == "customer"}
    assert sorted(points) == sorted(turns)
    chosen = [one.id for one in told if one.record == "decision" and one.datum["available"]]
    judged = [one.datum["decision_id"] for one in told if one.record == "outcome"]
    assert sorted(chosen) == sorted(judged)
    assert len({(one.record, one.id) for one in told}) == len(told)


def lives(signals: Iterable[Signal]) -> list[tuple[list[Output], dict[str, Any]]]:
    """Each life that came to be told: what it published before its end was told, and how it ended."""
    partition, open_lives = opened({}), defaultdict[str, list[Output]](list)
    told = []
    for output in (output for signal in [*signals, END] for output in partition.fold(signal)):
        before = open_lives[output.datum["conversation_id"]]
        if output.record == "distal_outcome":
            told.append((list(before), output.datum))
            before.clear()
        else:
            before.append(output)
    assert not [one for rest in open_lives.values() for one in rest if one.record == "trajectory_point"]
    return told


def count(outputs: Iterable[Output], name: str, field: str | None = None) -> int:
    return sum(one.record == name and (field is None or bool(one.datum[field])) for one in outputs)


@given(EVERYTHING)
def test_every_life_in_which_the_customer_wrote_is_told_once_and_its_sums_agree(signals: list[Signal]) -> None:
    for outputs, end in lives(signals):
        points = [one.datum for one in outputs if one.record == "trajectory_point"]
        assert [one["turn"] for one in points] == list(range(1, end["turns"] + 1))
        assert end["decisions"] == count(outputs, "decision")
        assert end["interventions"] == count(outputs, "intervention")
        assert end["failures"] == count(outputs, "outcome", "failed")
        assert end["highest"] == max(one["level"] for one in points)
        assert end["turns"] > 0


@given(EVERYTHING)
def test_a_life_that_was_ever_raised_says_when_and_whether_it_is_over(signals: list[Signal]) -> None:
    for outputs, end in lives(signals):
        if any(one.datum["raised"] for one in outputs if one.record == "trajectory_point"):
            assert end["raised_at"] is not None
        assert (end["raised_at"] is None) <= (not end["raised"] and end["recovered_at"] is None)
        if end["raised_at"] is not None:
            assert end["raised"] == (end["recovered_at"] is None)
            assert end["raised"] or end["recovered_at"] >= end["raised_at"]


@given(
    EVERYTHING,
    CUTS,
    st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 5), min_size=1, max_size=2), min_size=1, max_size=4),
)
def test_no_life_is_told_twice_whatever_crashes(
    signals: list[Signal], cuts: list[int], crashes: dict[int, list[int]]
) -> None:
    told, _ = work(runs_of([*signals, END], cuts), crashes)
    ends = [id_ for name, id_, _ in told if name == "distal_outcome"]
    assert len(ends) == len(set(ends)) == len(lives(signals))


@given(EVERYTHING)
def test_outcomes_say_what_could_be_seen_and_nothing_else(signals: list[Signal]) -> None:
    answers = defaultdict[str, list[int]](list)
    for one in signals:
        if one["kind"] == "message" and one["participant_role"] != "customer":
            answers[one["conversation_id"]].append(one["event_time"])
    partition = opened({})
    outputs = (output for signal in [*signals, END] for output in partition.fold(signal))
    for one in (output.datum for output in outputs if output.record == "outcome"):
        assert (one["reward"] is None) == (one["turns"] == 0) == (one["censoring_reason"] is not None)
        assert one["status"] in ({"censored", "overlapped"} if one["reward"] is None else {"matured", "overlapped"})
        assert (one["delivered"] is None) == one["control"]
        if one["delivered"]:
            assert any(at >= one["decided_at"] for at in answers[one["conversation_id"]])
        assert not one["failed"] or (one["reward"] < 0 and not one["control"])


@given(EVERYTHING)
def test_after_recovery_stream_time_is_never_ahead_of_what_was_seen(signals: list[Signal]) -> None:
    partition = opened({})
    fold(partition, signals)
    stored: Stored = {}
    write(stored, partition.changes())
    assert opened(stored).newest <= partition.newest


def test_the_queue_of_deadlines_holds_conversations_not_events() -> None:
    log = Log()
    for _ in range(500):
        log.event("calm", "c1", 1, 0)
    _, partition = folded(log.signals)
    assert len(partition._deadlines._heap) == 1


def test_a_signal_of_a_life_that_ended_is_skipped_in_the_next_one_too() -> None:
    """Its position is in the floor by then, not in the state that began anew."""
    log = Log()
    log.event("click", "c1", 0, 0)
    log.event("calm", "c1", 1, 0)
    log.event("calm", "c2", 300, 0)
    log.tick(0)  # c1 has ended
    log.event("calm", "c1", 1, 0)
    log.signals.append(copy.deepcopy(log.signals[0]))
    _, partition = folded(log.signals)
    assert partition.skipped == 1


def test_a_signal_that_comes_again_after_the_end_does_not_open_the_conversation_anew() -> None:
    log = Log()
    log.event("calm", "c1", 0, 0)
    _, partition = folded([*log.signals, END, *copy.deepcopy(log.signals)])
    assert (len(partition), partition.skipped) == (0, 1)


def test_the_states_come_before_the_floor_and_the_floor_before_the_ends() -> None:
    partition = opened({})
    log = Log()
    log.event("calm", "c1", 0, 0)
    log.event("calm", "c2", 300, 0)
    log.tick(0)
    fold(partition, log.signals)
    first, second = (f"default{SEPARATOR}{name}" for name in ("c1", "c2"))
    written = [(key, value is None) for key, value in partition.changes()]
    assert written == [(second, False), (FLOOR, False), (first, True)]
    assert partition.changes() == []


def late_after_tick() -> tuple[list[Signal], list[Signal]]:
    """A tick, then an event so late that the tick would have closed what it began; and what follows."""
    log = Log(now=300.0)
    log.tick(0)
    log.event("furious", "c1", 0, 150)
    run = list(log.signals)
    log.event("calm", "c1", 0, 140)
    return run, log.signals[len(run) :]


def test_a_tick_that_is_read_again_leaves_alone_what_came_after_it() -> None:
    """The state was written, and the offset not committed when the worker died."""
    run, rest = late_after_tick()
    told = []
    for crashes in (0, 1):
        stored: Stored = {}
        outputs: Published = set()
        for times in [*[run] * crashes, [*run, *rest, END]]:
            as_of = defaultdict(lambda: -1, dict.fromkeys(stored, len(run) - 1))
            partition = opened(stored, as_of.__getitem__)
            outputs |= {published(one) for at, signal in enumerate(times) for one in partition.fold(signal, at)}
            write(stored, partition.changes())
        told.append(outputs)
    assert told[0] == told[1]
    assert [name for name, *_ in sorted(told[0])].count("trajectory_point") == 2


def test_a_tick_that_is_passed_by_does_not_take_the_next_ones_with_it() -> None:
    run, _ = late_after_tick()
    stored: Stored = {}
    partition = opened(stored)
    for at, signal in enumerate(run):
        partition.fold(signal, at)
    write(stored, partition.changes())
    recovered = opened(stored, lambda key: len(run) - 1)
    assert recovered.fold(run[0], 0) == []
    assert recovered.fold(run[0], 2) != []
    assert len(recovered) == 0


def test_two_tenants_with_the_same_conversation_id_share_nothing() -> None:
    log = Log()
    log.event("calm", "c1", 0, 0)
    log.event("calm", "c1", 1, 0)
    log.signals[1]["tenant"] = "another"
    partition = opened({})
    told = [output for signal in log.signals for output in partition.fold(signal)]
    points = [output.datum for output in told if output.record == "trajectory_point"]
    assert [(point["tenant"], point["turn"]) for point in points] == [("default", 1), ("another", 1)]
    assert len(partition) == 2
