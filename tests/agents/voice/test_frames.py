"""``tenor voice``: from a WAV to frames of the contract, on a real broker, in a file, through a pipe."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.common.errors import Failure
from agents.kafka import topic_reader
from agents.kafka.admin import topics
from agents.recordings import file
from agents.settings.loader import environment
from agents.settings.model import Settings
from agents.voice.acoustics import measure
from agents.voice.frames import Caller, VoiceSummary, measure_voice
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import Name
from schemas.validation import Limits, check
from streams.signals.extraction import extract_signal
from streams.signals.prosody import FEATURES, NAMES
from tests.conftest import drop_topics
from tests.support.data.command_line import PATIENCE_S, assert_failure, fresh_tenor, succeeded, tenor, variables
from tests.support.data.voices import RATE, babble, sine, wav
from tests.support.isolation import unique
from tests.support.processes.tenor_process import ARGV

STARTED, STARTED_MS = "2026-03-02T09:14:00Z", 1_772_442_840_000
AGREED = Caller("c1", "u1", "default", True)
LINE = f"voice x.wav --conversation c1 --consent --started {STARTED} --out frames.jsonl"

TALK = babble(4.0, 5.0)

Datum = dict[str, Any]


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a machine on which nothing runs."""
    for name in [name for name in os.environ if name.startswith("TENOR_")]:
        monkeypatch.delenv(name)
    return Settings(_env_file=None, brokers="127.0.0.1:1")  # type: ignore[call-arg]


@pytest.fixture
def bus(tansu: str, offline: Settings) -> Iterator[Settings]:
    """Settings whose topics exist and are empty."""
    own = with_prefix(tansu, f"{unique('voice')}.")
    topics.apply(own)
    yield own
    drop_topics(own)


def with_prefix(brokers: str, prefix: str) -> Settings:
    return Settings(_env_file=None, brokers=brokers, topic_prefix=prefix, partitions=3, embedded=True)  # type: ignore[call-arg]


def written(
    settings: Settings, directory: Path, data: bytes, caller: Caller = AGREED, **how: Any
) -> tuple[list[Datum], VoiceSummary]:
    """The events of a WAV, through a file and a recording."""
    (directory / "x.wav").write_bytes(data)
    out = directory / "frames.jsonl"
    options = {"frame_ms": 2000, "started": STARTED, **how}
    summary = measure_voice(settings, str(directory / "x.wav"), caller, out=out, **options)
    events = file.read(out).events
    assert {(event.topic, event.key) for event in events} <= {("conversation.prosody", caller.conversation_id)}
    for event in events:
        check("prosody", dict(event.event), STARTED_MS, Limits())
    return [dict(event.event) for event in events], summary


def test_a_voice_becomes_frames_of_the_contract_end_to_end(offline: Settings, tmp_path: Path) -> None:
    events, summary = written(offline, tmp_path, wav(TALK, bits=24))
    assert [event["duration_ms"] for event in events] == [2000.0, 2000.0, 1000.0]
    assert [one["event_time"] - STARTED_MS for one in events] == [2000, 4000, 5000]
    assert len({one["event_id"] for one in events}) == 3
    assert (summary.frames, summary.samples) == (3, 5 * RATE)
    for one, begin in zip(events, (0, 2, 4), strict=True):
        expected = measure(TALK[begin * RATE : (begin + 2) * RATE], RATE).values
        assert {name: one[name] for name in FEATURES} == pytest.approx(expected, rel=1e-3)
        assert one | {"customer_id": "u1", "participant_role": "customer", "channel": "voice", "consent": True} == one
        assert extract_signal("prosody", one, ("conversation.prosody", 0, 0))["reasons"] == {}


def test_the_same_sound_at_the_same_time_gives_the_same_bytes(offline: Settings, tmp_path: Path) -> None:
    written(offline, tmp_path, wav(TALK))
    before = (tmp_path / "frames.jsonl").read_bytes()
    written(offline, tmp_path, wav(TALK))
    assert (tmp_path / "frames.jsonl").read_bytes() == before


