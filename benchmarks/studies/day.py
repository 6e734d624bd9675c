"""Simulated days through the real fold: what was decided, how it ended, and what a naive score would have seen."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from agents.recordings.model import Event, Line
from agents.simulator import simulate
from schemas.topics import RECORD_OF, Name
from streams.config.model import Config
from streams.conversations.partition import Partition
from streams.outputs import Output
from streams.signals.extraction import Signal, extract_signal, tick_signal

FOLDED = ("message", "keystrokes", "navigation", "prosody")
AFTER_ALL_MS = 10**8


class Judged(NamedTuple):
    """One matured decision of a simulated day.

    Attributes:
        day: seed of the day.
        decision: the record.
        reward: fall of the level, as the outcome has it.
        score_fall: by how much the last message's own score fell; None where a message could not be read.
    """

    day: int
    decision: dict[str, Any]
    reward: float
    score_fall: float | None


def judged(seed: int, conversations: int, config: Config) -> list[Judged]:
    """The matured decisions of one day, in decision order."""
    found = list(matured(seed, folded(signals(simulate(seed, conversations)), config)))
    return sorted(found, key=lambda one: (one.decision["event_time"], one.decision["decision_id"]))


def signals(lines: Iterable[Line]) -> Iterator[Signal]:
    """What ingest makes of the events, in order."""
    offsets: Counter[str] = Counter()
    for line in lines:
        if isinstance(line, Event) and (kind := RECORD_OF[Name(line.topic)]) in FOLDED:
            yield extract_signal(kind, line.event, (line.topic, 0, offsets[line.topic]))
            offsets[line.topic] += 1


def folded(said: Iterable[Signal], config: Config) -> Iterator[Output]:
    """What the workers publish, every window and conversation closed at the end."""
    partition = Partition(config, {}.get, {})
    for signal in said:
        yield from partition.fold(signal)
    yield from partition.fold(tick_signal(partition.newest + AFTER_ALL_MS))


def matured(seed: int, outputs: Iterable[Output]) -> Iterator[Judged]:
    scores: dict[str, float | None] = {}
    decided: dict[str, tuple[dict[str, Any], float | None]] = {}
    for output in outputs:
        datum = output.datum
        if output.record == "trajectory_point":
            scores[datum["conversation_id"]] = datum["p_now"]
        elif output.record == "decision":
            decided[datum["decision_id"]] = datum, scores.get(datum["conversation_id"])
        elif output.record == "outcome" and datum["status"] == "matured":
            decision, before = decided[datum["decision_id"]]
            after = scores.get(datum["conversation_id"])
            fall = None if before is None or after is None else before - after
            yield Judged(seed, decision, datum["reward"], fall)
