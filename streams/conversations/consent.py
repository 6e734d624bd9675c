"""Consent to the analysis of typing and voice. Withdrawing it takes what was learned with it."""

import msgspec

from streams.conversations.step import Context
from streams.signals import prosody, typing
from streams.state import State


def take_consent(state: State, context: Context) -> State:
    """Step: what the signal says about consent."""
    signal, at = context.signal, context.at
    keystrokes = merge_consent(signal["keystroke_consent"], at, state.keystroke_consent, state.typing_refused_at)
    voice = merge_consent(signal["voice_consent"], at, state.voice_consent, state.voice_refused_at)
    if keystrokes == (state.keystroke_consent, state.typing_refused_at) and voice == (
        state.voice_consent,
        state.voice_refused_at,
    ):
        return state
    context.withdrawn = state.keystroke_consent is not False and keystrokes[0] is False
    state = msgspec.structs.replace(
        state,
        keystroke_consent=keystrokes[0],
        typing_refused_at=keystrokes[1],
        voice_consent=voice[0],
        voice_refused_at=voice[1],
    )
    state = state if keystrokes[0] is not False else forget_typing(state)
    return state if voice[0] is not False else msgspec.structs.replace(state, baselines=prosody.forget(state.baselines))


def merge_consent(stated: bool | None, at: int, before: bool | None, refused_at: int) -> tuple[bool | None, int]:
    """Consent after a statement, and when it was last refused, milliseconds.

    A refusal counts as soon as it arrives. Consent counts only if it is newer than every refusal: topics race each
    other, and a burst that was typed before the refusal may arrive after it.
    """
    if stated is False:
        return False, max(refused_at, at)
    return (True if stated and at > refused_at else before), refused_at


def forget_typing(state: State) -> State:
    """The state without anything learned from typing, here or in earlier conversations."""
    prior = state.usual and msgspec.structs.replace(state.usual, baselines=typing.forget(state.usual.baselines))
    return msgspec.structs.replace(state, baselines=typing.forget(state.baselines), usual=prior)
