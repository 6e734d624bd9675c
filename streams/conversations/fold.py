"""The fold: state and signal in, state and records out. Pure: nothing passed in is changed.

Time comes from the signals. Before a signal is folded, everything that was due by its time is closed as of the
moment it was due, so that it makes no difference whether a tick came first.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from streams import ids
from streams.belief import behaviour, estimator
from streams.config.model import Config
from streams.conversations import decision, distal_outcome, outcome
from streams.conversations.decision import UNIFORM, ActivePolicy
from streams.customers import notes as memory
from streams.customers import profile_priors
from streams.outputs import Output, scope
from streams.signals import navigation, prosody, reply_style, response_time, text, typing
from streams.state import State
from streams.text_model.model import Forecast, Reading, TextModel, shipped_model

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
        belief=estimator.start(at, config.belief),
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
    return state.last_at + config.outcome.idle_ms


def deadline(state: State, config: Config) -> int:
    """When stream time next concerns this conversation, milliseconds."""
    return min(outcome.deadline(state, config.outcome), idle_deadline(state, config))


def fold(
    state: State | None,
    signal: Signal,
    config: Config,
    model: TextModel | None = None,
    in_use: ActivePolicy = UNIFORM,
) -> Folded:
    """Fold one signal of a conversation that is no duplicate.

    Args:
        state: the conversation so far; None when it is new.
        signal: a record of tenor.signals that is no tick.
        config: every number of the domain.
        model: the text model in use; None for the one that is shipped.
        in_use: the policy in use.
    """
    if state is not None and signal["kind"] == "profile":
        return profile_priors.recalled(state, signal, config.profile), []
    state, outputs = caught_up(state, signal, config)
    consented, was_raised = state.keystroke_consent is not False, state.belief.raised
    state, opened = memory.asked(received(state, signal), signal, config)
    if signal["kind"] == "message":
        state, more = fold_message(state, signal, config, model or shipped_model(), in_use)
    else:
        state, more = STEPS[signal["kind"]](state, signal, config)
    state = distal_outcome.followed(state, was_raised, signal, more)
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
    _, notes = memory.ended(memory.judged(state, outputs, config), conversation_id, silent, config)
    return [*outputs, *distal_outcome.told(state, conversation_id, silent, config), *notes]


def received(state: State, signal: Signal) -> State:
    """The state after any signal, before its content is read. Consent withdrawn takes what was learned with it."""
    (partition, offset), at = position(signal), signal["event_time"]
    keystroke_consent, typing_refused = agreed(
        signal["keystroke_consent"], at, state.keystroke_consent, state.typing_refused_at
    )
    voice_consent, voice_refused = agreed(signal["voice_consent"], at, state.voice_consent, state.voice_refused_at)
    baselines, usual = state.baselines, state.usual
    if keystroke_consent is False:
        baselines = typing.forget(baselines)
        usual = usual and msgspec.structs.replace(usual, baselines=typing.forget(usual.baselines))
    return msgspec.structs.replace(
        state,
        last_at=max(state.last_at, at),
        positions={**state.positions, partition: offset},
        customer_id=signal["customer_id"] or state.customer_id,
        baselines=prosody.forget(baselines) if voice_consent is False else baselines,
        keystroke_consent=keystroke_consent,
        voice_consent=voice_consent,
        usual=usual,
        typing_refused_at=typing_refused,
        voice_refused_at=voice_refused,
    )


def agreed(said: bool | None, at: int, before: bool | None, refused_at: int) -> tuple[bool | None, int]:
    """Consent after a statement, and when it was refused last.

    A refusal counts as soon as it is here. Consent counts only if it is newer than every refusal: topics race each
    other, and a burst that was typed before the refusal may come in after it.
    """
    if said is False:
        return False, max(refused_at, at)
    return (True if said and at > refused_at else before), refused_at


def observed(state: State, observation: estimator.Observation | None, config: Config) -> State:
    """The state whose belief has taken in an observation, if there is one."""
    if observation is None:
        return state
    updated = estimator.update(state.belief, observation, state.last_at, config.belief)
    return msgspec.structs.replace(state, belief=updated)


def corroborated(
    state: State, observation: estimator.Observation | None, signal: str, share: float, config: Config
) -> State:
    """The state whose belief has taken in what behaviour adds, if it may."""
    told = behaviour.corroborated(state.belief, observation, signal, share, config.belief)
    return state if told is state.belief else msgspec.structs.replace(state, belief=told)


def fold_message(state: State, signal: Signal, config: Config, model: TextModel, in_use: ActivePolicy) -> Folded:
    if signal["status"] == "handed_over":
        state = outcome.handed_over(state)
    if signal["participant_role"] != "customer":
        return after_status(fold_answer(state, signal, model), signal, config)
    state, turn = read_turn(state, signal, config, model)
    state, outcomes = outcome.count_turn(state, signal["conversation_id"], config)
    point = trajectory_point(state, signal, turn, config)
    moved = msgspec.structs.replace(state.belief, moved={})
    state, ended = after_status(msgspec.structs.replace(state, belief=moved, answer=()), signal, config)
    decisions: list[Output] = []
    if signal["status"] == "open":
        state, decisions = decision.decide(state, signal["conversation_id"], list(signal["cues"]), config, in_use)
    return state, [point, *outcomes, *ended, *decisions]


def fold_answer(state: State, signal: Signal, model: TextModel) -> State:
    """The state after a message of operator or bot."""
    heard = model.answered(state.dialogue or model.start(), signal["terms"], signal["cues"], signal["features"])
    state = outcome.answered(state, signal["event_time"])
    operator_at = max(state.operator_at, signal["event_time"])
    worded = reply_style.heard(state.answer, signal["features"])
    return msgspec.structs.replace(state, operator_at=operator_at, dialogue=heard, answer=worded)


class ReadTurn(NamedTuple):
    """What was made of a customer turn; None where its words could not be read.

    Attributes:
        forecast: what was expected before it was seen.
        reading: what the text model says.
        said: the same as an observation.
        observation: the same beyond what this customer usually says.
        model_version: whose reading it is.
    """

    forecast: Forecast
    reading: Reading | None
    said: estimator.Observation | None
    observation: estimator.Observation | None
    model_version: str


def read_turn(state: State, signal: Signal, config: Config, model: TextModel) -> tuple[State, ReadTurn]:
    """The state after the pace and the words of a customer turn, and what they said."""
    state = read_pace(state, signal, config)
    state, turn = read_words(state, signal, config, model)
    state = observed(state, turn.observation, config)
    told = memory.heard(state, turn.said.value if turn.said else None, signal["cues"], config.profile)
    spoken_at = max(state.customer_at, signal["event_time"])
    recent = (*state.recent, (spoken_at, state.belief.level))[-config.belief.slope_points :]
    changes = {"turn": state.turn + 1, "customer_at": spoken_at, "recent": recent, "memory": told}
    return msgspec.structs.replace(state, **changes), turn


def read_pace(state: State, signal: Signal, config: Config) -> State:
    switches = config.signals
    if not switches.latency:
        return state
    numbers = response_time.measure(state.customer_at, state.operator_at, signal["event_time"])
    pace, baselines = profile_priors.weighed(
        response_time.observe, numbers, state, config, switches.latency_sd, switches.usual_z
    )
    state = msgspec.structs.replace(state, baselines=baselines)
    return corroborated(state, pace, "latency", switches.latency_share, config)


def read_words(state: State, signal: Signal, config: Config, model: TextModel) -> tuple[State, ReadTurn]:
    """The state whose dialogue has taken in a customer turn, and what its words said."""
    remembered, switches = state.dialogue or model.start(), config.signals
    message = signal["terms"], signal["cues"], signal["features"]
    known = model.known(remembered)
    reading = model.read(remembered, known, *message) if signal["terms"] and switches.text else None
    said = text.observe(reading, switches.text_usual, switches.text_sd) if reading else None
    turn = ReadTurn(
        model.forecast(remembered, known), reading, said, profile_priors.relative(said, state.usual), model.version
    )
    return msgspec.structs.replace(state, dialogue=model.after(remembered, *message)), turn


def after_status(state: State, signal: Signal, config: Config) -> Folded:
    """The state after what the platform says of the conversation: its end closes the window."""
    if signal["status"] not in memory.ENDED:
        return state, []
    spoken_at = max(state.customer_at, state.operator_at)
    return outcome.close(state, signal["conversation_id"], spoken_at, "ended", config)


def fold_keystrokes(state: State, signal: Signal, config: Config) -> Folded:
    switches = config.signals
    if state.keystroke_consent is False or not switches.typing:
        return state, []
    numbers = signal["features"]
    said, baselines = profile_priors.weighed(
        typing.observe, numbers, state, config, switches.typing_sd, switches.usual_z
    )
    state = msgspec.structs.replace(state, baselines=baselines)
    return corroborated(state, said, "typing", switches.typing_share, config), []


def fold_navigation(state: State, signal: Signal, config: Config) -> Folded:
    switches = config.signals
    if not switches.navigation:
        return state, []
    features, cues, at = signal["features"], signal["cues"], signal["event_time"]
    said, pointer = navigation.observe(features, cues, at, state.pointer, switches.navigation_sd, config.navigation)
    state = msgspec.structs.replace(state, pointer=pointer)
    return corroborated(state, said, "navigation", switches.navigation_share, config), []


def fold_prosody(state: State, signal: Signal, config: Config) -> Folded:
    if state.voice_consent is False or not config.signals.prosody:
        return state, []
    observation, baselines = prosody.observe(signal["features"], state.baselines, config.signals.prosody_sd)
    return observed(msgspec.structs.replace(state, baselines=baselines), observation, config), []


def trajectory_point(state: State, signal: Signal, turn: ReadTurn, config: Config) -> Output:
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
        "observation": turn.observation.value if turn.observation else None,
        "p_now": turn.reading.now if turn.reading else None,
        "p_next": turn.forecast.next,
        "p_rise": turn.forecast.rise,
        "model_version": turn.model_version,
        "reply": reply_style.reply(state.answer),
        "level_before": level_before(state),
        "contributions": estimator.movements(state.belief.moved, level_change(state)),
        "cues": list(signal["cues"]),
        "source": dict(signal["source"]),
        "config_version": config.version,
    }
    return Output("trajectory_point", point_id, datum)


def level_change(state: State) -> float:
    """How far the level moved since the trajectory point before this one, or since the conversation began."""
    return state.belief.level - (level_before(state) or 0.0)


def level_before(state: State) -> float | None:
    """Level at the trajectory point before this one; None when this is the first."""
    return state.recent[-2][1] if len(state.recent) > 1 else None


STEPS = {
    "keystrokes": fold_keystrokes,
    "navigation": fold_navigation,
    "prosody": fold_prosody,
}
