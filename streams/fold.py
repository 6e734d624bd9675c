"""The fold: state and signal in, state and records out. Pure: nothing passed in is changed.

Time comes from the signals. Before a signal is folded, everything that was due by its time is closed as of the
moment it was due, so that it makes no difference whether a tick came first.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from streams import belief, decision, ids, memory, outcome, recall
from streams.config import Config
from streams.outputs import Output, scope
from streams.signals import latency, navigation, text, typing
from streams.state import State

Signal = Mapping[str, Any]
Folded = tuple[State, list[Output]]


def opening(signal: Signal, config: Config) -> State:
    """The state of a conversation nobody has seen."""
    at = signal["event_time"]
    partition, offset = position(signal)
    return State(
        tenant=signal["tenant"],
        channel=signal["channel"],
        customer_id=signal["customer_id"],
        opened=f"{partition}/{offset}",
        opened_at=at,
        last_at=at,
        positions={},
        belief=belief.start(at, config.belief),
    )


def position(signal: Signal) -> tuple[str, int]:
    """Where the input event stands: ``topic/partition`` and offset."""
    source = signal["source"]
    return f"{source['topic']}/{source['partition']}", source["offset"]


def is_duplicate(state: State, signal: Signal) -> bool:
    """Whether this signal's input event was folded before."""
    partition, offset = position(signal)
    return offset <= state.positions.get(partition, -1)


def idle_deadline(state: State, config: Config) -> int:
    """When silence ends the conversation, milliseconds."""
    return state.last_at + round(config.outcome.idle_s * 1000)


def deadline(state: State, config: Config) -> int:
    """When stream time next concerns this conversation, milliseconds."""
    return min(outcome.deadline(state, config.outcome), idle_deadline(state, config))


def fold(state: State | None, signal: Signal, config: Config) -> Folded:
    """Fold one signal of a conversation that is no duplicate.

    Args:
        state: the conversation so far; None when it is new.
        signal: a record of tenor.signals that is no tick.
        config: every number of the domain.
    """
    if state is not None and signal["kind"] == "profile":
        return recall.recalled(state, signal, config.profile), []
    state, outputs = caught_up(state, signal, config)
    consented = state.keystroke_consent is not False
    state, opened = memory.asked(received(state, signal), signal, config)
    state, more = STEPS[signal["kind"]](state, signal, config)
    withdrawn = consented and state.keystroke_consent is False and not opened
    state, notes = memory.noted(memory.judged(state, more, config), signal, withdrawn, config)
    return state, [*outputs, *opened, *more, *notes]


def caught_up(state: State | None, signal: Signal, config: Config) -> Folded:
    """The state at the signal's time: opened, advanced, or begun anew when it speaks again after its end."""
    if state is None:
        return opening(signal, config), []
    conversation_id, now = signal["conversation_id"], signal["event_time"]
    if now < idle_deadline(state, config):
        return advance(state, conversation_id, now, config)
    anew = msgspec.structs.replace(opening(signal, config), positions=state.positions)
    return anew, end(state, conversation_id, config)


def advance(state: State, conversation_id: str, now: int, config: Config) -> Folded:
    """Close the outcome window if it was due by ``now``."""
    outputs: list[Output] = []
    due = outcome.deadline(state, config.outcome)
    if due <= now:
        state, outputs = outcome.close(state, conversation_id, due, "no_turns", config)
    return memory.judged(state, outputs, config), outputs


def end(state: State, conversation_id: str, config: Config) -> list[Output]:
    """What is still to be said of a conversation that fell silent."""
    silent = idle_deadline(state, config)
    due = min(silent, outcome.deadline(state, config.outcome))
    state, outputs = outcome.close(state, conversation_id, due, "no_turns", config)
    return outputs + memory.ended(memory.judged(state, outputs, config), conversation_id, silent, config)[1]


def received(state: State, signal: Signal) -> State:
    """The state after any signal, before its content is read. Consent withdrawn takes what was learned with it."""
    partition, offset = position(signal)
    consent = latest(signal["keystroke_consent"], state.keystroke_consent)
    usual = state.usual
    if consent is False and usual is not None:
        usual = msgspec.structs.replace(usual, baselines=typing.forget(usual.baselines))
    return msgspec.structs.replace(
        state,
        last_at=max(state.last_at, signal["event_time"]),
        positions={**state.positions, partition: offset},
        customer_id=signal["customer_id"] or state.customer_id,
        baselines=typing.forget(state.baselines) if consent is False else state.baselines,
        keystroke_consent=consent,
        voice_consent=latest(signal["voice_consent"], state.voice_consent),
        usual=usual,
    )


