"""The console with 5,000 live conversations, in Chromium: how soon one sees the board, what an update costs.

First paint: from navigation until the browser has painted something, and until the first page of conversations is
drawn. Update: processor time of the browser's main thread (script, style, layout, paint) for each event, while the
level of every conversation on the first page changes once a second.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agents.clickhouse.client import connect
from agents.clickhouse.migrate import migrate
from agents.clickhouse.tables import to_columns
from agents.common.clock import now_ms
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import LOOPBACK, ChildProcess, free_port
from agents.embedded.stack import answers
from agents.settings.loader import environment
from agents.settings.model import Settings
from tests.agents.console.serving import chromium
from tests.support.data.records import point
from tests.support.data.warehouse import POINTS

CONVERSATIONS, TURNS = 5_000, 12
LOADS, UPDATES = 5, 20

# Runs before the page's own scripts: when the board is drawn, how many events came, how long tasks took.
WATCH = """
window.told = 0; window.longest = 0;
const add = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, listener, ...rest) {
  const counted = name === "told" ? (event) => { listener(event); window.told += 1; } : listener;
  return add.call(this, name, counted, ...rest);
};
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.longest = Math.max(window.longest, one.duration);
}).observe({ type: "longtask", buffered: true });
const look = () => document.querySelectorAll(".board li").length >= 50 && document.querySelector(".board canvas")
  ? requestAnimationFrame(() => setTimeout(() => (window.drawn = performance.now())))
  : requestAnimationFrame(look);
look();
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)
    parser.add_argument("--turns", type=int, default=TURNS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as (settings, url):
        fill(settings, asked.conversations, asked.turns)
        with chromium() as browser:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.add_init_script(WATCH)
            page = context.new_page()
            loads = [load(page, url) for _ in range(LOADS)]
            cost = updates(settings, page)
    show(asked, loads, cost)


@contextmanager
def running(directory: Path) -> Iterator[tuple[Settings, str]]:
    """A ClickHouse and, as a process of its own, a console."""
    server = ClickHouse.start(free_port(), free_port(), directory / "clickhouse")
    port = free_port()
    settings = Settings(_env_file=None, clickhouse_port=server.tcp_port, http_port=port)
    migrate(settings)
    argv = [sys.executable, "-m", "agents.cli.main", "console"]
    root = {"PYTHONPATH": str(Path(__file__).parents[2])}
    child = ChildProcess.start("console", argv, directory, directory / "console.log", {**environment(settings), **root})
    url = f"http://{LOOPBACK}:{port}"
    while not answers(f"{url}/ready"):
        time.sleep(0.05)
    yield settings, url
    child.stop()
    server.stop()


def fill(settings: Settings, conversations: int, turns: int) -> None:
    rng = random.Random(1)
    begun = now_ms() - turns * 30_000
    for turn in range(1, turns + 1):
        write(settings, [one(c, turn, begun + turn * 30_000, rng.gauss(0.2, 0.25)) for c in range(conversations)])
    time.sleep(7)  # while nobody watches, the console looks every five seconds


def one(conversation: int, turn: int, at: int, level: float) -> dict[str, Any]:
    name = f"conversation-{conversation:05}"
    of = {"conversation_id": name, "customer_id": f"customer-{conversation}", "point_id": f"{name}-{turn}"}
    return point(turn, **of, event_time=at, level=level, raised=level > 0.5, slope=0.1)


def write(settings: Settings, points: list[dict[str, Any]]) -> None:
    client = connect(settings)
    client.execute(POINTS.insert, to_columns(POINTS, [POINTS.row(one) for one in points]), columnar=True)
    client.disconnect()


def load(page: Any, url: str) -> tuple[float, float]:
    """Milliseconds until the first paint, and until the first page of conversations is drawn."""
    page.goto("about:blank")
    page.goto(url)
    while not page.evaluate("window.drawn"):  # the page's policy allows no function to be waited for
        page.wait_for_timeout(50)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return paint, page.evaluate("window.drawn")


def updates(settings: Settings, page: Any) -> dict[str, float]:
    """What the main thread does for each event, milliseconds, while every conversation shown changes."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # its processor time, not others' on this machine
    page.wait_for_timeout(1500)
    page.evaluate("window.longest = 0")
    before, told = metrics(session), page.evaluate("window.told")
    for number in range(UPDATES):
        names = page.locator(".board .name a").all_text_contents()
        shown = [int(name.rpartition("-")[2]) for name in names]
        turn = 100 + number
        write(settings, [one(c, turn, now_ms(), 1.0 + random.random() / 10) for c in shown])
        page.wait_for_timeout(1000)
    after, seen = metrics(session), page.evaluate("window.told") - told
    spent = {name: 1000 * (after[name] - before[name]) / seen for name in before}
    return {"events": seen, **spent, "longest task": page.evaluate("window.longest")}


def metrics(session: Any) -> dict[str, float]:
    wanted = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return {name: found[name] for name in wanted}


def show(asked: argparse.Namespace, loads: list[tuple[float, float]], cost: dict[str, float]) -> None:
    table = Table("console", f"{asked.conversations:,} live conversations of {asked.turns} turns", box=None)
    for name, index in (("first paint", 0), ("first page of conversations drawn", 1)):
        found = sorted(one[index] for one in loads)
        table.add_row(name, f"median {found[len(found) // 2]:.0f} ms, worst of {len(found)} {found[-1]:.0f} ms")
    table.add_row("main thread for each update", f"{cost['TaskDuration']:.1f} ms, mean of {cost['events']:.0f}")
    table.add_row("of it script", f"{cost['ScriptDuration']:.1f} ms")
    table.add_row("of it style and layout", f"{cost['RecalcStyleDuration'] + cost['LayoutDuration']:.1f} ms")
    table.add_row(
        "longest task (by the clock)", f"{cost['longest task']:.0f} ms" if cost["longest task"] else "under 50 ms"
    )
    Console().print(table)


if __name__ == "__main__":
    main()
