"""Server-sent events: what a page shows, as a stream of its own.

A stream sends everything at its start and then what changed. It ends when the session does.
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
from agents.console.board import BoardQuery, select_conversations
from agents.console.poller import Poller
from agents.reports.conversation import explain_conversation
from agents.reports.conversation_view import sum_by_kind

Json = dict[str, Any]
NextPayload = Callable[[], Awaitable[Json | None]]  # None while nothing has changed

KEEP_ALIVE_S = 15.0  # a proxy closes a connection without traffic
RETRY_MS = 2000
EXPERIMENTS_S = 5.0  # between queries, which read every decision


async def stream(poller: Poller, may_read: Callable[[], bool], next_payload: NextPayload) -> AsyncIterator[str]:
    """Events until the browser disconnects or the session ends."""
    yield f"retry: {RETRY_MS}\n\n"
    with poller.viewer():
        polls = poller.polls or await poller.wait_for_poll(0, KEEP_ALIVE_S)
        while not poller.closed and may_read():
            payload = await next_payload()
            yield ": still here\n\n" if payload is None else format_event("told", payload)
            polls = await poller.wait_for_poll(polls, KEEP_ALIVE_S)
    if not poller.closed:
        yield format_event("expired", {})


def format_event(name: str, data: Json) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, allow_nan=False)}\n\n"


def status(poller: Poller) -> Json:
    """Whether the data is fresh."""
    return {"trouble": poller.trouble and as_json(poller.trouble), "fresh_at": poller.fresh_at}


def as_json(failure: Failure) -> Json:
    return {"message": failure.message, "hint": failure.hint}


def board_payloads(poller: Poller, query: BoardQuery) -> NextPayload:
    """A page of the board: its order, and the new or changed rows."""
    sent: dict[str, int] = {}

    async def next_payload() -> Json:
        selected = select_conversations(poller.conversations, query)
        pages = max(-(-len(selected) // query.size), 1)
        page = min(query.page, pages - 1)
        shown = {"\n".join(item.key): item for item in selected[page * query.size :][: query.size]}
        changed = {key: item.row for key, item in shown.items() if sent.get(key) != item.version}
        sent.clear()
        sent.update({key: item.version for key, item in shown.items()})
        counts = {"total": len(selected), "page": page, "pages": pages, **count_board(poller)}
        return {"status": status(poller), **counts, "order": list(shown), "rows": changed}

    return next_payload


def count_board(poller: Poller) -> Json:
    """Counts over the whole board, whatever the query."""
    rows = [conversation.row for conversation in poller.conversations if conversation.row]
    live = [row for row in rows if row["ended"] is None]
    return {
        "live": len(live),
        "ended": len(rows) - len(live),
        "raised": sum(row["raised"] for row in live),
        "tenants": sorted({row["tenant"] for row in rows}),
    }


def conversation_payloads(poller: Poller, id: str, tenant: str | None) -> NextPayload:
    """One conversation, turn by turn; again whenever it changes."""
    sent: list[Any] = []

    async def next_payload() -> Json | None:
        version = tenant and poller.board.version_of((tenant, id))
        state = [version, poller.newest_alert, poller.alert_activity, bool(poller.trouble)]
        if state == sent:
            return None
        sent[:] = state
        try:
            story = await poller.run_in_thread(lambda: explain_conversation(poller.settings, id, tenant))
        except Failure as failure:
            sent.clear()
            return {"status": status(poller), "missing": as_json(failure)}
        lives = [list(map(add_kinds, life)) for life in story["lives"]]
        return {"status": status(poller), "found": {**story, "lives": lives}}

    return next_payload


def add_kinds(entry: Json) -> Json:
    return {**entry, "kinds": sum_by_kind(entry["contributions"])} if "contributions" in entry else entry


def alert_payloads(poller: Poller, inbox: AlertInbox, handled: bool, page: int, size: int) -> NextPayload:
    """A page of the inbox; again whenever it changes."""
    return payloads_on_change(poller, lambda: inbox.page(now_ms(), handled, page, size))


def payloads_on_change(poller: Poller, query: Callable[[], Awaitable[Json]]) -> NextPayload:
    """The result of a query, or why there is none; None while both are as sent last."""
    sent: list[Json] = []

    async def next_payload() -> Json | None:
        try:
            payload = {"status": status(poller), **await query()}
        except Failure as failure:
            payload = {"status": {**status(poller), "trouble": as_json(failure)}}
        compared = {**payload, "status": payload["status"]["trouble"]}
        if sent == [compared]:
            return None
        sent[:] = [compared]
        return payload

    return next_payload


class SharedExperiments:
    """The experiments, queried once for all viewers."""

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._lock = asyncio.Lock()
        self._queried_at = float("-inf")
        self._experiments: Json = {}

    async def experiments(self) -> Json:
        async with self._lock:
            if time.monotonic() - self._queried_at > EXPERIMENTS_S:
                self._experiments = await self._poller.query(queries.experiments)
                self._queried_at = time.monotonic()
        return self._experiments


def experiment_payloads(poller: Poller, shared: SharedExperiments) -> NextPayload:
    """The experiments; again whenever they change."""
    return payloads_on_change(poller, shared.experiments)
