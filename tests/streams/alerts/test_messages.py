"""Messages: they say what an alert must say, and nothing in a field becomes markup."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts import messages
from streams.alerts.messages import Message
from tests.support.data.alerts import NOW, alert

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "webhook.schema.json").read_text(encoding="utf-8"))
CONSOLE = "https://tenor.example/"
ATTACK = '"><script>alert(1)</script><img src=x onerror=alert(1)>\r\nBcc: a@b.c\u202egnp.exe @everyone <!channel>'
TEXTS = ("alert_id", "tenant", "conversation_id", "customer_id", "channel", "rule", "title", "explanation")
MORE_TEXTS = ("recommendation", "decision_id", "outcome_id", "policy_version", "config_version")


def message(*alerts: dict[str, Any], **changes: Any) -> Message:
    about: dict[str, Any] = {"kind": "alert", "team": "support", "tenant": "default", "conversation_id": "c1"}
    about |= {"severity": "warning", "at": NOW, "alerts": alerts or (alert(),)}
    return Message(message_id="m1", **(about | changes))


def hostile(text: str) -> Message:
    """A message with this text wherever there can be one."""
    nested = {"evidence": [text], "tried": [{"option": text, "change": 0.1}], "contributions": []}
    one = alert() | dict.fromkeys((*TEXTS, *MORE_TEXTS), text) | nested
    return message(one, one, tenant=text, conversation_id=text, team=text, rules=((text, 2),))


KINDS = {
    "alert": message(),
    "several": message(*(alert(n) for n in range(8)), more=2),
    "policy": message(alert(conversation_id=None, level=None, level_sd=None, raised_at=None), conversation_id=None),
    "summary": message(kind="summary", tenant="", conversation_id=None, alerts=(), more=3, rules=(("handed_over", 3),)),
    "recovery": message(kind="recovery", severity="info", alerts=()),
    "test": message(kind="test"),
    "hostile": hostile(ATTACK),
}


def test_an_alert_says_all_that_it_must() -> None:
    told = messages.text(message(), CONSOLE)
    for needed in (
        *("This is a test", "Nothing.", "0.62 ± 0.08", "speaks of waiting (50%); says it happens again (25%)"),
        *("slow_reassurance, then it rose by 0.20", "frustration_raised 2, settings test", "tenant default"),
        "https://tenor.example/conversation?tenant=default&id=c1",
    ):
        assert needed in told
    assert messages.title(message()) == "[warning] This is a test: conversation c1"


def test_without_a_console_there_is_no_link() -> None:
    assert "://" not in messages.text(message(), None)
    assert messages.body(message(), None)["link"] is None


def test_a_link_escapes_what_it_names() -> None:
    assert (
        messages.conversation_link("https://x", "a/b", "c?d#é")
        == "https://x/conversation?tenant=a%2Fb&id=c%3Fd%23%C3%A9"
    )
    assert messages.conversation_link("https://x", "a", None) is None


def test_of_many_five_are_told_and_the_rest_counted() -> None:
    told = messages.text(KINDS["several"], None)
    assert told.count("What: ") == 5
    assert "and 5 more in this conversation" in told
    assert messages.title(KINDS["several"]).endswith("(+9)")


def test_a_summary_says_how_many_of_what() -> None:
    assert messages.title(KINDS["summary"]) == "[warning] and 3 more alerts for support"
    assert "3 handed_over" in messages.text(KINDS["summary"], None)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs]))


def tags(html: str) -> set[tuple[str, tuple[str, ...]]]:
    parser = Tags()
    parser.feed(html)
    parser.close()
    return {(tag, tuple(names)) for tag, names in parser.tags}


OURS = {("b", ()), ("bdi", ()), ("br", ()), ("a", ("href",))}


@pytest.mark.parametrize("one", KINDS.values(), ids=KINDS)
def test_html_holds_no_tag_but_ours(one: Message) -> None:
    assert tags(messages.html(one, CONSOLE)) <= OURS


@pytest.mark.parametrize("one", KINDS.values(), ids=KINDS)
def test_text_and_title_hold_nothing_a_chat_would_act_on(one: Message) -> None:
    told = messages.title(one) + messages.text(one, CONSOLE).replace("\n", "")
    assert not re.search(r"[<>\x00-\x1f\u202a-\u202e]|@\w", told)


@pytest.mark.parametrize("one", KINDS.values(), ids=KINDS)
def test_a_webhooks_body_is_as_its_schema_says(one: Message) -> None:
    body = json.loads(messages.to_json(one, CONSOLE))
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(body)


def test_a_program_gets_the_ids_as_they_are() -> None:
    assert json.loads(messages.to_json(KINDS["hostile"], None))["alerts"][0]["conversation_id"] == ATTACK


def test_right_to_left_letters_stay() -> None:
    assert messages.clean_line("\u202eשרה 7\u202c") == "שרה 7"
    assert "<bdi>" in messages.html(message(alert(title="שרה")), None)


def test_a_long_text_is_cut() -> None:
    assert len(messages.clean_line("x" * 9999)) == messages.LONGEST


@given(st.text())
def test_whatever_a_field_holds_nothing_breaks_out(text: str) -> None:
    one = hostile(text)
    assert tags(messages.html(one, CONSOLE)) <= OURS
    assert "\n" not in messages.title(one)
    messages.text(one, CONSOLE).encode()
    json.loads(messages.to_json(one, CONSOLE))
