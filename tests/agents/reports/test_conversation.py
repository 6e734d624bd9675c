"""The explanation of one conversation: order as arithmetic, the whole against the real engine."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agents.clickhouse.client import connect
from agents.clickhouse.tables import TABLES, to_columns
from agents.common.errors import Failure
from agents.reports.conversation import as_json, explain_conversation, print_conversation
from agents.reports.conversation_view import sum_by_kind
from agents.settings.loader import environment
from agents.settings.model import Settings
from schemas.topics import Name
from streams.config.model import Config
from streams.conversations.partition import Partition
from streams.outputs import Output
from tests.support.data.builders import CALM, FURIOUS, GLAD, answer, log, message, navigation, nervous, tick_at
from tests.support.data.command_line import assert_failure, succeeded, tenor
from tests.support.data.records import alert, alert_command, decision, delivery, outcome, point

pytestmark = pytest.mark.integration

TABLE_OF = {
    "trajectory_point": TABLES[Name.TRAJECTORIES],
    "decision": TABLES[Name.DECISIONS],
    "outcome": TABLES[Name.OUTCOMES],
    "alert": TABLES[Name.ALERTS],
    "delivery": TABLES[Name.DELIVERIES],
    "alert_command": TABLES[Name.ALERT_COMMANDS],
}


def insert(settings: Settings, record: str, *data: Any) -> None:
    client, table = connect(settings), TABLE_OF[record]
    client.execute(table.insert, to_columns(table, [table.row(one) for one in data]), columnar=True)
    client.disconnect()


def folded(*events: dict[str, Any], config: Config | None = None) -> list[Output]:
    """What a worker publishes of these events."""
    partition = Partition(config or nervous(), {}.get, {})
    return [output for signal in log(*events) for output in partition.fold(signal)]


def keep(settings: Settings, outputs: Iterable[Output]) -> Counter[str]:
    """Stored as the sink does, newest first: the order of rows is not to matter."""
    kept = [one for one in outputs if one.record in TABLE_OF]
    for one in reversed(kept):
        insert(settings, one.record, one.datum)
    return Counter(one.record for one in kept)


def shown(found: dict[str, Any], width: int = 100) -> str:
    out = StringIO()
    print_conversation(found, Console(file=out, width=width))
    return out.getvalue()


def whats(life: list[dict[str, Any]]) -> list[str]:
    return [one["what"] for one in life]


STORY = [
    message(FURIOUS, 0),
    answer("Please wait.", 20),
    message(FURIOUS, 30),
    message(FURIOUS, 60),
    message(FURIOUS, 90),
    message(GLAD, 120),
    tick_at(4000),
]


def test_a_conversation_is_told_in_its_order(migrated: Settings) -> None:
    counts = keep(migrated, folded(*STORY))
    found = explain_conversation(migrated, "c1")
    [life] = found["lives"]
    assert Counter(whats(life)) == Counter({"turn": 5, "decision": counts["decision"], "outcome": counts["outcome"]})
    assert counts["decision"] >= 2
    assert counts["outcome"] >= 1
    turns = [one for one in life if one["what"] == "turn"]
    assert [one["turn"] for one in turns] == [1, 2, 3, 4, 5]
    for index, one in enumerate(life):
        if one["what"] == "decision":
            assert next(e for e in reversed(life[:index]) if e["what"] == "turn")["turn"] == one["turn"]
        if one["what"] == "outcome":
            earlier = [e["decision_id"] for e in life[:index] if e["what"] == "decision"]
            assert one["decision_id"] in earlier


def test_what_moved_a_turn_sums_to_its_change(migrated: Settings) -> None:
    keep(migrated, folded(*STORY))
    for one in explain_conversation(migrated, "c1")["lives"][0]:
        if one["what"] == "turn":
            assert sum(c["share"] for c in one["contributions"]) == pytest.approx(one["level_change"])


def test_behaviour_stands_in_the_alarm_of_a_turn_and_in_the_evidence_of_a_decision(migrated: Settings) -> None:
    struggle = [navigation("error", 5), navigation("help", 6)]
    keep(migrated, folded(message(CALM), *struggle, message(None, 10), message(FURIOUS, 20)))
    turns = [one for one in explain_conversation(migrated, "c1")["lives"][0] if one["what"] == "turn"]
    assert turns[1]["level_change"] == 0.0
    assert turns[1]["contributions"] == []
    assert turns[1]["alarm_change"] > 0.0
    assert sum(one["alarm_change"] for one in turns) == pytest.approx(turns[-1]["alarm"])
    text = shown(explain_conversation(migrated, "c1"))
    assert f"alarm {turns[1]['alarm']:.1f} ({turns[1]['alarm_change']:+.1f})" in text
    [evidence] = [line for line in text.splitlines() if "alarm moved by" in line]
    assert re.search(r"alarm moved by text \+\d+%, navigation \+\d+%, dialogue [+-]\d+%; most by text\.", evidence)


def test_kinds_of_signal_are_summed_with_their_signs_and_largest_first() -> None:
    shares = {"text.blame": 0.3, "typing.speed": 0.2, "text.gratitude": -0.4, "level.settling": 0.2}
    told = sum_by_kind({"signal": name, "share": share} for name, share in shares.items())
    assert [one["signal"] for one in told] == ["level.settling", "typing", "text"]
    assert [one["share"] for one in told] == pytest.approx([0.2, 0.2, -0.1])


def test_an_outcome_stands_before_the_decision_of_the_same_turn_and_alerts_after_their_cause(
    migrated: Settings,
) -> None:
    at = point(1)["event_time"]
    insert(migrated, "trajectory_point", *(point(number) for number in (3, 1, 2)))
    insert(migrated, "decision", decision(1, turn=1), decision(2, turn=3, event_time=at + 2000, decision_index=2))
    insert(migrated, "outcome", outcome(1, event_time=at + 2000))
    insert(
        migrated, "alert", alert(1, outcome_id="outcome-1", event_time=at + 2000), alert(2, decision_id="decision-2")
    )
    insert(migrated, "alert", alert(3, decision_id="long gone", event_time=at + 1500))
    [life] = explain_conversation(migrated, "c1")["lives"]
    assert [(one["what"], one.get("turn")) for one in life if one["what"] in ("turn", "decision")] == [
        ("turn", 1),
        ("decision", 1),
        ("turn", 2),
        ("turn", 3),
        ("decision", 3),
    ]
    assert whats(life) == ["turn", "decision", "turn", "alert", "turn", "outcome", "alert", "decision", "alert"]


def test_lives_are_told_apart_though_turns_begin_anew(migrated: Settings) -> None:
    events = [message(FURIOUS, at) for at in (0, 30, 60, 90)]
    events += [message(FURIOUS, at) for at in (7200, 7230, 7260)]
    keep(migrated, folded(*events, tick_at(20_000)))
    first, second = explain_conversation(migrated, "c1")["lives"]
    assert [one["turn"] for one in first if one["what"] == "turn"] == [1, 2, 3, 4]
    assert [one["turn"] for one in second if one["what"] == "turn"] == [1, 2, 3]
    assert second[0]["level_change"] == second[0]["level"]
    assert second[0]["alarm_change"] == second[0]["alarm"]
    for life in (first, second):
        decided = {one["decision_id"] for one in life if one["what"] == "decision"}
        assert decided
        assert {one["decision_id"] for one in life if one["what"] == "outcome"} <= decided
    assert "Life 2 of 2" in shown(explain_conversation(migrated, "c1"))


def test_turns_stand_in_the_order_they_were_folded_not_of_their_clocks(migrated: Settings) -> None:
    keep(migrated, folded(message(CALM, 100), message(CALM, 40), message(CALM, 110)))
    [life] = explain_conversation(migrated, "c1")["lives"]
    assert [one["turn"] for one in life] == [1, 2, 3]


def test_rows_stored_twice_are_told_once(migrated: Settings) -> None:
    outputs = folded(*STORY)
    keep(migrated, outputs)
    once = explain_conversation(migrated, "c1")
    keep(migrated, outputs)
    assert explain_conversation(migrated, "c1") == once


def test_decisions_whose_turns_have_not_arrived_are_told(migrated: Settings) -> None:
    insert(migrated, "decision", decision(1))
    assert whats(explain_conversation(migrated, "c1")["lives"][0]) == ["decision"]


def test_the_view_tells_the_essential_at_100_columns(migrated: Settings) -> None:
    keep(migrated, folded(*STORY))
    at = point(1)["event_time"]
    unseen = {"post_level": None, "reward": None, "status": "censored", "censoring_reason": "ended"}
    insert(migrated, "decision", decision(8, turn=2, decision_id="d8", available=False, unavailable_reason="burden"))
    insert(migrated, "decision", decision(9, turn=3, decision_id="d9", option="control", control=True))
    insert(migrated, "outcome", outcome(9, **unseen, decision_id="d9", event_time=at + 60_000))
    overlapped = {"status": "overlapped", "decision_id": "d8", "event_time": at + 70_000}
    insert(migrated, "outcome", outcome(8, **overlapped), outcome(7, **unseen | overlapped))
    text = shown(explain_conversation(migrated, "c1"))
    assert max(map(len, text.splitlines())) <= 100
    for words in (
        "turn 1",
        "raised",
        "level moved by text +",
        "alarm moved by text +",
        "cues: text.",
        "intervention",
        "burden",
        "control, probability",
    ):
        assert words in text
    assert "not observed (ended); next" in text
    assert "not observed (ended), handed over during the window" in " ".join(text.split())
    assert "level 0.60 to 0.40, handed over during the window" in " ".join(text.split())
    assert FURIOUS.split()[0] not in text.split()


def test_names_that_look_like_markup_are_shown_as_they_are(migrated: Settings) -> None:
    odd = {"conversation_id": "[/x] 'c\\", "tenant": "[red]t"}
    insert(
        migrated, "trajectory_point", point(1, cues=["[/y]"], contributions=[{"signal": "[/z]", "share": 1.0}], **odd)
    )
    insert(migrated, "alert", alert(1, title="[bold]", evidence=["[/e]"], **odd))
    insert(migrated, "delivery", delivery(1, alert_id="alert-1", status="failed", reason="[/r]", **odd))
    insert(migrated, "delivery", delivery(2, alert_id="of another conversation"))
    insert(migrated, "alert_command", alert_command(1, action="acknowledge", until=None, by="[/w]", team="day", **odd))
    insert(migrated, "alert_command", alert_command(2, conversation_id="other"))
    found = explain_conversation(migrated, odd["conversation_id"], odd["tenant"])
    [told] = [one for one in found["lives"][0] if one["what"] == "alert"]
    assert told["tried"] == [{"option": "slow", "change": 0.2}, {"option": "own", "change": None}]
    assert [one["reason"] for one in told["deliveries"]] == ["[/r]"]
    text = shown(found)
    for words in (
        *odd.values(),
        "[/y]",
        "[/z]",
        "[bold]",
        "evidence: [/e]",
        "deliveries: support webhook-1 failed ([/r])",
    ):
        assert words in text
    assert "acknowledge for day, by [/w]: on it" in text
    assert json.loads(as_json(found)) == found


def test_a_conversation_nobody_has_heard_of(migrated: Settings) -> None:
    with pytest.raises(Failure, match="Unknown conversation c1") as caught:
        explain_conversation(migrated, "c1")
    assert caught.value.hint is not None


def test_a_tenant_is_asked_for_only_where_it_must_be(migrated: Settings) -> None:
    insert(migrated, "trajectory_point", point(1, tenant="north"))
    assert explain_conversation(migrated, "c1")["tenant"] == "north"
    with pytest.raises(Failure, match="Tenant south has no conversation c1"):
        explain_conversation(migrated, "c1", "south")
    insert(migrated, "trajectory_point", point(2, tenant="south", point_id="other"))
    with pytest.raises(Failure, match="Several tenants") as caught:
        explain_conversation(migrated, "c1")
    assert caught.value.hint == "Add --tenant: north, south."
    [[one]] = explain_conversation(migrated, "c1", "south")["lives"]
    assert one["point_id"] == "other"


def test_the_command(migrated: Settings, tmp_path: Path) -> None:
    env = environment(migrated)
    insert(migrated, "trajectory_point", point(1))
    assert "turn 1" in succeeded(tenor(tmp_path, "explain c1", **env))
    found = json.loads(succeeded(tenor(tmp_path, "explain c1 --tenant default --json", **env)))
    assert found == explain_conversation(migrated, "c1")
    assert_failure(tenor(tmp_path, "explain [/x]", **env), "conversation [/x]", "tenor report")
