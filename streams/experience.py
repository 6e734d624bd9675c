"""Experience: decisions joined with what followed, in the order in which they may be learned.

What matures early differs from what matures late, so a decision is learned only when every decision before it in its
partition has closed: order of decision, not of arrival (the confidence sequences ask for it). Which ones those are
follows from the records that were seen, in whatever order, so that reading them again comes to the same.

A decision that never closes (its state was lost) does not hold the others up for ever: it is given up once later
decisions are so much younger that it should have closed long ago.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple

from streams.config import Config

PATIENCE_MS = 86_400_000  # windows close within minutes, but a tick that closes them may be long in coming

Record = Mapping[str, Any]


class Lesson(NamedTuple):
    """A decision and its outcome."""

    decision: Record
    outcome: Record


class Rated(NamedTuple):
    """A rating of a decision that was learned, and the ratings it had before."""

    lesson: Lesson
    before: tuple[float, ...]
    now: tuple[float, ...]


class Unknown(NamedTuple):
    """A record that fits no decision that is remembered, and why."""

    record: Record
    why: str


class News(NamedTuple):
    """What a batch brought.

    Attributes:
        lessons: to be learned, with the ratings they already have, by decision id.
        rated: ratings of what was learned before.
        unknown: outcomes that cannot be joined.
        late: ratings of decisions that are not remembered.
        given_up: decisions that never closed.
    """

    lessons: list[tuple[Lesson, tuple[float, ...]]]
    rated: list[Rated]
    unknown: list[Unknown]
    late: list[Record]
    given_up: int


class Experience:
    """One tenant's decisions: those that are open, and for a time those that were learned."""

    def __init__(self, config: Config) -> None:
        self._remembered_ms = round(config.policy.remembered_s * 1000)
        self._open: dict[int, deque[Record]] = {}
        self._closed: dict[str, Record] = {}
        self._known: dict[str, Record] = {}
        self._learned: dict[str, Lesson] = {}
        self._ratings: dict[str, tuple[float, ...]] = {}
        self._newest: dict[int, int] = {}

    def take(
        self, decisions: Iterable[tuple[int, Record]], outcomes: Iterable[Record], ratings: Iterable[Record]
    ) -> News:
        """Join what came.

        Args:
            decisions: that were available, with their partition, in order within it.
            outcomes: of any of them; their decisions must not come later.
            ratings: that name a decision, with the ``score`` they stand for, -1 to 1.
        """
        for partition, decision in decisions:
            self._decide(partition, decision)
        unknown = [found for outcome in outcomes if (found := self._observe(outcome)) is not None]
        late, rated = self._rate(ratings)
        given_up = sum(self._give_up(partition) for partition in sorted(self._open))
        lessons = sorted(chain.from_iterable(map(self._learnable, sorted(self._open))), key=by_id)
        self._forget()
        return News([(one, self._ratings.get(id_of(one), ())) for one in lessons], rated, unknown, late, given_up)

    def _decide(self, partition: int, decision: Record) -> None:
        if decision["decision_id"] in self._known:
            return  # published twice
        self._known[decision["decision_id"]] = decision
        self._open.setdefault(partition, deque()).append(decision)
        self._newest[partition] = max(self._newest.get(partition, 0), decision["event_time"])

    def _observe(self, outcome: Record) -> Unknown | None:
        decision = self._known.get(outcome["decision_id"])
        if decision is None:
            return Unknown(outcome, f"no decision {outcome['decision_id']} is known")
        if (outcome["option"], outcome["conversation_id"]) != (decision["option"], decision["conversation_id"]):
            return Unknown(outcome, f"it contradicts decision {outcome['decision_id']}")
        if outcome["decision_id"] not in self._learned:
            self._closed.setdefault(outcome["decision_id"], outcome)
        return None

    def _rate(self, ratings: Iterable[Record]) -> tuple[list[Record], list[Rated]]:
        late, rated = [], []
        for rating in ratings:
            name = rating["decision_id"]
            if name not in self._known:
                late.append(rating)
                continue
            before = self._ratings.get(name, ())
            self._ratings[name] = now = (*before, rating["score"])
            if name in self._learned:
                rated.append(Rated(self._learned[name], before, now))
        return late, rated

    def _give_up(self, partition: int) -> int:
        """Drop what should have closed long ago, from the front on; how many."""
        waiting, dropped = self._open[partition], 0
        overdue = self._newest[partition] - PATIENCE_MS
        for decision in [one for one in waiting if one["event_time"] < overdue]:
            if decision["decision_id"] not in self._closed:
                waiting.remove(decision)
                del self._known[decision["decision_id"]]
                dropped += 1
        return dropped

    def _learnable(self, partition: int) -> Iterable[Lesson]:
        waiting = self._open[partition]
        while waiting and waiting[0]["decision_id"] in self._closed:
            decision = waiting.popleft()
            name = decision["decision_id"]
            lesson = self._learned[name] = Lesson(decision, self._closed.pop(name))
            yield lesson

    def _forget(self) -> None:
        horizon = max(self._newest.values(), default=0) - self._remembered_ms
        for name in [name for name, one in self._learned.items() if one.decision["event_time"] < horizon]:
            del self._learned[name], self._known[name]
            self._ratings.pop(name, None)


def id_of(lesson: Lesson) -> str:
    return str(lesson.decision["decision_id"])


def by_id(lesson: Lesson) -> str:
    return id_of(lesson)
