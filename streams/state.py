"""The state of one conversation: a few hundred bytes, immutable, versioned, no pickle.

Wire: one byte of format, eight bytes of the next deadline (milliseconds, big-endian), a MessagePack array, deflated.
The deadline comes first so that a scan for due conversations need not decode the rest.

``gc=False``: nothing here can refer to itself, so the garbage collector can skip it.
"""

import struct

import msgspec
import zstandard

from streams.text_model.dialogue_state import Dialogue

FORMAT = 3
HEADER = struct.Struct(">Bq")
NEVER = 2**62
LEVEL = 3
# Dictionary of names common in states, for zstd, the most frequent last. Part of the format, so never change it within
# a format: a name missing here only takes more space.
USUAL_NAMES = (
    b"prosody.f0_semitones prosody.f0_sd_semitones prosody.speech_rate prosody.jitter prosody.shimmer prosody.hnr_db "
    b"prosody.loudness_db navigation.rage_click navigation.dead_click navigation.help tenor.customers/0 "
    b"conversation.prosody/0 conversation.navigation/0 typing.pause_share typing.backspace_rate typing.speed "
    b"typing.dwell_ms typing.flight_ms conversation.keystrokes/0 text.profanity text.leaving text.waiting text.blame "
    b"text.relief text.gratitude text.capitals text.asks_human text.defensive text.repeats text.unresolved "
    b"text.severity latency.wait latency.reply dialogue text.terms text.form text.repetition text.echo text.sentiment "
    b"text.displeasure text.distress text.negations text.second_person default chat conversation.messages/0"
)

Sums = tuple[float, float, float]


class StateError(ValueError):
    """Bytes that are not a state this version can read. The message says what to do."""


