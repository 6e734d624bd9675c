"""What is remembered of a conversation: small, versioned, exact."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import state
from streams.config.model import Config
from streams.conversations import lifecycle
from streams.state import (
    NEVER,
    Baseline,
    Belief,
    ConversationSummary,
    Motion,
    OutcomeWindow,
    PendingNotes,
    Pointer,
    State,
    StateError,
)
from streams.text_model.dialogue_state import Dialogue
from streams.text_model.hashing import SKETCH
from tests.support.data.builders import CALM, FURIOUS, answer, keystrokes, message, navigation, nervous, told

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.integers(0, 2**53)
NAMES = st.text(max_size=6)
BELIEFS = st.builds(
    Belief, FINITE, FINITE, FINITE, st.booleans(), TIMES, st.dictionaries(NAMES, FINITE), st.dictionaries(NAMES, FINITE)
)
PIXELS = st.integers(-(10**6), 10**6)
MOTIONS = st.none() | st.builds(Motion, PIXELS, PIXELS, PIXELS, PIXELS, TIMES, TIMES)
SUMS = st.tuples(FINITE, FINITE, FINITE)
SKETCHES = st.lists(st.integers(0, 2**24 - 1), max_size=SKETCH).map(tuple)
DIALOGUES = st.builds(Dialogue, SUMS, SUMS, SUMS, TIMES, TIMES, st.tuples(*[FINITE] * 6), SKETCHES, SKETCHES)
STATES = st.builds(
    State,
    tenant=NAMES,
    channel=NAMES,
    customer_id=st.none() | NAMES,
    opened_at=TIMES,
    last_at=TIMES,
    positions=st.dictionaries(NAMES, TIMES),
    belief=BELIEFS,
    recent=st.lists(st.tuples(TIMES, FINITE), max_size=4).map(tuple),
    baselines=st.dictionaries(NAMES, st.builds(Baseline, FINITE, FINITE, TIMES)),
    pointer=st.none() | st.builds(Pointer, TIMES, FINITE, FINITE, TIMES, TIMES, TIMES, TIMES, MOTIONS, MOTIONS),
    keystroke_consent=st.none() | st.booleans(),
    excluded=st.lists(NAMES, max_size=3).map(tuple),
    failed=st.none() | NAMES,
    dialogue=st.none() | DIALOGUES,
    window=st.none()
    | st.builds(
        OutcomeWindow, NAMES, TIMES, NAMES, st.booleans(), FINITE, FINITE, FINITE, TIMES, st.booleans(), st.booleans()
    ),
    course=st.builds(ConversationSummary, st.none() | NAMES, TIMES, st.none() | FINITE, TIMES, TIMES),
    answer=st.none() | st.lists(TIMES, max_size=3).map(tuple),
)


def busy() -> tuple[State, Config]:
    """A conversation in the middle: every signal seen, a decision taken, its window open."""
    config = nervous()
    turns = [
        one
        for i in range(6)
        for one in (
            keystrokes(60.0 * i, gap_ms=100.0 + 1100 * (i % 2)),
            navigation("page_view", 60.0 * i + 1),
            navigation("cursor", 60.0 * i + 1, x=1000.0 - i, y=500.0 * (i % 2)),
            navigation("scroll", 60.0 * i + 1, x=0.0, y=5000.0 * (i % 2)),
            navigation("help", 60.0 * i + 1),
            navigation("click", 60.0 * i + 2, x=10.0, y=20.0, error_ms=5.0),
            message(FURIOUS if i == 5 else CALM, 60.0 * i + 3),
            answer(at=60.0 * i + 20),
        )
    ]
    return told(config, *turns)[0], config


@given(STATES, st.integers(0, NEVER))
def test_what_is_written_is_read(one: State, deadline: int) -> None:
    value = state.encode(one, deadline)
    assert state.decode(value) == one
    assert state.deadline_of(value) == deadline
    assert state.encode(state.decode(value), deadline) == value


def test_a_busy_conversation_fits_in_a_kilobyte(record_property: pytest.FixtureRequest) -> None:
    one, config = busy()
    assert one.window is not None
    assert one.baselines
    assert one.pointer is not None
    assert one.pointer.scroll
    assert one.dialogue is not None
    assert len(one.dialogue.asked) == SKETCH
    size = len(state.encode(one, lifecycle.deadline(one, config)))
    record_property("bytes", size)  # type: ignore[operator]
    assert size < 1024


def test_nothing_is_no_state() -> None:
    with pytest.raises(StateError, match="format nothing"):
        state.decode(b"")


def test_a_truncated_state_is_refused_wherever_it_breaks_off() -> None:
    one, _ = busy()
    value = state.encode(one, 0)
    for length in range(len(value)):
        with pytest.raises(StateError):
            state.decode(value[:length])


def test_bytes_left_over_are_refused() -> None:
    one, _ = busy()
    with pytest.raises(StateError):
        state.decode(state.encode(one, 0) + b"\x00")


@given(st.binary(max_size=60))
def test_noise_is_refused_not_crashed_on(noise: bytes) -> None:
    with pytest.raises(StateError):
        state.decode(bytes([state.FORMAT]) + noise)


def test_a_field_added_later_takes_its_default_in_an_older_state() -> None:
    one, _ = busy()
    assert one.course.interventions == 1
    one = msgspec.structs.replace(one, tried=())
    older = msgspec.structs.replace(one, answer=(), typing_refused_at=0, voice_refused_at=0)
    assert decoded(msgspec.to_builtins(one)[:-1]) == one
    assert decoded(msgspec.to_builtins(one)[:-4]) == older
    assert decoded(msgspec.to_builtins(one)[:-5]) == msgspec.structs.replace(
        one, answer=(), course=ConversationSummary()
    )
    fresh = {"dialogue": None, "asked": None, "notes": 0, "usual": None, "memory": PendingNotes()}
    forgotten = msgspec.structs.replace(one, **fresh, course=ConversationSummary(), answer=())
    assert decoded(msgspec.to_builtins(one)[:-10]) == forgotten


def test_a_window_of_before_answers_were_watched_is_read() -> None:
    one, _ = busy()
    assert one.window is not None
    older = msgspec.msgpack.encode(msgspec.to_builtins(one.window)[:-2])
    unwatched = msgspec.structs.replace(one.window, answered=False, overlapped=False)
    assert msgspec.msgpack.decode(older, type=OutcomeWindow) == unwatched


def decoded(fields: list[object]) -> State:
    """The state with these fields, as an older version would have written it."""
    return state.decode(state.HEADER.pack(state.FORMAT, 0) + state.COMPRESSOR.compress(msgspec.msgpack.encode(fields)))


def test_a_pointer_of_before_the_cursor_was_followed_is_read() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode([1, 2.0, 3.0, 2, 5]), type=Pointer) == Pointer(1, 2, 3, 2, 5)
