"""The policy's learner alone with a broker: where it begins, how it dies, and what it says when it is back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Producer

from agents.kafka import client
from agents.kafka.partition_reader import PartitionReader
from agents.learning.policy_learner import PolicyLearner
from agents.learning.tenant_policy_learner import TenantPolicyLearner
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from agents.verification import policy_replay
from schemas.records import record
from schemas.topics import RECORD_OF, Name
from streams.config.model import PolicyConfig
from streams.policy.snapshot import Snapshot
from tests.end_to_end.learning.test_policy import HARMFUL, all_read, experiment, snapshots
from tests.support.bus_events import now_ms
from tests.support.data.lessons import rating
from tests.support.deployment import Deployment, deploy, eventually, settings_for

pytestmark = pytest.mark.reference

Record = dict[str, Any]
HOUR_MS = 3_600_000
SMALL = PolicyConfig(snapshot_outcomes=5, snapshot_s=0.2, rollback_after=40)


@pytest.fixture
def deployment(broker: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return deploy(settings_for(broker, partitions=2, policy=SMALL), tmp_path_factory.mktemp("alone"))


def publish(settings: Settings, name: Name, records: list[Record], at_ms: int) -> None:
    """As if the broker had been handed them at that moment."""
    codec, schema = codec_for(settings), record(RECORD_OF[name])
    producer = Producer(client.producer_config(settings))
    for datum in records:
        value = codec.encode(schema, datum)
        producer.produce(
            settings.topics.name(name),
            key=datum.get("conversation_id") or datum["policy_version"],
            value=value,
            timestamp=at_ms,
        )
    assert producer.flush(30) == 0


@contextmanager
def learner(deployment: Deployment) -> Iterator[PolicyLearner]:
    policy_learner = PolicyLearner(deployment.settings, codec_for(deployment.settings))
    yield policy_learner
    policy_learner.close()


def learned(deployment: Deployment, policy_learner: PolicyLearner, tenant: str, matured: int) -> Record:
    """The newest snapshot, once it has learned from so many outcomes."""

    def newest_snapshot() -> Record | None:
        policy_learner.step()
        last = list(snapshots(deployment, tenant).values())[-1:]
        return last[0][1] if last and last[0][1]["matured"] >= matured else None

    newest: Record = eventually(newest_snapshot, f"{matured} are learned")
    return newest


def read_of(deployment: Deployment, name: Name, tenant: str) -> list[tuple[int, Record]]:
    """Partition and content of what stands in one of our topics about a tenant."""
    codec, schema = codec_for(deployment.settings), record(RECORD_OF[name])
    decoded = [(message.partition, codec.decode(schema, message.value, {})) for message in deployment.read(name)]
    return [(partition, datum) for partition, datum in decoded if datum["tenant"] == tenant]


def announced(deployment: Deployment, tenant: str) -> list[tuple[str, int]]:
    """Versions and offsets the partitions were told, the same of all of them."""
    versions_by_partition: dict[int, list[tuple[str, int]]] = {
        number: [] for number in range(deployment.settings.partitions)
    }
    for partition, signal in read_of(deployment, Name.SIGNALS, tenant):
        versions_by_partition[partition].append((signal["policy_version"], signal["snapshot_offset"]))
    assert all(versions == versions_by_partition[0] for versions in versions_by_partition.values())
    return versions_by_partition[0]


def test_who_was_away_for_days_learns_what_came_meanwhile(deployment: Deployment) -> None:
    """And what it had learned before, it does not learn again."""
    settings, now = deployment.settings, now_ms()
    decisions, outcomes = experiment("away", 30, 0.0)
    both = ((Name.DECISIONS, decisions), (Name.OUTCOMES, outcomes))
    for name, records in both:
        publish(settings, name, records[:10], now - 60 * HOUR_MS)
    before = learned_by_hand(deployment, "away")
    publish(settings, Name.POLICY, [before], now - 60 * HOUR_MS)
    for name, records in both:
        publish(settings, name, records[10:20], now - 40 * HOUR_MS)
        publish(settings, name, records[20:], now)
    with learner(deployment) as policy_learner:
        after = learned(deployment, policy_learner, "away", 30)
    assert (before["matured"], after["matured"], after["previous"]) == (10, 30, before["policy_version"])


def learned_by_hand(deployment: Deployment, tenant: str) -> Record:
    """The snapshot of all that stands in the topics now."""
    reads = all_read(deployment)
    again = TenantPolicyLearner(deployment.settings.config, Snapshot(tenant))
    for read in reads:
        again.add(read)
    ends = client.end_offsets(deployment.settings, list({read.position for read in reads}))
    snapshot_record = again.learn(ends).record
    assert snapshot_record is not None
    return snapshot_record


def test_who_restarts_knows_what_it_knew_and_verify_comes_to_the_same(deployment: Deployment) -> None:
    """Batches that teach nothing are told of, too; what a restart remembers follows from each of them, one by one."""
    settings = deployment.settings
    decisions, outcomes = experiment("batches", 8, 0.0)
    [first, later, *rest], [one_outcome, censored, *rest_outcomes] = decisions, outcomes
    for one in (first, later, *rest):
        one["conversation_id"] = "batches"
    for one in outcomes:
        one["conversation_id"] = "batches"
    away = round(settings.config.policy.remembered_s * 1000) + HOUR_MS
    later["event_time"] += away
    censored |= {"event_time": censored["event_time"] + away, "reward": None, "post_level": None}
    censored |= {"status": "censored", "censoring_reason": "no_turns"}

    def batch(one: PolicyLearner, *records: tuple[Name, Record]) -> Record:
        before = list(snapshots(deployment, "batches"))
        for name, datum in records:
            publish(settings, name, [datum], now_ms())

        def found() -> Record | None:
            one.step()
            known = snapshots(deployment, "batches")
            return known[list(known)[-1]][1] if len(known) > len(before) else None

        newest: Record = eventually(found, "a snapshot")
        return newest

    for name, datum in ((Name.DECISIONS, first), (Name.OUTCOMES, one_outcome)):
        publish(settings, name, [datum], now_ms())
    with learner(deployment) as one:
        told = [
            batch(one),
            batch(one, (Name.DECISIONS, later), (Name.OUTCOMES, censored)),
            batch(one, (Name.DECISIONS, first), (Name.OUTCOMES, one_outcome)),  # published again, when it is forgotten
        ]
    assert [found["matured"] for found in told] == [1, 1, 2]
    with learner(deployment) as one:
        said = batch(one, (Name.RATINGS, rating(first)))
        assert said["response"] != told[-1]["response"], "it is known since it was published again"
        batch(one, *((Name.DECISIONS, found) for found in rest), *((Name.OUTCOMES, found) for found in rest_outcomes))
    codec = codec_for(settings)
    published = [found for found in policy_replay.read_snapshots(settings, codec) if found[1].tenant == "batches"]
    assert len(published) >= 5
    for version, _, _, again in policy_replay.relearn_snapshots(settings, codec, published):
        assert again is not None and again["policy_version"] == version


class Died(Exception):
    """The process ends here."""


def die(*about: object) -> None:
    raise Died


@pytest.mark.parametrize(("at", "told_before"), [("_announce", 0), ("_alert", 1)])
def test_what_it_died_before_telling_the_next_one_tells(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, at: str, told_before: int
) -> None:
    decisions, outcomes = experiment("dies", 120, 0.5)
    publish(deployment.settings, Name.DECISIONS, decisions, now_ms())
    publish(deployment.settings, Name.OUTCOMES, outcomes, now_ms())
    with monkeypatch.context() as moment, learner(deployment) as one:
        moment.setattr(PolicyLearner, at, die)
        with pytest.raises(Died):
            eventually(one.step, "it dies")
    [(version, (offset, found))] = snapshots(deployment, "dies").items()
    assert (found["matured"], found["disabled"]) == (120, [HARMFUL])
    assert announced(deployment, "dies") == [(version, offset)] * told_before
    assert read_of(deployment, Name.ALERTS, "dies") == []
    for again in (1, 2):
        with learner(deployment) as one:
            for _ in range(5):
                one.step()
        assert announced(deployment, "dies") == [(version, offset)] * (told_before + again)
        alerts = [datum for _, datum in read_of(deployment, Name.ALERTS, "dies")]
        assert [one["rule"] for one in alerts] == ["option_rolled_back"] * again
        assert len({one["alert_id"] for one in alerts}) == 1
    assert list(snapshots(deployment, "dies")) == [version], "nothing was learned twice"


def test_inputs_begin_at_their_moment_and_end_at_the_end(broker: tuple[str, str], deployment: Deployment) -> None:
    settings, now = deployment.settings, now_ms()
    names = [settings.topics.name(name) for name in (Name.DECISIONS, Name.OUTCOMES)]
    decisions, outcomes = experiment("read", 20, 0.0)
    publish(settings, Name.DECISIONS, decisions[:10], now - 9 * HOUR_MS)
    publish(settings, Name.DECISIONS, decisions[10:], now)
    publish(settings, Name.OUTCOMES, outcomes[:1], now - 9 * HOUR_MS)  # the other partition is empty
    inputs = PartitionReader(settings, names, now - HOUR_MS)
    found = inputs.take_until(inputs.ends(*names))
    assert inputs.read_to == client.end_offsets(settings, list(inputs.read_to))
    inputs.close()
    # The embedded broker does not look at times: it begins at the beginning.
    assert len(found) == (21 if broker[0] == "tansu" else 10)


def test_a_transaction_does_not_hide_the_end(
    broker: tuple[str, str], deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A platform may publish its ratings in transactions: their markers count as records, and nobody is given them."""
    if broker[0] == "tansu":
        pytest.skip("the embedded broker has no transactions")
    monkeypatch.setattr("agents.kafka.partition_reader.SILENCE_S", 5.0)
    settings, name = deployment.settings, deployment.settings.topics.name(Name.RATINGS)
    producer = Producer({**client.producer_config(settings), "transactional.id": "platform"})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(name, key="c1", value=b"any")
    producer.commit_transaction(20)
    inputs = PartitionReader(settings, [name], 0)
    ends = inputs.ends(name)
    assert sum(ends.values()) == 2
    assert [one.value for one in inputs.take_until(ends)] == [b"any"]
    assert inputs.read_to == ends
    inputs.close()
