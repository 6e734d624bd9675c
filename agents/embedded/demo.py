"""``tenor demo``: a simulated support day through the whole stack, shown live and reported from ClickHouse."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from agents.common.errors import Failure
from agents.embedded import latency, stack
from agents.embedded.live_view import LiveView
from agents.recordings import file
from agents.recordings.model import Event
from agents.recordings.replay import ReplayResult, conclude, replay
from agents.reports import report
from agents.settings.model import Settings
from agents.simulator.day import simulate
from agents.verification import result as verdict
from agents.verification import verify

SETTLE_S = 90.0
FRAME_S = 0.25
PLAIN_EVERY_S = 5.0
TICK_BEHIND_S = 5.0


def demo(base: Settings, directory: Path, seed: int, conversations: int, seconds: float, workers: int) -> None:
    """Run the demo.

    Args:
        directory: for the recording, the logs and ClickHouse's data.
        seed: of the simulated day.
        seconds: how long the replay of the day takes.
        workers: number of worker processes.
    """
    console = Console()
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "recording.jsonl.gz"
    file.write(path, simulate(seed, conversations), seed)
    console.print(f"Simulated a support day (seed {seed}): {path}")
    console.print(
        f"Starting broker, ClickHouse, {workers} worker(s), sink and learner; logs are in {directory / 'logs'}"
    )
    day = file.read(path).events
    speed = duration_s(day) / seconds
    # Ticks stay behind the newest event by a distance in event time; at this speed it must be hours of that time.
    tuned = base.model_copy(update={"tick_lateness_s": TICK_BEHIND_S * speed})
    with stack.running(tuned, directory, workers, console.print) as running, supervised(running, console):
        result = watch(running, path, len(day), speed, console)
        started = time.monotonic()
        conclude(running.settings, result.last_event_ms, SETTLE_S, lambda stage, lag: None)
        console.print(f"All events were processed and stored {time.monotonic() - started:.1f} s after the last one.\n")
        report.print_report(report.report(running.settings, result.recording.truths), console)
        console.print(describe_pace(result, latency.histogram(p.url for p in running.processes)))
        console.print("\n[bold]Verification: the signals log folded again, offline[/]")
        verification = verify.verify(running.settings)
        verdict.print_result(verification, console)
    if not verification.equal:
        raise Failure("Verification failed: the published records differ from those folded again from the signals log.")


def duration_s(day: Sequence[Event]) -> float:
    """Duration of a recorded day, seconds."""
    return float(day[-1].event["event_time"] - day[0].event["event_time"]) / 1000


def watch(running: stack.Stack, path: Path, total: int, speed: float, console: Console) -> ReplayResult:
    """Replay the recording in the background and draw the output."""
    bar = Progress(TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    task = bar.add_task("replay", total=total)
    view = LiveView(running.settings)
    try:
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(replay, running.settings, path, speed, update_progress(bar, task))
            draw(view, bar, future, console)
            return future.result()
    finally:
        view.close()


def update_progress(bar: Progress, task: TaskID):  # type: ignore[no-untyped-def]
    return lambda done, total: bar.update(task, completed=done, total=total)


def draw(view: LiveView, bar: Progress, future: "Future[ReplayResult]", console: Console) -> None:
    """Redraw until the replay is done; without a terminal, print a line now and then."""
    if console.is_terminal:
        with Live(view.render(bar), console=console, refresh_per_second=4) as live:
            while not future.done():
                view.read(FRAME_S)
                live.update(view.render(bar))
        return
    printed_at = time.monotonic()
    while not future.done():
        view.read(FRAME_S)
        if time.monotonic() - printed_at >= PLAIN_EVERY_S:
            printed_at = time.monotonic()
            console.print(f"{bar.tasks[0].completed:.0f} of {bar.tasks[0].total:.0f} events: {view.summary()}")
    console.print(view.render(bar))


@contextmanager
def supervised(running: stack.Stack, console: Console) -> Iterator[None]:
    """Keep the stack's processes alive in the background."""
    done = threading.Event()

    def watch_over() -> None:
        while not done.wait(1.0):
            running.supervise(console.print)

    thread = threading.Thread(target=watch_over, name="supervisor", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def describe_pace(result: ReplayResult, counts: Counter[float]) -> str:
    """Throughput and delay in one line."""
    total = sum(result.events.values())
    p50, p99 = latency.quantile(counts, 0.5), latency.quantile(counts, 0.99)
    if p50 is None or p99 is None:
        raise Failure("The workers have processed no events.", "Read their logs.")
    return (
        f"{total} events in {result.seconds:.0f} s ({total / result.seconds:.0f}/s, paced); from event to acknowledged "
        f"output: median below {1000 * p50:g} ms, 99th percentile below {1000 * p99:g} ms."
    )
