"""What browsers are told as it happens: server-sent events, one stream for what one page shows.

Each stream tells everything at its start and then what changed. It ends when the session does.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.console import queries
from agents.console.alert_inbox import AlertInbox
from agents.console.board import BoardQuery, wanted
from agents.console.poller import Poller
from agents.reports.conversation import explain_conversation
from agents.reports.conversation_view import sum_by_kind

Told = dict[str, Any]
Tell = Callable[[], Awaitable[Told | None]]

STILL_HERE_S = 15.0  # a proxy ends a connection that says nothing
RETRY_MS = 2000
EXPERIMENTS_S = 5.0  # between questions; they read every decision


async def stream(feed: Poller, allowed: Callable[[], bool], tell: Tell) -> AsyncIterator[str]:
    """Events until the browser goes or the session ends."""
    yield f"retry: {RETRY_MS}\n\n"
    with feed.watched():
        looks = feed.looks or await feed.next_look(0, STILL_HERE_S)
        while not feed.closed and allowed():
            told = await tell()
            yield ": still here\n\n" if told is None else event("told", told)
            looks = await feed.next_look(looks, STILL_HERE_S)
    if not feed.closed:
        yield event("expired", {})


def event(name: str, data: Told) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, allow_nan=False)}\n\n"


def status(feed: Poller) -> Told:
    """Whether what is shown is fresh."""
    trouble = feed.trouble and {"message": feed.trouble.message, "hint": feed.trouble.hint}
    return {"trouble": trouble, "fresh_at": feed.fresh_at}


def board(feed: Poller, wish: BoardQuery) -> Tell:
    """A page of the board: its order, and the rows that are new or changed."""
    sent: dict[str, int] = {}

    async def tell() -> Told:
        found = wanted(feed.conversations, wish)
        pages = max(-(-len(found) // wish.size), 1)
        page = min(wish.page, pages - 1)
        here = {"\n".join(one.key): one for one in found[page * wish.size :][: wish.size]}
        changed = {key: one.row for key, one in here.items() if sent.get(key) != one.version}
        sent.clear()
        sent.update({key: one.version for key, one in here.items()})
        counts = {"total": len(found), "page": page, "pages": pages, **summary(feed)}
        return {"status": status(feed), **counts, "order": list(here), "rows": changed}

    return tell


def summary(feed: Poller) -> Told:
    """Counts over the whole board, whatever is wished for."""
    rows = [one.row for one in feed.conversations if one.row]
    live = [row for row in rows if row["ended"] is None]
    return {
        "live": len(live),
        "ended": len(rows) - len(live),
        "raised": sum(row["raised"] for row in live),
        "tenants": sorted({row["tenant"] for row in rows}),
    }


def conversation(feed: Poller, id: str, tenant: str | None) -> Tell:
    """One conversation, turn by turn; again whenever it changes."""
    known: list[Any] = []

    async def tell() -> Told | None:
        state = [tenant and feed.board.version_of((tenant, id)), feed.alerts, feed.said, bool(feed.trouble)]
        if state == known:
            return None
        known[:] = state
        try:
            found = await feed.aside(lambda: explain_conversation(feed.settings, id, tenant))
        except Failure as missing:
            known.clear()
            return {"status": status(feed), "missing": {"message": missing.message, "hint": missing.hint}}
        return {"status": status(feed), "found": {**found, "lives": [list(map(with_kinds, o)) for o in found["lives"]]}}

    return tell


def with_kinds(entry: Told) -> Told:
    return {**entry, "kinds": sum_by_kind(entry["contributions"])} if "contributions" in entry else entry


def alerts(feed: Poller, inbox: AlertInbox, handled: bool, page: int, size: int) -> Tell:
    """A page of the inbox; again whenever it changes."""
    return whenever_it_changes(feed, lambda: inbox.page(now_ms(), handled, page, size))


def whenever_it_changes(feed: Poller, ask: Callable[[], Awaitable[Told]]) -> Tell:
    """What is found, or what troubles us; nothing while both stay as they were told last."""
    last: list[Told] = []

    async def tell() -> Told | None:
        try:
            found = {"status": status(feed), **await ask()}
        except Failure as trouble:
            found = {"status": {**status(feed), "trouble": {"message": trouble.message, "hint": trouble.hint}}}
        compared = {**found, "status": found["status"]["trouble"]}
        if last == [compared]:
            return None
        last[:] = [compared]
        return found

    return tell


class SharedExperiments:
    """What all who look at the experiments are told, asked for once."""

    def __init__(self, feed: Poller) -> None:
        self._feed = feed
        self._lock = asyncio.Lock()
        self._at = float("-inf")
        self._found: Told = {}

    async def experiments(self) -> Told:
        async with self._lock:
            if time.monotonic() - self._at > EXPERIMENTS_S:
                self._found = await self._feed.ask(queries.experiments)
                self._at = time.monotonic()
        return self._found


def experiments(feed: Poller, shared: SharedExperiments) -> Tell:
    """The experiments; again whenever they change."""
    return whenever_it_changes(feed, shared.experiments)
