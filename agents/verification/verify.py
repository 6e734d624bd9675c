"""``tenor verify``: folds the signals log again, offline, and compares the result with the published records.

Three questions, all answered exactly:

* Does every output follow from the log? Each decision, outcome, point, intervention, alert, customer note and distal
  outcome must be published under its id with the same bytes, and no other record. Profiles are not compared: they are
  in the log. Nor are alerts of workload: they follow from assignments, which are not in the log.
* Does every policy snapshot follow from the one before and the decisions, outcomes, ratings and commands up to its
  positions? Each is learned again; rollbacks and drift must have been published as alerts.
* Did every input event count once? Each must be in the signals log or in a dead letter queue, and be folded once
  however often ingest sent it.
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
WORKER_TOPICS = (*INGESTED, Name.SIGNALS, Name.CUSTOMERS)
# Reasons that depend on the time of reading: an event read again after a crash may be accepted, or refused for another.
TRANSIENT_REASONS = {Reason.RATE_LIMITED.value, Reason.TIME_OUT_OF_RANGE.value, Reason.UNKNOWN_SCHEMA.value}
Source = tuple[str, int, int]
Refused = dict[Source, set[str]]
States = dict[int, dict[str, bytes]]  # encoded, by partition and key
Digests = dict[tuple[str, str], bytes]  # of encoded records, by record name and id


def verify(settings: Settings, final_states: States | None = None) -> VerificationResult:
    """Fold the log again and compare. ``Failure`` when the log no longer begins at its first record.

    Args:
        final_states: filled with the states at the end of the log.
    """
    topics.require_all(settings)
    result = VerificationResult()
    codec = codec_for(settings)
    # Before the log is read: records published later may follow from signals that this fold does not read.
    ends = client.end_offsets(settings, output_partitions(settings))
    published = policy_replay.read_snapshots(settings, codec)
    expected, folded = fold_log(settings, codec, result, {} if final_states is None else final_states)
    expected |= verify_snapshots(settings, codec, published, result)
    compare(settings, codec, expected, ends, result)
    check_inputs(settings, folded, result)
    return result


def digest(value: bytes | None) -> bytes:
    return blake2b(value or b"", digest_size=16).digest()


def fold_log(
    settings: Settings, codec: Codec, result: VerificationResult, final_states: States
) -> tuple[Digests, Counter[Source]]:
    """Digests of the outputs that follow from the log, and how often each input event was folded."""
    expected: Digests = {}
    folded: Counter[Source] = Counter()
    models, policies = TextModelStore(settings), PolicyStore(settings, codec)
    partitions: dict[int, Partition] = {}
    for message in topic_reader.read(settings, [settings.topics.name(Name.SIGNALS)]):
        require_first_offset(message, partitions)
        states = final_states.setdefault(message.partition, {})
        if message.partition not in partitions:
            partitions[message.partition] = Partition(settings.config, states.get, {}, models, policies)
        for output in fold_record(partitions[message.partition], states, codec, message, folded, result):
            expected[output.record, output.id] = digest(codec.encode(record(output.record), output.datum))
    for name, _ in expected:
        result.expected[name] += 1
    result.skipped = sum(partition.skipped for partition in partitions.values())
    return expected, folded


def verify_snapshots(
    settings: Settings, codec: Codec, published: list[tuple[str, Snapshot]], result: VerificationResult
) -> Digests:
    """Learn every snapshot again and compare; digests of the alerts that follow from the snapshots."""
    expected: Digests = {}
    result.snapshots = len(published)
    for version, before, snapshot, learned in policy_replay.relearn_snapshots(settings, codec, published):
        if learned is None or learned["policy_version"] != version:
            result.different.append(f"policy_snapshot {version}")
        for alert in alerting.alerts_for_snapshot(snapshot, before.disabled, settings.config):
            expected["alert", alert.id] = digest(codec.encode(record("alert"), alert.datum))
            result.expected["alert"] += 1
    return expected


def require_first_offset(message: ConsumedRecord, seen: Container[int]) -> None:
    if message.partition not in seen and message.offset != 0:
        raise Failure(
            f"{message.topic} begins at offset {message.offset}: retention has deleted older signals.",
            "tenor verify needs the log from its first record: run it within the topic's retention.",
        )


def fold_record(
    partition: Partition,
    states: dict[str, bytes],
    codec: Codec,
    message: ConsumedRecord,
    folded: Counter[Source],
    result: VerificationResult,
) -> list[Output]:
    """Fold one record as the worker does, writing its state at once."""
    result.signals += 1
    try:
        signal = codec.decode(SIGNAL, message.value, {})
    except Rejected:  # the worker sent it to the dead letter queue
        result.unreadable += 1
        return []
    result.ticks += signal["kind"] == "tick"
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
    settings: Settings, codec: Codec, expected: Digests, ends: dict[client.Position, int], result: VerificationResult
) -> None:
    """Compare the published outputs with those that follow from the log."""
    published: Digests = {}
    for name in OUTPUTS:
        for message in topic_reader.read(settings, [settings.topics.name(name)]):
            if message.header("ce_source") in (COMMAND_SOURCE, WORKLOAD_SOURCE):
                continue
            key = (RECORD_OF[name], message.header("ce_id") or "")
            if key not in expected and message.offset >= ends[message.topic, message.partition]:
                continue
            count_published(key, digest(message.value), published, expected, result)
            if published[key] != expected.get(key):
                result.other_config |= read_config_version(codec, key[0], message)
    result.missing = sorted(f"{name} {id_}" for name, id_ in expected.keys() - published.keys())
    result.unexpected = sorted(f"{name} {id_}" for name, id_ in published.keys() - expected.keys())
    result.other_config.discard(settings.config.version)


def read_config_version(codec: Codec, name: str, message: ConsumedRecord) -> set[str]:
    """The config version in an output; empty for a record that cannot be decoded."""
    try:
        return {codec.decode(record(name), message.value, {})["config_version"]}
    except Rejected:
        return set()


def count_published(
    key: tuple[str, str],
    value: bytes,
    published: Digests,
    expected: Digests,
    result: VerificationResult,
) -> None:
    """Count one published record and compare its digest."""
    if key in published:
        result.repeated[key[0]] += 1
    else:
        result.published[key[0]] += 1
    if value != expected.get(key, value):
        result.different.append(f"{key[0]} {key[1]}")
    published.setdefault(key, value)


def check_inputs(settings: Settings, folded: Counter[Source], result: VerificationResult) -> None:
    """Check that every input event is folded once or refused."""
    events = topic_reader.read(settings, [settings.topics.name(name) for name in INGESTED])
    positions = ((event.topic, event.partition, event.offset) for event in events)
    check_events(positions, read_refused_positions(settings), folded, result)


def check_events(
    events: Iterable[Source], refused: Refused, folded: Counter[Source], result: VerificationResult
) -> None:
    """Check each event. Folded and refused is wrong, unless the reason is transient."""
    result.folded_twice = sum(times > 1 for times in folded.values())
    result.folded = len(folded)
    for event in events:
        result.events += 1
        if event in refused:
            result.refused += 1
            if event in folded and refused[event] - TRANSIENT_REASONS:
                result.folded_and_refused.append("{}/{}/{}".format(*event))
        elif event not in folded:
            result.lost.append("{}/{}/{}".format(*event))


def read_refused_positions(settings: Settings) -> Refused:
    """Positions of the input events in dead letter queues, with the reasons of their refusals."""
    names = settings.topics
    positions: Refused = defaultdict(set)
    for message in topic_reader.read(settings, [names.dead_letters(name) for name in WITH_DEAD_LETTERS]):
        errors = error_headers(message.headers)
        topic, partition, offset = (errors.get(name) for name in ("topic", "partition", "offset"))
        if topic and partition and offset:
            positions[topic, int(partition), int(offset)].add(errors.get("reason", ""))
    return positions


def format_lag(settings: Settings) -> str:
    """The lag of the workers in words, which may explain missing outputs."""
    positions = client.partitions_of(settings, [settings.topics.name(name) for name in WORKER_TOPICS])
    ends = client.end_offsets(settings, positions)
    done = client.committed_offsets(settings, settings.topics.worker_group, positions)
    lag = sum(max(0, ends[position] - done[position]) for position in positions)
    return f"The workers are {lag} records behind: wait, then verify again." if lag else "The workers have no lag."
