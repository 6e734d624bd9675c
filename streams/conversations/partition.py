"""One partition of tenor.signals: many conversations, folded in the order of the log.

The worker and ``tenor verify`` both fold through this class, so they cannot disagree.

Four rules make it exact after a crash at any moment:

- A state carries the positions it has folded, so a signal that is read again is skipped.
- A conversation that ended leaves its positions in the partition's *floor*, so a signal that is read again after the
  end does not open it anew. Within a partition, signals of one source partition are in source order, so a conversation
  without state and a position at or below the floor is a repeat.
- A conversation that begins takes the floor with it, so what an earlier life folded is a repeat in this one, too.
- A state is *as of* an offset of the log: a tick up to there that is read again closes nothing in it.

Beside events there are control signals. A ``tick`` closes what is due. ``forget`` ends the conversations of a customer;
only the learner, which waits for an outcome, is told. ``model`` changes the text model from there on, ``policy`` the
policy of its tenant. Which ones are in use is written last: a batch that is folded again, because it was not wholly
written, begins with the versions it began with.
"""

from collections.abc import Callable, Mapping

import msgspec

from streams import ids
from streams import state as states
from streams.config.model import Config
from streams.conversations import lifecycle, outcome
from streams.conversations.deadlines import DeadlineQueue
from streams.conversations.decision import UNIFORM, ActivePolicy
from streams.conversations.fold import fold
from streams.conversations.step import Signal
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
    """A lookup that knows only the shipped model, which is never looked up."""
    raise states.StateError(f"the text model {version} is not known here")


def no_policies(version: str) -> Policy | None:
    """A lookup that knows no policy."""
    raise states.StateError(f"the policy {version} is not known here")


