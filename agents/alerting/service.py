"""``tenor alerts``: delivers alerts to teams. A plain consumer like the sink, and one a deployment like the learner.

``streams.alerts.notification_policy`` decides what is sent when; the dispatcher sends it in the background. What became
of each alert is published to tenor.alert-deliveries, acknowledged, and only then is the alert committed.
A restart reads the last day of it and all commands, and goes on; an alert that was interrupted is delivered once more.

Recovery is read from tenor.trajectories, of which only points of conversations that somebody was told of are decoded.
"""

import threading
from collections.abc import Callable, Iterable

import structlog

from agents.alerting.delivery_records import of_delivered, of_suppressed
from agents.alerting.destinations import destinations
from agents.alerting.dispatcher import AlertDispatcher
from agents.alerting.offset_tracker import OffsetTracker
from agents.alerting.routes import routes_of
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

READ = (Name.ALERTS, Name.TRAJECTORIES, Name.DISTAL)
LAST_NEEDED = "raised"
WAIT_S = 0.25
SOURCE = "tenor-alerts"


class AlertDeliveryService:
    """Delivers alerts until it is told to stop.

    Args:
        settings: of this deployment.
        clock: milliseconds.
    """

    def __init__(self, settings: Settings, clock: Callable[[], int] = now_ms) -> None:
        self.settings = settings
        self.health = Health(settings.stall_s)
        self._clock = clock
        self._codec = codec_for(settings)
        self._routes = routes_of(settings)
        self._places = {team.name: destinations(team, settings.console_url) for team in self._routes.teams}
        self._desk = NotificationPolicy(self._routes)
        self._unsettled = OffsetTracker()
        self._producer = Producer(settings)
        self._sources = {settings.topics.name(name): name for name in READ}

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set. ``Failure`` when Kafka cannot be used or another one is running."""
        topics.require_all(self.settings)
        commands = PartitionReader(self.settings, [self.settings.topics.name(Name.ALERT_COMMANDS)], 0)
        reader = ExclusiveConsumer(
            self.settings, list(self._sources), self.settings.topics.alerts_group, "tenor alerts"
        )
        postman = AlertDispatcher(self._places, self.settings.alert_patience_s, stop)
        recalled, held = False, list[ConsumedRecord]()
        try:
            while not stop.is_set():
                with self.health.working("alert delivery"):
                    held += reader.take(WAIT_S)
                    if reader.owns_all and not recalled:
                        self._recall(commands)
                        recalled = True
                    if recalled:
                        self._step(held, commands, reader, postman)
                        held = []
                self.health.set_ready(reader.owns_all and recalled)
        finally:
            self.health.set_ready(False)
            stop.set()
            postman.close()
            self._settle([], postman, reader)
            reader.close()
            commands.close()

    def _step(
        self,
        records: Iterable[ConsumedRecord],
        commands: PartitionReader,
        reader: ExclusiveConsumer,
        postman: AlertDispatcher,
    ) -> None:
        now = self._clock()
        actions = [action for one in commands.take(0.0) for action in self._command(one, now)]
        for one in records:
            actions += self._taken(one, now)
        actions += self._desk.handle_time(now)
        metrics.ALERTS_GATHERED.set(self._desk.pending)
        self._settle(actions, postman, reader)

    def _settle(self, actions: Iterable[Action], postman: AlertDispatcher, reader: ExclusiveConsumer) -> None:
        """Do what was decided, say what became of it, and commit what is settled."""
        now = self._clock()
        settled: list[Output] = []
        done: list[str] = []
        for action in actions:
            if isinstance(action, Suppress):
                settled.append(of_suppressed(action, now))
                done.append(action.alert["alert_id"])
            else:
                postman.post(action.message)
        for message, receipts in postman.finished():
            settled += of_delivered(message, receipts, now)
            done += [alert["alert_id"] for alert in message.alerts]
        self._producer.send([build_record(one, self._codec, self.settings.topics, SOURCE) for one in settled])
        for alert_id in done:
            self._unsettled.settle(alert_id)
        for position, end in self._unsettled.ends():
            reader.mark_done_to(position, end)
        reader.commit()

    def _taken(self, one: ConsumedRecord, now: int) -> list[Action]:
        """What a record calls for. One that cannot be read is the sink's to refuse."""
        name, position = self._sources[one.topic], (one.topic, one.partition)
        datum = self._alert(one) if name == Name.ALERTS else None
        if datum is None or self._desk.has_seen(datum["alert_id"]):
            self._unsettled.take(position, one.offset)
            return [] if name == Name.ALERTS else self._over(name, one, now)
        self._unsettled.take(position, one.offset, datum["alert_id"], len(self._routes.teams_for(datum)) or 1)
        return self._desk.handle_alert(datum, one.timestamp or now, now)

    def _alert(self, one: ConsumedRecord) -> Datum | None:
        return self._decoded(Name.ALERTS, one)

    def _over(self, name: Name, one: ConsumedRecord, now: int) -> list[Action]:
        """A conversation that recovered or ended, where somebody was told of it."""
        if not self._desk.is_open((one.key or b"").decode(errors="replace")):
            return []
        datum = None
        if name == Name.TRAJECTORIES:
            datum = self._codec.head(record(RECORD_OF[name]), one.value, LAST_NEEDED)
        datum = datum or self._decoded(name, one)
        if datum is None or (name == Name.TRAJECTORIES and datum["raised"]):
            return []
        about = datum["tenant"], datum["conversation_id"], datum["event_time"]
        return self._desk.close_conversation(*about, datum["raised"], now)

    def _command(self, one: ConsumedRecord, now: int) -> list[Action]:
        datum = self._decoded(Name.ALERT_COMMANDS, one)
        return [] if datum is None else self._desk.apply_command(datum, now)

    def _decoded(self, name: Name, one: ConsumedRecord) -> Datum | None:
        return None if one.value is None else decode_or_warn(self._codec, record(RECORD_OF[name]), one)

    def _recall(self, commands: PartitionReader) -> None:
        """Take up where the one before left off: what became of the last day's alerts, and what people asked."""
        name = self.settings.topics.name(Name.DELIVERIES)
        log_of_it = PartitionReader(self.settings, [name], self._clock() - FORGOTTEN_MS)
        try:
            before = log_of_it.take_until(log_of_it.ends(name))
        finally:
            log_of_it.close()
        asked = commands.take_until(commands.ends(self.settings.topics.name(Name.ALERT_COMMANDS)))
        told = [(datum, self._desk.restore) for one in before if (datum := self._decoded(Name.DELIVERIES, one))]
        latest = {one.key: one for one in asked}.values()  # a tombstone takes back what is not compacted yet
        orders = [(datum, self._obey) for one in latest if (datum := self._decoded(Name.ALERT_COMMANDS, one))]
        for datum, take in sorted([*told, *orders], key=lambda pair: pair[0]["event_time"]):
            take(datum)
        log.info("ready", teams=len(self._routes.teams), deliveries=len(told), commands=len(orders))

    def _obey(self, command: Datum) -> None:
        self._desk.apply_command(command, command["event_time"])  # nothing is gathered yet, so nothing follows
