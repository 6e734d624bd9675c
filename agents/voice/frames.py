"""``tenor voice``: a customer's voice, frame by frame, as events of conversation.prosody. The sound goes nowhere.

Only a customer may be analysed (EU AI Act, Art. 5(1)(f)), and Tenor cannot hear who speaks. So the sound must hold
the customer alone: one track of a recording that has one for each party, never both parties mixed into one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.kafka.admin.topics import require_topics
from agents.recordings import file
from agents.recordings.model import Event
from agents.recordings.publish import publish_events
from agents.settings.model import Settings
from agents.voice import wav
from agents.voice.audio_input import start_of, stream_of, track_of
from schemas.errors import Rejected
from schemas.topics import Name
from schemas.validation import check
from streams.ids import stable_id
from streams.signals.prosody import FEATURES


@dataclass(frozen=True)
class Caller:
    """Whose voice it is, and whether they agreed to its being analysed."""

    conversation_id: str
    customer_id: str | None
    tenant: str
    consent: bool


@dataclass
class VoiceSummary:
    """What was read so far.

    Attributes:
        frames: events made of sound.
        samples: length of the sound, in samples.
        unknown: measures that are null, counted by reason.
    """

    frames: int = 0
    samples: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


def voice(
    settings: Settings,
    path: str,
    caller: Caller,
    frame_ms: int,
    track: int | None = None,
    started: str | None = None,
    out: Path | None = None,
) -> VoiceSummary:
    """Measure a voice and deliver its frames.

    Args:
        path: a WAV file, or ``-`` for standard input.
        frame_ms: length of a frame, milliseconds.
        track: the customer's, from 1; None where there is only one.
        started: when the sound began, RFC 3339; None: a file ended just now, and a pipe begins now.
        out: write a recording instead of publishing.

    Raises ``Failure``; also, after delivering what there is, when the sound ends before its header says.
    """
    heard = VoiceSummary()
    if not caller.consent:
        deliver(settings, [refusal(caller, frame_ms)], out)
        return heard
    acoustics = praat()
    with stream_of(path) as (stream, name):
        sound = wav.opened(stream, name)
        number, began = track_of(track, sound), start_of(started, sound)
        frames = wav.frames(sound, sound.format.rate * frame_ms // 1000, number)
        deliver(settings, listen(acoustics, frames, sound.format.rate, caller, began, heard), out)
    require_whole(sound, heard)
    return heard


def praat() -> ModuleType:
    """The measuring; ``Failure`` without the extra."""
    try:
        from agents.voice import acoustics
    except ImportError:
        raise Failure('measuring a voice needs the extra: pip install "tenor[voice]"') from None
    return acoustics


def listen(
    acoustics: ModuleType, frames: Iterable[wav.Samples], rate: int, caller: Caller, began_ms: int, heard: VoiceSummary
) -> Iterator[Event]:
    """Frames as events, each as soon as it was read; ``heard`` keeps count."""
    for frame in frames:
        measures = acoustics.measure(frame, rate)
        heard.frames += 1
        heard.samples += len(frame)
        heard.unknown.update(measures.reasons.values())
        event_id = stable_id("voice", caller.tenant, caller.conversation_id, began_ms, heard.frames)
        ended_ms = began_ms + heard.samples * 1000 // rate
        yield frame_event(event_id, caller, ended_ms, len(frame) * 1000 / rate, measures.values)


def frame_event(
    event_id: str, caller: Caller, ended_ms: int, duration_ms: float, values: dict[str, float | None]
) -> Event:
    """One frame as in its contract, dated by its end: that is when it could be known."""
    datum = {
        "event_id": event_id,
        "conversation_id": caller.conversation_id,
        "event_time": ended_ms,
        "tenant": caller.tenant,
        "channel": "voice",
        "customer_id": caller.customer_id,
        "participant_role": "customer",
        "consent": caller.consent,
        "duration_ms": duration_ms,
        **values,
    }
    return Event(str(Name.PROSODY), caller.conversation_id, datum)


def refusal(caller: Caller, frame_ms: int) -> Event:
    """What is said without consent: that there is none. The sound is not even opened."""
    now = now_ms()
    event_id = stable_id("voice refused", caller.tenant, caller.conversation_id, now)
    return frame_event(event_id, caller, now, float(frame_ms), dict.fromkeys(FEATURES))


def deliver(settings: Settings, events: Iterable[Event], out: Path | None) -> None:
    """Publish events as they come, or write them as a recording that ``tenor replay`` plays."""
    accepted = checked(events, settings)
    if out is not None:
        return file.write(out, accepted)
    require_topics(settings, [Name.PROSODY])
    publish_events(settings, accepted)


def checked(events: Iterable[Event], settings: Settings) -> Iterator[Event]:
    """The events, as ingest will accept them; ``Failure`` where it would not."""
    for event in events:
        try:
            check("prosody", dict(event.event), now_ms(), settings.limits)
        except Rejected as refused:
            raise Failure(f"ingest would refuse this: {refused.detail}") from None
        yield event


def require_whole(sound: wav.WavStream, heard: VoiceSummary) -> None:
    """``Failure`` when nothing was read, or less than promised."""
    if not heard.samples:
        raise Failure(f"{sound.name} holds no sound")
    if sound.length is not None and heard.samples < sound.length:
        there, promised = heard.samples / sound.format.rate, sound.length / sound.format.rate
        said = f"{sound.name} ends early, after {there:.1f} of the {promised:.1f} s its header says"
        raise Failure(said, f"the {heard.frames} frames that are there were used")
