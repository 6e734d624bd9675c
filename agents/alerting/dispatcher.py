"""The alert dispatcher: delivers messages in the background, one at a time for each team, with retries and backoff.

A team whose destinations fail delays no other team, and its backlog is bounded.
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
BACKLOG = 50  # messages waiting for one team


class Receipt(NamedTuple):
    """The result of a message at one destination; ``reason`` is None where it was delivered."""

    destination: str
    attempts: int
    reason: str | None


class DispatchInterrupted(Exception):
    """Stopped before a message was delivered."""


class AlertDispatcher:
    """Delivers messages to the destinations of their teams.

    Args:
        routes: destinations by team.
        patience_s: how long to retry a destination, seconds.
        stop: when set, ends all waits.
        first_wait_s: wait before the second attempt, seconds; doubled each time.
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
        self._completed: list[tuple[Message, list[Receipt]]] = []
        self._lock = threading.Lock()

    def submit(self, message: Message) -> None:
        """Deliver in the background; ``take_completed`` returns the receipts."""
        with self._lock:
            if self._waiting[message.team] >= BACKLOG:
                self._completed.append((message, self._receipts_for_all(message, 0, "backlog")))
                return
            self._waiting[message.team] += 1
        self._teams[message.team].submit(self.deliver, message).add_done_callback(self._on_completion(message))

    def take_completed(self) -> list[tuple[Message, list[Receipt]]]:
        """Messages completed since the last call, with their receipts."""
        with self._lock:
            completed, self._completed = self._completed, []
        return completed

    def deliver(self, message: Message) -> list[Receipt]:
        """Deliver now, to each of the team's destinations. ``DispatchInterrupted`` when stopped before."""
        return [self._deliver_to(destination, message) for destination in self._routes[message.team]]

    def close(self) -> None:
        """Wait for running attempts; drop the backlog."""
        for team in self._teams.values():
            team.shutdown(cancel_futures=True)

    def _deliver_to(self, destination: Destination, message: Message) -> Receipt:
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

    def _receipts_for_all(self, message: Message, attempts: int, reason: str) -> list[Receipt]:
        return [Receipt(destination.name, attempts, reason) for destination in self._routes[message.team]]

    def _retrying(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, DeliveryError) and not error.for_good),
            wait=tenacity.wait_random_exponential(multiplier=self._first_wait_s, max=LONGEST_WAIT_S),
            stop=tenacity.stop_after_delay(self._patience_s) | tenacity.stop_when_event_set(self._stop),
            sleep=self._sleep,
            reraise=True,
        )

    def _sleep(self, seconds: float | None) -> None:
        self._stop.wait(seconds)

    def _on_completion(self, message: Message) -> Callable[[Future[list[Receipt]]], None]:
        def complete(future: Future[list[Receipt]]) -> None:
            with self._lock:
                self._waiting[message.team] -= 1
                if future.cancelled() or isinstance(future.exception(), DispatchInterrupted):
                    return  # not committed: the service delivers it after its restart
                error = future.exception()
                if error is not None:  # a bug in a destination is reported and delays no other
                    reason = type(error).__name__
                    log.error("a destination failed", team=message.team, reason=reason)
                    receipts = self._receipts_for_all(message, 1, reason)
                else:
                    receipts = future.result()
                self._completed.append((message, receipts))

        return complete
