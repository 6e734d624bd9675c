"""One partition of tenor.signals: many conversations, folded in the order of the log.

The worker and ``tenor verify`` both fold through this class, so they cannot disagree.

Four rules make it exact after a crash at any moment. A state carries the positions it has folded, so a signal
that comes again is skipped. A conversation that ended leaves its positions in the partition's *floor*, so a
signal that comes again after the end does not open it anew; within a partition, signals of one source partition
stand in source order, so a conversation without state and a position at or below the floor is a repeat. A
conversation that begins carries the floor on, so that what an earlier life folded is a repeat in this one too. And
a state is *as of* an offset of the log: a tick up to there that comes again closes nothing in it.

A signal of kind ``forget`` ends the conversations of a customer, told only to who waits for an outcome.

A signal of kind ``model`` changes the text model from there on, one of kind ``policy`` the policy of its tenant. Which
ones count is written after all else: a run that is folded again because it was not wholly written begins with those it
began with.
"""

from collections.abc import Callable, Mapping
from heapq import heapify, heappop, heappush

import msgspec

from streams import ids
from streams import state as states
from streams.config.model import Config
from streams.conversations import fold as folding
from streams.conversations import outcome
from streams.conversations.decision import UNIFORM, ActivePolicy
from streams.outputs import Output
from streams.policy.policy import Policy
from streams.state import State
from streams.text_model.model import TextModel, shipped_model

FLOOR = "\x00floor"  # no tenant or conversation id holds a control character
MODEL = "\x00model"
POLICIES = "\x00policies"
OURS = (FLOOR, MODEL, POLICIES)

Load = Callable[[str], bytes | None]
AsOf = Callable[[str], int]
Models = Callable[[str], TextModel]
Policies = Callable[[str], Policy | None]


def no_models(version: str) -> TextModel:
    """A lookup that knows no model but the one that is shipped, which needs none."""
    raise states.StateError(f"the text model {version} is not known here")


def no_policies(version: str) -> Policy | None:
    """A lookup that knows no policy."""
    raise states.StateError(f"the policy {version} is not known here")


def from_nothing(key: str) -> int:
    """As of which offset a state is that nobody wrote before."""
    return -1


