"""``tenor voice``: a customer's voice, frame by frame, as events of conversation.prosody. Audio is never stored.

Only a customer may be analysed (EU AI Act, Art. 5(1)(f)), and Tenor cannot tell who speaks. So the audio must hold the
customer alone: one track of a recording with a track per party, never both parties mixed.
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
from agents.voice.audio_input import customer_track, open_stream, start_time
from schemas.errors import Rejected
from schemas.topics import Name
from schemas.validation import check
from streams.ids import stable_id
from streams.signals.prosody import FEATURES


@dataclass(frozen=True)
class Caller:
    """The customer who speaks, and whether they consented to the analysis."""

    conversation_id: str
    customer_id: str | None
    tenant: str
    consent: bool


@dataclass
class VoiceSummary:
    """What was measured so far.

    Attributes:
        frames: number of frames.
        samples: length of the audio, samples.
        unknown: number of measures that are null, by reason.
    """

    frames: int = 0
    samples: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


def measure_voice(
    settings: Settings,
    path: str,
    caller: Caller,
    frame_ms: int,
    track: int | None = None,
    started: str | None = None,
    out: Path | None = None,
) -> VoiceSummary:
    """Measure a voice and publish its frames.

    Args:
        path: a WAV file, or ``-`` for standard input.
        frame_ms: length of a frame, milliseconds.
        track: the customer's, from 1; None where there is only one.
        started: when the audio starts, RFC 3339; None: a file ends now, and a pipe starts now.
        out: write a recording instead of publishing.

    Raises ``Failure``; if the audio is shorter than its header says, after its frames were published.
    """
    summary = VoiceSummary()
    if not caller.consent:
        deliver(settings, [no_consent_event(caller, frame_ms)], out)
        return summary
    acoustics = load_acoustics()
    with open_stream(path) as (stream, name):
        sound = wav.opened(stream, name)
        number, began = customer_track(track, sound), start_time(started, sound)
        frames = wav.frames(sound, sound.format.rate * frame_ms // 1000, number)
        deliver(settings, measure_frames(acoustics, frames, sound.format.rate, caller, began, summary), out)
    require_complete(sound, summary)
    return summary


def load_acoustics() -> ModuleType:
    """The module that measures. Raises ``Failure`` without the extra ``measure_voice``."""
    try:
        from agents.voice import acoustics
    except ImportError:
        raise Failure("Measuring a voice requires the extra voice.", 'Run: pip install "tenor[voice]"') from None
    return acoustics


def measure_frames(
    acoustics: ModuleType,
    frames: Iterable[wav.Samples],
    rate: int,
    caller: Caller,
    began_ms: int,
    summary: VoiceSummary,
) -> Iterator[Event]:
    """Frames as events, each as soon as it is read; updates the summary."""
    for frame in frames:
        measures = acoustics.measure(frame, rate)
        summary.frames += 1
        summary.samples += len(frame)
        summary.unknown.update(measures.reasons.values())
        event_id = stable_id("voice", caller.tenant, caller.conversation_id, began_ms, summary.frames)
        ended_ms = began_ms + summary.samples * 1000 // rate
        yield frame_event(event_id, caller, ended_ms, len(frame) * 1000 / rate, measures.values)


def frame_event(
    event_id: str, caller: Caller, ended_ms: int, duration_ms: float, values: dict[str, float | None]
) -> Event:
    """One frame as an event, dated by its end, when it becomes known."""
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


def no_consent_event(caller: Caller, frame_ms: int) -> Event:
    """An event that only says that there is no consent. The audio is not opened."""
    now = now_ms()
    event_id = stable_id("voice refused", caller.tenant, caller.conversation_id, now)
    return frame_event(event_id, caller, now, float(frame_ms), dict.fromkeys(FEATURES))


def deliver(settings: Settings, events: Iterable[Event], out: Path | None) -> None:
    """Publish events as they come, or write them as a recording for ``tenor replay``."""
    checked = check_events(events, settings)
    if out is not None:
        return file.write(out, checked)
    require_topics(settings, [Name.PROSODY])
    publish_events(settings, checked)


def check_events(events: Iterable[Event], settings: Settings) -> Iterator[Event]:
    """The events, unchanged. Raises ``Failure`` for one that ingest would reject."""
    for event in events:
        try:
            check("prosody", dict(event.event), now_ms(), settings.limits)
        except Rejected as rejected:
            raise Failure(f"Ingest would reject this event: {rejected.detail}.") from None
        yield event


def require_complete(sound: wav.WavStream, summary: VoiceSummary) -> None:
    """Raises ``Failure`` when there was no audio, or less than its header says."""
    if not summary.samples:
        raise Failure(f"{sound.name} holds no audio.")
    if sound.length is not None and summary.samples < sound.length:
        seconds, expected = summary.samples / sound.format.rate, sound.length / sound.format.rate
        message = f"{sound.name} ends early, after {seconds:.1f} of the {expected:.1f} s in its header."
        raise Failure(message, f"The {summary.frames} frames that it holds were used.")