class Belief(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The belief: frustration level, its uncertainty, and the alarm.

    Attributes:
        level: filtered level; 0 is usual.
        variance: its variance.
        alarm: CUSUM statistic.
        raised: whether frustration is raised.
        at: stream time of the last update, milliseconds.
        evidence: how far each signal moved the alarm since it was last zero, behaviour included.
        moved: how far each signal moved the level since the last trajectory point; words and voice only.
        fell: whether the last observation lowered the level.
        deferred: number of observations for which raising has been deferred.
    """

    level: float
    variance: float
    alarm: float
    raised: bool
    at: int
    evidence: dict[str, float]
    moved: dict[str, float]
    fell: bool = False
    deferred: int = 0


class Baseline(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person's own usual value of one number: exponentially weighted mean and variance."""

    mean: float
    variance: float
    count: int


class Motion(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Position in CSS pixels, last movement, time of the last turn, and turns in a row."""

    x: int
    y: int
    dx: int
    dy: int
    turned_at: int
    turns: int


class Pointer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Memory of the last navigation events, to find patterns over several."""

    click_at: int
    x: float
    y: float
    run: int
    view_at: int
    help_at: int = 0
    help_run: int = 0
    cursor: Motion | None = None
    scroll: Motion | None = None


class OutcomeWindow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An open outcome window.

    Attributes:
        turns: customer turns so far.
        answered: whether an operator or bot has replied since the decision.
        overlapped: whether the platform has handed the conversation over of its own accord.
    """

    decision_id: str
    decided_at: int
    option: str
    control: bool
    propensity: float
    level: float
    variance: float
    turns: int
    answered: bool = False
    overlapped: bool = False


class OptionHistory(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often the level fell (helped) or rose (failed) beyond the margin after an option, control included."""

    helped: float = 0.0
    failed: float = 0.0


class ProfilePrior(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is usual for this customer, from the profile.

    Attributes:
        tone: the person's usual tone, on the level's scale; subtracted from every observation of words.
        conversations: number of earlier conversations.
        baselines: of typing and latency.
        triggers: cues that raised the level before, with decayed counts.
        defused: option histories.
    """

    tone: float = 0.0
    conversations: int = 0
    baselines: dict[str, Baseline] = {}
    triggers: dict[str, float] = {}
    defused: dict[str, OptionHistory] = {}


class PendingNotes(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the conversation has learned for the profile since its last note.

    Attributes:
        turns: customer turns.
        tone: mean tone of the words, before the usual tone is subtracted.
        triggers: number of turns in which each cue raised the level.
        defused: option histories.
    """

    turns: int = 0
    tone: Baseline | None = None
    triggers: dict[str, int] = {}
    defused: dict[str, OptionHistory] = {}


class ConversationSummary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Summary for the record of the conversation's end.

    Attributes:
        status: last status from the platform that still holds; None without.
        interventions: number published so far.
        highest: highest level after a customer turn; None before the first.
        raised_at: when frustration was first raised, milliseconds; 0 for never.
        recovered_at: when it last recovered, milliseconds; 0 if never, or if raised again.
    """

    status: str | None = None
    interventions: int = 0
    highest: float | None = None
    raised_at: int = 0
    recovered_at: int = 0


class State(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One conversation.

    Attributes:
        opened: position of the event that opened it, ``topic/partition/offset``: part of every id, so that no two
            lives of a conversation share one.
        opened_at: event time of its first event, milliseconds.
        last_at: stream time: the highest event time folded. Input topics may race each other, so decisions and
            outcomes are dated by the customer's own turns, not by this.
        positions: last offset folded, by ``topic/partition`` of the input.
        turn: customer turns so far.
        customer_at: when the customer last wrote; 0 for never.
        operator_at: when an operator or bot last wrote; 0 for never.
        recent: the last trajectory points, time and level.
        baselines: the person's own usual values, by feature.
        spent: total burden of the interventions so far.
        excluded: options that failed.
        failed: failed decision that waits for a reroute.
        dialogue: what the text model remembers; None before the first message.
        asked: customer whose profile was requested.
        notes: number of notes published so far.
        usual: prior from the profile; None without one.
        memory: pending notes for the profile.
        course: summary for the record of the conversation's end.
        answer: style of the reply since the customer's last turn, in the order of ``reply_style.FEATURES``; empty
            without a reply, None if it could not be read.
        typing_refused_at, voice_refused_at: event time of the newest refusal of consent; 0 for none.
        tried: the last options chosen, control included, and how far the level moved after each; None where the
            customer never wrote.
    """

    tenant: str
    channel: str
    customer_id: str | None
    opened: str
    opened_at: int
    last_at: int
    positions: dict[str, int]
    belief: Belief
    turn: int = 0
    customer_at: int = 0
    operator_at: int = 0
    recent: tuple[tuple[int, float], ...] = ()
    baselines: dict[str, Baseline] = {}
    pointer: Pointer | None = None
    keystroke_consent: bool | None = None
    voice_consent: bool | None = None
    decisions: int = 0
    decided_at: int = 0
    spent: float = 0.0
    failures: int = 0
    excluded: tuple[str, ...] = ()
    failed: str | None = None
    handed_over: bool = False
    window: OutcomeWindow | None = None
    dialogue: Dialogue[Sums] | None = None
    asked: str | None = None
    notes: int = 0
    usual: ProfilePrior | None = None
    memory: PendingNotes = PendingNotes()
    course: ConversationSummary = ConversationSummary()
    answer: tuple[int, ...] | None = ()
    typing_refused_at: int = 0
    voice_refused_at: int = 0
    tried: tuple[tuple[str, float | None], ...] = ()


ENCODER = msgspec.msgpack.Encoder()
DECODER = msgspec.msgpack.Decoder(State)
DICTIONARY = zstandard.ZstdCompressionDict(USUAL_NAMES, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
DICTIONARY.precompute_compress(level=LEVEL)
COMPRESSOR = zstandard.ZstdCompressor(dict_data=DICTIONARY, write_checksum=False, write_dict_id=False)
DECOMPRESSOR = zstandard.ZstdDecompressor(dict_data=DICTIONARY)


def encode(state: State, deadline: int) -> bytes:
    """Bytes of a state; ``deadline`` is the stream time at which it is next due, milliseconds."""
    return HEADER.pack(FORMAT, deadline) + COMPRESSOR.compress(ENCODER.encode(state))


def decode(value: bytes) -> State:
    """The state in ``value``; ``StateError`` when it is newer than this version or broken."""
    check_format(value)
    try:
        return DECODER.decode(DECOMPRESSOR.decompress(memoryview(value)[HEADER.size :], allow_extra_data=False))
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise StateError(f"a conversation's state cannot be read: {error}") from None


def deadline_of(value: bytes) -> int:
    """Stream time at which this state is next due, milliseconds."""
    check_format(value)
    return int(HEADER.unpack_from(value)[1])


def check_format(value: bytes) -> None:
    if len(value) < HEADER.size or value[0] != FORMAT:
        version = value[0] if value else "nothing"
        raise StateError(
            f"a conversation's state has format {version}, this version reads {FORMAT}: "
            "run the version that wrote it, or rebuild the state from tenor.signals"
        )
