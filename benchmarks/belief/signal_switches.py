"""What each signal is worth and what it costs.

    python -m benchmarks.belief.signal_switches [FILE ...]

First table: signals on and off over simulated days. The simulator lets rhythm, pace and struggle lean weakly on
frustration, so this shows that they do no harm and how far they can reach, not what real ones are worth. Behaviour
moves the alarm alone, so the AUC, which judges the level, is the same in every row.

Second table, for every FILE of labelled conversations: parts of the text model left out, in a single pass (test, then
train) from the expert weights. Cost: of reading a customer's turn and of scoring it in its dialogue, warm, one core.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from rich.console import Console
from rich.table import Table

from agents.recordings.model import Event, Line, Truth
from agents.simulator.day import simulate
from agents.training import dataset
from agents.training.detection import DetectionPoint, auc, evaluate_detection
from schemas.topics import RECORD_OF, Name
from streams.belief import estimator
from streams.belief.estimator import Observation
from streams.config.model import BeliefConfig, Config, SignalConfig
from streams.conversations.partition import Partition
from streams.signals import text
from streams.signals.extraction import Signal, extract_signal
from streams.text_model import dialogue_state
from streams.text_model.learner import TextModelLearner
from streams.text_model.model import shipped_model
from streams.text_model.prior import expert_weights

BEHAVIOUR = ("typing", "navigation", "latency")
CASES = {"text": (), **{f"text, {name}": (name,) for name in BEHAVIOUR}, "all": BEHAVIOUR}
KIND_OF = {"typing": "keystrokes", "navigation": "navigation"}
DAYS, CONVERSATIONS = 4, 400
REPEATS = 200
SAID = "Your team promised a call back yesterday and nobody has called me about the broken router"
ANSWER = "I am sorry to hear that, could you please give me the order number again so I can check?"
NOTHING: dict[str, float] = {}
PARTS: dict[str, dict[str, Any]] = {
    "all": {},
    "without the turn's terms": {"TURN_WEIGHT": 0.0},
    "without the operator's terms": {"OPERATOR_WEIGHT": 0.0},
    "without earlier turns' terms": {"PREVIOUS_WEIGHT": 0.0, "EARLIER_WEIGHT": 0.0},
    "without sentiment, lexicons, negations": {"HANDED_ON": dict.fromkeys(dialogue_state.CARRIED_NUMBERS, 0.0)},
    "without cues": {"flags": lambda cues, prefix="": NOTHING},
    "without length, marks and capitals": {"bins": lambda group, numbers: NOTHING},
    "without repetition": {"overlap": lambda name, sketched, earlier: NOTHING},
}


def signals_of(lines: list[Line]) -> tuple[list[Signal], dict[str, float]]:
    """The signals of a day, as ingest numbers them, and what reading one cost, microseconds by kind."""
    offsets: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    found = []
    for line in lines:
        if isinstance(line, Event) and line.topic != Name.RATINGS:
            kind, source = RECORD_OF[Name(line.topic)], (line.topic, 0, offsets[line.topic])
            started = time.perf_counter()
            found.append(extract_signal(kind, line.event, source))
            spent[kind] += time.perf_counter() - started
            offsets[line.topic] += 1
    return found, {kind: spent[kind] / offsets[f"conversation.{topic_of(kind)}"] * 1e6 for kind in spent}


def topic_of(kind: str) -> str:
    return "messages" if kind == "message" else kind


def points_of(signals: list[Signal], on: tuple[str, ...]) -> tuple[list[DetectionPoint], float]:
    """The trajectory points with only these signals beside the words, and what folding an event cost, microseconds."""
    switches = {name: name in on for name in BEHAVIOUR}
    partition = Partition(replace(Config(), signals=SignalConfig(**switches)), {}.get, {})
    started = time.perf_counter()
    outputs = [one for signal in signals for one in partition.fold(signal)]
    cost = (time.perf_counter() - started) / len(signals) * 1e6
    data = [one.datum for one in outputs if one.record == "trajectory_point"]
    made = [
        DetectionPoint(one["conversation_id"], one["turn"], one["event_time"], one["level"], one["raised"])
        for one in data
    ]
    return made, cost


def families() -> Table:
    """Signals on and off over simulated days."""
    names = ("AUC of a turn", "false alarms per 1,000 quiet", "hits", "mean delay, turns", "points raised otherwise")
    table = Table("signals", *names, "read, µs", "fold, µs", title=f"Signals, mean of {DAYS} simulated days")
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in CASES}
    for seed in range(1, DAYS + 1):
        lines = list(simulate(seed, CONVERSATIONS))
        (signals, reading), truths = signals_of(lines), [line for line in lines if isinstance(line, Truth)]
        words, _ = points_of(signals, ())
        for name, on in CASES.items():
            points, folding = points_of(signals, on)
            found = evaluate_detection(points, truths)
            otherwise = sum(one.raised != other.raised for one, other in zip(points, words, strict=True)) / len(words)
            hits, delay = found["hits"] / found["frustrated"], found["delay_turns"]["mean"]
            read = reading["message"] + sum(reading[KIND_OF[one]] for one in on if one in KIND_OF)
            rows[name].append(
                (found["auc"], found["false_alarms_per_1000_quiet"], hits, delay, otherwise, read, folding)
            )
    for name, measured in rows.items():
        *scores, read, folding = (fmean(column) for column in zip(*measured, strict=True))
        table.add_row(name, *(f"{score:.4f}" for score in scores), f"{read:.0f}", f"{folding:.1f}")
    return table


@contextmanager
def changed(values: dict[str, Any]) -> Iterator[None]:
    """The dialogue's features with some of them taken out."""
    before = {name: getattr(dialogue_state, name) for name in values if hasattr(dialogue_state, name)}
    for name in before:
        setattr(dialogue_state, name, values[name])
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(dialogue_state, name, value)


