"""One tenant's learner: what it recalls is what it knew, and it learns when there is something to learn."""

import time
import tracemalloc
from collections.abc import Iterable, Mapping
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.kafka.consumed_record import ConsumedRecord
from agents.learning import tenant_policy_learner
from agents.learning.tenant_policy_learner import DecodedRecord, TenantPolicyLearner
from schemas.errors import Reason
from schemas.topics import Name
from streams.config.model import Config
from streams.interventions.options import CONTROL
from streams.policy.learner import is_learnable
from streams.policy.outcome_join import PATIENCE_MS
from streams.policy.snapshot import Position, Snapshot, from_record, to_record
from tests import examples
from tests.support.data.builders import moment
from tests.support.data.lessons import EVEN, Record, command, config, decision, outcome, rating

CONFIG = config(remembered_s=1e6, idle_s=1e6, discount=0.99, rollback_after=2)
BRIEF = config(remembered_s=100.0, discount=0.99, rollback_after=2)  # most is forgotten while the story goes on
HOUR_S = 3600.0
OPTIONS = list(EVEN)
PARTITIONS = 2


class Log:
    """Topics as they grow."""

    def __init__(self) -> None:
        self.ends: dict[Position, int] = {}

    def add(self, name: Name, datum: Record, partition: int = 0) -> DecodedRecord:
        offset = self.ends.get((name, partition), 0)
        self.ends[name, partition] = offset + 1
        return DecodedRecord(name, ConsumedRecord(name, partition, offset, None, None, (), 0), datum)


Step = tuple[list[DecodedRecord], dict[Position, int]]
LONG_S = 2 * PATIENCE_MS // 1000


@st.composite
def runs(draw: st.DrawFn) -> list[Step]:
    """What a learner reads between snapshots, and how far each goes; outcomes never before their decision.

    Some decisions are published twice, some come days later, and ratings stand wherever their raters put them.
    """
    log, steps = Log(), []
    waiting: list[tuple[Record, int]] = []
    for _ in range(draw(st.integers(2, 7))):
        reads = []
        for _ in range(draw(st.integers(0, 4))):
            name, partition = f"{sum(log.ends.values()):03d}", draw(st.integers(0, PARTITIONS - 1))
            at = draw(st.integers(0, 600)) + draw(st.sampled_from([0, 0, 0, 0, LONG_S]))
            one = decision(name, at, draw(st.sampled_from(OPTIONS)))
            waiting.append((one, partition))
            reads.append(log.add(Name.DECISIONS, one, partition))
        for one, partition in waiting:
            if draw(st.integers(0, 5)) == 0:
                reads.append(log.add(Name.DECISIONS, one, partition))
            for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
                reads.append(log.add(Name.OUTCOMES, outcome(one, draw(st.sampled_from([0.2, -0.3, None]))), partition))
            if draw(st.integers(0, 3)) == 0:
                at = one["event_time"] + 1000 * draw(st.sampled_from([0, 99, 100, 101, 500]))
                said = rating(one, draw(st.integers(1, 5)), f"r{draw(st.integers(1, 4))}", event_time=at)
                reads.append(log.add(Name.RATINGS, said, draw(st.integers(0, PARTITIONS - 1))))
        if draw(st.integers(0, 5)) == 0:
            about, what = (
                draw(st.sampled_from(["slow", "offer", "no-such"])),
                draw(st.sampled_from(["enable", "disable"])),
            )
            reads.append(log.add(Name.COMMANDS, command(about, what)))
        steps.append((reads, dict(log.ends)))
    return steps


def new(newest: Snapshot | None = None, numbers: Config = CONFIG) -> TenantPolicyLearner:
    return TenantPolicyLearner(numbers, newest or Snapshot("default"))


def hear(one: TenantPolicyLearner, reads: Iterable[DecodedRecord]) -> None:
    for read in reads:
        one.add(read)


def undisturbed(steps: list[Step], numbers: Config = CONFIG) -> list[Record]:
    """Snapshots of a learner that never stopped."""
    one, found = new(numbers=numbers), []
    for reads, ends in steps:
        hear(one, reads)
        taught = one.learn(ends)
        if taught.record is not None:
            found.append(taught.record)
    return found


