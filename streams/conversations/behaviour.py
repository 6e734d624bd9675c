"""Steps for what a customer does beside writing: typing, navigation and voice.

Typing and navigation may add to the alarm and leave the level alone (``streams.belief.behaviour``); the voice moves
the level. Each is left out where its switch is off, typing and voice also where consent was refused.
"""

import msgspec

from streams.belief import behaviour
from streams.conversations.message import observe
from streams.conversations.step import Context
from streams.customers import profile_priors
from streams.signals import navigation, prosody, typing
from streams.state import State


def read_typing(state: State, context: Context) -> State:
    """Step: what is unusual in a burst of typing, against the person's own rhythm."""
    config, switches = context.config, context.config.signals
    if state.keystroke_consent is False or not switches.typing:
        return state
    observation, baselines = profile_priors.observe_with_prior(
        typing.observe, context.signal["features"], state, config, switches.typing_sd, switches.usual_z
    )
    belief = behaviour.update_alarm(state.belief, observation, "typing", switches.typing_share, config.belief)
    return msgspec.structs.replace(state, baselines=baselines, belief=belief)


def read_navigation(state: State, context: Context) -> State:
    """Step: struggles on a page."""
    signal, config, switches = context.signal, context.config, context.config.signals
    if not switches.navigation:
        return state
    observation, pointer = navigation.observe(
        signal["features"], signal["cues"], context.at, state.pointer, switches.navigation_sd, config.navigation
    )
    belief = behaviour.update_alarm(state.belief, observation, "navigation", switches.navigation_share, config.belief)
    return msgspec.structs.replace(state, pointer=pointer, belief=belief)


def read_voice(state: State, context: Context) -> State:
    """Step: how the voice differs from the person's own."""
    switches = context.config.signals
    if state.voice_consent is False or not switches.prosody:
        return state
    observation, baselines = prosody.observe(context.signal["features"], state.baselines, switches.prosody_sd)
    return observe(msgspec.structs.replace(state, baselines=baselines), observation, context.config)
