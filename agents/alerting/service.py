"""``tenor alerts``: delivers alerts to teams. A plain consumer like the sink; one process per deployment.

``streams.alerts.notification_policy`` decides what is sent when; the dispatcher sends it in the background. The result
of each alert is published to tenor.alert-deliveries, and once that is acknowledged, the alert's offset is committed.
A restart reads the last day of deliveries and all commands; an interrupted alert is delivered again.

The recovery of a conversation is read from tenor.trajectories. Only points of conversations with a sent alert are
decoded.
"""

import threading
from collections.abc import Callable, Iterable

import structlog

from agents.alerting.delivery_records import build_deliveries, build_suppressed
from agents.alerting.destinations import build_destinations
from agents.alerting.dispatcher import AlertDispatcher
from agents.alerting.offset_tracker import OffsetTracker
from agents.alerting.routes import load_routes
from agents.common import metrics
from agents.common.clock import now_ms
from agents.common.health import Health
from agents.kafka.admin import topics
from agents.kafka.consumed_record import ConsumedRecord
from agents.kafka.exclusive_consumer import ExclusiveConsumer
from agents.kafka.partition_reader import PartitionReader
from agents.kafka.producer import Producer
from agents.kafka.record_builder import build_record
from agents.kafka.record_reader import decode_or_warn
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.records import Datum, record
from schemas.topics import RECORD_OF, Name
from streams.alerts.notification_policy import NotificationPolicy
from streams.alerts.team_notifications import FORGOTTEN_MS, Action, Suppress
from streams.outputs import Output

log = structlog.get_logger(__name__)

TOPICS_READ = (Name.ALERTS, Name.TRAJECTORIES, Name.DISTAL)
LAST_FIELD = "raised"
WAIT_S = 0.25
SOURCE = "tenor-alerts"


