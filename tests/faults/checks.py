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
class Found:
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


def check_all(settings: Settings, messages_only: bool, floor_lost: bool = False) -> Found:
    """All checks of a run that has come to rest."""
    found = Found()
    kept: States = {}
    take_verdict(verify(settings, kept), found)
    compare_states(settings, kept, found, {FLOOR} if floor_lost else set())
    compare_rows(settings, found)
    if messages_only:
        compare_with_calm(settings, found)
    return found


def take_verdict(verdict: VerificationResult, found: Found) -> None:
    found.events, found.refused, found.repeats = verdict.events, verdict.refused, verdict.skipped
    found.snapshots = verdict.snapshots
    found.lost += len(verdict.lost) + len(verdict.missing)
    found.duplicated += verdict.folded_twice + len(verdict.folded_and_refused)
    for name in ("lost", "missing", "different", "unexpected", "folded_and_refused"):
        tell(found, f"verify: {name}", getattr(verdict, name))


def tell(found: Found, what: str, items: list[str]) -> None:
    if items:
        found.wrong.append(f"{what}: {len(items)}, as {', '.join(items[:SHOWN])}")


def compare_states(settings: Settings, kept: States, found: Found, but: set[str]) -> None:
    """The changelog against the fold of the log, some keys left out."""
    stored = states_in(settings)
    for number in sorted(kept.keys() | stored.keys()):
        called_for, there = kept.get(number, {}), stored.get(number, {})
        keys = sorted((called_for.keys() | there.keys()) - but)
        differing = [key for key in keys if called_for.get(key) != there.get(key)]
        tell(found, f"state of partition {number}", [key.replace("\x1f", "/") for key in differing])


def compare_rows(settings: Settings, found: Found) -> None:
    """ClickHouse after merge against the bus."""
    client = connect(settings)
    for name in ROWS:
        id_ = record(RECORD_OF[name]).published["fields"][0]["name"]
        rows = Counter(str(one) for (one,) in client.execute(f"SELECT {id_} FROM {TABLES[name].name} FINAL"))
        hold_rows(TABLES[name].name, rows, ids_in(settings, name), found)
    ratings = Counter(str(one) for (one,) in client.execute("SELECT event_id FROM ratings FINAL"))
    hold_rows("ratings", ratings, rated_in(settings), found)
    letters = client.execute("SELECT topic, partition, offset FROM dead_letters FINAL WHERE stage != 'sink'")
    refused = {"{}/{}/{}".format(*one) for one in read_refused_positions(settings)}
    hold_rows("dead_letters", Counter("{}/{}/{}".format(*one) for one in letters), refused, found)
    client.disconnect()


def hold_rows(table: str, rows: Counter[str], wanted: set[str], found: Found) -> None:
    missing, twice = sorted(wanted - rows.keys()), sorted(one for one, count in rows.items() if count > 1)
    found.lost += len(missing)
    found.duplicated += len(twice)
    tell(found, f"{table}: missing", missing)
    tell(found, f"{table}: twice", twice)
    tell(found, f"{table}: nowhere on the bus", sorted(rows.keys() - wanted))


def ids_in(settings: Settings, name: Name) -> set[str]:
    """Ids of the records of one of our topics."""
    return {one.header("ce_id") or "" for one in topic_reader.read(settings, [settings.topics.name(name)])}


def rated_in(settings: Settings) -> set[str]:
    """Ids of the ratings on the bus, all of which can be read."""
    codec, topic = codec_for(settings), settings.topics.name(Name.RATINGS)
    return {
        codec.decode(RATING, one.value, headers_of(one))["event_id"] for one in topic_reader.read(settings, [topic])
    }


def compare_with_calm(settings: Settings, found: Found) -> None:
    """Points and decisions against those of the same recording without faults."""
    calm = calm_run(settings)
    for name, topic in COMPARED.items():
        wanted = {id_: one for (kind, id_), one in calm.items() if kind == name}
        there = {
            one.header("ce_id") or "": digest(one.value)
            for one in topic_reader.read(settings, [settings.topics.name(topic)])
        }
        found.lost += len(wanted.keys() - there.keys())
        tell(found, f"{name}: not as without faults", [i for i in wanted if there.get(i) != wanted[i]])
        tell(found, f"{name}: not there without faults", sorted(there.keys() - wanted.keys()))


def calm_run(settings: Settings) -> dict[tuple[str, str], bytes]:
    """Digest of every output, by record and id. Topic and log share their partitioner, so the order is the topic's."""
    codec, told = codec_for(settings), {}
    models, policies = TextModelStore(settings), PolicyStore(settings, codec)
    partitions: dict[int, Partition] = defaultdict(lambda: Partition(settings.config, no_state, {}, models, policies))
    for one in topic_reader.read(settings, [settings.topics.name(Name.MESSAGES)]):
        try:
            check_size(one.value, settings.limits)
            event = codec.decode(record("message"), one.value, headers_of(one))
            check("message", event, now_ms(), settings.limits)
        except Rejected:
            continue
        signal = extract_signal("message", event, (one.topic, one.partition, one.offset), one.timestamp)
        signal = codec.decode(record("signal"), codec.encode(record("signal"), signal), {})
        for output in partitions[one.partition].fold(signal):
            told[output.record, output.id] = digest(codec.encode(record(output.record), output.datum))
    return told


def no_state(key: str) -> None:
    """Nothing is written: everything stays in the partition's memory."""
