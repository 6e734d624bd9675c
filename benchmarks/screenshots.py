"""Pictures of the console for the README: a simulated day is replayed through the embedded stack, and looked at.

Everything on them comes from the simulator: nobody's conversations, and no proof of anything.
"""

import tempfile
import threading
from pathlib import Path

from playwright.sync_api import Page
from rich.console import Console

from agents.clickhouse.client import connect
from agents.common.errors import Failure
from agents.embedded import stack
from agents.recordings import file
from agents.recordings.replay import conclude, replay
from agents.settings.model import Settings
from agents.simulator.day import simulate
from tests.agents.console.serving import chromium

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CONVERSATIONS, SEED, SECONDS = 600, 1, 60.0
VIEW = {"width": 1280, "height": 800}
MOST_BYTES = 200_000

# A conversation that was stepped in for, and whose level fell.
TELLING = """
SELECT tenant, conversation_id FROM observed WHERE NOT control AND reward > 0.1
GROUP BY tenant, conversation_id ORDER BY max(turns) DESC, conversation_id LIMIT 1
"""


def main() -> None:
    out = Console()
    with tempfile.TemporaryDirectory() as directory, chromium() as browser:
        day = Path(directory) / "day.jsonl.gz"
        file.write(day, simulate(SEED, CONVERSATIONS), SEED)
        base = Settings(_env_file=None)
        with stack.running(base, Path(directory) / "stack", 1, out.print) as running:
            process = running.start_process("console", "console")
            running.wait_ready()
            page = browser.new_context(viewport=VIEW).new_page()  # type: ignore[arg-type]
            page.goto(process.url)
            replayed(running.settings, day, page)
            page.goto(f"{process.url}/experiments")
            page.wait_for_selector("tbody")
            picture(page, "experiment")
            page.goto(f"{process.url}/alerts")
            page.wait_for_selector(".alerts > li")
            picture(page, "alerts")
            [(tenant, conversation)] = connect(running.settings).execute(TELLING)
            page.goto(f"{process.url}/conversation?tenant={tenant}&id={conversation}")
            page.wait_for_selector(".story .outcome")
            page.set_viewport_size({"width": VIEW["width"], "height": 1100})
            picture(page, "conversation")


def replayed(settings: Settings, day: Path, page: Page) -> None:
    """Play the day; in its middle, the board is pictured."""
    events = file.read(day).events
    speed = (events[-1].event["event_time"] - events[0].event["event_time"]) / 1000 / SECONDS
    playing = threading.Thread(target=replay, args=(settings, day, speed, lambda done, total: None))
    playing.start()
    page.wait_for_timeout(1000 * SECONDS * 0.6)
    page.wait_for_selector(".board li")
    picture(page, "board")
    playing.join()
    conclude(settings, max(one.event["event_time"] for one in events), 120.0, lambda stage, lag: None)


def picture(page: Page, name: str) -> None:
    page.wait_for_timeout(1500)  # charts are drawn a frame after their rows
    IMAGES.mkdir(exist_ok=True)
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    if path.stat().st_size > MOST_BYTES:
        raise Failure(f"{path.name} is too large: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