def test_two_conversations_and_two_tenants_share_no_event_id(offline: Settings, tmp_path: Path) -> None:
    callers = [AGREED, Caller("c2", "u1", "default", True), Caller("c1", "u1", "other", True)]
    ids = [one["event_id"] for caller in callers for one in written(offline, tmp_path, wav(TALK), caller)[0]]
    assert len(set(ids)) == len(ids) == 9


def test_a_frame_may_be_shorter_and_its_last_piece_too_short_to_measure(offline: Settings, tmp_path: Path) -> None:
    events, summary = written(offline, tmp_path, wav(TALK[: RATE + 100]), frame_ms=500)
    assert [event["duration_ms"] for event in events] == [500.0, 500.0, 6.25]
    assert [events[2][name] for name in FEATURES] == [None] * 7
    assert summary.unknown == {"too_short": 7 + 2}  # a rate wants a second
    signal = extract_signal("prosody", events[2], ("", 0, 0))
    assert signal["reasons"] == dict.fromkeys(NAMES, "too_short")


def test_silence_is_published_as_unknown(offline: Settings, tmp_path: Path) -> None:
    events, summary = written(offline, tmp_path, wav(np.zeros(4 * RATE)))
    assert [[one[name] for name in FEATURES] for one in events] == [[None] * 7] * 2
    assert summary.unknown == {"silence": 14}


def test_measures_spoilt_by_clipping_are_unknown(offline: Settings, tmp_path: Path) -> None:
    events, summary = written(offline, tmp_path, wav(babble(4.0) * 8))
    assert {name for name in FEATURES if events[0][name] is None} == {"jitter", "shimmer", "hnr_db", "loudness_db"}
    assert summary.unknown == {"clipped": 4}


# --- tracks and consent ---


def test_only_the_customers_track_is_read(offline: Settings, tmp_path: Path) -> None:
    both = np.column_stack([babble(4.0), sine(300.0)])
    for track, hertz in ((1, 140.0), (2, 300.0)):
        [event] = written(offline, tmp_path, wav(both), track=track)[0]
        assert event["f0_semitones"] == pytest.approx(12 * np.log2(hertz / 27.5), abs=0.05)


def test_tracks_are_never_mixed_and_never_guessed(offline: Settings, tmp_path: Path) -> None:
    both = wav(np.column_stack([TALK, TALK]))
    with pytest.raises(Failure, match=r"x\.wav has 2 tracks") as failure:
        written(offline, tmp_path, both)
    assert "--track 1" in (failure.value.hint or "")
    for track in (0, 3, -1):
        with pytest.raises(Failure, match=rf"has no track {track}; it has 2"):
            written(offline, tmp_path, both, track=track)


def test_without_consent_the_sound_is_not_opened(offline: Settings, tmp_path: Path) -> None:
    out = tmp_path / "frames.jsonl"
    summary = measure_voice(
        offline, str(tmp_path / "no such file"), Caller("c1", None, "default", False), 2000, out=out
    )
    [event] = file.read(out).events
    assert event.event["consent"] is False
    assert [event.event[name] for name in FEATURES] == [None] * 7
    assert summary.frames == 0
    assert extract_signal("prosody", event.event, ("", 0, 0))["voice_consent"] is False


# --- errors ---