def cuts(snapshots: Iterable[Record]) -> list[Mapping[Position, int]]:
    return [from_record(one).positions for one in snapshots]


NUMBERS = pytest.mark.parametrize("numbers", [CONFIG, BRIEF], ids=["all is remembered", "little is remembered"])


@NUMBERS
@examples(150)
@given(steps=runs(), data=st.data())
def test_a_learner_that_died_anywhere_goes_on_to_the_same_snapshots(
    numbers: Config, steps: list[Step], data: st.DataObject
) -> None:
    """It reads everything again, recalls what its snapshots were learned from, and learns the rest."""
    calm = undisturbed(steps, numbers)
    done = data.draw(st.integers(0, len(calm)))
    last = from_record(calm[done - 1]) if done else Snapshot("default")
    one, found = new(last, numbers), calm[:done]
    hear(one, [read for reads, _ in steps for read in data.draw(st.permutations(reads))])
    one.restore(cuts(calm[:done]))
    for _, ends in steps:
        if any(end > last.positions.get(position, 0) for position, end in ends.items()):
            taught = one.learn(ends)
            found += [taught.record] if taught.record is not None else []
    assert found == calm


@NUMBERS
@examples(150)
@given(steps=runs())
def test_every_snapshot_can_be_learned_again_from_the_one_before_it(numbers: Config, steps: list[Step]) -> None:
    """As ``tenor verify`` does: all is there from the beginning, and it knows of no batch but by its snapshot."""
    published = undisturbed(steps, numbers)
    again = new(numbers=numbers)
    hear(again, [read for reads, _ in steps for read in reads])
    for record in published:
        assert again.learn(from_record(record).positions).record == record
        again.snapshot = from_record(record)


@NUMBERS
@examples(100)
@given(steps=runs())
def test_every_batch_is_named_by_a_snapshot_of_its_own_and_teaches_only_what_was_in_it(
    numbers: Config, steps: list[Step]
) -> None:
    one, versions = new(numbers=numbers), set()
    for reads, ends in steps:
        hear(one, reads)
        before, (record, news, _) = one.snapshot, one.learn(ends)
        assert (record is None) == all(read.name is Name.DECISIONS for read in reads)
        if record is None:
            assert one.snapshot is before
            continue
        versions.add(record["policy_version"])
        learned = sum(is_learnable(lesson) for lesson, _ in news.examples)
        assert record["matured"] == before.matured + learned
        if not learned and not news.rated and all(read.name is not Name.COMMANDS for read in reads):
            told = to_record(before)
            same = record.keys() - {"policy_version", "positions", "previous", "config_version"}
            assert {name: record[name] for name in same} == {name: told[name] for name in same}, "it is no news"
    assert len(versions) == sum(any(read.name is not Name.DECISIONS for read in reads) for reads, _ in steps)


@pytest.mark.parametrize("rated_at", [1.0, 2.75], ids=["in time", "too late"])
def test_a_batch_that_teaches_nothing_is_a_batch_to_those_who_learn_again(rated_at: float) -> None:
    """The decision is forgotten in it: a rating that comes after it does not find the decision, then or ever again."""
    numbers, log = config(remembered_s=2 * HOUR_S), Log()
    d, e, f = (decision(name, hours * HOUR_S) for name, hours in (("d", 0.0), ("e", 2.5), ("f", 3.0)))
    said = rating(d, 1, event_time=moment(rated_at * HOUR_S))
    batches = [
        [log.add(Name.DECISIONS, d), log.add(Name.OUTCOMES, outcome(d))],
        [log.add(Name.DECISIONS, e), log.add(Name.OUTCOMES, outcome(e, None))],
        [log.add(Name.RATINGS, said), log.add(Name.DECISIONS, f), log.add(Name.OUTCOMES, outcome(f))],
    ]
    live, again, published = new(numbers=numbers), new(numbers=numbers), []
    ends: dict[Position, int] = {}
    for reads in batches:
        ends = ends | {read.position: read.consumed.offset + 1 for read in reads}
        hear(live, reads)
        taught = live.learn(ends)
        published.append(taught)
    assert [[one["decision_id"] for one in taught.joined.late] for taught in published] == [[], [], ["d"]]
    hear(again, [read for reads in batches for read in reads])
    records = [taught.record for taught in published if taught.record is not None]
    assert [again.learn(from_record(one).positions).record for one in records] == records


