"""Joins decisions with their outcomes and ratings, in the order in which they may be learned.

Early outcomes differ from late ones, so a decision is learned only when every earlier decision of its partition has
closed: in order of decision, not of arrival (the confidence sequences require it). Which ones these are depends only on
the records read, in any order, so that reading them again gives the same result.

A decision that never closes (its state was lost) does not block the others for ever: it is given up when the stream
time of its partition is so far ahead that it should have closed long ago. Ages count from a decision's arrival, not
from its event time: a recording of last year replayed beside today's events is not old on arrival.

Decisions are kept packed: Python objects take ten times the memory, and a day may hold hundreds of thousands.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import chain, takewhile
from typing import Any, NamedTuple

import msgspec

from streams.config.model import Config

PATIENCE_MS = 86_400_000  # windows close within minutes, but the tick that closes them may be late

Record = Mapping[str, Any]


class TrainingExample(NamedTuple):
    """A decision and its outcome."""

    decision: Record
    outcome: Record


class RatedDecision(NamedTuple):
    """A rating of an already learned decision, and its ratings before and after."""

    example: TrainingExample
    before: tuple[float, ...]
    now: tuple[float, ...]


class UnmatchedRecord(NamedTuple):
    """A record that matches no known decision, and why."""

    record: Record
    why: str


class JoinedBatch(NamedTuple):
    """The result of one batch.

    Attributes:
        lessons: ready to learn, with their ratings so far, by decision id.
        rated: new ratings of decisions learned before.
        unknown: outcomes that cannot be joined.
        late: ratings of unknown decisions, or given too late.
        given_up: decisions that never closed.
    """

    examples: list[tuple[TrainingExample, tuple[float, ...]]]
    rated: list[RatedDecision]
    unknown: list[UnmatchedRecord]
    late: list[Record]
    given_up: int


class DecisionArrival(NamedTuple):
    """A decision's id, and the stream time of its partition on arrival, including its own, milliseconds."""

    id: str
    at: int


class OutcomeJoin:
    """Joins one tenant's decisions: open ones, and for a time those already learned."""

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
        """Join a batch of records.

        Args:
            decisions: available decisions with their partition, in order within it.
            outcomes: outcomes; their decisions must not come later.
            ratings: ratings that name a decision, with their ``score``, -1 to 1.
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
        """Compares event times: a quiet partition remembers longer than a restart reads back."""
        decision = unpack(self._decisions[rating["decision_id"]])
        return bool(rating["event_time"] - decision["event_time"] > self._remembered_ms)

    def _ratings_of(self, name: str) -> tuple[float, ...]:
        return tuple(self._ratings.get(name, {}).values())

    def _give_up(self, partition: int) -> int:
        """Drop decisions that should have closed long ago; returns how many."""
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
        """The example of a learned decision."""
        return TrainingExample(unpack(self._decisions[name]), unpack(self._learned_outcomes[name]))

    def _forget(self) -> None:
        """Forget old decisions, each partition by its own stream time: a duplicate comes in the same partition."""
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
