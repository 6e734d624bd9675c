"""What a message's words say, and what cannot be read."""

import math
from statistics import fmean

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.records import record
from streams.signals import cues, text
from streams.signals.extraction import extract_signal
from streams.signals.language import MAX_CHARACTERS
from streams.text_model import hashing
from streams.text_model.model import Reading, logistic, shipped_model
from tests.support.data.builders import CALM, FURIOUS, GLAD, message
from tests.support.data.event_strategies import events

SURROGATE = "\ud800"
PIECES = [
    FURIOUS,
    GLAD,
    "😀",
    "never so",
    "KIND OF",
    "\x00",
    "’",
    "ß",
    "no",
    "<b>",
    "&amp;",
    "&#55296;",
    SURROGATE,
    "\r",
]
WORDS = st.text() | st.lists(st.sampled_from([*PIECES, "İ", "bonjour", "مرحبا", "\n", "\u2029"])).map(" ".join)
ROLES = st.sampled_from(["customer", "operator", "bot"])
MOST_TERMS = 2 * hashing.MAX_TOKENS + 1
HUNDRED_KB = 100_000
LEARNED = ("text.displeasure", "text.distress")
MOOD = "text.sentiment"
FURIES = (FURIOUS, "This is the worst service!", "You never answer.", "No, that is wrong.", "Still broken, useless")
CALMS = (CALM, GLAD, "Could you tell me the opening hours?", "Perfect, that worked", "I would like two tickets, please")


def number(said: str, name: str) -> float:
    """One number of a customer's message."""
    found = text.extract(said, "en", "customer").features[name]
    assert found is not None
    return found


def read(said: str) -> Reading:
    """What the shipped model makes of a conversation's first message."""
    model, extract = shipped_model(), text.extract(said, "en", "customer")
    start = model.new_dialogue()
    return model.read_turn(start, model.context(start), list(extract.terms), extract.cues, extract.features)


@pytest.mark.parametrize("name", [*LEARNED, MOOD])
def test_every_lexicon_tells_furious_texts_from_calm_ones_on_average(name: str) -> None:
    sign = -1.0 if name == MOOD else 1.0
    fury, calm = (sign * fmean(number(said, name) for said in texts) for texts in (FURIES, CALMS))
    assert fury > calm + 0.3


def test_fury_reads_above_usual_and_a_question_and_thanks_below() -> None:
    fury, calm, glad = (text.observe(read(said), 0.2, 0.25).value for said in (FURIOUS, CALM, GLAD))
    assert fury > 0.1 > calm
    assert fury > 0.1 > glad


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
def test_each_cue_of_a_customer_is_found_in_any_case(said: str, cue: str) -> None:
    for written in (said, said.upper(), said.lower()):
        assert cue in text.extract(written, "en", "customer").cues
        assert cue not in text.extract(written, "en", "operator").cues


def test_a_plain_question_has_no_cue() -> None:
    assert text.extract(CALM, "en", "customer").cues == []


@pytest.mark.parametrize("role", ["operator", "bot"])
def test_who_answers_has_cues_of_their_own(role: str) -> None:
    extract = text.extract("Sorry, unfortunately I can't. I'll ask. Don't worry?", "en", role)
    assert extract.cues == list(cues.OPERATOR_CUES)
    assert set(extract.features) == set(text.ANSWER_FEATURES)
    assert extract.terms


def test_numbers_count_what_they_name() -> None:
    found = text.extract("You were charged and you're NOT told why?! Nothing, never!!", "en", "customer").features
    counted = ("words", "second_person", "passive", "negations", "capitals", "questions", "exclamations")
    assert [found[f"text.{name}"] for name in counted] == pytest.approx([13, 2 / 13, 1, 3, 1 / 10, 1, 3])


@pytest.mark.parametrize(
    ("said", "share"),
    [("This is BAD", 0.5), ("ALL OF IT", 0.0), ("no it is", 0.0), ("WHY me, WHY now", 2 / 3), ("OK so BAD", 0.0)],
)
def test_capitals_count_among_longer_words_unless_all_are(said: str, share: float) -> None:
    assert text.capitals_share(said) == pytest.approx(share)


# What cannot be read


