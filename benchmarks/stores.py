"""Where states could live: in memory, as they do, or on disk in rocksdict, which Faust offers. Decision 13 goes by it.

    python -m benchmarks.stores [conversations]

States as workers write them, each under a key of its own; a run of a thousand is written at once, then all are read in
a shuffled order. Coming back is what a worker does with a store it finds on its disk: open it, and read of each
conversation when time next concerns it. Each store in a process of its own, without a broker; the files are still in
the system's cache, which favours the disk.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rocksdict import Options, Rdict, WriteBatch

from benchmarks.fold import fold_run
from benchmarks.samples import START, keystrokes, message
from benchmarks.speed import measuring
from streams.conversations.partition import FLOOR
from streams.signals.extraction import extract_signal
from streams.state import deadline_of

CONVERSATIONS, RUN = 200_000, 1_000

Run = dict[bytes, bytes]


class Costs(NamedTuple):
    """What one store costs.

    Attributes:
        write_us, read_us: of one state.
        back_s: until a worker that finds it on its disk knows every conversation; None where nothing is on a disk.
        resident_mb: more than before.
        disk_mb: of files.
    """

    write_us: float
    read_us: float
    back_s: float | None
    resident_mb: float
    disk_mb: float


@cache
def live_states() -> list[bytes]:
    """States of conversations that have typed a little and said something."""
    events = [("keystrokes", keystrokes(i)) for i in range(200)] + [("message", message(i)) for i in range(200)]
    partition, _ = fold_run(extract_signal(kind, event, (kind, 0, i), START) for i, (kind, event) in enumerate(events))
    return [value for key, value in partition.changes() if key != FLOOR and value is not None]


def key(number: int) -> bytes:
    return b"default\x1fconversation-%08d" % number


def runs(conversations: int) -> Iterator[Run]:
    values = cycle(live_states())
    for first in range(0, conversations, RUN):
        # Bytes of their own, as if they had just been encoded.
        yield {key(first + i): bytes(bytearray(value)) for i, value in enumerate(islice(values, RUN))}


def shuffled(conversations: int) -> list[bytes]:
    return [key(i) for i in random.Random(1).sample(range(conversations), conversations)]


def read_us(store: Mapping[bytes, bytes], keys: list[bytes]) -> float:
    began = time.perf_counter()
    for one in keys:
        store[one]
    return (time.perf_counter() - began) / len(keys) * 1e6


def in_memory(conversations: int) -> Costs:
    live_states()
    before, store, spent = measuring.resident(os.getpid()), dict[bytes, bytes](), 0.0
    for run in runs(conversations):
        began = time.perf_counter()
        store.update(run)
        spent += time.perf_counter() - began
    resident = (measuring.resident(os.getpid()) - before) / 1e6
    return Costs(spent / conversations * 1e6, read_us(store, shuffled(conversations)), None, resident, 0.0)


def on_disk(conversations: int) -> Costs:
    live_states()
    keys, before, spent = shuffled(conversations), measuring.resident(os.getpid()), 0.0
    with tempfile.TemporaryDirectory(prefix="tenor-bench-") as folder:
        store = Rdict(folder, Options(raw_mode=True))
        for run in runs(conversations):
            began = time.perf_counter()
            batch = WriteBatch(raw_mode=True)
            for name, value in run.items():
                batch.put(name, value)
            store.write(batch)
            spent += time.perf_counter() - began
        read = read_us(store, keys)
        resident = (measuring.resident(os.getpid()) - before) / 1e6
        store.close()
        disk = sum(one.stat().st_size for one in Path(folder).iterdir()) / 1e6
        return Costs(spent / conversations * 1e6, read, back_s(folder, conversations), resident, disk)


def back_s(folder: str, conversations: int) -> float:
    began = time.perf_counter()
    store = Rdict(folder, Options(raw_mode=True))
    due = {name: deadline_of(value) for name, value in store.items()}
    spent = time.perf_counter() - began
    assert len(due) == conversations
    store.close()
    return spent


STORES = {"memory": in_memory, "rocksdict": on_disk}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("conversations", type=int, nargs="?", default=CONVERSATIONS)
    conversations = parser.parse_args().conversations
    table = Table("store", "write, us", "read, us", "come back, s", "resident, MB", "disk, MB")
    table.title = f"{conversations:,} conversations"
    for name, measure in STORES.items():
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            found = process.submit(measure, conversations).result()
        back = "-" if found.back_s is None else f"{found.back_s:.2f}"
        table.add_row(
            name,
            f"{found.write_us:.2f}",
            f"{found.read_us:.2f}",
            back,
            f"{found.resident_mb:.0f}",
            f"{found.disk_mb:.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
