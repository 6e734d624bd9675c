"""What each role needs of memory: peak resident size of every process while a simulated day goes through at once.

    python -m benchmarks.speed.memory_by_role

What a worker needs for many live conversations: ``benchmarks.speed.scale``.
"""

import argparse
import re
import tempfile
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from agents.embedded import stack
from agents.recordings import file, replay
from agents.settings.model import Settings
from agents.simulator.day import simulate

CONVERSATIONS = 2_000
PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
ROUTES = {
    "teams": [{"name": "nobody", "webhooks": [{"url": "http://127.0.0.1:9/", "secret": "only for this benchmark"}]}],
    "routes": [{"team": "nobody", "at_least": "critical"}],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)
    conversations = parser.parse_args().conversations
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        day, routes = directory / "day.jsonl.gz", directory / "routes.yaml"
        file.write(day, simulate(1, conversations), 1)
        routes.write_text(yaml.safe_dump(ROUTES))
        settings = Settings(_env_file=None, alert_routes=routes)  # type: ignore[call-arg]
        with stack.running(settings, directory, 1, print) as running:
            running.start_process("console", "console")
            running.wait_ready()
            events = through(running.settings, day)
            show(conversations, events, {one.name: peak_mb(one.child.pid) for one in running.processes})


def through(settings: Settings, day: Path) -> int:
    """Publish the day as fast as possible and wait until it is stored; how many events."""
    result = replay.replay(settings, day, None, lambda *_: None)
    replay.conclude(settings, result.last_event_ms, 300.0, lambda *_: None)
    return sum(result.events.values())


def peak_mb(pid: int) -> float:
    found = PEAK.search(Path(f"/proc/{pid}/status").read_text())
    assert found, "this needs Linux"
    return int(found[1]) * 1024 / 1e6


def show(conversations: int, events: int, peaks: dict[str, float]) -> None:
    table = Table("process", "peak resident, MB", title=f"{events:,} events of {conversations:,} conversations")
    for name, megabytes in peaks.items():
        table.add_row(name, f"{megabytes:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
