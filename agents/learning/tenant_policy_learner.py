"""The policy learner of one tenant: its newest snapshot, and the records that wait to be learned."""

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

EMPTY_BATCH = JoinedBatch(examples=[], rated=[], unknown=[], late=[], given_up=0)


class DecodedRecord(NamedTuple):
    """A decoded record and the record it came from."""

    name: Name
    consumed: ConsumedRecord
    datum: Datum

    @property
    def position(self) -> Position:
        return self.consumed.topic, self.consumed.partition


class PendingDecision(NamedTuple):
    """A decision that waits for its outcome, packed to save memory: that may take hours."""

    position: Position
    offset: int
    packed: bytes


class RefusedInput(NamedTuple):
    """A record of an unknown decision or option."""

    decoded: DecodedRecord
    why: Rejected


class LearnedBatch(NamedTuple):
    """The result of a batch.

    Attributes:
        record: the next snapshot; None for a batch of decisions only: they wait on.
        news: what was joined.
        refused: outcomes of unknown decisions, commands about unknown options.
    """

    record: Datum | None
    joined: JoinedBatch
    refused: list[RefusedInput]


class TenantPolicyLearner:
    """Learns one tenant's policy from the records added to it.

    Args:
        newest: the snapshot to go on from.
    """

    def __init__(self, config: Config, newest: Snapshot) -> None:
        self._config = config
        self._outcome_join = OutcomeJoin(config)
        self._pending: list[DecodedRecord] = []
        self._pending_decisions: list[PendingDecision] = []
        self._pending_outcomes = 0
        self._pending_since: float | None = None
        self.snapshot = newest

    def add(self, decoded: DecodedRecord) -> None:
        """Add a record, to be learned later."""
        if decoded.name is Name.DECISIONS:
            if decoded.datum["available"]:
                pending = PendingDecision(decoded.position, decoded.consumed.offset, pack(decoded.datum))
                self._pending_decisions.append(pending)
            return
        self._pending.append(decoded)
        self._pending_outcomes += decoded.name is Name.OUTCOMES
        self._pending_since = self._pending_since or time.monotonic()

    def restore(self, cuts: Iterable[Mapping[Position, int]] = ()) -> None:
        """Restore the state of the join at the snapshot, without learning its inputs twice.

        Args:
            cuts: positions of the snapshots before it, in order: what the join evicts depends on the batches.
        """
        for positions in (*cuts, self.snapshot.positions):
            self._join(self._take_before(positions), positions)

    @property
    def due(self) -> bool:
        """Whether there are enough outcomes, a record has waited long enough, or a command is pending."""
        if self._pending_since is None:
            return False
        policy = self._config.policy
        commanded = any(decoded.name is Name.COMMANDS for decoded in self._pending)
        waited_s = time.monotonic() - self._pending_since
        return commanded or self._pending_outcomes >= policy.snapshot_outcomes or waited_s >= policy.snapshot_s

    def learn(self, positions: Mapping[Position, int]) -> LearnedBatch:
        """Learn from the records before these positions; they must include the decisions of all outcomes.

        A batch that teaches nothing makes a snapshot, too: it may evict decisions, and a restart must repeat that.
        """
        inputs = self._take_before(positions)
        if not inputs:
            return LearnedBatch(None, EMPTY_BATCH, [])
        commands, unknown_commands = self._split_commands(inputs)
        joined, refused = self._join(inputs, positions)
        refused += unknown_commands
        self.snapshot = learner.next_snapshot(self.snapshot, joined, commands, positions, self._config)
        return LearnedBatch(snapshot.to_record(self.snapshot), joined, refused)

    def _take_before(self, positions: Mapping[Position, int]) -> list[DecodedRecord]:
        """Remove and return the pending records before these positions."""
        pending, self._pending, self._pending_outcomes, self._pending_since = self._pending, [], 0, None
        before = []
        for decoded in pending:
            if decoded.consumed.offset < positions.get(decoded.position, 0):
                before.append(decoded)
            else:
                self.add(decoded)
        return before

    def _take_decisions_before(self, positions: Mapping[Position, int]) -> Iterator[tuple[int, Datum]]:
        """Remove and return the decisions before these positions, with their partition, sorted by position."""
        pending = self._pending_decisions
        before = [decision for decision in pending if decision.offset < positions.get(decision.position, 0)]
        self._pending_decisions = [
            decision for decision in pending if decision.offset >= positions.get(decision.position, 0)
        ]
        return ((decision.position[1], unpack(decision.packed)) for decision in sorted(before))

    def _join(
        self, inputs: list[DecodedRecord], positions: Mapping[Position, int]
    ) -> tuple[JoinedBatch, list[RefusedInput]]:
        outcomes = sort_by_position(inputs, Name.OUTCOMES)
        joined = self._outcome_join.join(
            self._take_decisions_before(positions),
            [decoded.datum for decoded in outcomes],
            [decoded.datum for decoded in sort_by_position(inputs, Name.RATINGS)],
        )
        by_datum = {id(decoded.datum): decoded for decoded in outcomes}
        refused = [RefusedInput(by_datum[id(item.record)], unknown_decision(item.why)) for item in joined.unknown]
        return joined, refused

    def _split_commands(self, inputs: list[DecodedRecord]) -> tuple[list[Datum], list[RefusedInput]]:
        """Commands about known options, and the refused others."""
        commands = sort_by_position(inputs, Name.COMMANDS)
        known = {option.id for option in self._config.protocols} | self.snapshot.disabled
        accepted = [command.datum for command in commands if command.datum["option"] in known]
        unknown = [command for command in commands if command.datum["option"] not in known]
        return accepted, [RefusedInput(command, unknown_option(known)) for command in unknown]


def sort_by_position(inputs: list[DecodedRecord], name: Name) -> list[DecodedRecord]:
    """Records of one topic in offset order, one partition after another."""
    of_topic = [decoded for decoded in inputs if decoded.name is name]
    return sorted(of_topic, key=lambda decoded: (decoded.position, decoded.consumed.offset))


def unknown_decision(why: str) -> Rejected:
    return Rejected(Reason.UNKNOWN_DECISION, why)


def unknown_option(known: set[str]) -> Rejected:
    return Rejected(Reason.UNKNOWN_OPTION, f"the options are {', '.join(sorted(known))}")