def from_nothing(key: str) -> int:
    """As-of offset where no state was written before."""
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
        newest: highest event time folded, control signals left out, milliseconds; after recovery a moment not after.
        skipped: repeats skipped, and profiles that arrived after the end.
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
        self._active = {tenant: active(policies(name), at) for tenant, (name, at) in policies_in_use(load).items()}
        self._deadlines = DeadlineQueue(deadlines)
        self._floor = read_floor(load(FLOOR))
        self._changed: dict[str, State | None] = {}
        self._changed_own: set[str] = set()
        self.newest = newest_known(deadlines, config)
        self.skipped = 0

    @property
    def version(self) -> str:
        """Version of the text model in use."""
        return self._model.version

    def __len__(self) -> int:
        return len(self._deadlines)

    def fold(self, signal: Signal, offset: int = states.NEVER) -> list[Output]:
        """Fold one signal and return what to publish. A repeat publishes nothing and is counted in ``skipped``.

        Args:
            offset: its offset in the log; the default is behind everything that was ever folded.
        """
        control = CONTROLS.get(signal["kind"])
        return self._fold_event(signal) if control is None else control(self, signal, offset)

    def changes(self) -> list[tuple[str, bytes | None]]:
        """What to write since the last call, in an order that may break off anywhere: states, floor, ends, versions."""
        live = [(key, self._encoded(state)) for key, state in self._changed.items() if state is not None]
        ended: list[tuple[str, bytes | None]] = [(key, None) for key, state in self._changed.items() if state is None]
        own = {key: [(key, ENCODERS[key](self))] if key in self._changed_own else [] for key in OURS}
        self._changed, self._changed_own = {}, set()
        return [*live, *own[FLOOR], *ended, *own[MODEL], *own[POLICIES]]

    def _fold_event(self, signal: Signal) -> list[Output]:
        self.newest = max(self.newest, signal["event_time"])
        key = key_of(signal)
        state = self._state(key)
        if self._is_repeat(state, signal):
            self.skipped += 1
            return []
        if state is None and signal["kind"] == "profile":
            self._pass_by(signal)
            return []
        folded, outputs = fold(state, signal, self._config, self._model, self._active.get(signal["tenant"], UNIFORM))
        self._keep(key, self._above_floor(folded) if state is None else folded)
        return outputs

    def _close_due(self, signal: Signal, offset: int) -> list[Output]:
        """A tick: close what is due, in order; but not in a state that saw this tick already, before a crash."""
        outputs: list[Output] = []
        now = signal["event_time"]
        for key in self._deadlines.pop_due(now, lambda key: self._as_of(key) >= offset):
            outputs += self._close(key, now)
        return outputs

    def _forget(self, signal: Signal, offset: int) -> list[Output]:
        """End the conversations of a customer; but not one that saw this signal already, before a crash."""
        outputs: list[Output] = []
        for key in sorted(key for key in self._deadlines if tenant_of(key) == signal["tenant"]):
            state = self._live(key)
            if state.customer_id == signal["customer_id"] and self._as_of(key) < offset:
                self._end(key, state)
                outputs += outcome.forgotten(state, conversation_of(key), self._config)
        return outputs

    def _use_model(self, signal: Signal, offset: int) -> list[Output]:
        """Use another text model from here on."""
        version = signal["model_version"]
        if version != self._model.version:
            self._model = self._models(version)
            self._changed_own.add(MODEL)
        return []

    def _use_policy(self, signal: Signal, offset: int) -> list[Output]:
        """Draw a tenant's decisions by another snapshot from here on, if it can be used."""
        policy = self._policies(signal["policy_version"])
        if policy is not None:
            self._active[signal["tenant"]] = ActivePolicy(policy, signal["snapshot_offset"])
            self._changed_own.add(POLICIES)
        return []

    def _state(self, key: str) -> State | None:
        if key in self._changed:
            return self._changed[key]
        value = self._load(key)
        return None if value is None else states.decode(value)

    def _live(self, key: str) -> State:
        state = self._state(key)
        if state is None:
            raise states.StateError(f"the deadline of {key} has no state: the table and its index disagree")
        return state

    def _is_repeat(self, state: State | None, signal: Signal) -> bool:
        if state is not None:
            return lifecycle.is_duplicate(state, signal)
        partition, offset = lifecycle.position(signal)
        return offset <= self._floor.get(partition, -1)

    def _pass_by(self, signal: Signal) -> None:
        """A profile after the conversation's end: it opens none, and when it is read again it is a repeat."""
        self.skipped += 1
        partition, offset = lifecycle.position(signal)
        self._floor[partition] = offset
        self._changed_own.add(FLOOR)

    def _above_floor(self, state: State) -> State:
        return msgspec.structs.replace(state, positions={**self._floor, **state.positions})

    def _keep(self, key: str, state: State) -> None:
        self._changed[key] = state
        self._deadlines.schedule(key, lifecycle.deadline(state, self._config))

    def _close(self, key: str, now: int) -> list[Output]:
        state = self._live(key)
        if lifecycle.idle_deadline(state, self._config) <= now:
            self._end(key, state)
            return lifecycle.end(state, conversation_of(key), self._config)
        state, outputs = lifecycle.advance(state, conversation_of(key), now, self._config)
        self._keep(key, state)
        return outputs

    def _end(self, key: str, state: State) -> None:
        for partition, offset in state.positions.items():
            self._floor[partition] = max(offset, self._floor.get(partition, -1))
        self._changed_own.add(FLOOR)
        self._changed[key] = None
        self._deadlines.cancel(key)

    def _encoded(self, state: State) -> bytes:
        return states.encode(state, lifecycle.deadline(state, self._config))

    def _encoded_floor(self) -> bytes:
        return msgspec.msgpack.encode(self._floor)

    def _encoded_model(self) -> bytes:
        return self._model.version.encode()

    def _encoded_policies(self) -> bytes:
        named = {tenant: (used.policy.version, used.offset) for tenant, used in self._active.items() if used.policy}
        return msgspec.msgpack.encode(named)


CONTROLS: dict[str, Callable[[Partition, Signal, int], list[Output]]] = {
    "tick": Partition._close_due,
    "forget": Partition._forget,
    "model": Partition._use_model,
    "policy": Partition._use_policy,
}
ENCODERS: dict[str, Callable[[Partition], bytes]] = {
    FLOOR: Partition._encoded_floor,
    MODEL: Partition._encoded_model,
    POLICIES: Partition._encoded_policies,
}


def key_of(signal: Signal) -> str:
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


def active(policy: Policy | None, offset: int | None) -> ActivePolicy:
    """The policy in use before a restart; the uniform one where this version can no longer use it."""
    return UNIFORM if policy is None else ActivePolicy(policy, offset)


def read_floor(value: bytes | None) -> dict[str, int]:
    return {} if value is None else msgspec.msgpack.decode(value, type=dict[str, int])
