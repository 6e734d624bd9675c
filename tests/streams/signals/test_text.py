"""What a message's words say, and what cannot be read."""

import math
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.records import record
from streams.extraction import signal_of
from streams.signals import text
from tests.streams.builders import CALM, FURIOUS, GLAD, message
from tests.streams.strategies import events

WORDS = st.text() | st.lists(st.sampled_from([FURIOUS, GLAD, "😀", "never so", "KIND OF", "\x00", "’", "ß", "no"])).map(
    " ".join
)
HUNDRED_KB = 100_000


def value(said: str) -> float:
    """The reading of a customer's message."""
    extract = text.extract(said, "en", "customer")
    observation = text.observe(extract.features, extract.cues, 0.35)
    assert observation is not None
    return observation.value


def test_fury_reads_high_a_question_near_zero_and_thanks_below() -> None:
    assert value(FURIOUS) > 1.0
    assert abs(value(CALM)) < 0.1
    assert value(GLAD) < -0.5


@pytest.mark.parametrize(
    ("said", "cue"),
    [
        ("Can I speak to a real person?", "text.asks_human"),
        ("You people never listen", "text.blame"),
        ("I already told you that", "text.defensive"),
        ("It happened again", "text.repeats"),
        ("It still doesn’t work", "text.unresolved"),
        ("I have been waiting", "text.waiting"),
        ("I want my money back", "text.leaving"),
        ("what the hell", "text.profanity"),
        ("This is unacceptable", "text.severity"),
        ("Thanks a lot", "text.gratitude"),
        ("Okay, that worked", "text.relief"),
    ],
)
def test_each_cue_is_found_and_moves_the_reading_its_way(said: str, cue: str) -> None:
    extract = text.extract(said, "en", "customer")
    assert cue in extract.cues
    observation = text.observe(extract.features, extract.cues, 0.35)
    assert observation is not None
    assert observation.parts[cue] == text.WEIGHTS[cue]


def test_an_operator_has_cues_of_its_own_and_no_mood() -> None:
    extract = text.extract("Sorry, unfortunately I can't. I'll ask. Don't worry?", "en", "operator")
    assert extract.cues == list(text.OPERATOR_CUES)
    assert set(extract.features) == {"text.words"}
    assert text.observe(extract.features, extract.cues, 0.35) is None


@pytest.mark.parametrize(
    ("said", "language", "reason"),
    [
        (None, "en", "no_text"),
        ("", None, "no_words"),
        ("😡😡😡", None, "no_words"),
        ("12345 !!!", None, "no_words"),
        ("Das ist doch unmöglich", "de", "language"),
        ("Ça ne marche pas", "fr-CA", "language"),
        ("это не работает", None, "language"),
        ("これは ok", None, "language"),
    ],
)
@pytest.mark.parametrize("role", ["customer", "operator", "bot"])
def test_what_cannot_be_read_is_null_with_a_reason_never_neutral(
    said: str | None, language: str | None, reason: str, role: str
) -> None:
    extract = text.extract(said, language, role)
    assert extract.features == dict.fromkeys(text.FEATURES)
    assert extract.reasons == dict.fromkeys(text.FEATURES, reason)
    assert extract.cues == []
    assert text.observe(extract.features, extract.cues, 0.35) is None


@pytest.mark.parametrize("language", [None, "en", "EN", "en-GB"])
def test_english_is_read_however_it_is_tagged(language: str | None) -> None:
    assert text.extract("hello there", language, "customer").features["text.words"] == 2.0


def test_half_latin_letters_are_enough_and_one_less_is_not() -> None:
    assert text.extract("ab бв", None, "customer").reasons == {}
    assert text.extract("ab бвг", None, "customer").reasons["text.sentiment"] == "language"


@pytest.mark.parametrize(
    ("said", "share"),
    [("This is BAD", 0.5), ("ALL OF IT", 0.0), ("no it is", 0.0), ("WHY me, WHY now", 2 / 3), ("OK so BAD", 0.0)],
)
def test_capitals_count_among_longer_words_unless_all_are(said: str, share: float) -> None:
    assert text.capitals(said) == pytest.approx(share)


@pytest.mark.parametrize(("said", "marks"), [("why", 0.0), ("why?", 0.0), ("why?!", 1.0), ("why?!?!?", 4.0)])
def test_the_first_mark_is_punctuation_the_others_are_counted(said: str, marks: float) -> None:
    assert text.extract(said, "en", "customer").features["text.marks"] == marks


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a ",
        "!",
        "but ",
        "you your ",
        "i already ",
        "can't ",
        "z bad ",
        "kind of ",
        "z :) ",
        "x😸",
        "😸",
        "GREAT bad ",
    ],
)
def test_a_hundred_kilobytes_are_read_in_a_moment(piece: str) -> None:
    """Only the beginning is read; VADER is quadratic in emotional words, emojis worst of all (14 s unbounded)."""
    text.analyzer()
    long = "a" + piece * (HUNDRED_KB // len(piece))
    started = time.perf_counter()
    text.extract(long, "en", "customer")
    assert time.perf_counter() - started < 2.0


def test_emojis_still_count_but_not_without_end() -> None:
    mood = "text.sentiment"
    sad, plain = (text.extract(said, "en", "customer").features[mood] for said in ("so 😭", "so"))
    assert sad is not None
    assert plain is not None
    assert sad < plain
    many, more = (text.extract("so " + "😭" * n, "en", "customer").features[mood] for n in (150, 1500))
    assert many == more


@given(WORDS, st.sampled_from(["customer", "operator", "bot"]))
@example("a" + "9" * 5000, "customer")
@example("A", "customer")
def test_any_text_gives_finite_numbers_and_known_names(said: str, role: str) -> None:
    extract = text.extract(said, "en", role)
    assert all(number is None or math.isfinite(number) for number in extract.features.values())
    assert set(extract.features) <= set(text.FEATURES)
    assert set(extract.cues) <= {*text.CUSTOMER_CUES, *text.OPERATOR_CUES}
    assert set(extract.reasons.values()) <= {"no_text", "no_words", "language"}
    assert {name for name, number in extract.features.items() if number is None} == set(extract.reasons)


@given(WORDS)
def test_the_parts_of_a_reading_explain_it_within_its_bounds(said: str) -> None:
    extract = text.extract(said, "en", "customer")
    observation = text.observe(extract.features, extract.cues, 0.35)
    if observation is not None:
        assert observation.value == pytest.approx(min(max(sum(observation.parts.values()), -1.0), 1.5))
        assert observation.sd == 0.35


@given(events("message"))
def test_a_signal_holds_nothing_of_the_message_but_numbers_and_known_names(event: dict[str, object]) -> None:
    signal = signal_of("message", event, ("conversation.messages", 0, 0))
    names = {*text.FEATURES, *text.CUSTOMER_CUES, *text.OPERATOR_CUES, "no_text", "no_words", "language"}
    assert {*signal["features"], *signal["cues"], *signal["reasons"], *signal["reasons"].values()} <= names
    assert "text" not in signal
    assert "participant_id" not in signal


def test_a_secret_in_the_text_is_nowhere_in_the_bytes_of_the_signal() -> None:
    secret = "Zanzibar-4711"
    signal = signal_of(
        "message", message(f"{FURIOUS} {secret}", participant_id=secret), ("conversation.messages", 0, 0)
    )
    assert secret.encode() not in Codec().encode(record("signal"), signal)
