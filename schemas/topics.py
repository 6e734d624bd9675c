"""Every topic: what it holds, its key, how long it is kept.

All conversation topics are keyed by conversation id and share one partition count, because Faust's table
must be co-partitioned with ``tenor.signals``. What concerns a customer is keyed by customer id.
"""

from dataclasses import dataclass
from enum import StrEnum

DAY_MS = 86_400_000
EVENT_BYTES = 8 * 1024 * 1024
DEAD_LETTER_BYTES = 10 * 1024 * 1024
WEIGHTS_BYTES = 2 * 1024 * 1024
FORGOTTEN_MS = 60 * DAY_MS  # longer than any log that could restore a forgotten customer


class Name(StrEnum):
    """Topic names before the deployment's prefix."""

    MESSAGES = "conversation.messages"
    KEYSTROKES = "conversation.keystrokes"
    NAVIGATION = "conversation.navigation"
    PROSODY = "conversation.prosody"
    RATINGS = "conversation.ratings"
    ASSIGNMENTS = "conversation.assignments"
    SIGNALS = "tenor.signals"
    TRAJECTORIES = "tenor.trajectories"
    DECISIONS = "tenor.decisions"
    INTERVENTIONS = "tenor.interventions"
    OUTCOMES = "tenor.outcomes"
    ALERTS = "tenor.alerts"
    CUSTOMERS = "tenor.customers"
    DISTAL = "tenor.distal-outcomes"
    POLICY = "tenor.policy"
    COMMANDS = "tenor.policy-commands"
    FORGOTTEN = "tenor.forgotten"
    ALERT_COMMANDS = "tenor.alert-commands"
    DELIVERIES = "tenor.alert-deliveries"
    WORKLOAD = "tenor.workload"


RECORD_OF = {
    Name.MESSAGES: "message",
    Name.KEYSTROKES: "keystrokes",
    Name.NAVIGATION: "navigation",
    Name.PROSODY: "prosody",
    Name.RATINGS: "rating",
    Name.ASSIGNMENTS: "assignment",
    Name.SIGNALS: "signal",
    Name.TRAJECTORIES: "trajectory_point",
    Name.DECISIONS: "decision",
    Name.INTERVENTIONS: "intervention",
    Name.OUTCOMES: "outcome",
    Name.ALERTS: "alert",
    Name.CUSTOMERS: "customer_note",
    Name.DISTAL: "distal_outcome",
    Name.POLICY: "policy_snapshot",
    Name.COMMANDS: "policy_command",
    Name.FORGOTTEN: "forgotten",
    Name.ALERT_COMMANDS: "alert_command",
    Name.DELIVERIES: "alert_delivery",
    Name.WORKLOAD: "team_workload",
}
TOPIC_OF = {record: name for name, record in RECORD_OF.items()}

INGESTED = (Name.MESSAGES, Name.KEYSTROKES, Name.NAVIGATION, Name.PROSODY)
OUTPUTS = (
    Name.TRAJECTORIES,
    Name.DECISIONS,
    Name.INTERVENTIONS,
    Name.OUTCOMES,
    Name.ALERTS,
    Name.CUSTOMERS,
    Name.DISTAL,
)
WITH_DEAD_LETTERS = (
    *INGESTED,
    Name.RATINGS,
    Name.ASSIGNMENTS,
    Name.SIGNALS,
    Name.TRAJECTORIES,
    Name.DECISIONS,
    Name.OUTCOMES,
    Name.CUSTOMERS,
    Name.COMMANDS,
    Name.ALERT_COMMANDS,
)
# All other topics are keyed by conversation.
KEY_OF = {
    Name.CUSTOMERS: "customer_id",
    Name.POLICY: "policy_version",
    Name.COMMANDS: "tenant",
    Name.FORGOTTEN: "tenant",
    Name.ALERT_COMMANDS: "target",
    Name.DELIVERIES: "tenant",
    Name.WORKLOAD: "tenant",
}


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it should exist.

    Attributes:
        name: full name, prefix included.
        key: what the record key is.
        partitions: how many.
        retention_ms: how long records are kept; None keeps the latest of each key (compaction).
        max_bytes: largest record batch the broker takes.
        record: Avro record it holds; None for raw bytes.
    """

    name: str
    key: str
    partitions: int
    retention_ms: int | None
    max_bytes: int = 1_048_588
    record: str | None = None

    @property
    def config(self) -> dict[str, str]:
        """Topic configuration, by Kafka's names."""
        cleanup = {"cleanup.policy": "compact"}
        if self.retention_ms is not None:
            cleanup = {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}
        return {**cleanup, "max.message.bytes": str(self.max_bytes)}


