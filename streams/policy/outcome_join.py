"""Experience: decisions joined with what followed, in the order in which they may be learned.

What matures early differs from what matures late, so a decision is learned only when every decision before it in its
partition has closed: order of decision, not of arrival (the confidence sequences ask for it). Which ones those are
follows from the records that were seen, in whatever order, so that reading them again comes to the same.

A decision that never closes (its state was lost) does not hold the others up for ever: it is given up once the stream
time of its partition has gone on so far that it should have closed long ago. Ages count from when a decision came, not
from its own event time: a recording of last year that is played beside today's events is not old on arrival.

What is remembered is packed: as Python objects a decision is ten times its bytes, and a day may hold hundreds of
thousands.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import chain, takewhile
from typing import Any, NamedTuple

import msgspec

from streams.config.model import Config

PATIENCE_MS = 86_400_000  # windows close within minutes, but a tick that closes them may be long in coming

Record = Mapping[str, Any]


class TrainingExample(NamedTuple):
    """A decision and its outcome."""

    decision: Record
    outcome: Record


class RatedDecision(NamedTuple):
    """A rating of a decision that was learned, and the ratings it had before."""

    example: TrainingExample
    before: tuple[float, ...]
    now: tuple[float, ...]


class UnmatchedRecord(NamedTuple):
    """A record that fits no decision that is remembered, and why."""

    record: Record
    why: str


class JoinedBatch(NamedTuple):
    """What a batch brought.

    Attributes:
        lessons: to be learned, with the ratings they already have, by decision id.
        rated: ratings of what was learned before.
        unknown: outcomes that cannot be joined.
        late: ratings of decisions that are not remembered, or need not be any more when they were given.
        given_up: decisions that never closed.
    """

    examples: list[tuple[TrainingExample, tuple[float, ...]]]
    rated: list[RatedDecision]
    unknown: list[UnmatchedRecord]
    late: list[Record]
    given_up: int


class DecisionArrival(NamedTuple):
    """A decision's id, and the newest stream time of its partition when it came, itself included, milliseconds."""

    id: str
    at: int


class OutcomeJoin:
    """One tenant's decisions: those that are open, and for a time those that were learned."""

    def __init__(self, config: Config) -> None:
        self._remembered_ms = round(config.policy.remembered_s * 1000)
        self._open: dict[int, deque[DecisionArrival]] = {}
        self._past: dict[int, deque[DecisionArrival]] = {}  # learned, not forgotten yet
        self._decisions: dict[str, bytes] = {}  # decisions
        self._outcomes: dict[str, bytes] = {}  # outcomes of those that are open
        self._learned_outcomes: dict[str, bytes] = {}  # outcomes of those that were learned
        self._ratings: dict[str, dict[str, float]] = {}  # by decision, by the rating's own id
        self._newest: dict[int, int] = {}

    def join(
        self, decisions: Iterable[tuple[int, Record]], outcomes: Iterable[Record], ratings: Iterable[Record]
    ) -> JoinedBatch:
        """Join what came.

        Args:
            decisions: that were available, with their partition, in order within it.
            outcomes: of any of them; their decisions must not come later.
            ratings: that name a decision, with the ``score`` they stand for, -1 to 1.
        """
        for partition, decision in decisions:
            self._add_decision(partition, decision)
        unknown = [unmatched for outcome in outcomes if (unmatched := self._add_outcome(outcome)) is not None]
        late, rated = self._add_ratings(ratings)
        given_up = sum(self._give_up(partition) for partition in sorted(self._open))
        examples = sorted(chain.from_iterable(map(self._pop_learnable, sorted(self._open))), key=decision_id_of)
        self._forget()
        return JoinedBatch(
            [(example, self._ratings_of(decision_id_of(example))) for example in examples],
            rated,
            unknown,
            late,
            given_up,
        )

    def _add_decision(self, partition: int, decision: Record) -> None:
        name = str(decision["decision_id"])
        if name in self._decisions:
            return  # published twice
        self._decisions[name] = pack(decision)
        newest = self._newest[partition] = max(self._newest.get(partition, 0), decision["event_time"])
        self._open.setdefault(partition, deque()).append(DecisionArrival(name, newest))

    def _add_outcome(self, outcome: Record) -> UnmatchedRecord | None:
        if outcome["decision_id"] not in self._decisions:
            return UnmatchedRecord(outcome, f"no decision {outcome['decision_id']} is known")
        decision = unpack(self._decisions[outcome["decision_id"]])
        if (outcome["option"], outcome["conversation_id"]) != (decision["option"], decision["conversation_id"]):
            return UnmatchedRecord(outcome, f"it contradicts decision {outcome['decision_id']}")
        if outcome["decision_id"] not in self._learned_outcomes:
            self._outcomes.setdefault(outcome["decision_id"], pack(outcome))
        return None

    def _add_ratings(self, ratings: Iterable[Record]) -> tuple[list[Record], list[RatedDecision]]:
        late, rated = [], []
        for rating in ratings:
            name = rating["decision_id"]
            if name not in self._decisions or self._is_late(rating):
                late.append(rating)
                continue
            before = self._ratings_of(name)
            self._ratings.setdefault(name, {}).setdefault(rating["event_id"], rating["score"])
            now = self._ratings_of(name)
            if name in self._learned_outcomes and now != before:  # the same: published twice
                rated.append(RatedDecision(self._example(name), before, now))
        return late, rated

    def _is_late(self, rating: Record) -> bool:
        """By the times of both: a quiet partition remembers for longer than who begins again reads back."""
        decision = unpack(self._decisions[rating["decision_id"]])
        return bool(rating["event_time"] - decision["event_time"] > self._remembered_ms)

    def _ratings_of(self, name: str) -> tuple[float, ...]:
        return tuple(self._ratings.get(name, {}).values())

    def _give_up(self, partition: int) -> int:
        """Drop what should have closed long ago; how many."""
        waiting, limit = self._open[partition], self._newest[partition] - PATIENCE_MS
        overdue = takewhile(lambda arrival: arrival.at < limit, waiting)
        dropped = {arrival.id for arrival in overdue if arrival.id not in self._outcomes}
        for name in dropped:
            del self._decisions[name]
            self._ratings.pop(name, None)
        if dropped:
            self._open[partition] = deque(arrival for arrival in waiting if arrival.id not in dropped)
        return len(dropped)

    def _pop_learnable(self, partition: int) -> Iterable[TrainingExample]:
        waiting = self._open[partition]
        while waiting and waiting[0].id in self._outcomes:
            arrival = waiting.popleft()
            self._past.setdefault(partition, deque()).append(arrival)
            self._learned_outcomes[arrival.id] = self._outcomes.pop(arrival.id)
            yield self._example(arrival.id)

    def _example(self, name: str) -> TrainingExample:
        """A decision that was learned."""
        return TrainingExample(unpack(self._decisions[name]), unpack(self._learned_outcomes[name]))

    def _forget(self) -> None:
        """Of each partition by its own time: what may be published twice is published where it was."""
        for partition, past in self._past.items():
            while past and past[0].at < self._newest[partition] - self._remembered_ms:
                name = past.popleft().id
                del self._learned_outcomes[name], self._decisions[name]
                self._ratings.pop(name, None)


def pack(record: Record) -> bytes:
    """A record as it is remembered; ``unpack`` gives it back, equal."""
    return msgspec.msgpack.encode(record)


def unpack(record: bytes) -> dict[str, Any]:
    unpacked: dict[str, Any] = msgspec.msgpack.decode(record)
    return unpacked


def decision_id_of(example: TrainingExample) -> str:
    return str(example.decision["decision_id"])
