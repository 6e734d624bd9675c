"""Consent to the analysis of typing and voice. Withdrawing it takes what was learned with it."""

import msgspec

from streams.conversations.step import Context
from streams.signals import prosody, typing
from streams.state import State


def take_consent(state: State, context: Context) -> State:
    """Step: what the signal says about consent."""
    typed, spoken = context.signal["keystroke_consent"], context.signal["voice_consent"]
    if is_known(typed, state.keystroke_consent) and is_known(spoken, state.voice_consent):
        return state
    keystrokes, typing_refused = merge_consent(typed, context.at, state.keystroke_consent, state.typing_refused_at)
    voice, voice_refused = merge_consent(spoken, context.at, state.voice_consent, state.voice_refused_at)
    context.withdrawn = state.keystroke_consent is not False and keystrokes is False
    if keystrokes is False:
        state = forget_typing(state)
    return msgspec.structs.replace(
        state,
        baselines=prosody.forget(state.baselines) if voice is False else state.baselines,
        keystroke_consent=keystrokes,
        voice_consent=voice,
        typing_refused_at=typing_refused,
        voice_refused_at=voice_refused,
    )


def is_known(stated: bool | None, before: bool | None) -> bool:
    """Whether a statement changes nothing. A refusal always may: its time counts."""
    return stated is None or (stated and before is True)


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
