"""A customer over all conversations, from the real engine; who is forgotten has no history."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from agents.common.errors import Failure
from agents.common.pseudonyms import pseudonymize
from agents.privacy.clickhouse_rows import CustomerRows
from agents.reports.customer import print_history, read_history
from agents.settings.loader import environment
from agents.settings.model import Settings
from tests.support.data.command_line import assert_failure, succeeded, tenor
from tests.support.data.records import distal, outcome, point
from tests.support.data.warehouse import DISTAL, OUTCOMES, POINTS, insert

pytestmark = pytest.mark.integration

HOSTILE = "[red]c\u202e<b>1[/]"
RISING = {"cues": ["text.blame", "topic.price"], "contributions": [{"signal": "text.blame", "share": 0.3}]}


def store(settings: Settings) -> None:
    first = [point(n, **RISING) for n in (1, 2)]
    second = [point(n + 10, turn=n, conversation_id=HOSTILE, **RISING) for n in (1, 2)]
    others = [point(30, customer_id="u2", conversation_id="c2"), point(31, customer_id=None), point(32, tenant="other")]
    insert(settings, POINTS, [*second, *first, *others, *first])
    insert(settings, OUTCOMES, [*(outcome(n) for n in range(6)), outcome(9, customer_id="u2", option="own")])
    insert(settings, DISTAL, [distal()])


def test_a_customer_is_told_and_then_forgotten(migrated: Settings, tmp_path: Path) -> None:
    store(migrated)
    found = read_history(migrated, "u1", "default")
    assert [(one["conversation_id"], one["turns"]) for one in found["conversations"]] == [("c1", 2), (HOSTILE, 2)]
    assert [(one["cue"], one["conversations"], one["turns"]) for one in found["triggers"]] == [("text.blame", 2, 4)]
    assert [one["topic"] for one in found["topics"]] == ["topic.price"]
    [slow] = found["options"]
    assert (slow["tried"], slow["fell"]["hits"]) == (6, 6)
    assert (found["approach"]["option"], found["approach"]["from"]) == ("slow", "customer")
    out = StringIO()
    print_history(found, Console(file=out, width=100))
    assert "[red]c" in out.getvalue()
    assert "Suggested slow: with this customer the level fell after 6 of 6 (61-100 %)" in out.getvalue()
    env = environment(migrated)
    assert json.loads(succeeded(tenor(tmp_path, "history u1 --json", **env)))["turns"] == 4

    with CustomerRows(migrated, "default", pseudonymize("u1")) as rows:
        rows.find([])
        rows.erase()
    assert_failure(tenor(tmp_path, "history u1", **env), "Unknown customer in tenant")
    assert read_history(migrated, "u2", "default")["turns"] == 1
    with pytest.raises(Failure, match="Unknown customer"):
        read_history(migrated, "u2", "other")
