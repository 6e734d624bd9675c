"""``tenor workload``: what teams are exposed to, from who was assigned when and what was believed of customers.

Off unless it is switched on. It reads conversation.assignments and of tenor.trajectories the fields up to ``raised``,
and publishes figures of teams to tenor.workload and tenor.alerts. What is known of one operator stays in this process's
memory.

Nothing is committed: a restart reads a shift again, tells what of the last period is missing, and goes on. Alerts are
acknowledged before the figures they follow from, for those say what was told. Two processes tell the same under the
same ids.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.common.health import Health
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.consumed_record import ConsumedRecord
from agents.kafka.partition_reader import PartitionReader
from agents.kafka.producer import Producer
from agents.kafka.record_builder import WORKLOAD_SOURCE, build_dead_letter, build_record
from agents.kafka.record_reader import decode, decode_checked, decode_or_warn
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Name
from streams.workload.aggregate import WorkloadAggregate

log = structlog.get_logger(__name__)

ASSIGNMENT, POINT, FIGURES = record("assignment"), record("trajectory_point"), record("team_workload")
LAST_FIELD = "raised"
WAIT_S = 0.25


class WorkloadService:
    """Publishes the workload of teams until it is stopped. ``Failure`` unless it is enabled.

    Args:
        settings: of this deployment.
        clock: milliseconds.
    """

    def __init__(self, settings: Settings, clock: Callable[[], int] = now_ms) -> None:
        if not settings.workload.enabled:
            raise Failure(
                "Workload exposure is off.",
                "Read docs/operators.md with the people concerned, then set TENOR_WORKLOAD__ENABLED=true.",
            )
        self.settings = settings
        self.health = Health(settings.stall_s)
        self._clock = clock
        self._codec = codec_for(settings)
        self._producer = Producer(settings)
        self._workload = WorkloadAggregate(settings.workload)

    def run(self, stop: threading.Event) -> None:
        """Run until ``stop`` is set. ``Failure`` when Kafka cannot be used."""
        topics.require_all(self.settings)
        before, since = self._read_published()
        self._workload = WorkloadAggregate(self.settings.workload, before)
        names = [self.settings.topics.name(name) for name in (Name.ASSIGNMENTS, Name.TRAJECTORIES)]
        inputs = PartitionReader(self.settings, names, since)
        try:
            ends = inputs.ends(*names)
            while not stop.is_set():
                with self.health.working("workload"):
                    self.step(inputs.take(WAIT_S))
                    if all(inputs.read_to[position] >= end for position, end in ends.items()):
                        self._publish_due()
                        self.health.set_ready(True)
        finally:
            self.health.set_ready(False)
            inputs.close()

    def step(self, records: Iterable[ConsumedRecord]) -> None:
        """Process records; dead letters of refused ones are acknowledged when it returns."""
        letters = [letter for consumed in records if (letter := self._handle_record(consumed)) is not None]
        self._producer.send(letters)

    def _handle_record(self, consumed: ConsumedRecord) -> OutgoingRecord | None:
        if consumed.topic == self.settings.topics.name(Name.TRAJECTORIES):
            self._handle_point(consumed)
            return None
        try:
            event = decode_checked(self._codec, "assignment", consumed, self.settings.limits, self._clock())
        except Rejected as refusal:
            return build_dead_letter(consumed, refusal, "workload")
        self._workload.add_assignment(event)
        return None

    def _handle_point(self, consumed: ConsumedRecord) -> None:
        """Process a trajectory point; one that cannot be decoded is skipped, and the sink refuses it."""
        point = self._codec.head(POINT, consumed.value, LAST_FIELD) or decode_or_warn(self._codec, POINT, consumed)
        if point is not None:
            self._workload.add_point(point)

    def _publish_due(self) -> None:
        outputs = self._workload.close_periods(self._clock())
        for kind in ("alert", "team_workload"):
            batch = [output for output in outputs if output.record == kind]
            self._producer.send(
                [build_record(output, self._codec, self.settings.topics, WORKLOAD_SOURCE) for output in batch]
            )

    def _read_published(self) -> tuple[list[dict[str, Any]], int]:
        """The figures published before, and the broker time from which to read inputs again, milliseconds."""
        name, config = self.settings.topics.name(Name.WORKLOAD), self.settings.workload
        reader = PartitionReader(self.settings, [name], 0)
        try:
            published = reader.take_until(reader.ends(name))
        finally:
            reader.close()
        past = [decode(self._codec, FIGURES, consumed) for consumed in published]
        last = past[-1]["event_time"] if past else self._clock()
        back = config.shift_ms + 2 * config.period_ms + config.idle_ms + config.grace_ms
        return past, max(0, last - back)