def single_pass(conversations: list[dataset.Conversation]) -> tuple[float | None, float | None]:
    """AUC of ``now`` and ``next`` when a conversation is learned after it was predicted."""
    learner, now, next_ = TextModelLearner(expert_weights()), [], []
    for conversation in conversations:
        lessons = [
            (turn, label) for turn, label in dataset.build_examples(conversation) if label.frustrated is not None
        ]
        for turn, label in lessons:
            said = learner.predict(turn)
            next_.append((said["next"], bool(label.frustrated)))
            if "now" in said:
                now.append((said["now"], bool(label.frustrated)))
        learner.learn_all(lessons)
    return auc(now), auc(next_)


def parts(file: Path) -> Table:
    """Parts of the text model left out."""
    table = Table(
        "text model", "AUC now", "AUC next", "score, µs", title=f"Parts of the text model, {file.stem}, online"
    )
    conversations = dataset.read_conversations(file)
    for name, values in PARTS.items():
        with changed(values):
            aucs = single_pass(conversations)
            table.add_row(name, *("–" if one is None else f"{one:.4f}" for one in aucs), f"{scoring():.0f}")
    return table


def microseconds(work: Callable[[], object]) -> float:
    """Median cost of one call, warm."""
    work()
    found = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        found.append((time.perf_counter() - started) * 1e6)
    return median(found)


def scoring() -> float:
    """Microseconds to forecast, read and remember a customer's turn after an answer."""
    model, read = shipped_model(), text.extract(SAID, "en", "customer")
    heard = text.extract(ANSWER, "en", "operator")
    message = list(read.terms), read.cues, read.features
    before = model.add_reply(
        model.add_turn(model.new_dialogue(), *message), list(heard.terms), heard.cues, heard.features
    )

    def work() -> None:
        known = model.context(before)
        model.forecast(before, known)
        model.read_turn(before, known, *message)
        model.add_turn(before, *message)

    return microseconds(work)


def costs() -> Table:
    """What the steps of a customer's turn cost."""
    table = Table("step", "µs", title=f"A customer's turn of {len(SAID.split())} words")
    config, observation = BeliefConfig(), Observation(0.4, 0.25, {"text.terms": 0.3, "dialogue": 0.1})
    one = estimator.initial_belief(0, config)
    table.add_row("read the text", f"{microseconds(lambda: text.extract(SAID, None, 'customer')):.0f}")
    table.add_row("score it in its dialogue", f"{scoring():.0f}")
    table.add_row("update the belief", f"{microseconds(lambda: estimator.update(one, observation, 1000, config)):.1f}")
    return table


def main(files: list[Path]) -> None:
    console = Console(width=140)
    for table in (families(), costs(), *map(parts, files)):
        console.print(table)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