@pytest.mark.parametrize(
    ("said", "language", "reason"),
    [
        (None, "en", "no_text"),
        (None, None, "no_text"),
        ("", None, "no_words"),
        ("", "en", "no_words"),
        ("\n \u2029\t", "en", "no_words"),
        ("😡😡😡", None, "no_words"),
        ("12345 !!!", None, "no_words"),
        ("<br><br/>", "en", "no_words"),
        ("Das ist doch unmöglich", "de", "language"),
        ("Where is my order?", "fr-CA", "language"),
        ("Where is my order?", "", "language"),
        ("это не работает", None, "language"),
        ("これは ok", None, "language"),
        ("مرحبا، أين طلبي؟ لم يصل بعد", None, "language"),
        ("שלום, איפה ההזמנה שלי?", None, "language"),
        ("Das ist doch unmöglich, ich warte seit zwei Wochen auf mein Paket", None, "language"),
        ("Mein Paket ist nicht da", None, "language"),
        ("No funciona, llevo dos semanas esperando mi pedido", None, "language"),
        ("Quiero hablar con una persona", None, "language"),
        ("Ça ne marche toujours pas, je veux un remboursement", None, "language"),
        ("Je veux parler à\r\nquelqu'un", None, "language"),
        (f"hola {SURROGATE} amigo, quiero hablar con una persona", None, "language"),
    ],
)
@pytest.mark.parametrize("role", ["customer", "operator", "bot"])
def test_what_cannot_be_read_is_null_with_a_reason_never_neutral(
    said: str | None, language: str | None, reason: str, role: str
) -> None:
    extract = text.extract(said, language, role)
    assert extract.features == dict.fromkeys(text.feature_names(role))
    assert extract.reasons == dict.fromkeys(text.feature_names(role), reason)
    assert extract.cues == []
    assert not extract.terms


@pytest.mark.parametrize("language", ["en", "EN", "en-GB", "en-US-x-twain"])
def test_english_is_read_however_it_is_tagged(language: str) -> None:
    assert text.extract("Bonjour there", language, "customer").features["text.words"] == 2.0


@pytest.mark.parametrize(
    "said",
    [
        *(
            "ok",
            "k",
            "no",
            "nope",
            "hi",
            "lol",
            "thx",
            "Ugh",
            "asap",
            "WTF",
            "Refund pls",
            "Internet down",
            "vegan pizza",
        ),
        *("Paris to Rome, Friday", "Order 4711?", "Agent", "Resend code", "cheers mate", "Seriously?!", "Where is it"),
        *("a\nb", "a\x00", f"hello {SURROGATE}", "Hola, my order is late", "Das Paket is still missing"),
    ],
)
def test_short_and_mixed_english_is_not_refused(said: str) -> None:
    extract = text.extract(said, None, "customer")
    assert extract.reasons == {}
    assert extract.terms


def test_half_latin_letters_are_enough_and_one_less_is_not() -> None:
    assert text.extract("ab бв", None, "customer").reasons == {}
    assert text.extract("ab бвг", None, "customer").reasons[MOOD] == "language"


# What it is written in


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("I can&#39;t &amp; won&rsquo;t", "I can't & won't"),
        ("It doesn’t work", "It doesn't work"),
        ("<p>Where <b>is</b> it?</p>", "Where is it?"),
        ("<a href='x'>Where</a> is it?", "Where is it?"),
    ],
)
def test_markup_and_typographic_marks_say_nothing(written: str, plain: str) -> None:
    first, second = (text.extract(said, "en", "customer") for said in (written, plain))
    assert (first.terms, first.cues) == (second.terms, second.cues)
    assert first.features == second.features