def test_a_rating_that_is_late_by_its_time_is_late_to_those_who_read_less() -> None:
    """A quiet partition remembers its last decision for ever, but who begins again does not read so far back."""
    numbers, log = config(remembered_s=2 * HOUR_S), Log()
    quiet, busy = decision("quiet"), decision("busy", 24 * HOUR_S)
    first = [log.add(Name.DECISIONS, quiet), log.add(Name.OUTCOMES, outcome(quiet))]
    second = [log.add(Name.DECISIONS, busy, 1), log.add(Name.OUTCOMES, outcome(busy), 1)]
    live = new(numbers=numbers)
    hear(live, first + second)
    live.learn(dict(log.ends))
    again = new(live.snapshot, numbers)
    hear(again, second)
    again.restore()
    late = log.add(Name.RATINGS, rating(quiet, 1, event_time=moment(24 * HOUR_S)))
    hear(live, [late])
    hear(again, [late])
    assert live.learn(log.ends) == again.learn(log.ends)


@examples(50)
@given(runs())
def test_what_is_read_in_several_goes_is_learned_alike(steps: list[Step]) -> None:
    """Which records belong to a batch, its positions say, not the moment they were handed over."""
    everything = [read for reads, _ in steps for read in reads]
    one, found = new(), []
    hear(one, everything)
    for _, ends in steps:
        taught = one.learn(ends)
        found += [taught.record] if taught.record is not None else []
    assert found == undisturbed(steps)


def told(*records: tuple[Name, Record]) -> tuple[TenantPolicyLearner, dict[Position, int]]:
    log, one = Log(), new()
    hear(one, [log.add(name, datum) for name, datum in records])
    return one, log.ends


def test_without_news_a_snapshot_says_how_far_it_was_read_and_nothing_else() -> None:
    a = decision("a")
    one, ends = told((Name.DECISIONS, a), (Name.OUTCOMES, outcome(a, None)))
    record = one.learn(ends).record
    assert record is not None and from_record(record).positions == ends
    nothing = to_record(Snapshot("default", positions=ends, config_version=CONFIG.version))
    assert record == nothing
    assert one.learn(ends).record is None, "nothing came"


def test_decisions_alone_go_on_waiting() -> None:
    a = decision("a")
    one, ends = told((Name.DECISIONS, a))
    assert one.learn(ends).record is None
    assert one.snapshot == Snapshot("default")
    one.add(DecodedRecord(Name.OUTCOMES, ConsumedRecord(Name.OUTCOMES, 0, 0, None, None, (), 0), outcome(a)))
    record = one.learn(ends | {(Name.OUTCOMES, 0): 1}).record
    assert record is not None and record["matured"] == 1


def test_a_rating_of_what_nobody_saw_the_end_of_teaches_nothing() -> None:
    a = decision("a")
    one, ends = told((Name.DECISIONS, a), (Name.OUTCOMES, outcome(a, None)))
    one.learn(ends)
    one.add(DecodedRecord(Name.RATINGS, ConsumedRecord(Name.RATINGS, 0, 0, None, None, (), 0), rating(a)))
    record = one.learn(ends | {(Name.RATINGS, 0): 1}).record
    assert record is not None and (record["options"], record["matured"]) == ([], 0)


def test_decisions_where_nothing_was_possible_hold_nobody_up() -> None:
    none, a = decision("none", available=False, option=None), decision("a")
    one, ends = told((Name.DECISIONS, none), (Name.DECISIONS, a), (Name.OUTCOMES, outcome(a)))
    assert one.learn(ends).record is not None


def test_a_command_alone_makes_a_snapshot() -> None:
    one, ends = told((Name.COMMANDS, command("slow", "disable")))
    assert one.due
    record = one.learn(ends).record
    assert record is not None and record["disabled"] == ["slow"]


def test_a_command_about_no_option_is_refused_with_those_there_are() -> None:
    one, ends = told((Name.COMMANDS, command("no-such")), (Name.COMMANDS, command(CONTROL, "disable", "other")))
    taught = one.learn(ends)
    assert taught.record is not None and taught.record["disabled"] == []
    assert {refusal.why.reason for refusal in taught.refused} == {Reason.UNKNOWN_OPTION}
    assert len(taught.refused) == 2
    assert "offer, slow" in str(taught.refused[0].why)


