"""What the version before wrote, byte for byte: a recording, the signals log it became, and what followed from it.

``written/v0.1`` was made on the last commit of that version: 60 conversations of 20 customers, messages alone. After a
change that is meant to change records, ``make fixture`` writes the log and the digests anew; say in the commit which
records changed and why.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from agents.docgen.offline_pipeline import OfflinePipeline
from agents.recordings import file
from agents.recordings.model import Event, Recording
from agents.recordings.replay import with_ratings
from agents.simulator.day import simulate
from schemas.codec import Codec
from schemas.records import Datum, record
from schemas.topics import RECORD_OF, TOPIC_OF, Name
from streams.alerts.rules import alerts_for_outputs
from streams.config.model import Config, PolicyConfig
from streams.conversations.partition import Partition
from streams.policy.policy import Policy
from streams.policy.snapshot import from_record

FOLDER = Path(__file__).with_name("written") / "v0.1"
CONFIG = Config(policy=PolicyConfig(snapshot_outcomes=10, safe_start=10))
CODEC, SIGNAL = Codec(), record("signal")
WRITE_EVERY = 100


class Recorder(OfflinePipeline):
    """Keeps the signals log as bytes, and hashes every state that would be written to the changelog."""

    def __init__(self) -> None:
        super().__init__(CONFIG)
        self._stored: dict[str, bytes] = {}
        self._partition = Partition(CONFIG, self._stored.get, {}, policies=self._policies.get)
        self._states = sha256()
        self.log: list[bytes] = []

    @property
    def states(self) -> str:
        """Digest of every key and state in the order of writing."""
        return self._states.hexdigest()

    def _fold(self, signal: Mapping[str, Any]) -> None:
        self.log.append(CODEC.encode(SIGNAL, dict(signal)))
        super()._fold(signal)
        if len(self.log) % WRITE_EVERY == 0:
            self.write()

    def write(self) -> None:
        """Write the changed states, as a worker does after a run."""
        for key, value in self._partition.changes():
            self._states.update(key.encode() + b"\0" + (value or b"") + b"\0")
            self._stored[key] = value or b""
            if value is None:
                del self._stored[key]


def play(events: Iterable[Event]) -> Recorder:
    """A recording through ingest, fold and learner."""
    run, last_ms = Recorder(), 0
    for event in events:
        last_ms = max(last_ms, int(event.event["event_time"]))
        run.take(event)
    run.finish(last_ms)
    run.write()
    return run


def digest(name: Name, data: Iterable[Datum]) -> str:
    """SHA-256 of the records of a topic as they would be published."""
    return sha256(b"".join(CODEC.encode(record(RECORD_OF[name]), datum) for datum in data)).hexdigest()


def digest_all(run: Recorder) -> str:
    """SHA-256 of everything that was published, topic after topic; ratings are input, and wording is no longer kept."""
    names = sorted(name for name in run.records if name not in ("conversation.ratings", "tenor.wording"))
    return sha256(
        b"".join(CODEC.encode(record(RECORD_OF[name]), datum) for name in names for datum in run.records[name])
    ).hexdigest()


@cache
def expected() -> dict[str, Any]:
    digests: dict[str, Any] = json.loads((FOLDER / "digests.json").read_text())
    return digests


@cache
def written_log() -> list[bytes]:
    return msgspec.msgpack.decode(gzip.decompress((FOLDER / "signals.msgpack.gz").read_bytes()), type=list[bytes])


@cache
def replayed() -> Recorder:
    return play(with_ratings(file.read(FOLDER / "recording.jsonl.gz")))


@cache
def simulated_day() -> Recorder:
    return play(with_ratings(Recording(7, tuple(simulate(7, 30)))))


def digests() -> dict[str, Any]:
    """What this version writes, in the form of ``digests.json``."""
    topics = {
        str(name): {"records": len(data), "sha256": digest(name, data)}
        for name, data in replayed().records.items()
        if name != Name.RATINGS
    }
    day = simulated_day()
    signals = sha256(b"".join(day.log)).hexdigest()
    return {
        "config_version": CONFIG.version,
        "simulated_day": {"sha256": digest_all(day), "signals": signals, "states": day.states},
        "states": replayed().states,
        "topics": topics,
    }


def write_fixture() -> None:
    """Write the log and the digests of this version over those in the folder."""
    log = gzip.compress(msgspec.msgpack.encode(replayed().log), 9, mtime=0)
    (FOLDER / "signals.msgpack.gz").write_bytes(log)
    (FOLDER / "digests.json").write_text(json.dumps(digests(), indent=2, sort_keys=True) + "\n")


def test_the_config_has_the_version_it_had() -> None:
    assert expected()["config_version"] == CONFIG.version


def test_ingest_writes_the_signals_log_it_wrote() -> None:
    assert replayed().log == written_log()


def test_every_topic_holds_what_it_held() -> None:
    for name, told in expected()["topics"].items():
        data = replayed().records[Name(name)]
        assert (len(data), digest(Name(name), data)) == (told["records"], told["sha256"]), name


def test_the_changelog_holds_what_it_held() -> None:
    assert replayed().states == expected()["states"]


def test_the_log_it_wrote_is_read_and_folds_to_what_it_published() -> None:
    policies = {datum["policy_version"]: datum for datum in replayed().records[Name.POLICY]}
    partition = Partition(CONFIG, {}.get, {}, policies=lambda version: Policy(from_record(policies[version]), version))
    published: dict[Name, list[Datum]] = defaultdict(list)
    for value in written_log():
        outputs = partition.fold(CODEC.decode(SIGNAL, value, {}))
        for output in (*outputs, *alerts_for_outputs(outputs)):
            published[TOPIC_OF[output.record]].append(output.datum)
    for name in (Name.TRAJECTORIES, Name.DECISIONS, Name.INTERVENTIONS, Name.OUTCOMES, Name.DISTAL, Name.CUSTOMERS):
        assert digest(name, published[name]) == expected()["topics"][name]["sha256"], name


def test_typing_navigation_and_ratings_fold_to_what_they_folded_to() -> None:
    assert digests()["simulated_day"] == expected()["simulated_day"]


if __name__ == "__main__":
    write_fixture()
