"""A recording through the folds of the live path, in one process and without a broker: for documents and tests.

The same functions in the same order as the agents call them; what lies between (Kafka, acknowledgements, restarts) is
left out. One partition, so the same recording and settings give the same records, byte for byte.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from clickhouse_driver import Client

from agents.clickhouse.tables import TABLES, Table, to_columns
from agents.kafka.consumed_record import ConsumedRecord
from agents.learning.tenant_policy_learner import DecodedRecord, TenantPolicyLearner
from agents.recordings.model import Event, Recording
from agents.recordings.replay import with_ratings
from schemas.records import Datum
from schemas.topics import INGESTED, RECORD_OF, TOPIC_OF, Name
from streams.alerts import rules
from streams.alerts.rules import alerts_for_outputs
from streams.config.model import Config
from streams.conversations.partition import Partition
from streams.customers.partition import CustomerPartition
from streams.outputs import Output
from streams.policy.policy import Policy
from streams.policy.snapshot import Snapshot, from_record
from streams.signals import extraction

TICK_MS = 60_000
LEARNED_FROM = (Name.DECISIONS, Name.OUTCOMES, Name.RATINGS)

Records = Mapping[Name, list[Datum]]


def replayed(recording: Recording, config: Config) -> Records:
    """What a deployment publishes and keeps of a recording, by topic; its labels go in as marks.

    Every conversation is closed at the end, as ``tenor replay --finish`` does.
    """
    run = OfflinePipeline(config)
    last = 0
    for event in with_ratings(recording):
        last = max(last, int(event.event["event_time"]))
        run.take(event)
    run.finish(last)
    return run.records


def store(client: Client, records: Mapping[Name, list[Datum]]) -> None:
    """Insert what has a table."""
    for name, data in records.items():
        if name in TABLES and data:
            insert(client, TABLES[name], data)


def insert(client: Client, table: Table, data: Iterable[Any]) -> None:
    client.execute(table.insert, to_columns(table, [table.row(one) for one in data]), columnar=True)


class OfflinePipeline:
    """One partition, the customers it knows, and a learner for each tenant.

    Attributes:
        records: everything published so far, ratings among it, by topic.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._policies: dict[str, Policy] = {}
        self._partition = Partition(config, no_state, {}, policies=self._policies.get)
        self._customers = CustomerPartition(config.profile, {})
        self._tenants: dict[str, TenantPolicyLearner] = {}
        self._offsets: dict[str, int] = defaultdict(int)
        self._ticked = 0
        self.records: dict[Name, list[Datum]] = defaultdict(list)

    def take(self, event: Event) -> None:
        """One event of an input topic, in the order of time."""
        name, at = Name(event.topic), int(event.event["event_time"])
        if at - self._ticked > TICK_MS:
            self._ticked = at
            self._fold(extraction.tick_signal(at))
        if name in INGESTED:
            self._fold(extraction.extract_signal(RECORD_OF[name], event.event, (str(name), 0, self._next(str(name)))))
        else:
            self._keep(name, dict(event.event))

    def finish(self, last_ms: int) -> None:
        """Close every window and conversation, and finish what is being learned."""
        outcome = self._config.outcome
        self._fold(extraction.tick_signal(last_ms + round(2 * (outcome.idle_s + outcome.window_s) * 1000) + 1))
        for tenant in sorted(self._tenants):
            self._learn(tenant)

    def _fold(self, signal: Mapping[str, Any]) -> None:
        outputs = self._partition.fold(signal)
        for output in (*outputs, *alerts_for_outputs(outputs)):
            self._publish(output)

    def _publish(self, output: Output) -> None:
        name = TOPIC_OF[output.record]
        self._keep(name, output.datum)
        if name == Name.CUSTOMERS:
            profile = self._customers.fold(output.datum, (str(name), 0, self._offsets[str(name)] - 1))
            if profile:
                self._fold(profile)

    def _keep(self, name: Name, datum: Datum) -> None:
        self.records[name].append(datum)
        offset = self._next(str(name))
        if name in LEARNED_FROM:
            tenant = datum["tenant"]
            if tenant not in self._tenants:
                self._tenants[tenant] = TenantPolicyLearner(self._config, Snapshot(tenant))
            self._tenants[tenant].add(
                DecodedRecord(name, ConsumedRecord(str(name), 0, offset, None, None, (), 0), datum)
            )
            if name == Name.OUTCOMES and not len(self.records[name]) % self._config.policy.snapshot_outcomes:
                self._learn(tenant)

    def _learn(self, tenant: str) -> None:
        """A snapshot of what was learned so far, put to use at once."""
        tenant_learner = self._tenants[tenant]
        before = tenant_learner.snapshot.disabled
        datum = tenant_learner.learn({(str(name), 0): self._offsets[str(name)] for name in LEARNED_FROM}).record
        if datum is None:
            return
        version = datum["policy_version"]
        self._policies[version] = Policy(from_record(datum), version)
        offset = self._offsets[str(Name.POLICY)]
        self._keep(Name.POLICY, datum)
        for alert in rules.alerts_for_snapshot(tenant_learner.snapshot, before, self._config):
            self._publish(alert)
        self._fold(extraction.policy_signal(tenant, version, offset, datum["created_at"]))

    def _next(self, topic: str) -> int:
        self._offsets[topic] += 1
        return self._offsets[topic] - 1


def no_state(key: str) -> None:
    """Nothing was written before."""
