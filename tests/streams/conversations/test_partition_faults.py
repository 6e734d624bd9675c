"""A worker that dies at any moment, is sent repeats and reads another interleaving, beside one that nothing happens to.

What the two publish, and the states they are left with, must be the same. The faults are those of the transport: runs
of any length, commits that come late, a crash after any number of outputs or of writes (of one run: they are written
one by one), stretches that ingest sent again, and conversations whose order among each other is another. Never another
order within one source partition, nor around a tick or the wish to be forgotten.
"""

import copy
import os

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from streams.conversations.partition import Partition
from streams.signals.extraction import Signal, forget_signal
from tests import examples
from tests.streams.conversations.test_partition import END, Stored, opened, remembered, write
from tests.support.data.builders import moment, published
from tests.support.data.signal_logs import EVENTS, Log, position_of

CONVERSATIONS = st.sampled_from(["c1", "c1", "c2", "c3"])
SAID = st.sampled_from([*EVENTS, *["furious"] * 6])
PASSED = st.sampled_from([0.0, 1.0, 5.0, 20.0, 60.0, 100.0, 150.0])
LATE = st.sampled_from([0.0, 0.0, 0.0, 5.0, 20.0, 60.0, 150.0])  # up to longer than a conversation may be silent
TONES = st.sampled_from([-0.2, 0.3])
CUSTOMER = {"c1": "u1", "c2": "u1", "c3": "u2"}
SOME = st.integers(1, 20)
ANY = st.integers(0, 60)


class Follower:
    """A fold of a log, and what it has published. Offsets are places in the log."""

    def __init__(self) -> None:
        self.log: list[Signal] = []
        self.stored: Stored = {}
        self.as_of: dict[str, int] = {}
        self.told: set[tuple[str, str, bytes]] = set()
        self.read_to = self.committed = 0
        self.partition = self.opened()

    def opened(self) -> Partition:
        return opened(self.stored, lambda key: self.as_of.get(key, -1))

    def write(self, count: int | None = None) -> None:
        """Write what has changed, or only the first of it; each with the offset it is as of."""
        changes = self.partition.changes()[:count]
        write(self.stored, changes)
        for key, _ in changes:
            self.as_of[key] = max(self.read_to - 1, self.as_of.get(key, -1))

    def fold(self, count: int) -> list[tuple[str, str, bytes]]:
        """Fold a run; what it publishes, which is not published yet."""
        start, self.read_to = self.read_to, min(self.read_to + count, len(self.log))
        run = enumerate(self.log[start : self.read_to], start)
        return [published(out) for offset, signal in run for out in self.partition.fold(signal, offset)]

    def work(self, count: int) -> None:
        self.told |= set(self.fold(count))
        self.write()

    def die(self, count: int, outputs: int, writes: int) -> None:
        """In a run, after so many outputs; after all of them, after so many writes."""
        coming = self.fold(count)
        self.told |= set(coming[:outputs])
        if outputs >= len(coming):
            self.write(writes)
        self.partition, self.read_to = self.opened(), self.committed


class Faults(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.written = Log()
        self.calm, self.faulty = Follower(), Follower()

    def send(self) -> None:
        """The last signal of the log, to both."""
        for one in (self.calm, self.faulty):
            one.log.append(copy.deepcopy(self.written.signals[-1]))
        self.calm.work(1)

    @rule(said=st.lists(st.tuples(SAID, CONVERSATIONS, PASSED, LATE), min_size=1, max_size=5))
    def events(self, said: list[tuple[str, str, float, float]]) -> None:
        for name, conversation, passed, late in said:
            self.written.event(name, conversation, passed, late)
            self.written.signals[-1]["customer_id"] = CUSTOMER[conversation]
            self.send()

    @rule(passed=PASSED, behind=st.sampled_from([0.0, 0.0, 5.0, 20.0]))
    def tick(self, passed: float, behind: float) -> None:
        self.written.now += passed
        self.written.tick(behind)
        self.send()

    @rule(name=SAID, conversation=CONVERSATIONS, late=st.sampled_from([70.0, 110.0, 150.0]))
    def too_late(self, name: str, conversation: str, late: float) -> None:
        """A tick, and an event so late that the tick would have closed what it begins."""
        self.tick(0.0, 0.0)
        self.events([(name, conversation, 0.0, late)])

    @rule(conversation=CONVERSATIONS, tone=TONES)
    def profile(self, conversation: str, tone: float) -> None:
        self.written.profile(conversation, tone)
        self.written.signals[-1]["customer_id"] = CUSTOMER[conversation]
        self.send()

    @rule(customer=st.sampled_from(["u1", "u2"]))
    def forget(self, customer: str) -> None:
        self.written.signals.append(forget_signal("default", customer, moment(self.written.now)))
        self.send()

    @rule(place=ANY)
    def another_order(self, place: int) -> None:
        """Two neighbours that nobody has read yet change places, where they have nothing to do with each other."""
        log, place = self.faulty.log, len(self.faulty.log) - 2 - place
        if place >= self.faulty.read_to and are_strangers(*log[place : place + 2]):
            log[place : place + 2] = reversed(log[place : place + 2])

    @rule(start=ANY, length=st.integers(1, 6))
    def ingest_dies(self, start: int, length: int) -> None:
        again = Log(self.faulty.log)
        again.resend(start, length)

    @rule(count=SOME)
    def work(self, count: int) -> None:
        self.faulty.work(count)

    @rule()
    def catch_up(self) -> None:
        self.faulty.work(len(self.faulty.log))

    @rule()
    def commit(self) -> None:
        self.faulty.committed = self.faulty.read_to

    @rule(count=SOME, outputs=st.sampled_from([0, 1, 2, *[1000] * 6]), writes=st.integers(0, 5))
    def die(self, count: int, outputs: int, writes: int) -> None:
        self.faulty.die(count, outputs, writes)

    @invariant()
    def once_all_is_read_nothing_differs(self) -> None:
        if self.faulty.read_to == len(self.faulty.log):
            assert self.faulty.told == self.calm.told
            assert remembered(self.faulty.stored) == remembered(self.calm.stored)

    def teardown(self) -> None:
        self.catch_up()
        self.once_all_is_read_nothing_differs()
        for one in (self.calm, self.faulty):
            one.log.append(END)
            one.work(len(one.log))
        self.once_all_is_read_nothing_differs()


def are_strangers(one: Signal, other: Signal) -> bool:
    """Whether it makes no difference which of two signals comes first."""
    named = [signal["conversation_id"] for signal in (one, other)]
    return None not in named and named[0] != named[1] and position_of(one) != position_of(other)


# ``make fuzz`` looks longer.
Faults.TestCase.settings = settings(examples(int(os.environ.get("FUZZ_EXAMPLES", 100))), stateful_step_count=40)
test_faults = Faults.TestCase
