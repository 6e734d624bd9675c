"""A console served in this process, conversations for it to show, and a browser."""

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from agents.common.clock import now_ms
from agents.console import server as serve
from agents.console.app import Console
from agents.settings.model import Settings
from tests.support.data.records import point

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_S = 30.0
expect.set_options(timeout=1000 * PATIENCE_S)


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """A running console; its URL."""
    server = serve.ConsoleServer(Console(settings))
    with serve.listen(settings.http_host, settings.http_port) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="console")
        thread.start()
        deadline = time.monotonic() + PATIENCE_S
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield serve.url(listening)
        server.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser; the test is skipped on a machine without one."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class Complaints:
    """Errors of a page, and what its security policy refused."""

    def __init__(self, page: Page) -> None:
        self.messages: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("dialog", lambda dialog: (self.messages.append(f"dialog {dialog.message}"), dialog.dismiss()))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 409" not in message.text:  # shown on the page
            self.messages.append(message.text)


def talk(tenant: str, conversation: str, levels: Sequence[float], **changes: Any) -> list[dict[str, Any]]:
    """Points of a conversation, twenty seconds apart, the last one now."""
    begun = now_ms() - 20_000 * len(levels)
    return [
        point(
            turn,
            point_id=f"{tenant}-{conversation}-{turn}",
            tenant=tenant,
            conversation_id=conversation,
            event_time=begun + 20_000 * turn,
            level=level,
            raised=level > 0.5,
            **changes,
        )
        for turn, level in enumerate(levels, 1)
    ]
