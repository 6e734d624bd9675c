"""The profile: what is remembered of one customer. Small, bounded, versioned, no pickle.

Wire: one byte of format, eight bytes of the time it last learned (milliseconds, big-endian), a MessagePack array.
The time comes first so that a scan for expired profiles need not decode the rest.

The usual tone is the median of the mean tone of the last conversations: one or two angry conversations do not make
anger usual. It is shrunk towards 0 while there are few.
"""

import struct
from collections.abc import Mapping
from statistics import median
from typing import Any

import msgspec

from streams.config.model import ProfileConfig
from streams.customers.notes import TONE, keep_largest
from streams.customers.profile_priors import pool_baselines
from streams.signals import typing
from streams.signals.extraction import Signal, tick_signal
from streams.state import Baseline, OptionHistory

FORMAT = 1
HEADER = struct.Struct(">Bq")
SEEN = 16
LEAST = 0.05

Note = Mapping[str, Any]


class ProfileError(ValueError):
    """Bytes that are not a profile this version can read. The message says what to do."""


class Profile(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of one customer.

    Attributes:
        at: when it last learned, stream time, milliseconds.
        offset: last note folded, in the customer's partition of tenor.customers.
        conversations: how many it learned from.
        turns: customer turns it learned from.
        tones: mean of what the words said, of each of the last conversations.
        baselines: usual typing and latency, by feature.
        triggers: cues that moved the belief up; counts fade with every conversation.
        defused: what followed each option, control included; fades alike.
        seen: ids of the last notes: one that a worker published twice is one.
    """

    at: int
    offset: int = -1
    conversations: int = 0
    turns: int = 0
    tones: tuple[float, ...] = ()
    baselines: dict[str, Baseline] = {}
    triggers: dict[str, float] = {}
    defused: dict[str, OptionHistory] = {}
    seen: tuple[str, ...] = ()


def merge_note(profile: Profile | None, note: Note, config: ProfileConfig) -> Profile | None:
    """The profile after a note; None while there is nothing to remember. A repeated note changes nothing."""
    if note["kind"] == "learned" and (profile is None or note["note_id"] not in profile.seen):
        profile = learn_note(profile or Profile(note["event_time"]), note, config)
    if profile is not None and note["keystroke_consent"] is False:
        profile = msgspec.structs.replace(profile, baselines=typing.forget(profile.baselines))
    return profile


def learn_note(profile: Profile, note: Note, config: ProfileConfig) -> Profile:
    baselines = {name: Baseline(**usual) for name, usual in note["baselines"].items()}
    tone = baselines.pop(TONE, None)
    tones = profile.tones if tone is None else (*profile.tones, tone.mean)[-config.tones :]
    return msgspec.structs.replace(
        profile,
        at=max(profile.at, note["event_time"]),
        conversations=profile.conversations + 1,
        turns=profile.turns + note["turns"],
        tones=tones,
        baselines=cap_baselines(pool_baselines(profile.baselines, baselines, config.memory), config),
        triggers=keep_largest(decay_counts(profile.triggers, note["triggers"], config.decay), config),
        defused=update_histories(profile.defused, note["defused"], config),
        seen=(*profile.seen, note["note_id"])[-SEEN:],
    )


def cap_baselines(baselines: Mapping[str, Baseline], config: ProfileConfig) -> dict[str, Baseline]:
    names = sorted(baselines)[: config.names]
    return {
        name: msgspec.structs.replace(baseline, count=min(baseline.count, config.memory))
        for name, baseline in baselines.items()
        if name in names
    }


def decay_counts(before: Mapping[str, float], added: Mapping[str, float], decay: float) -> dict[str, float]:
    """Counts, with the earlier ones decayed; those below ``LEAST`` are dropped."""
    counts = {
        name: decay * before.get(name, 0.0) + added.get(name, 0.0) for name in [*before, *(added.keys() - before)]
    }
    return {name: count for name, count in sorted(counts.items()) if count >= LEAST}


def update_histories(
    before: Mapping[str, OptionHistory], added: Note, config: ProfileConfig
) -> dict[str, OptionHistory]:
    """Option histories, with helped and failed decayed alike."""
    helped, failed = (
        decay_counts(
            {option: getattr(history, name) for option, history in before.items()},
            {option: float(history[name]) for option, history in added.items()},
            config.decay,
        )
        for name in ("helped", "failed")
    )
    tried = keep_largest(
        {name: helped.get(name, 0.0) + failed.get(name, 0.0) for name in sorted({*helped, *failed})}, config
    )
    return {option: OptionHistory(helped.get(option, 0.0), failed.get(option, 0.0)) for option in tried}


def usual_tone(profile: Profile, config: ProfileConfig) -> float:
    """The person's usual tone, on the level's scale; near 0 with few conversations."""
    if not profile.tones:
        return 0.0
    known = len(profile.tones)
    tone = median(profile.tones) * known / (known + config.tone_prior)
    return min(max(tone, -config.tone_limit), config.tone_limit)


def profile_signal(profile: Profile, note: Note, source: tuple[str, int, int], config: ProfileConfig) -> Signal:
    """The signal that carries a profile to the conversation that requested it.

    Args:
        source: topic, partition and offset of its note: the fold skips a repeat.
    """
    topic, partition, offset = source
    return tick_signal(note["event_time"]) | {
        "kind": "profile",
        "conversation_id": note["conversation_id"],
        "tenant": note["tenant"],
        "customer_id": note["customer_id"],
        "source": {"topic": topic, "partition": partition, "offset": offset},
        "profile": prior_record(profile, config),
    }


def prior_record(profile: Profile, config: ProfileConfig) -> dict[str, Any]:
    """The part of a profile that a conversation gets."""
    return {
        "conversations": profile.conversations,
        "tone": usual_tone(profile, config),
        "baselines": {name: msgspec.structs.asdict(history) for name, history in profile.baselines.items()},
        "triggers": profile.triggers,
        "defused": {option: msgspec.structs.asdict(history) for option, history in profile.defused.items()},
    }


ENCODER = msgspec.msgpack.Encoder()
DECODER = msgspec.msgpack.Decoder(Profile)


def encode(profile: Profile) -> bytes:
    return HEADER.pack(FORMAT, profile.at) + ENCODER.encode(profile)


def decode(value: bytes) -> Profile:
    """The profile in ``value``; ``ProfileError`` when it is newer than this version or broken."""
    read_learned_at(value)
    try:
        return DECODER.decode(memoryview(value)[HEADER.size :])
    except msgspec.MsgspecError as error:
        raise ProfileError(f"a customer's profile cannot be read: {error}") from None


def read_learned_at(value: bytes) -> int:
    """When the profile in ``value`` last learned, milliseconds."""
    if len(value) < HEADER.size or value[0] != FORMAT:
        version = value[0] if value else "nothing"
        raise ProfileError(
            f"a customer's profile has format {version}, this version reads {FORMAT}: "
            "run the version that wrote it, or empty tenor.profiles to start with no profiles"
        )
    return int(HEADER.unpack_from(value)[1])
