"""``tenor verify``: folds the signals log again, offline, and compares with what the run published.

Three questions, all answered exactly:

* Does every output follow from the log? Each decision, outcome, point, intervention, alert, customer note and distal
  outcome must be there under its id with the very same bytes, and no other. A profile is no output: it stands in the
  log. An alert of workload is none either: it follows from who was assigned when, which is not in the log.
* Does every policy snapshot follow from the one before and the decisions, outcomes, ratings and commands up to its
  positions? Each is learned again; what it rolled back, and drift, must have been told.
* Did every input event count once? Each must stand in the signals log or in a dead letter queue, and be folded
  once however often ingest sent it.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable
from hashlib import blake2b

from agents.common.errors import Failure
from agents.kafka import client, topic_reader
from agents.kafka.admin import topics
from agents.kafka.consumed_record import ConsumedRecord
from agents.kafka.record_builder import COMMAND_SOURCE, WORKLOAD_SOURCE
from agents.learning.policies import PolicyStore
from agents.learning.text_models import TextModelStore
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from agents.verification import policy_replay
from agents.verification.result import VerificationResult
from schemas.codec import Codec
from schemas.errors import Reason, Rejected
from schemas.headers import error_headers
from schemas.records import record
from schemas.topics import INGESTED, OUTPUTS, RECORD_OF, WITH_DEAD_LETTERS, Name
from streams.alerts import rules as alerting
from streams.alerts.rules import alerts_for_outputs
from streams.conversations.partition import Partition
from streams.outputs import Output
from streams.policy.snapshot import Snapshot

SIGNAL = record("signal")
WORKED = (*INGESTED, Name.SIGNALS, Name.CUSTOMERS)
# Verdicts of a moment: who reads the event again after a crash may have another one.
PASSING = {str(one) for one in (Reason.RATE_LIMITED, Reason.TIME_OUT_OF_RANGE, Reason.UNKNOWN_SCHEMA)}
Source = tuple[str, int, int]
Refused = dict[Source, set[str]]
States = dict[int, dict[str, bytes]]  # encoded, by partition and key
Digests = dict[tuple[str, str], bytes]  # of encoded records, by record name and id


def verify(settings: Settings, kept: States | None = None) -> VerificationResult:
    """Fold the log again and compare. ``Failure`` when the log no longer begins at its first record.

    Args:
        kept: filled with the states that are left in the end.
    """
    topics.require_all(settings)
    verdict = VerificationResult()
    codec = codec_for(settings)
    # Before the log is read: what is published later may follow from signals that this reading does not see.
    ends = client.end_offsets(settings, output_partitions(settings))
    published = policy_replay.snapshots(settings, codec)
    expected, folded = fold_log(settings, codec, verdict, {} if kept is None else kept)
    expected |= learn_again(settings, codec, published, verdict)
    compare(settings, codec, expected, ends, verdict)
    account(settings, folded, verdict)
    return verdict


def digest(value: bytes | None) -> bytes:
    return blake2b(value or b"", digest_size=16).digest()


def fold_log(
    settings: Settings, codec: Codec, verdict: VerificationResult, kept: States
) -> tuple[Digests, Counter[Source]]:
    """Outputs the log calls for, by record and id, and how often each input event was folded."""
    expected: Digests = {}
    folded: Counter[Source] = Counter()
    models, policies = TextModelStore(settings), PolicyStore(settings, codec)
    partitions: dict[int, Partition] = {}
    for message in topic_reader.read(settings, [settings.topics.name(Name.SIGNALS)]):
        require_beginning(message, partitions)
        states = kept.setdefault(message.partition, {})
        if message.partition not in partitions:
            partitions[message.partition] = Partition(settings.config, states.get, {}, models, policies)
        for output in fold_one(partitions[message.partition], states, codec, message, folded, verdict):
            expected[output.record, output.id] = digest(codec.encode(record(output.record), output.datum))
    for name, _ in expected:
        verdict.expected[name] += 1
    verdict.skipped = sum(partition.skipped for partition in partitions.values())
    return expected, folded


def learn_again(
    settings: Settings, codec: Codec, published: list[tuple[str, Snapshot]], verdict: VerificationResult
) -> Digests:
    """Hold every snapshot against its inputs; the alerts that follow from it."""
    expected: Digests = {}
    verdict.snapshots = len(published)
    for version, before, snapshot, found in policy_replay.learned_again(settings, codec, published):
        if found is None or found["policy_version"] != version:
            verdict.different.append(f"policy_snapshot {version}")
        for alert in alerting.alerts_for_snapshot(snapshot, before.disabled, settings.config):
            expected["alert", alert.id] = digest(codec.encode(record("alert"), alert.datum))
            verdict.expected["alert"] += 1
    return expected


def require_beginning(message: ConsumedRecord, seen: Container[int]) -> None:
    if message.partition not in seen and message.offset != 0:
        raise Failure(
            f"{message.topic} begins at offset {message.offset}: older signals are gone by retention",
            "verify needs the log from its first record",
        )


def fold_one(
    partition: Partition,
    states: dict[str, bytes],
    codec: Codec,
    message: ConsumedRecord,
    folded: Counter[Source],
    verdict: VerificationResult,
) -> list[Output]:
    """Fold one record as the worker does, writing its state at once."""
    verdict.signals += 1
    try:
        signal = codec.decode(SIGNAL, message.value, {})
    except Rejected:  # the worker sent it to the dead letter queue
        verdict.unreadable += 1
        return []
    verdict.ticks += signal["kind"] == "tick"
    skipped = partition.skipped
    outputs = partition.fold(signal, message.offset)
    if signal["kind"] not in ("tick", "profile", "model", "policy", "forget") and partition.skipped == skipped:
        source = signal["source"]
        folded[source["topic"], source["partition"], source["offset"]] += 1
    for key, value in partition.changes():
        if value is None:
            states.pop(key, None)
        else:
            states[key] = value
    return [*outputs, *alerts_for_outputs(outputs)]


def output_partitions(settings: Settings) -> list[client.Position]:
    return client.partitions_of(settings, [settings.topics.name(name) for name in OUTPUTS])


def compare(
    settings: Settings, codec: Codec, expected: Digests, ends: dict[client.Position, int], verdict: VerificationResult
) -> None:
    """Hold what was published against what the log calls for."""
    found: Digests = {}
    for name in OUTPUTS:
        for message in topic_reader.read(settings, [settings.topics.name(name)]):
            if message.header("ce_source") in (COMMAND_SOURCE, WORKLOAD_SOURCE):
                continue
            key = (RECORD_OF[name], message.header("ce_id") or "")
            if key not in expected and message.offset >= ends[message.topic, message.partition]:
                continue
            hold(key, digest(message.value), found, expected, verdict)
            if found[key] != expected.get(key):
                verdict.other_config |= settings_of(codec, key[0], message)
    verdict.missing = sorted(f"{name} {id_}" for name, id_ in expected.keys() - found.keys())
    verdict.unexpected = sorted(f"{name} {id_}" for name, id_ in found.keys() - expected.keys())
    verdict.other_config.discard(settings.config.version)


def settings_of(codec: Codec, name: str, message: ConsumedRecord) -> set[str]:
    """Version of the settings an output was made under; none of what is no output at all."""
    try:
        return {codec.decode(record(name), message.value, {})["config_version"]}
    except Rejected:
        return set()


def hold(
    key: tuple[str, str],
    value: bytes,
    found: Digests,
    expected: Digests,
    verdict: VerificationResult,
) -> None:
    """Take one published record into account."""
    if key in found:
        verdict.repeated[key[0]] += 1
    else:
        verdict.published[key[0]] += 1
    if value != expected.get(key, value):
        verdict.different.append(f"{key[0]} {key[1]}")
    found.setdefault(key, value)


def account(settings: Settings, folded: Counter[Source], verdict: VerificationResult) -> None:
    """Every input event must be folded once or refused."""
    events = topic_reader.read(settings, [settings.topics.name(name) for name in INGESTED])
    positions = ((one.topic, one.partition, one.offset) for one in events)
    hold_events(positions, refused_positions(settings), folded, verdict)


def hold_events(
    events: Iterable[Source], refused: Refused, folded: Counter[Source], verdict: VerificationResult
) -> None:
    """Hold each event against where it went. Both is wrong, unless the reason may have gone when it was read again."""
    verdict.folded_twice = sum(times > 1 for times in folded.values())
    verdict.folded = len(folded)
    for event in events:
        verdict.events += 1
        if event in refused:
            verdict.refused += 1
            if event in folded and refused[event] - PASSING:
                verdict.folded_and_refused.append("{}/{}/{}".format(*event))
        elif event not in folded:
            verdict.lost.append("{}/{}/{}".format(*event))


def refused_positions(settings: Settings) -> Refused:
    """Positions of the input events that stand in a dead letter queue, with the reasons that are given there."""
    names = settings.topics
    positions: Refused = defaultdict(set)
    for message in topic_reader.read(settings, [names.dead_letters(name) for name in WITH_DEAD_LETTERS]):
        errors = error_headers(message.headers)
        topic, partition, offset = (errors.get(name) for name in ("topic", "partition", "offset"))
        if topic and partition and offset:
            positions[topic, int(partition), int(offset)].add(errors.get("reason", ""))
    return positions


def lag_hint(settings: Settings) -> str:
    """Says when a worker has not caught up, which explains what is missing."""
    positions = client.partitions_of(settings, [settings.topics.name(name) for name in WORKED])
    ends = client.end_offsets(settings, positions)
    done = client.committed_offsets(settings, settings.topics.worker_group, positions)
    behind = sum(max(0, ends[position] - done[position]) for position in positions)
    return f"the workers are {behind} records behind; wait and verify again" if behind else "the workers are caught up"
