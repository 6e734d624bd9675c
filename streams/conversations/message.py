"""Steps for messages: a customer turn moves the belief and may lead to a decision; an answer is remembered."""

import msgspec

from streams.belief import behaviour, estimator
from streams.belief.estimator import Observation
from streams.config.model import Config
from streams.conversations import decision, outcome
from streams.conversations.step import Context, TurnReading
from streams.customers import notes, profile_priors
from streams.signals import reply_style, response_time, text
from streams.state import State


def mark_hand_over(state: State, context: Context) -> State:
    """Step: the platform handed the conversation over, so our part in it ends."""
    return outcome.handed_over(state) if context.signal["status"] == "handed_over" else state


def read_pace(state: State, context: Context) -> State:
    """Step: how long the customer waited and took to write, which may add to the alarm."""
    config, switches = context.config, context.config.signals
    if not switches.latency:
        return state
    numbers = response_time.measure(state.customer_at, state.operator_at, context.at)
    observation, baselines = profile_priors.observe_with_prior(
        response_time.observe, numbers, state, config, switches.latency_sd, switches.usual_z
    )
    belief = behaviour.update_alarm(state.belief, observation, "latency", switches.latency_share, config.belief)
    return msgspec.structs.replace(state, baselines=baselines, belief=belief)


def read_words(state: State, context: Context) -> State:
    """Step: what the words say, by the text model, whose dialogue then holds this turn."""
    model, signal, switches = context.model, context.signal, context.config.signals
    dialogue = state.dialogue or model.new_dialogue()
    message = signal["terms"], signal["cues"], signal["features"]
    known = model.context(dialogue)
    reading = model.read_turn(dialogue, known, *message) if signal["terms"] and switches.text else None
    words = text.observe(reading, switches.text_usual, switches.text_sd) if reading else None
    observation = profile_priors.subtract_usual_tone(words, state.usual)
    context.reading = TurnReading(model.forecast(dialogue, known), reading, observation, words, model.version)
    return msgspec.structs.replace(state, dialogue=model.add_turn(dialogue, *message))


def believe(state: State, context: Context) -> State:
    """Step: the level and the alarm after the words."""
    return observe(state, context.reading.observation if context.reading else None, context.config)


def observe(state: State, observation: Observation | None, config: Config) -> State:
    """The state whose belief took in an observation, if there is one."""
    if observation is None:
        return state
    belief = estimator.update(state.belief, observation, state.last_at, config.belief)
    return msgspec.structs.replace(state, belief=belief)


def remember_turn(state: State, context: Context) -> State:
    """Step: one more customer turn, its level, and what of it the customer's profile will learn."""
    words = context.reading.words if context.reading else None
    memory = notes.note_turn(state, words.value if words else None, context.signal["cues"], context.config.profile)
    customer_at = max(state.customer_at, context.at)
    recent = (*state.recent, (customer_at, state.belief.level))[-context.config.belief.slope_points :]
    return msgspec.structs.replace(state, turn=state.turn + 1, customer_at=customer_at, recent=recent, memory=memory)


def count_turn(state: State, context: Context) -> State:
    """Step: one more customer turn in the open outcome window, which may be the last it waits for."""
    state, outputs = outcome.count_turn(state, context.conversation_id, context.config)
    context.outputs += outputs
    return state


def close_if_ended(state: State, context: Context) -> State:
    """Step: the platform ended the conversation, which closes an open outcome window."""
    if context.signal["status"] not in notes.ENDED:
        return state
    spoken_at = max(state.customer_at, state.operator_at)
    state, outputs = outcome.close(state, context.conversation_id, spoken_at, "ended", context.config)
    context.outputs += outputs
    return state


def decide(state: State, context: Context) -> State:
    """Step: whether this turn is a decision point, and what is done."""
    signal = context.signal
    if signal["status"] != "open":
        return state
    state, outputs = decision.decide(
        state, context.conversation_id, list(signal["cues"]), context.config, context.policy
    )
    context.outputs += outputs
    return state


def remember_answer(state: State, context: Context) -> State:
    """Step: an operator or bot wrote: the dialogue, the pace and the style of the reply are remembered."""
    signal, model = context.signal, context.model
    dialogue = model.add_reply(
        state.dialogue or model.new_dialogue(), signal["terms"], signal["cues"], signal["features"]
    )
    state = outcome.answered(state, context.at)
    return msgspec.structs.replace(
        state,
        operator_at=max(state.operator_at, context.at),
        dialogue=dialogue,
        answer=reply_style.add_message(state.answer, signal["features"]),
    )