def test_audio_that_ends_early_is_used_and_reported(offline: Settings, tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"ends early, after 3\.0 of the 5\.0 s") as failure:
        written(offline, tmp_path, wav(TALK)[: 44 + 6 * RATE])
    assert failure.value.hint == "The 2 frames that it holds were used."
    assert len(file.read(tmp_path / "frames.jsonl").events) == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"not a sound at all", "is not a WAV file"),
        (wav(TALK)[:30], "ends within its header"),
        (wav(TALK[:0]), "holds no audio"),
        (wav(TALK[:0], length=0xFFFFFFFF), "holds no audio"),
    ],
)
def test_invalid_audio_is_refused(offline: Settings, tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(Failure, match=f"x.wav {message}"):
        written(offline, tmp_path, data)


def test_a_file_that_is_not_there_or_is_a_folder(offline: Settings, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(Failure, match=rf"{path} cannot be read: "):
            measure_voice(offline, str(path), AGREED, 2000, out=tmp_path / "out")


@pytest.mark.parametrize("started", ["yesterday", "2026-03-02", "2026-03-02T09:14:00"])
def test_a_time_that_is_none_or_of_an_unknown_zone(offline: Settings, tmp_path: Path, started: str) -> None:
    with pytest.raises(Failure, match="--started must be milliseconds or an RFC 3339 time with a UTC offset"):
        written(offline, tmp_path, wav(TALK), started=started)


@pytest.mark.parametrize(
    ("caller", "started", "message"),
    [
        (Caller(" ", None, "default", True), STARTED, "conversation_id is empty"),
        (Caller("c" * 257, None, "default", True), STARTED, "conversation_id has 257 characters"),
        (Caller("c1", "a\nb", "default", True), STARTED, "customer_id holds control characters"),
        (AGREED, "1926-03-02T09:14:00Z", r"event_time is \d+\.\d days ago"),
    ],
)
def test_an_event_that_ingest_would_reject_is_not_sent(
    offline: Settings, tmp_path: Path, caller: Caller, started: str, message: str
) -> None:
    with pytest.raises(Failure, match=f"Ingest would reject this event: {message}"):
        written(offline, tmp_path, wav(TALK), caller, started=started)


# --- when it happened ---


def test_a_file_ended_just_now(offline: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.voice.audio_input.now_ms", lambda: STARTED_MS)
    assert [one["event_time"] for one in written(offline, tmp_path, wav(TALK), started=None)[0]][-1] == STARTED_MS
    unknown = written(offline, tmp_path, wav(TALK, length=0xFFFFFFFF), started=None)[0]
    assert [one["event_time"] - STARTED_MS for one in unknown] == [-3000, -1000, 0]
    with pytest.raises(Failure, match="ends early"):
        written(offline, tmp_path, wav(TALK)[: 44 + 6 * RATE], started=None)
    cut = file.read(tmp_path / "frames.jsonl").events
    assert [one.event["event_time"] - STARTED_MS for one in cut] == [-1000, 0]


# --- the command, as people run it ---


def test_the_command_reports_what_it_read(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(wav(np.append(TALK, np.zeros(2 * RATE))))
    assert succeeded(tenor(tmp_path, LINE)) == "4 frames; unknown measures: 7 silence\n"
    assert len(file.read(tmp_path / "frames.jsonl").events) == 4
    refused = succeeded(tenor(tmp_path, "voice x.wav --conversation c1 --no-consent --out frames.jsonl"))
    assert refused == "no consent: no sound was read\n"


def test_consent_is_never_assumed(tmp_path: Path) -> None:
    result = tenor(tmp_path, "voice x.wav --conversation c1")
    assert result.returncode == 2
    assert "--consent" in result.stderr


def test_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    assert_failure(tenor(tmp_path, LINE), "x.wav cannot be read: No such file or directory")
    (tmp_path / "x.wav").write_bytes(b"ID3")
    assert_failure(tenor(tmp_path, LINE), "x.wav is not a WAV file", "ffmpeg")
    (tmp_path / "x.wav").write_bytes(wav(np.column_stack([TALK, TALK])))
    assert_failure(tenor(tmp_path, LINE), "x.wav has 2 tracks", "--track 1")


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path) -> None:
    """A Python that has no parselmouth: an empty module of that name, found first, which refuses to load."""
    (tmp_path / "parselmouth.py").write_text("raise ImportError('not installed')\n")
    (tmp_path / "x.wav").write_bytes(wav(TALK))
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])
    result = fresh_tenor(tmp_path, LINE, PYTHONPATH=path)
    assert_failure(result, "requires the extra voice", 'pip install "tenor[voice]"')


def piped(directory: Path, *arguments: str, **env: str) -> "subprocess.Popen[bytes]":
    command = [*ARGV, "voice", "-", "--conversation", "c1", "--consent", *arguments]
    return subprocess.Popen(
        command,
        cwd=directory,
        env=variables(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_pipe_gives_what_the_file_gives(offline: Settings, tmp_path: Path) -> None:
    expected, _ = written(offline, tmp_path, wav(TALK))
    process = piped(tmp_path, "--started", STARTED, "--out", "piped.jsonl", "--customer", "u1")
    output, errors = process.communicate(wav(TALK, length=0xFFFFFFFF), PATIENCE_S)
    assert (process.returncode, errors) == (0, b"")
    assert output == b"3 frames; unknown measures: none\n"
    assert [dict(one.event) for one in file.read(tmp_path / "piped.jsonl").events] == expected


def test_a_pipe_that_breaks_within_the_header(tmp_path: Path) -> None:
    process = piped(tmp_path, "--out", "piped.jsonl")
    _, errors = process.communicate(wav(TALK)[:40], PATIENCE_S)
    assert process.returncode == 1
    assert errors.decode().splitlines() == ["error: standard input ends within its header"]


# --- on the bus ---


def published(settings: Settings) -> list[Datum]:
    messages = list(topic_reader.read(settings, [settings.topics.name(Name.PROSODY)]))
    assert {message.key for message in messages} <= {b"c1"}
    return [Codec().decode(record("prosody"), message.value, dict(message.headers)) for message in messages]


@pytest.mark.integration
def test_frames_reach_the_bus_as_in_the_recording(bus: Settings, tmp_path: Path) -> None:
    expected, _ = written(bus, tmp_path, wav(TALK))
    measure_voice(bus, str(tmp_path / "x.wav"), AGREED, 2000, started=STARTED)
    arrived = published(bus)
    assert [one["event_id"] for one in arrived] == [one["event_id"] for one in expected]
    for one, other in zip(arrived, expected, strict=True):
        assert {name: one[name] for name in FEATURES} == pytest.approx({name: other[name] for name in FEATURES})
        assert {**one, **dict.fromkeys(FEATURES)} == {**other, **dict.fromkeys(FEATURES)}


@pytest.mark.integration
def test_a_live_frame_is_on_the_bus_before_the_call_has_ended(bus: Settings, tmp_path: Path) -> None:
    process = piped(tmp_path, **environment(bus))
    assert process.stdin is not None
    data = wav(TALK, length=0xFFFFFFFF)
    process.stdin.write(data[: 44 + 2 * 2 * 2 * RATE])  # two frames
    process.stdin.flush()
    while len(published(bus)) < 2:
        assert process.poll() is None
    process.stdin.write(data[44 + 2 * 2 * 2 * RATE :])
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (0, b"")
    assert [one["duration_ms"] for one in published(bus)] == [2000.0, 2000.0, 1000.0]


@pytest.mark.integration
def test_topics_are_not_created_by_accident(bus: Settings, tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(wav(TALK))
    with pytest.raises(Failure, match=r"nowhere\.conversation\.prosody does not exist"):
        measure_voice(with_prefix(bus.brokers, "nowhere."), str(tmp_path / "x.wav"), AGREED, 2000)


def test_an_unreachable_broker_is_a_failure(offline: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.kafka.client.TIMEOUT_S", 0.5)
    (tmp_path / "x.wav").write_bytes(wav(TALK))
    with pytest.raises(Failure, match="does not answer"):
        measure_voice(offline, str(tmp_path / "x.wav"), AGREED, 2000)