class Partition:
    """Folds the signals of one partition.

    Args:
        config: every number of the domain.
        load: encoded state of a key as last written, None when there is none.
        deadlines: when stream time next concerns each known conversation, milliseconds.
        models: the text model of a version; asked for those the log or the state names.
        policies: the policy of a version, None where its snapshot cannot be used: the last good one stays in force.
        as_of: offset of the log up to which the state of a key, as last written, has folded everything.

    Attributes:
        newest: highest event time folded, ticks and models left out, milliseconds; after recovery a moment not after.
        skipped: repeats skipped, and profiles that came after the end.
    """

    def __init__(
        self,
        config: Config,
        load: Load,
        deadlines: dict[str, int],
        models: Models = no_models,
        policies: Policies = no_policies,
        as_of: AsOf = from_nothing,
    ) -> None:
        self._config = config
        self._models, self._policies = models, policies
        self._load, self._as_of = load, as_of
        version = model_in_use(load)
        self._model = shipped_model() if version is None else models(version)
        self._model_changed = False
        self._in_use = {tenant: used(policies(name), at) for tenant, (name, at) in policies_in_use(load).items()}
        self._policies_changed = False
        self._due = dict(deadlines)
        self._queued = dict(deadlines)
        self._queue = [(at, key) for key, at in deadlines.items()]
        heapify(self._queue)
        self._changed: dict[str, State | None] = {}
        self._floor = read_floor(load(FLOOR))
        self._floor_changed = False
        self.newest = newest_known(deadlines, config)
        self.skipped = 0

    @property
    def version(self) -> str:
        """Version of the text model in use."""
        return self._model.version

    def __len__(self) -> int:
        return len(self._due)

    def fold(self, signal: folding.Signal, offset: int = states.NEVER) -> list[Output]:
        """Fold one signal; what it publishes. A repeat publishes nothing and is counted in ``skipped``.

        Args:
            offset: where it stands in the log; the default is behind everything that was ever folded.
        """
        if signal["kind"] == "tick":
            return self._tick(signal["event_time"], offset)
        if signal["kind"] == "model":
            self._adopt(signal["model_version"])
            return []
        if signal["kind"] == "policy":
            self._adopt_policy(signal)
            return []
        if signal["kind"] == "forget":
            return self._forget(signal, offset)
        self.newest = max(self.newest, signal["event_time"])
        key = key_of(signal)
        state = self._state(key)
        if self._is_repeat(state, signal):
            self.skipped += 1
            return []
        if state is None and signal["kind"] == "profile":
            self._pass_by(signal)
            return []
        known = state is not None
        in_use = self._in_use.get(signal["tenant"], UNIFORM)
        state, outputs = folding.fold(state, signal, self._config, self._model, in_use)
        self._keep(key, state if known else self._above_floor(state))
        return outputs

    def changes(self) -> list[tuple[str, bytes | None]]:
        """What to write since the last call, in the order that is safe to break off: states, floor, ends, versions."""
        live = [(key, self._encoded(state)) for key, state in self._changed.items() if state is not None]
        ended: list[tuple[str, bytes | None]] = [(key, None) for key, state in self._changed.items() if state is None]
        floor = [(FLOOR, msgspec.msgpack.encode(self._floor))] if self._floor_changed else []
        model = [(MODEL, self._model.version.encode())] if self._model_changed else []
        policies = [(POLICIES, self._encoded_policies())] if self._policies_changed else []
        self._changed, self._floor_changed, self._model_changed, self._policies_changed = {}, False, False, False
        return [*live, *floor, *ended, *model, *policies]

    def _adopt(self, version: str) -> None:
        """Use another text model from here on."""
        if version != self._model.version:
            self._model = self._models(version)
            self._model_changed = True

    def _adopt_policy(self, signal: folding.Signal) -> None:
        """Draw a tenant's decisions by another snapshot from here on, if it can be used."""
        policy = self._policies(signal["policy_version"])
        if policy is not None:
            self._in_use[signal["tenant"]] = ActivePolicy(policy, signal["snapshot_offset"])
            self._policies_changed = True

    def _encoded_policies(self) -> bytes:
        named = {tenant: (one.policy.version, one.offset) for tenant, one in self._in_use.items() if one.policy}
        return msgspec.msgpack.encode(named)

    def _state(self, key: str) -> State | None:
        if key in self._changed:
            return self._changed[key]
        value = self._load(key)
        return None if value is None else states.decode(value)

    def _is_repeat(self, state: State | None, signal: folding.Signal) -> bool:
        if state is not None:
            return folding.is_duplicate(state, signal)
        partition, offset = folding.position(signal)
        return offset <= self._floor.get(partition, -1)

    def _pass_by(self, signal: folding.Signal) -> None:
        """A profile after the conversation's end: it opens none, and when it comes again it is a repeat."""
        self.skipped += 1
        partition, offset = folding.position(signal)
        self._floor[partition] = offset
        self._floor_changed = True

    def _above_floor(self, state: State) -> State:
        return msgspec.structs.replace(state, positions={**self._floor, **state.positions})

    def _keep(self, key: str, state: State) -> None:
        self._changed[key] = state
        due = self._due[key] = folding.deadline(state, self._config)
        # Most events only move the deadline on; the entry in the queue follows when its time comes.
        if due < self._queued.get(key, states.NEVER):
            self._enqueue(due, key)

    def _enqueue(self, due: int, key: str) -> None:
        self._queued[key] = due
        heappush(self._queue, (due, key))

    def _tick(self, now: int, offset: int) -> list[Output]:
        """Close what is due, in the order it was due; but for what has seen this tick already, before a crash."""
        outputs: list[Output] = []
        seen: list[tuple[int, str]] = []
        while self._queue and self._queue[0][0] <= now:
            at, key = heappop(self._queue)
            if self._queued.get(key) != at:
                continue  # an earlier entry took its place
            if self._as_of(key) >= offset:
                seen.append((at, key))
                continue
            del self._queued[key]
            if self._due[key] > at:
                self._enqueue(self._due[key], key)
            else:
                outputs += self._close(key, now)
        for entry in seen:
            heappush(self._queue, entry)
        return outputs

    def _close(self, key: str, now: int) -> list[Output]:
        state = self._live(key)
        if folding.idle_deadline(state, self._config) <= now:
            self._end(key, state)
            return folding.end(state, conversation_of(key), self._config)
        state, outputs = folding.advance(state, conversation_of(key), now, self._config)
        self._keep(key, state)
        return outputs

    def _live(self, key: str) -> State:
        state = self._state(key)
        if state is None:
            raise states.StateError(f"the deadline of {key} has no state: the table and its index disagree")
        return state

    def _forget(self, signal: folding.Signal, offset: int) -> list[Output]:
        """End the conversations of a customer; but for what has seen this signal already, before a crash."""
        outputs: list[Output] = []
        for key in sorted(key for key in self._due if tenant_of(key) == signal["tenant"]):
            state = self._live(key)
            if state.customer_id == signal["customer_id"] and self._as_of(key) < offset:
                self._end(key, state)
                outputs += outcome.forgotten(state, conversation_of(key), self._config)
        return outputs

    def _end(self, key: str, state: State) -> None:
        for partition, offset in state.positions.items():
            self._floor[partition] = max(offset, self._floor.get(partition, -1))
        self._floor_changed = True
        self._changed[key] = None
        del self._due[key]
        self._queued.pop(key, None)

    def _encoded(self, state: State) -> bytes:
        return states.encode(state, folding.deadline(state, self._config))


def key_of(signal: folding.Signal) -> str:
    """Key of a conversation's state: two tenants may use the same conversation id."""
    return f"{signal['tenant']}{ids.SEPARATOR}{signal['conversation_id']}"


def tenant_of(key: str) -> str:
    """The tenant in a key."""
    return key.partition(ids.SEPARATOR)[0]


def conversation_of(key: str) -> str:
    """The conversation id in a key."""
    return key.partition(ids.SEPARATOR)[2]


def newest_known(deadlines: dict[str, int], config: Config) -> int:
    """A moment by which events had come: a deadline lies no further than ``idle_s`` behind its last event."""
    return max(0, max(deadlines.values(), default=0) - config.outcome.idle_ms)


def deadlines_in(stored: Mapping[str, bytes]) -> dict[str, int]:
    """When stream time next concerns each conversation among what a partition wrote, milliseconds."""
    return {key: states.deadline_of(value) for key, value in stored.items() if key not in OURS}


def model_in_use(load: Load) -> str | None:
    """Version of the text model a partition was using; None for the one that is shipped."""
    value = load(MODEL)
    return None if value is None else value.decode()


def policies_in_use(load: Load) -> dict[str, tuple[str, int | None]]:
    """Version of the policy of each tenant that has learned one, and where its snapshot stands."""
    value = load(POLICIES)
    return {} if value is None else msgspec.msgpack.decode(value, type=dict[str, tuple[str, int | None]])


def used(policy: Policy | None, offset: int | None) -> ActivePolicy:
    """What was in use before a restart; nothing where this version can no longer use it."""
    return UNIFORM if policy is None else ActivePolicy(policy, offset)


def read_floor(value: bytes | None) -> dict[str, int]:
    return {} if value is None else msgspec.msgpack.decode(value, type=dict[str, int])