@dataclass(frozen=True, slots=True)
class Topics:
    """Names and shapes of every topic of one deployment.

    Attributes:
        prefix: put before every name, as ``staging.``; also before the consumer groups.
        partitions: partition count of every conversation topic.
    """

    prefix: str = ""
    partitions: int = 8

    def name(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def dead_letters(self, name: str) -> str:
        return f"{self.prefix}{name}.dlq"

    @property
    def worker_group(self) -> str:
        """Consumer group of the workers, and Faust's application id."""
        return f"{self.prefix}tenor"

    @property
    def sink_group(self) -> str:
        return f"{self.prefix}tenor-sink"

    @property
    def learner_group(self) -> str:
        return f"{self.prefix}tenor-learner"

    @property
    def alerts_group(self) -> str:
        """Consumer group of alert delivery."""
        return f"{self.prefix}tenor-alerts"

    @property
    def changelog(self) -> str:
        """Changelog of the conversations table, by Faust's naming rule."""
        return f"{self.worker_group}-conversations-changelog"

    @property
    def profiles(self) -> str:
        """Customer profiles: changelog of the profiles table."""
        return self.name("tenor.profiles")

    @property
    def text_model(self) -> str:
        """Every announced version of the text model's weights."""
        return self.name("tenor.text-model")

    @property
    def changelogs(self) -> tuple[str, str, str]:
        """Topics that hold Tenor's internal state."""
        return self.changelog, self.profiles, self.text_model

    def all(self) -> list[Topic]:
        """Every topic that must exist."""
        return [*self._inputs(), *self._flow(), *self._dead_letters(), *self._state()]

    def _inputs(self) -> list[Topic]:
        names = (*INGESTED, Name.RATINGS, Name.ASSIGNMENTS)
        return [self._topic(name, 7 * DAY_MS, EVENT_BYTES) for name in names]

    def _flow(self) -> list[Topic]:
        retention = {Name.SIGNALS: 30 * DAY_MS}
        return [self._topic(name, retention.get(name, 7 * DAY_MS)) for name in (Name.SIGNALS, *OUTPUTS)]

    def _dead_letters(self) -> list[Topic]:
        return [
            Topic(self.dead_letters(name), "key of the refused event", 1, 30 * DAY_MS, DEAD_LETTER_BYTES)
            for name in WITH_DEAD_LETTERS
        ]

    def _state(self) -> list[Topic]:
        return [
            self._single_partition(Name.POLICY, None),
            self._single_partition(Name.COMMANDS, 30 * DAY_MS),
            self._single_partition(Name.FORGOTTEN, FORGOTTEN_MS),
            self._single_partition(Name.ALERT_COMMANDS, None),
            self._single_partition(Name.DELIVERIES, 7 * DAY_MS),
            self._single_partition(Name.WORKLOAD, 7 * DAY_MS),
            Topic(self.changelog, "conversation_id", self.partitions, None),
            Topic(self.profiles, "customer_id", self.partitions, None),
            Topic(self.text_model, "version", 1, None, WEIGHTS_BYTES),
        ]

    def _topic(self, name: Name, retention_ms: int, max_bytes: int = 1_048_588) -> Topic:
        key = KEY_OF.get(name, "conversation_id")
        return Topic(self.name(name), key, self.partitions, retention_ms, max_bytes, RECORD_OF[name])

    def _single_partition(self, name: Name, retention_ms: int | None) -> Topic:
        return Topic(self.name(name), KEY_OF[name], 1, retention_ms, WEIGHTS_BYTES, RECORD_OF[name])
