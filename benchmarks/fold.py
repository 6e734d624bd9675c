"""What the domain costs: reading and folding one event of each kind, and the bytes a conversation keeps.

    python benchmarks/fold.py [repeats]

One process, one core, no broker. Medians over repeats of 2,000 events in 50 conversations.
"""

import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from streams import fold as folding
from streams import state as states
from streams.config import Config
from streams.extraction import Event, Signal, signal_of, tick
from streams.partition import FLOOR, Partition

START = 1_790_000_000_000
EVENTS, CONVERSATIONS, REPEATS = 2_000, 50, 7
SAYINGS = (
    "Hello, I ordered a kettle last week and it has not arrived yet. Could you have a look?",
    "I already told you the number twice. This is ridiculous, it still doesn't work!!",
    "ok",
    "Thank you, that helps. I will wait until tomorrow then and write again if nothing comes.",
)
CONFIG = Config()

Make = Callable[[int], dict[str, Any]]


def common(i: int) -> dict[str, Any]:
    return {
        "event_id": f"event-{i}",
        "conversation_id": f"conversation-{i % CONVERSATIONS}",
        "event_time": START + i * 400,
        "tenant": "default",
        "channel": "chat",
        "customer_id": f"customer-{i % CONVERSATIONS}",
        "participant_role": "customer",
    }


def message(i: int) -> dict[str, Any]:
    said = {"text": SAYINGS[i // CONVERSATIONS % len(SAYINGS)], "language": "en", "status": "open"}
    return common(i) | said | {"participant_id": None, "keystroke_consent": True, "voice_consent": None}


def answer(i: int) -> dict[str, Any]:
    return message(i) | {"participant_role": "operator", "text": "Sorry, I will look into it. Could you wait a moment?"}


def keystrokes(i: int) -> dict[str, Any]:
    presses = [110.0 * k + (i * k) % 37 for k in range(40)]
    keys = ["backspace" if k % 9 == i % 9 else "letter" for k in range(40)]
    return common(i) | {"consent": True, "keys": keys, "pressed_ms": sorted(presses), "dwell_ms": [80.0] * 40}


def navigation(i: int) -> dict[str, Any]:
    where = {"page": "/orders", "target": "button", "x": 10.0 + i % 3, "y": 20.0}
    reaction = {"reaction_ms": 80.0, "watched_ms": 3000.0, "error_ms": None, "scroll_ms": None, "selection_ms": None}
    return common(i) | {"action": "click"} | where | reaction


def prosody(i: int) -> dict[str, Any]:
    numbers = {"f0_semitones": 24.0, "f0_sd_semitones": 2.0, "speech_rate": 4.0, "jitter": 0.01, "shimmer": 0.05}
    return common(i) | {"consent": True, "duration_ms": 2000.0, **numbers, "hnr_db": 18.0, "loudness_db": -20.0}


KINDS: dict[str, tuple[str, Make]] = {
    "message, customer": ("message", message),
    "message, operator": ("message", answer),
    "keystrokes": ("keystrokes", keystrokes),
    "navigation": ("navigation", navigation),
    "prosody": ("prosody", prosody),
}


def microseconds(work: Callable[[], object], events: int) -> float:
    """Cost of one event when ``work`` does so many."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) / events * 1e6


def read(kind: str, events: Iterable[Event]) -> list[Signal]:
    return [signal_of(kind, event, (kind, 0, i)) for i, event in enumerate(events)]


def fold_run(signals: Iterable[Signal]) -> Partition:
    """Fold as a worker does, all of it in one run."""
    partition = Partition(CONFIG, {}.get, {})
    for signal in signals:
        partition.fold(signal)
    return partition


def one_by_one(signals: Iterable[Signal]) -> dict[str, bytes]:
    """Fold with the state read and written for every event: the dearest a run can be."""
    stored: dict[str, bytes] = {}
    partition = Partition(CONFIG, stored.get, {})
    for signal in signals:
        partition.fold(signal)
        stored.update((key, value) for key, value in partition.changes() if value is not None)
    return stored


def row(kind: str, make: Make, repeats: int) -> tuple[float, float, float, float]:
    """Microseconds to read, to fold, to fold with the state written each time; median bytes of a state."""
    events = [make(i) for i in range(EVENTS)]
    signals = read(kind, events)
    costs = [
        median(microseconds(work, EVENTS) for _ in range(repeats))
        for work in (lambda: read(kind, events), lambda: fold_run(signals), lambda: one_by_one(signals))
    ]
    return costs[0], costs[1], costs[2], sizes(one_by_one(signals).values())


def sizes(values: Iterable[bytes]) -> float:
    return median(map(len, values))


def mixed() -> list[Signal]:
    """A day as it is: of every kind, numbered as ingest does."""
    offsets = {kind: count() for kind in ("message", "keystrokes", "navigation", "prosody")}
    order = ["message, customer", "keystrokes", "navigation", "navigation", "keystrokes", "message, operator"]
    signals = []
    for i in range(EVENTS * 3):
        kind, make = KINDS[order[i // CONVERSATIONS % len(order)]]
        signals.append(signal_of(kind, make(i), (f"conversation.{kind}", 0, next(offsets[kind]))))
    return signals


def tick_cost(repeats: int) -> float:
    """Microseconds of a tick that closes nothing, over a full partition."""
    partition = fold_run(mixed())
    return median(
        microseconds(lambda: [partition.fold(tick(START)) for _ in range(EVENTS)], EVENTS) for _ in range(repeats)
    )


def codec_cost(stored: dict[str, bytes], repeats: int) -> float:
    """Microseconds to decode and encode a mid-conversation state."""
    values = [value for key, value in stored.items() if key != FLOOR]

    def work() -> None:
        for value in values:
            state = states.decode(value)
            states.encode(state, folding.deadline(state, CONFIG))

    return median(microseconds(work, len(values)) for _ in range(repeats))


def main(repeats: int) -> None:
    table = Table("kind", "read, µs", "fold, µs", "fold and write each, µs", "state, bytes", title="Cost of one event")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, (kind, make) in KINDS.items():
        *costs, size = row(kind, make, repeats)
        table.add_row(name, *(f"{cost:.1f}" for cost in costs), f"{size:.0f}")
    signals = mixed()
    stored = one_by_one(signals)
    folds = [
        median(microseconds(partial(work, signals), len(signals)) for _ in range(repeats))
        for work in (fold_run, one_by_one)
    ]
    table.add_row("mixed", "", *(f"{cost:.1f}" for cost in folds), f"{sizes(stored.values()):.0f}", style="bold")
    console = Console()
    console.print(table)
    console.print(f"tick that closes nothing: {tick_cost(repeats):.2f} µs", highlight=False)
    console.print(f"state read and written: {codec_cost(stored, repeats):.1f} µs", highlight=False)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS)
