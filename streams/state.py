"""What is remembered of one conversation: a few hundred bytes, immutable, versioned, no pickle.

Wire: one byte of format, eight bytes of the next deadline (milliseconds, big-endian), a MessagePack array, deflated.
The deadline stands in front so that a scan for what is due need not decode the rest.

``gc=False``: nothing here can refer to itself, so the garbage collector need not look at it, however much is kept.
"""

import struct

import msgspec
import zstandard

from streams.text_model.dialogue_state import Dialogue

FORMAT = 3
HEADER = struct.Struct(">Bq")
NEVER = 2**62
LEVEL = 3
# Names that stand in most states, for zstd to refer to, the usual ones last. Part of the format, so never changed
# within one: a name that is missing here only takes more room.
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
    """How frustrated, and how sure.

    Attributes:
        level: filtered level, 0 is usual.
        variance: its variance.
        alarm: CUSUM statistic.
        raised: whether frustration counts as raised.
        at: stream time of the last update, milliseconds.
        evidence: what moved the alarm since it last left zero, by signal, behaviour included.
        moved: how far each signal moved the level since the last trajectory point; words and voice only.
        fell: whether the last observation lowered the level.
        deferred: observations the alarm has been above its threshold without raising, waiting for a recovery.
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
    """Where something is, CSS pixels, how it last moved, when it last turned, and turns in a row."""

    x: int
    y: int
    dx: int
    dy: int
    turned_at: int
    turns: int


class Pointer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the last navigation events were: enough to see a struggle that takes several."""

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
        answered: whether an operator or bot has written since the decision.
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
    """What is usual for this customer, as the profile brought it.

    Attributes:
        tone: what this person's words usually say, on the level's scale; taken off every reading.
        conversations: how many earlier conversations it rests on.
        baselines: of typing and latency.
        triggers: cues that moved the belief up before, with decayed counts.
        defused: what followed each option before.
    """

    tone: float = 0.0
    conversations: int = 0
    baselines: dict[str, Baseline] = {}
    triggers: dict[str, float] = {}
    defused: dict[str, OptionHistory] = {}


class PendingNotes(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the conversation has to tell its customer's profile, since it last did.

    Attributes:
        turns: customer turns.
        tone: what the words said, before the customer's usual tone was taken off.
        triggers: in how many turns each cue moved the belief up.
        defused: what followed each option.
    """

    turns: int = 0
    tone: Baseline | None = None
    triggers: dict[str, int] = {}
    defused: dict[str, OptionHistory] = {}


class ConversationSummary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the end of the conversation will tell of its course.

    Attributes:
        status: what the platform last said of it; None for nothing that still holds.
        interventions: published so far.
        highest: highest level after a customer turn; None before the first.
        raised_at: when frustration first counted as raised, milliseconds; 0 for never.
        recovered_at: when it last ceased to, milliseconds; 0 where it never did, or has risen again.
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
        spent: burden of the interventions so far.
        excluded: options that failed.
        failed: decision whose failure awaits a reroute.
        dialogue: what the text model remembers; None before the first message.
        asked: customer whose profile was asked for.
        notes: notes told to the customer's profile so far.
        usual: what the profile brought; None without one.
        memory: what the profile will be told.
        course: what the conversation's end will tell.
        answer: how operator and bot worded what they wrote since the customer's last turn, in the order of
            ``streams.signals.reply_style.FEATURES``; empty while they wrote nothing, None where it could not be read.
        typing_refused_at, voice_refused_at: event time of the newest refusal to be measured so; 0 for none.
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
    """Bytes of a state; ``deadline`` is when stream time next concerns it, milliseconds."""
    return HEADER.pack(FORMAT, deadline) + COMPRESSOR.compress(ENCODER.encode(state))


def decode(value: bytes) -> State:
    """The state in ``value``; ``StateError`` when it is newer than this version or broken."""
    check_format(value)
    try:
        return DECODER.decode(DECOMPRESSOR.decompress(memoryview(value)[HEADER.size :], allow_extra_data=False))
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise StateError(f"a conversation's state cannot be read: {error}") from None


def deadline_of(value: bytes) -> int:
    """When stream time next concerns this state, milliseconds."""
    check_format(value)
    return int(HEADER.unpack_from(value)[1])


def check_format(value: bytes) -> None:
    if len(value) < HEADER.size or value[0] != FORMAT:
        found = value[0] if value else "nothing"
        raise StateError(
            f"a conversation's state has format {found}, this version reads {FORMAT}: "
            "run the version that wrote it, or rebuild the state from tenor.signals"
        )