def test_an_option_that_is_gone_from_the_catalogue_can_still_be_enabled() -> None:
    one = new(Snapshot("default", disabled=frozenset({"gone"}), positions={(Name.COMMANDS, 0): 0}))
    log = Log()
    hear(one, [log.add(Name.COMMANDS, command("gone"))])
    record = one.learn(log.ends).record
    assert record is not None and record["disabled"] == []


def test_an_outcome_of_no_decision_is_refused_where_it_stood() -> None:
    a = decision("a")
    one, ends = told((Name.DECISIONS, a), (Name.OUTCOMES, outcome(decision("b"))), (Name.OUTCOMES, outcome(a)))
    taught = one.learn(ends)
    [refusal] = taught.refused
    assert (refusal.decoded.consumed.offset, refusal.why.reason) == (0, Reason.UNKNOWN_DECISION)
    assert taught.record is not None and taught.record["matured"] == 1


def test_it_is_due_when_enough_came_or_something_waits_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    numbers = config(snapshot_outcomes=2, snapshot_s=30.0)
    one, log = TenantPolicyLearner(numbers, Snapshot("default")), Log()
    a, b = decision("a"), decision("b")
    hear(one, [log.add(Name.DECISIONS, a), log.add(Name.DECISIONS, b)])
    assert not one.due
    now += 1000
    one.add(log.add(Name.OUTCOMES, outcome(a)))
    assert not one.due
    now += 29.9
    assert not one.due
    now += 0.1
    assert one.due
    one.learn(log.ends)
    assert not one.due
    hear(one, [log.add(Name.OUTCOMES, outcome(b)), log.add(Name.OUTCOMES, outcome(a))])
    assert one.due


def test_what_was_read_ahead_waits_for_the_next_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    a, b = decision("a"), decision("b")
    one, ends = told((Name.DECISIONS, a), (Name.DECISIONS, b), (Name.OUTCOMES, outcome(a)), (Name.OUTCOMES, outcome(b)))
    record = one.learn(ends | {(Name.OUTCOMES, 0): 1}).record
    assert record is not None and record["matured"] == 1
    assert not one.due
    now += 31
    assert one.due
    record = one.learn(ends).record
    assert record is not None and record["matured"] == 2


def test_a_snapshot_says_that_errors_have_grown_and_all_but_forgets() -> None:
    one, log, forgot = new(), Log(), []
    for number in range(1200):
        a = decision(f"{number:04d}", number)
        reward = (number % 5 - 2) / 50 + 0.4 * (number >= 800) * (number % 2)
        hear(one, [log.add(Name.DECISIONS, a), log.add(Name.OUTCOMES, outcome(a, reward))])
        before = one.snapshot.arms
        record = one.learn(log.ends).record
        if record is not None and record["forgot"]:
            forgot.append(number)
            name = a["option"]
            assert one.snapshot.arms[name].precision[0, 0] < 0.1 * before[name].precision[0, 0] + 7
    assert len(forgot) == 1 and 800 < forgot[0] < 1100


def test_a_snapshot_of_the_default_settings_is_read_again() -> None:
    a = decision("a")
    one, log = TenantPolicyLearner(Config(), Snapshot("default")), Log()
    hear(one, [log.add(Name.DECISIONS, a), log.add(Name.OUTCOMES, outcome(a))])
    record = one.learn(log.ends).record
    assert record is not None
    assert to_record(from_record(record)) == record
    assert tenant_policy_learner.sort_by_position([], Name.OUTCOMES) == []


def test_a_decision_costs_little_more_than_its_bytes_while_its_outcome_is_awaited() -> None:
    """Hours may pass before it comes; as Python objects it would be far more."""
    one, log, count = new(), Log(), 300
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(count):
            one.add(log.add(Name.DECISIONS, deepcopy(decision(str(number)))))
        heard, _ = tracemalloc.get_traced_memory()
        one.learn(log.ends)
        learned, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (heard - before) / count < 1_500 and (learned - before) / count < 1_500
