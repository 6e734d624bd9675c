"""What must hold after every case, exactly.

* ``tenor verify``: outputs equal an offline fold of the signals log; every event folded once or refused.
* The state in the changelog, read as a recovery reads it, equals that of the offline fold: what a worker that should
  no longer have written put there would show here.
* ClickHouse, after merge, holds each output, each rating and each refused event of the bus once, and nothing else.
* A messages-only recording: points and decisions equal those of a run without faults, which is the recording folded
  in the order of the bus by the functions that the workers are made of, without a broker, a clock or a tick.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from agents.clickhouse.client import connect
from agents.clickhouse.tables import TABLES
from agents.common.clock import now_ms
from agents.kafka import topic_reader
from agents.kafka.record_builder import headers_of
from agents.learning.policies import PolicyStore
from agents.learning.text_models import TextModelStore
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from agents.verification.result import VerificationResult
from agents.verification.verify import States, digest, read_refused_positions, verify
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import RECORD_OF, Name
from schemas.validation import check, check_size
from streams.conversations.partition import FLOOR, Partition
from streams.signals.extraction import extract_signal
from tests.faults.changelog import states_in

ROWS = (Name.TRAJECTORIES, Name.DECISIONS, Name.OUTCOMES, Name.ALERTS, Name.DISTAL)
RATING = record("rating")
COMPARED = {"trajectory_point": Name.TRAJECTORIES, "decision": Name.DECISIONS}
SHOWN = 3


@dataclass
class CheckResults:
    """What the checks found of one case.

    Attributes:
        events: records on the input topics.
        refused: of them, in a dead letter queue.
        lost: events in neither place, outputs that are missing on the bus or in ClickHouse.
        duplicated: events folded twice, rows that stand twice after merge.
        wrong: anything else that is not as it must be.
        repeats: signals that came again and were skipped.
        snapshots: of the policy, each learned again.
    """

    events: int = 0
    refused: int = 0
    lost: int = 0
    duplicated: int = 0
    wrong: list[str] = field(default_factory=list)
    repeats: int = 0
    snapshots: int = 0

    @property
    def exact(self) -> bool:
        return not (self.lost or self.duplicated or self.wrong)


def check_all(settings: Settings, messages_only: bool, floor_lost: bool = False) -> CheckResults:
    """All checks of a run that has come to rest."""
    results = CheckResults()
    states: States = {}
    add_verification(verify(settings, states), results)
    compare_states(settings, states, results, {FLOOR} if floor_lost else set())
    compare_rows(settings, results)
    if messages_only:
        compare_with_calm(settings, results)
    return results


def add_verification(verdict: VerificationResult, results: CheckResults) -> None:
    results.events, results.refused, results.repeats = verdict.events, verdict.refused, verdict.skipped
    results.snapshots = verdict.snapshots
    results.lost += len(verdict.lost) + len(verdict.missing)
    results.duplicated += verdict.folded_twice + len(verdict.folded_and_refused)
    for name in ("lost", "missing", "different", "unexpected", "folded_and_refused"):
        report_mismatch(results, f"verify: {name}", getattr(verdict, name))


def report_mismatch(results: CheckResults, what: str, items: list[str]) -> None:
    if items:
        results.wrong.append(f"{what}: {len(items)}, as {', '.join(items[:SHOWN])}")


def compare_states(settings: Settings, kept: States, results: CheckResults, but: set[str]) -> None:
    """The changelog against the fold of the log, some keys left out."""
    stored = states_in(settings)
    for number in sorted(kept.keys() | stored.keys()):
        called_for, there = kept.get(number, {}), stored.get(number, {})
        keys = sorted((called_for.keys() | there.keys()) - but)
        differing = [key for key in keys if called_for.get(key) != there.get(key)]
        report_mismatch(results, f"state of partition {number}", [key.replace("\x1f", "/") for key in differing])


def compare_rows(settings: Settings, results: CheckResults) -> None:
    """ClickHouse after merge against the bus."""
    client = connect(settings)
    for name in ROWS:
        id_ = record(RECORD_OF[name]).published["fields"][0]["name"]
        rows = Counter(str(row) for (row,) in client.execute(f"SELECT {id_} FROM {TABLES[name].name} FINAL"))
        compare_table(TABLES[name].name, rows, ids_in(settings, name), results)
    ratings = Counter(str(row) for (row,) in client.execute("SELECT event_id FROM ratings FINAL"))
    compare_table("ratings", ratings, rated_in(settings), results)
    letters = client.execute("SELECT topic, partition, offset FROM dead_letters FINAL WHERE stage != 'sink'")
    refused = {"{}/{}/{}".format(*row) for row in read_refused_positions(settings)}
    compare_table("dead_letters", Counter("{}/{}/{}".format(*row) for row in letters), refused, results)
    client.disconnect()


def compare_table(table: str, rows: Counter[str], wanted: set[str], results: CheckResults) -> None:
    missing, twice = sorted(wanted - rows.keys()), sorted(id_ for id_, count in rows.items() if count > 1)
    results.lost += len(missing)
    results.duplicated += len(twice)
    report_mismatch(results, f"{table}: missing", missing)
    report_mismatch(results, f"{table}: twice", twice)
    report_mismatch(results, f"{table}: nowhere on the bus", sorted(rows.keys() - wanted))


def ids_in(settings: Settings, name: Name) -> set[str]:
    """Ids of the records of one of our topics."""
    return {message.header("ce_id") or "" for message in topic_reader.read(settings, [settings.topics.name(name)])}


def rated_in(settings: Settings) -> set[str]:
    """Ids of the ratings on the bus, all of which can be read."""
    codec, topic = codec_for(settings), settings.topics.name(Name.RATINGS)
    return {
        codec.decode(RATING, message.value, headers_of(message))["event_id"]
        for message in topic_reader.read(settings, [topic])
    }


def compare_with_calm(settings: Settings, results: CheckResults) -> None:
    """Points and decisions against those of the same recording without faults."""
    calm = calm_run(settings)
    for name, topic in COMPARED.items():
        wanted = {id_: message for (kind, id_), message in calm.items() if kind == name}
        there = {
            message.header("ce_id") or "": digest(message.value)
            for message in topic_reader.read(settings, [settings.topics.name(topic)])
        }
        results.lost += len(wanted.keys() - there.keys())
        report_mismatch(results, f"{name}: not as without faults", [i for i in wanted if there.get(i) != wanted[i]])
        report_mismatch(results, f"{name}: not there without faults", sorted(there.keys() - wanted.keys()))


def calm_run(settings: Settings) -> dict[tuple[str, str], bytes]:
    """Digest of every output, by record and id."""
    codec, digests = codec_for(settings), {}
    models, policies = TextModelStore(settings), PolicyStore(settings, codec)
    partitions: dict[int, Partition] = defaultdict(lambda: Partition(settings.config, no_state, {}, models, policies))
    for message in topic_reader.read(settings, [settings.topics.name(Name.MESSAGES)]):
        try:
            check_size(message.value, settings.limits)
            event = codec.decode(record("message"), message.value, headers_of(message))
            check("message", event, now_ms(), settings.limits)
        except Rejected:
            continue
        signal = extract_signal("message", event, (message.topic, message.partition, message.offset), message.timestamp)
        signal = codec.decode(record("signal"), codec.encode(record("signal"), signal), {})
        for output in partitions[message.partition].fold(signal):
            digests[output.record, output.id] = digest(codec.encode(record(output.record), output.datum))
    return digests


def no_state(key: str) -> None:
    """Nothing is written: everything stays in the partition's memory."""