def test_what_only_looks_like_markup_is_read() -> None:
    assert number("2 < 3 and 4 > 1", "text.words") == 7.0


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a ",
        "!",
        "but ",
        "you your ",
        "can't ",
        "z bad ",
        "kind of ",
        "z :) ",
        "x😸",
        "😸",
        "GREAT bad ",
        "<",
        "&lt;",
    ],
)
def test_of_a_hundred_kilobytes_the_beginning_is_read(piece: str) -> None:
    """VADER is quadratic in emotional words, emojis worst of all (14 s unbounded)."""
    long = "a" + piece * (HUNDRED_KB // len(piece))
    extract = text.extract(long, "en", "customer")
    assert extract == text.extract(long[:MAX_CHARACTERS], "en", "customer")
    assert 0 < len(extract.terms) <= MOST_TERMS


def test_emojis_still_count_but_not_without_end() -> None:
    assert number("so 😭", MOOD) < number("so", MOOD)
    assert number("so " + "😭" * 150, MOOD) == number("so " + "😭" * 1500, MOOD)


@given(WORDS, ROLES, st.sampled_from([None, "en", "de", ""]))
@example("a" + "9" * 5000, "customer", None)
@example("A", "customer", "en")
@example(f"hola {SURROGATE} amigo", "customer", None)
def test_any_text_gives_finite_numbers_or_null_with_a_reason(said: str, role: str, language: str | None) -> None:
    extract = text.extract(said, language, role)
    assert set(extract.features) == set(text.feature_names(role))
    assert all(value is None or math.isfinite(value) for value in extract.features.values())
    assert {name for name, value in extract.features.items() if value is None} == set(extract.reasons)
    assert set(extract.reasons.values()) <= {"no_text", "no_words", "language"}
    assert set(extract.cues) <= set(cues.CUSTOMER_CUES if role == "customer" else cues.OPERATOR_CUES)
    assert len(set(extract.terms)) == len(extract.terms) <= MOST_TERMS
    assert all(0 <= term <= hashing.MASK for term in extract.terms)
    assert bool(extract.terms) is not bool(extract.reasons)


@given(WORDS)
def test_the_same_text_is_read_the_same(said: str) -> None:
    assert text.extract(said, "en", "customer") == text.extract(said, "en", "customer")


# What it says of frustration

PARTS = st.dictionaries(st.sampled_from(["dialogue", "text.terms", "text.blame", MOOD]), st.floats(-300, 300))
USUAL = st.floats(0.01, 0.99)


def reading(parts: dict[str, float]) -> Reading:
    return Reading(logistic(sum(parts.values())), parts)


@given(PARTS, USUAL)
def test_parts_share_the_distance_from_usual_and_it_is_bounded(parts: dict[str, float], usual: float) -> None:
    observation = text.observe(reading(parts), usual, 0.25)
    assert observation.sd == 0.25
    assert -usual <= observation.value <= 1.0 - usual
    assert sum(observation.parts.values()) == pytest.approx(observation.value, abs=1e-9)
    assert set(observation.parts) == {*parts, "dialogue"}


@given(PARTS, USUAL, st.floats(0.001, 100))
def test_more_of_any_part_never_says_less(parts: dict[str, float], usual: float, more: float) -> None:
    raised = {**parts, "text.blame": parts.get("text.blame", 0.0) + more}
    assert text.observe(reading(raised), usual, 0.25).value >= text.observe(reading(parts), usual, 0.25).value


@given(USUAL)
def test_a_turn_like_any_other_says_nothing(usual: float) -> None:
    observation = text.observe(reading({"dialogue": math.log(usual / (1.0 - usual))}), usual, 0.25)
    assert observation.value == pytest.approx(0.0, abs=1e-12)


def test_a_part_that_speaks_for_frustration_has_its_sign() -> None:
    observation = text.observe(reading({"text.blame": 2.0, "text.gratitude": -1.0}), 0.5, 0.25)
    assert observation.parts["text.blame"] > 0.0 > observation.parts["text.gratitude"]


# What leaves ingest


@given(events("message"))
def test_a_signal_holds_nothing_of_the_message_but_numbers_and_known_names(event: dict[str, object]) -> None:
    signal = extract_signal("message", event, ("conversation.messages", 0, 0))
    names = {
        *text.FEATURES,
        *text.ANSWER_FEATURES,
        *cues.CUSTOMER_CUES,
        *cues.OPERATOR_CUES,
        "no_text",
        "no_words",
        "language",
    }
    assert {*signal["features"], *signal["cues"], *signal["reasons"], *signal["reasons"].values()} <= names
    assert all(isinstance(term, int) for term in signal["terms"])
    assert "text" not in signal
    assert "participant_id" not in signal


def test_a_secret_in_the_text_is_nowhere_in_the_bytes_of_the_signal() -> None:
    secret = "Zanzibar-4711"
    signal = extract_signal(
        "message", message(f"{FURIOUS} {secret}", participant_id=secret), ("conversation.messages", 0, 0)
    )
    assert secret.encode() not in Codec().encode(record("signal"), signal)
