"""The postman: delivers messages in the background, one at a time for each team, trying again with backoff.

A team whose destinations take nothing keeps nobody else waiting, and only so many messages wait for it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import structlog
import tenacity

from agents.alerting.destinations import Destination
from agents.alerting.webhook import DeliveryError
from streams.alerts.messages import Message

log = structlog.get_logger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
BACKLOG = 50  # messages of a team


class Receipt(NamedTuple):
    """What became of a message at one destination; ``reason`` is None where it was delivered."""

    destination: str
    attempts: int
    reason: str | None


class DispatchInterrupted(Exception):
    """Told to stop before a message was delivered."""


class AlertDispatcher:
    """Delivers messages.

    Args:
        routes: destinations by team.
        patience_s: a destination is tried this long, seconds.
        stop: ends all waiting.
        first_wait_s: before a second attempt, seconds; doubled each time.
    """

    def __init__(
        self,
        routes: Mapping[str, Sequence[Destination]],
        patience_s: float,
        stop: threading.Event,
        first_wait_s: float = FIRST_WAIT_S,
    ) -> None:
        self._routes, self._patience_s, self._stop, self._first_wait_s = routes, patience_s, stop, first_wait_s
        self._teams = {team: ThreadPoolExecutor(1, f"alerts-{team}") for team in routes}
        self._waiting: Counter[str] = Counter()
        self._done: list[tuple[Message, list[Receipt]]] = []
        self._lock = threading.Lock()

    def post(self, message: Message) -> None:
        """Deliver in the background; ``finished`` tells how it went."""
        with self._lock:
            if self._waiting[message.team] >= BACKLOG:
                self._done.append((message, [Receipt(one.name, 0, "backlog") for one in self._routes[message.team]]))
                return
            self._waiting[message.team] += 1
        self._teams[message.team].submit(self.deliver, message).add_done_callback(self._finish(message))

    def finished(self) -> list[tuple[Message, list[Receipt]]]:
        """Messages that were dealt with since the last time, and how."""
        with self._lock:
            found, self._done = self._done, []
        return found

    def deliver(self, message: Message) -> list[Receipt]:
        """Deliver now, to each of the team's destinations. ``DispatchInterrupted`` when told to stop before."""
        return [self._to(destination, message) for destination in self._routes[message.team]]

    def close(self) -> None:
        """Wait for attempts under way; what waits is left."""
        for team in self._teams.values():
            team.shutdown(cancel_futures=True)

    def _to(self, destination: Destination, message: Message) -> Receipt:
        attempts = 0

        def attempt() -> None:
            nonlocal attempts
            attempts += 1
            destination.deliver(message)

        try:
            self._retrying()(attempt)
        except DeliveryError as error:
            if self._stop.is_set() and not error.for_good:
                raise DispatchInterrupted from None
            log.warning(
                "alert could not be delivered",
                team=message.team,
                destination=destination.name,
                message_id=message.message_id,
                attempts=attempts,
                reason=error.reason,
            )
            return Receipt(destination.name, attempts, error.reason)
        return Receipt(destination.name, attempts, None)

    def _retrying(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, DeliveryError) and not error.for_good),
            wait=tenacity.wait_random_exponential(multiplier=self._first_wait_s, max=LONGEST_WAIT_S),
            stop=tenacity.stop_after_delay(self._patience_s) | tenacity.stop_when_event_set(self._stop),
            sleep=self._rest,
            reraise=True,
        )

    def _rest(self, seconds: float | None) -> None:
        self._stop.wait(seconds)

    def _finish(self, message: Message) -> Callable[[Future[list[Receipt]]], None]:
        def done(future: Future[list[Receipt]]) -> None:
            with self._lock:
                self._waiting[message.team] -= 1
                if future.cancelled() or isinstance(future.exception(), DispatchInterrupted):
                    return  # not settled: the next one delivers it
                error = future.exception()
                if error is not None:  # a destination's own bug: it is told, and holds up nobody
                    reason = type(error).__name__
                    log.error("a destination failed", team=message.team, reason=reason)
                    receipts = [Receipt(one.name, 1, reason) for one in self._routes[message.team]]
                else:
                    receipts = future.result()
                self._done.append((message, receipts))

        return done