class AlertDeliveryService:
    """Delivers alerts until it is stopped.

    Args:
        settings: the deployment's settings.
        clock: current time, milliseconds.
    """

    def __init__(self, settings: Settings, clock: Callable[[], int] = now_ms) -> None:
        self.settings = settings
        self.health = Health(settings.stall_s)
        self._clock = clock
        self._codec = codec_for(settings)
        self._routes = load_routes(settings)
        self._destinations = {team.name: build_destinations(team, settings.console_url) for team in self._routes.teams}
        self._policy = NotificationPolicy(self._routes)
        self._offsets = OffsetTracker()
        self._producer = Producer(settings)
        self._sources = {settings.topics.name(name): name for name in TOPICS_READ}

    def run(self, stop: threading.Event) -> None:
        """Run until ``stop`` is set. ``Failure`` when Kafka cannot be used or another instance is running."""
        topics.require_all(self.settings)
        commands = PartitionReader(self.settings, [self.settings.topics.name(Name.ALERT_COMMANDS)], 0)
        reader = ExclusiveConsumer(
            self.settings, list(self._sources), self.settings.topics.alerts_group, "tenor alerts"
        )
        dispatcher = AlertDispatcher(self._destinations, self.settings.alert_patience_s, stop)
        restored, waiting = False, list[ConsumedRecord]()
        try:
            while not stop.is_set():
                with self.health.working("alert delivery"):
                    waiting += reader.take(WAIT_S)
                    if reader.owns_all and not restored:
                        self._restore(commands)
                        restored = True
                    if restored:
                        self._step(waiting, commands, reader, dispatcher)
                        waiting = []
                self.health.set_ready(reader.owns_all and restored)
        finally:
            self.health.set_ready(False)
            stop.set()
            dispatcher.close()
            self._apply([], dispatcher, reader)
            reader.close()
            commands.close()

    def _step(
        self,
        records: Iterable[ConsumedRecord],
        commands: PartitionReader,
        reader: ExclusiveConsumer,
        dispatcher: AlertDispatcher,
    ) -> None:
        now = self._clock()
        actions = [action for consumed in commands.take(0.0) for action in self._handle_command(consumed, now)]
        for consumed in records:
            actions += self._handle_record(consumed, now)
        actions += self._policy.handle_time(now)
        metrics.ALERTS_GATHERED.set(self._policy.pending)
        self._apply(actions, dispatcher, reader)

    def _apply(self, actions: Iterable[Action], dispatcher: AlertDispatcher, reader: ExclusiveConsumer) -> None:
        """Dispatch messages, publish the results of completed ones, and commit their alerts' offsets."""
        now = self._clock()
        results: list[Output] = []
        done: list[str] = []
        for action in actions:
            if isinstance(action, Suppress):
                results.append(build_suppressed(action, now))
                done.append(action.alert["alert_id"])
            else:
                dispatcher.submit(action.message)
        for message, receipts in dispatcher.take_completed():
            results += build_deliveries(message, receipts, now)
            done += [alert["alert_id"] for alert in message.alerts]
        self._producer.send([build_record(output, self._codec, self.settings.topics, SOURCE) for output in results])
        for alert_id in done:
            self._offsets.mark_done(alert_id)
        for position, end in self._offsets.pop_committable():
            reader.mark_done_to(position, end)
        reader.commit()

    def _handle_record(self, consumed: ConsumedRecord, now: int) -> list[Action]:
        """Actions that follow from a record; none from one that cannot be decoded, which the sink refuses."""
        name, position = self._sources[consumed.topic], (consumed.topic, consumed.partition)
        datum = self._decode_alert(consumed) if name == Name.ALERTS else None
        if datum is None or self._policy.has_seen(datum["alert_id"]):
            self._offsets.track(position, consumed.offset)
            return [] if name == Name.ALERTS else self._handle_recovery(name, consumed, now)
        self._offsets.track(position, consumed.offset, datum["alert_id"], len(self._routes.teams_for(datum)) or 1)
        return self._policy.handle_alert(datum, consumed.timestamp or now, now)

    def _decode_alert(self, consumed: ConsumedRecord) -> Datum | None:
        return self._decode(Name.ALERTS, consumed)

    def _handle_recovery(self, name: Name, consumed: ConsumedRecord, now: int) -> list[Action]:
        """Actions when a conversation with a sent alert has recovered or ended."""
        if not self._policy.is_open((consumed.key or b"").decode(errors="replace")):
            return []
        datum = None
        if name == Name.TRAJECTORIES:
            datum = self._codec.head(record(RECORD_OF[name]), consumed.value, LAST_FIELD)
        datum = datum or self._decode(name, consumed)
        if datum is None or (name == Name.TRAJECTORIES and datum["raised"]):
            return []
        about = datum["tenant"], datum["conversation_id"], datum["event_time"]
        return self._policy.close_conversation(*about, datum["raised"], now)

    def _handle_command(self, consumed: ConsumedRecord, now: int) -> list[Action]:
        datum = self._decode(Name.ALERT_COMMANDS, consumed)
        return [] if datum is None else self._policy.apply_command(datum, now)

    def _decode(self, name: Name, consumed: ConsumedRecord) -> Datum | None:
        return None if consumed.value is None else decode_or_warn(self._codec, record(RECORD_OF[name]), consumed)

    def _restore(self, commands: PartitionReader) -> None:
        """Restore the state of the process before: the last day's deliveries and all commands, by event time."""
        name = self.settings.topics.name(Name.DELIVERIES)
        deliveries_reader = PartitionReader(self.settings, [name], self._clock() - FORGOTTEN_MS)
        try:
            past = deliveries_reader.take_until(deliveries_reader.ends(name))
        finally:
            deliveries_reader.close()
        issued = commands.take_until(commands.ends(self.settings.topics.name(Name.ALERT_COMMANDS)))
        latest = {consumed.key: consumed for consumed in issued}.values()  # tombstones remove uncompacted commands
        deliveries = [(datum, self._policy.restore) for datum in self._decode_all(Name.DELIVERIES, past)]
        orders = [(datum, self._restore_command) for datum in self._decode_all(Name.ALERT_COMMANDS, latest)]
        for datum, restore in sorted([*deliveries, *orders], key=lambda pair: pair[0]["event_time"]):
            restore(datum)
        log.info("ready", teams=len(self._routes.teams), deliveries=len(deliveries), commands=len(orders))

    def _decode_all(self, name: Name, records: Iterable[ConsumedRecord]) -> list[Datum]:
        return [datum for consumed in records if (datum := self._decode(name, consumed))]

    def _restore_command(self, command: Datum) -> None:
        self._policy.apply_command(command, command["event_time"])  # no alert is gathered yet, so no action follows
