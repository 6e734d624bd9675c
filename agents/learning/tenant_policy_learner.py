"""What the learner holds of one tenant: its newest snapshot, and the records that wait to be learned."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from agents.kafka.consumed_record import ConsumedRecord
from schemas.errors import Reason, Rejected
from schemas.records import Datum
from schemas.topics import Name
from streams.config.model import Config
from streams.policy import learner, snapshot
from streams.policy.outcome_join import JoinedBatch, OutcomeJoin, pack, unpack
from streams.policy.snapshot import Position, Snapshot

NOTHING = JoinedBatch(examples=[], rated=[], unknown=[], late=[], given_up=0)


class DecodedRecord(NamedTuple):
    """One decoded record and where it stood."""

    name: Name
    received: ConsumedRecord
    datum: Datum

    @property
    def position(self) -> Position:
        return self.received.topic, self.received.partition


class PendingDecision(NamedTuple):
    """A decision that waits to be learned, packed: hours may pass before the first outcome."""

    position: Position
    offset: int
    packed: bytes


class UnmatchedInput(NamedTuple):
    """A record that fits nothing we know."""

    read: DecodedRecord
    why: Rejected


class LearnedBatch(NamedTuple):
    """What a batch came to.

    Attributes:
        record: the next snapshot; None where nothing but decisions came: those wait on.
        news: what was joined.
        refused: outcomes that fit no decision, commands about no option.
    """

    record: Datum | None
    news: JoinedBatch
    refused: list[UnmatchedInput]


class TenantPolicyLearner:
    """Learns one tenant's policy from what is handed to it.

    Args:
        newest: the snapshot to go on from.
    """

    def __init__(self, config: Config, newest: Snapshot) -> None:
        self._config = config
        self._experience = OutcomeJoin(config)
        self._waiting: list[DecodedRecord] = []
        self._decided: list[PendingDecision] = []
        self._closed = 0
        self._since: float | None = None
        self.snapshot = newest

    def hear(self, read: DecodedRecord) -> None:
        """Take in a record, to be learned later."""
        if read.name is Name.DECISIONS:
            if read.datum["available"]:
                self._decided.append(PendingDecision(read.position, read.received.offset, pack(read.datum)))
            return
        self._waiting.append(read)
        self._closed += read.name is Name.OUTCOMES
        self._since = self._since or time.monotonic()

    def recall(self, cuts: Iterable[Mapping[Position, int]] = ()) -> None:
        """Bring back to mind what the snapshot was learned from, without learning it twice.

        Args:
            cuts: positions of the snapshots before it, in order: what is forgotten and given up depends on the batches.
        """
        for positions in (*cuts, self.snapshot.positions):
            self._take(self._read_before(positions), positions)

    @property
    def due(self) -> bool:
        """Whether enough came, or something waits for long enough, or a person asked."""
        if self._since is None:
            return False
        policy = self._config.policy
        asked = any(one.name is Name.COMMANDS for one in self._waiting)
        return asked or self._closed >= policy.snapshot_outcomes or time.monotonic() - self._since >= policy.snapshot_s

    def learn(self, positions: Mapping[Position, int]) -> LearnedBatch:
        """Learn what was read before these positions; the decisions of all outcomes before them must be among it.

        Also what teaches nothing makes a snapshot: it may make others forgotten, so who learns again must know of it.
        """
        waiting = self._read_before(positions)
        if not waiting:
            return LearnedBatch(None, NOTHING, [])
        commands, unheeded = self._commands(waiting)
        news, refused = self._take(waiting, positions)
        refused += unheeded
        self.snapshot = learner.next_snapshot(self.snapshot, news, commands, positions, self._config)
        return LearnedBatch(snapshot.to_record(self.snapshot), news, refused)

    def _read_before(self, positions: Mapping[Position, int]) -> list[DecodedRecord]:
        """What waits from before these positions; the rest goes on waiting."""
        waiting, self._waiting, self._closed, self._since = self._waiting, [], 0, None
        before = []
        for one in waiting:
            if one.received.offset < positions.get(one.position, 0):
                before.append(one)
            else:
                self.hear(one)
        return before

    def _decided_before(self, positions: Mapping[Position, int]) -> Iterator[tuple[int, Datum]]:
        """Decisions from before these positions with their partition, one partition after another; others wait on."""
        before = [one for one in self._decided if one.offset < positions.get(one.position, 0)]
        self._decided = [one for one in self._decided if one.offset >= positions.get(one.position, 0)]
        return ((one.position[1], unpack(one.packed)) for one in sorted(before))

    def _take(
        self, reads: list[DecodedRecord], positions: Mapping[Position, int]
    ) -> tuple[JoinedBatch, list[UnmatchedInput]]:
        outcomes = in_order(reads, Name.OUTCOMES)
        news = self._experience.join(
            self._decided_before(positions),
            [one.datum for one in outcomes],
            [one.datum for one in in_order(reads, Name.RATINGS)],
        )
        by_datum = {id(one.datum): one for one in outcomes}
        return news, [UnmatchedInput(by_datum[id(one.record)], unknown(one.why)) for one in news.unknown]

    def _commands(self, reads: list[DecodedRecord]) -> tuple[list[Datum], list[UnmatchedInput]]:
        """Commands about options there are, and the others."""
        given = in_order(reads, Name.COMMANDS)
        known = {option.id for option in self._config.protocols} | self.snapshot.disabled
        heeded = [one.datum for one in given if one.datum["option"] in known]
        return heeded, [UnmatchedInput(one, no_option(known)) for one in given if one.datum["option"] not in known]


def in_order(reads: list[DecodedRecord], name: Name) -> list[DecodedRecord]:
    """Records of one topic as its partitions hold them, one partition after another."""
    return sorted((one for one in reads if one.name is name), key=lambda one: (one.position, one.received.offset))


def unknown(why: str) -> Rejected:
    return Rejected(Reason.UNKNOWN_DECISION, why)


def no_option(known: set[str]) -> Rejected:
    return Rejected(Reason.UNKNOWN_OPTION, f"the options are {', '.join(sorted(known))}")
