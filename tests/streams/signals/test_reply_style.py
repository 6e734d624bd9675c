"""How an answer is worded: what each feature finds, what it leaves, and what a row of messages adds up to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.signals import reply_style, text
from streams.text_model import hashing
from streams.text_model.hashing import tokenize

FOUND = {
    "apology": [
        "I'm so sorry about that",
        "We apologise for the delay",
        "My apologies!",
        "That was our mistake.",
        "Please forgive us",
    ],
    "acknowledgement": [
        "I understand.",
        "I completely understand that",
        "That must be frustrating",
        "You're absolutely right",
        "I see why that matters",
        "Thank you for your patience",
        "No wonder you ask",
    ],
    "question": [
        "Which one is it?",
        "Could you send me the number",
        "One moment. Can you log in again",
        "Really?!",
        "Hello, may I ask for your name",
    ],
    "options": [
        "Either we refund it or we send a new one",
        "Would you prefer a call",
        "There are two options",
        "I can send a new one or refund you",
        "Would you like a refund or a replacement",
        "If you'd prefer, write to us",
        "It is up to you",
    ],
    "promise": [
        "I will look into it",
        "We'll call you back",
        "You'll receive a mail",
        "It will be refunded today",
        "I'm going to check",
        "I guarantee it",
    ],
    "blame": [
        "You should have read the manual",
        "You didn't provide the number",
        "As I already said, no",
        "That is your own mistake",
        "You were supposed to call",
        "You entered the wrong code",
        "You forgot the password",
    ],
    "passive": ["You were charged twice", "The parcel has been sent", "It is automatically cancelled"],
    "jargon": ["As per our records", "I have escalated your ticket", "Flush the DNS", "Please update the firmware"],
    "hedges": [
        "Perhaps tomorrow",
        "It should be there",
        "I think so",
        "It may take a day",
        "That could be it, not sure",
    ],
}
LEFT = {
    "apology": ["You have no need to apologise", "Better now"],
    "acknowledgement": ["Do you understand this", "I have no time"],
    "question": ["You can do that", "Let me check."],
    "options": ["I can not say whether or not it works", "You can call us", "Order now"],
    "promise": ["I will not do that", "I will need your number", "You will need a code"],
    "blame": [
        "I'm sorry that you didn't receive it",
        "That is not your fault",
        "It isn't your mistake",
        "You should be fine",
        "You didn't do anything wrong",
    ],
    "passive": ["I sent the parcel", "We charge nothing", "It is red"],
    "jargon": ["I have passed your message on", "Please try again"],
    "hedges": ["It arrives in May", "It is there"],
}


def measured(said: str) -> dict[str, float | None]:
    return text.extract(said, "en", "operator").features


def cases(said: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, saying) for name, sayings in said.items() for saying in sayings]


@pytest.mark.parametrize(("name", "said"), cases(FOUND))
def test_each_feature_is_found_however_it_is_written(name: str, said: str) -> None:
    for written in (said, said.upper(), f"Hello.\n{said}", said.replace("'", "’"), f"<p>{said}</p>"):
        assert measured(written)[f"wording.{name}"] == 1.0


@pytest.mark.parametrize(("name", "said"), cases(LEFT))
def test_what_only_looks_like_it_is_left(name: str, said: str) -> None:
    assert measured(said)[f"wording.{name}"] == 0.0


def test_a_plain_answer_has_nothing_but_its_length() -> None:
    result = measured("The parcel arrives on Thursday, before 12.")
    assert {name: result[name] for name in reply_style.FEATURES if result[name]} == {"wording.words": 7.0}


@pytest.mark.parametrize("role", ["operator", "bot"])
@pytest.mark.parametrize(
    ("said", "language", "reason"),
    [(None, "en", "no_text"), ("…", "en", "no_words"), ("Es tut mir leid", "de", "language")],
)
def test_what_cannot_be_read_is_unknown_with_a_reason(role: str, said: str | None, language: str, reason: str) -> None:
    result = text.extract(said, language, role)
    assert {result.features[name] for name in reply_style.FEATURES} == {None}
    assert {result.reasons[name] for name in reply_style.FEATURES} == {reason}


def test_customers_are_not_measured_for_it() -> None:
    assert not set(reply_style.FEATURES) & set(text.extract("I am sorry", "en", "customer").features)


SAYINGS = [one for sayings in (*FOUND.values(), *LEFT.values()) for one in sayings]
PIECES = st.sampled_from([*SAYINGS, "either", "or", "you", "i can", "?", "…", "\x00", "\ud800", "either " * 400])


@given(st.text(min_size=1) | st.lists(PIECES, min_size=1).map(" ".join))
def test_any_words_give_bounded_numbers(said: str) -> None:
    result = tokenize(said)
    if not result:
        return
    words, *flags = reply_style.measure(result).values()
    assert words is not None
    assert 0.0 <= words <= hashing.MAX_TOKENS
    assert set(flags) <= {0.0, 1.0}


READ = st.sampled_from(SAYINGS).map(measured)


@given(st.lists(READ, min_size=1))
def test_messages_in_a_row_are_one_answer_in_any_order(messages: list[dict[str, float | None]]) -> None:
    forth = back = ()
    for one, other in zip(messages, reversed(messages), strict=True):
        forth, back = reply_style.add_message(forth, one), reply_style.add_message(back, other)  # type: ignore[assignment]
    reply = reply_style.name_features(forth)
    assert reply is not None
    assert reply == reply_style.name_features(back)
    assert reply["wording.words"] == sum(message["wording.words"] or 0.0 for message in messages)
    for name in reply_style.FEATURES[1:]:
        assert reply[name] == max(message[name] or 0.0 for message in messages)


def test_one_message_that_cannot_be_read_leaves_the_answer_unknown() -> None:
    read, unread = measured("Sorry"), text.extract(None, None, "operator").features
    assert reply_style.add_message(reply_style.add_message((), unread), read) is None
    assert reply_style.add_message(reply_style.add_message((), read), unread) is None
    assert reply_style.name_features(None) is None
    assert reply_style.name_features(()) is None
