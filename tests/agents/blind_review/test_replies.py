"""Which reply belongs to a decision, and which decisions have none that could be shown."""

from collections.abc import Iterable
from typing import Any

import pytest

from agents.blind_review import replies as r
from agents.blind_review.replies import Decision, ReplyFinder
from agents.blind_review.unblinding import build_unblinding_check
from streams.interventions.catalogue import default_options
from tests.agents.blind_review.builders import AT, decision

Message = dict[str, Any]


def message(role: str, text: str | None, talk: str = "c1", at: int = AT, tenant: str = "default") -> Message:
    return {"tenant": tenant, "conversation_id": talk, "participant_role": role, "text": text, "event_time": at}


def searched(decisions: Iterable[Decision], messages: Iterable[Message]) -> ReplyFinder:
    """The messages passed by; the first is at offset 0."""
    replies = ReplyFinder(decisions, build_unblinding_check(default_options()))
    for offset, one in enumerate(messages):
        replies.add((0, offset), one)
    replies.exchanges()
    return replies


def left_out(replies: ReplyFinder) -> dict[str, int]:
    return {why: count for why, count in replies.left_out.items() if count}


ASKED = decision(1, at=(0, 1))
BEFORE = message("operator", "Hello!")
CROSS = message("customer", "Still broken!")


def test_the_first_reply_after_the_decision_counts() -> None:
    later = [message("bot", "Sorry."), message("operator", "Second reply.")]
    found = searched([ASKED], [BEFORE, CROSS, *later]).found["default", "c1"]
    assert (found.customer_text, found.reply, found.words) == ("Still broken!", "Sorry.", 1)


def test_what_the_customer_adds_before_the_reply_is_shown_too() -> None:
    more = [message("customer", "Well?"), message("customer", "Hello??"), message("operator", "I am here.")]
    found = searched([ASKED], [BEFORE, CROSS, *more]).found["default", "c1"]
    assert found.customer_text == "Still broken!\nWell?\nHello??"


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ([], r.NO_REPLY),
        ([message("customer", "Well?")] * 3 + [message("operator", "Late.")], r.NO_REPLY),
        ([message("operator", "Late.", at=AT + 600_001)], r.NO_REPLY),
        ([message("operator", "Elsewhere.", talk="c2"), message("bot", "Theirs.", tenant="other")], r.NO_REPLY),
        ([message("operator", None), message("operator", "Second.")], r.NO_TEXT),
        ([message("operator", " \n")], r.NO_TEXT),
        ([message("customer", None), message("operator", "Sorry.")], r.NO_TEXT),
        ([message("operator", "As offer-options says: choose.")], r.UNBLINDING),
    ],
)
def test_decisions_without_a_reply_to_show(after: list[Message], why: str) -> None:
    replies = searched([ASKED], [BEFORE, CROSS, *after])
    assert replies.found == {}
    assert left_out(replies) == {why: 1}


def test_a_window_of_three_turns_holds_two_more_turns() -> None:
    replies = searched([ASKED], [BEFORE, CROSS, *[message("customer", "Well?")] * 2, message("bot", "In time.")])
    assert replies.found["default", "c1"].reply == "In time."


def test_one_reply_answers_one_decision_and_a_conversation_counts_once() -> None:
    again, third = decision(2, conversation_id="c1", at=(0, 2)), decision(3, conversation_id="c1", at=(0, 4))
    replies = searched([ASKED, again, third], [BEFORE, CROSS, CROSS, message("bot", "To the second."), CROSS])
    assert replies.found["default", "c1"].decision == again
    assert left_out(replies) == {r.SUPERSEDED: 1, r.REPEATED: 1}


def test_words_that_kafka_no_longer_holds() -> None:
    assert left_out(searched([decision(1, at=(0, 99))], [BEFORE, CROSS])) == {r.MESSAGE_EXPIRED: 1}


TELLS = build_unblinding_check(default_options())


@pytest.mark.parametrize(
    "reply",
    [
        "[Reassure-Then-Explain] Your money is safe.",
        "Take the conversation over, or pass it to a colleague with a SUMMARY.",
        "Sure! First state what is certain  and safe for the customer. Only after that explain the cause. Promise\n"
        "nothing that is not known.",
        f"Sorry. (decision={ASKED.decision_id})",
    ],
)
def test_replies_that_tell(reply: str) -> None:
    assert TELLS(ASKED, reply)


@pytest.mark.parametrize(
    "reply", ["I can offer options: a refund or a new one.", "Let us go one step at a time.", "", "I am in control."]
)
def test_everyday_words_do_not_tell(reply: str) -> None:
    assert not TELLS(ASKED, reply)
