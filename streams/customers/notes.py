"""Notes: the messages of a conversation to its customer's profile.

A conversation requests the profile when it opens or when its customer becomes known (note ``opened``). It sends what it
learned when the platform says that it ended, or when it falls silent (``learned``). A note holds only what is new since
the last one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from streams import ids
from streams.config.model import Config, ProfileConfig
from streams.customers.profile_priors import pool_baselines
from streams.outputs import Output
from streams.signals import prosody, typing
from streams.signals.baselines import update_baseline
from streams.signals.cues import TOPICS
from streams.state import OptionHistory, PendingNotes, ProfilePrior, State

TONE = "text.tone"  # tone of the words, among the baselines of a note
ENDED = ("resolved", "abandoned")
NOTHING = PendingNotes()

Signal = Mapping[str, Any]


def note_turn(state: State, tone: float | None, cues: Sequence[str], config: ProfileConfig) -> PendingNotes:
    """The pending notes after a customer turn has moved the level.

    Args:
        tone: value of the words' observation before the usual tone is subtracted; None when unreadable.
        cues: found in the turn.
    """
    if not config.remember:
        return NOTHING
    pending, triggers = state.memory, dict(state.memory.triggers)
    for name in raising_cues(state.belief.moved, cues):
        triggers[name] = triggers.get(name, 0) + 1
    tones = pending.tone if tone is None else update_baseline(pending.tone, tone)
    return PendingNotes(pending.turns + 1, tones, keep_largest(triggers, config), pending.defused)


def raising_cues(moved: Mapping[str, float], cues: Sequence[str]) -> list[str]:
    """Cues of a turn that moved the level up, and its topics if the turn as a whole raised it."""
    own = [name for name, by in moved.items() if by > 0 and name in cues]
    return own + [name for name in TOPICS if name in cues and sum(moved.values()) > 0]


def keep_largest(counts: Mapping[str, Any], config: ProfileConfig) -> dict[str, Any]:
    """The ``names`` largest counts; ties by name."""
    if len(counts) <= config.names:
        return dict(counts)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: config.names])


def note_outcomes(state: State, outputs: Sequence[Output], config: Config) -> State:
    """The state after outcomes, with the option histories updated. A change within the margin does not count."""
    for output in outputs:
        if output.record != "outcome" or output.datum["reward"] is None:
            continue
        reward, margin = output.datum["reward"], config.outcome.margin
        before = state.memory.defused.get(output.datum["option"], OptionHistory())
        after = OptionHistory(before.helped + (reward > margin), before.failed + (reward < -margin))
        defused = {**state.memory.defused, output.datum["option"]: after}
        state = msgspec.structs.replace(state, memory=msgspec.structs.replace(state.memory, defused=defused))
    return state


def request_profile(state: State, signal: Signal, config: Config) -> tuple[State, list[Output]]:
    """Request the profile of a new customer. If the customer changed, drop what was learned from the other."""
    if state.customer_id in (None, state.asked) or not config.profile.remember:
        return state, []
    if state.asked is not None:
        state = msgspec.structs.replace(state, baselines={}, usual=None, memory=NOTHING)
    state = msgspec.structs.replace(state, asked=state.customer_id)
    state, note = new_note(state, signal["conversation_id"], "opened", signal["event_time"], {}, config)
    return state, [note]


def publish_notes(state: State, signal: Signal, withdrawn: bool, config: Config) -> tuple[State, list[Output]]:
    """The state and notes after a signal.

    Args:
        withdrawn: whether it ended the consent to typing analysis.
    """
    if state.customer_id is None or not config.profile.remember:
        return state, []
    notes: list[Output] = []
    if withdrawn:
        state, note = new_note(state, signal["conversation_id"], "withdrawn", state.last_at, {}, config)
        notes = [note]
    if signal["kind"] == "message" and signal["status"] in ENDED:
        state, learned = publish_learned(state, signal["conversation_id"], state.last_at, config)
        notes += learned
    return state, notes


def publish_learned(state: State, conversation_id: str, at: int, config: Config) -> tuple[State, list[Output]]:
    """Publish what was learned, if anything is new; from then on it counts as usual."""
    if state.customer_id is None or not config.profile.remember or state.memory == NOTHING:
        return state, []
    pending, consent = state.memory, state.keystroke_consent is True
    baselines = prosody.forget(state.baselines if consent else typing.forget(state.baselines))
    if pending.tone is not None:
        baselines = {**baselines, TONE: pending.tone}
    learned = {
        "turns": pending.turns,
        "baselines": {name: msgspec.structs.asdict(baseline) for name, baseline in baselines.items()},
        "triggers": pending.triggers,
        "defused": {option: as_counts(followed) for option, followed in pending.defused.items()},
    }
    state, note = new_note(state, conversation_id, "learned", at, learned, config)
    before = state.usual or ProfilePrior()
    after = pool_baselines(before.baselines, state.baselines, config.profile.seed)
    before = msgspec.structs.replace(before, baselines=after)
    return msgspec.structs.replace(state, baselines={}, usual=before, memory=NOTHING), [note]


def as_counts(followed: OptionHistory) -> dict[str, int]:
    return {"helped": int(followed.helped), "failed": int(followed.failed)}


def new_note(
    state: State, conversation_id: str, kind: str, at: int, learned: Mapping[str, Any], config: Config
) -> tuple[State, Output]:
    """A note of this kind, and the state that counts it."""
    note_id = ids.stable_id("note", state.tenant, conversation_id, state.opened, state.notes + 1)
    datum = {
        "note_id": note_id,
        "kind": kind,
        "event_time": at,
        "tenant": state.tenant,
        "customer_id": state.customer_id,
        "conversation_id": conversation_id,
        "opened_at": state.opened_at,
        "keystroke_consent": state.keystroke_consent,
        "turns": 0,
        "baselines": {},
        "triggers": {},
        "defused": {},
        "config_version": config.version,
        **learned,
    }
    return msgspec.structs.replace(state, notes=state.notes + 1), Output("customer_note", note_id, datum)