def latest(said: bool | None, before: bool | None) -> bool | None:
    return before if said is None else said


def observed(state: State, observation: belief.Observation | None, config: Config) -> State:
    """The state whose belief has taken in an observation, if there is one."""
    if observation is None:
        return state
    updated = belief.update(state.belief, observation, state.last_at, config.belief)
    return msgspec.structs.replace(state, belief=updated)


def fold_message(state: State, signal: Signal, config: Config) -> Folded:
    if signal["participant_role"] != "customer":
        state = msgspec.structs.replace(state, operator_at=max(state.operator_at, signal["event_time"]))
        return after_status(state, signal, config)
    state, said = read_turn(state, signal, config)
    state, outcomes = outcome.count_turn(state, signal["conversation_id"], config)
    point = trajectory_point(state, signal, said, config)
    moved = msgspec.structs.replace(state.belief, moved={})
    state, ended = after_status(msgspec.structs.replace(state, belief=moved), signal, config)
    decisions: list[Output] = []
    if signal["status"] == "open":
        state, decisions = decision.decide(state, signal["conversation_id"], list(signal["cues"]), config)
    return state, [point, *outcomes, *ended, *decisions]


def read_turn(state: State, signal: Signal, config: Config) -> tuple[State, float | None]:
    """The state after the words and the pace of a customer turn, and what the words said."""
    at, switches = signal["event_time"], config.signals
    if switches.latency:
        numbers = latency.measure(state.customer_at, state.operator_at, at)
        pace, baselines = recall.weighed(latency.observe, numbers, state, switches.latency_sd, config.profile.seed)
        state = observed(msgspec.structs.replace(state, baselines=baselines), pace, config)
    said = text.observe(signal["features"], signal["cues"], switches.text_sd) if switches.text else None
    tone, said = said.value if said else None, recall.relative(said, state.usual)
    state = observed(state, said, config)
    told = memory.heard(state, tone, signal["cues"], config.profile)
    spoken_at = max(state.customer_at, at)
    recent = (*state.recent, (spoken_at, state.belief.level))[-config.belief.slope_points :]
    state = msgspec.structs.replace(state, turn=state.turn + 1, customer_at=spoken_at, recent=recent, memory=told)
    return state, said.value if said else None


def after_status(state: State, signal: Signal, config: Config) -> Folded:
    """What the platform says of the conversation: an end closes the window, a hand-over ends our part."""
    if signal["status"] == "open":
        return state, []
    if signal["status"] == "handed_over":
        state = msgspec.structs.replace(state, handed_over=True)
    spoken_at = max(state.customer_at, state.operator_at)
    return outcome.close(state, signal["conversation_id"], spoken_at, "ended", config)


def fold_keystrokes(state: State, signal: Signal, config: Config) -> Folded:
    if state.keystroke_consent is False or not config.signals.typing:
        return state, []
    sd, seed = config.signals.typing_sd, config.profile.seed
    observation, baselines = recall.weighed(typing.observe, signal["features"], state, sd, seed)
    return observed(msgspec.structs.replace(state, baselines=baselines), observation, config), []


def fold_navigation(state: State, signal: Signal, config: Config) -> Folded:
    if not config.signals.navigation:
        return state, []
    observation, pointer = navigation.observe(
        signal["features"], signal["cues"], signal["event_time"], state.pointer, config.signals.navigation_sd
    )
    return observed(msgspec.structs.replace(state, pointer=pointer), observation, config), []


def fold_prosody(state: State, signal: Signal, config: Config) -> Folded:
    """Prosody is carried to the log but not weighed yet: its reliability is still to be measured."""
    return state, []


def trajectory_point(state: State, signal: Signal, said: float | None, config: Config) -> Output:
    """The belief after this customer turn."""
    point_id = ids.stable_id("point", state.tenant, signal["conversation_id"], state.opened, state.turn)
    datum = {
        "point_id": point_id,
        "event_id": signal["event_id"],
        "event_time": signal["event_time"],
        **scope(state, signal["conversation_id"]),
        "turn": state.turn,
        **decision.reading(state),
        "raised": state.belief.raised,
        "observation": said,
        "contributions": belief.contributions(state.belief.moved),
        "cues": list(signal["cues"]),
        "source": dict(signal["source"]),
        "config_version": config.version,
    }
    return Output("trajectory_point", point_id, datum)


STEPS = {
    "message": fold_message,
    "keystrokes": fold_keystrokes,
    "navigation": fold_navigation,
    "prosody": fold_prosody,
}
