"""The report: detection as arithmetic, the whole against the real engine."""

import json
from io import StringIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from agents.clickhouse.client import connect
from agents.common.errors import Failure
from agents.kafka.consumed_record import ConsumedRecord
from agents.recordings.model import Truth
from agents.reports.effects import NO_COMPARISON, conclude
from agents.reports.report import as_json, print_report, report
from agents.settings.model import Settings
from agents.sink.dead_letter_table import DEAD_LETTERS
from agents.training.detection import DetectionPoint, auc, evaluate_detection
from tests.support.data.experiments import experiment
from tests.support.data.records import AT, alert, decision, distal, outcome, point, rating, snapshot
from tests.support.data.warehouse import ALERTS, DECISIONS, DISTAL, OUTCOMES, POINTS, POLICY, RATINGS, insert, store
from tests.support.digests import digests


def shown(found: dict[str, Any], width: int = 100) -> str:
    out = StringIO()
    print_report(found, Console(file=out, width=width))
    return out.getvalue()


def talk(name: str, levels: list[float], raised_from: int | None) -> list[DetectionPoint]:
    return [
        DetectionPoint(name, turn, AT + turn * 1000, level, raised_from is not None and turn >= raised_from)
        for turn, level in enumerate(levels, 1)
    ]


def truth(name: str, values: list[float], shift: int = 0) -> list[Truth]:
    return [Truth(name, turn, AT + turn * 1000 + shift, v, v >= 0.5) for turn, v in enumerate(values, 1)]


TALKS = [
    *talk("hit", [0.0, 0.4, 0.8, 0.9], raised_from=3),
    *talk("early", [0.3, 0.6], raised_from=1),
    *talk("missed", [0.1, 0.2], raised_from=None),
    *talk("quiet", [0.0, 0.0], raised_from=None),
    *talk("false alarm", [0.7, 0.7], raised_from=2),
    *talk("unlabelled", [0.7, 0.7], raised_from=2),
]
TRUTHS = [("hit", [0.1, 0.6, 0.7, 0.9]), ("early", [0.2, 0.9]), ("missed", [0.1, 0.5]), ("quiet", [0.0, 0.1])]
TRUTHS += [("false alarm", [0.1, 0.2]), ("never arrived", [0.9])]


@pytest.mark.parametrize("shift", [0, 86_400_000_001])
def test_detection_counts(shift: int) -> None:
    found = evaluate_detection(TALKS, [line for name, values in TRUTHS for line in truth(name, values, shift)])
    assert (found["conversations"], found["without_points"]) == (6, 1)
    assert (found["frustrated"], found["hits"], found["misses"]) == (4, 2, 2)
    assert (found["quiet"], found["false_alarms"], found["false_alarms_per_1000_quiet"]) == (2, 1, 500.0)
    assert found["delay_turns"] == {"median": 0, "mean": 0}  # one turn late, one early
    assert found["turns"] == 12


def test_a_label_counts_where_no_degree_is_known() -> None:
    labels = [Truth("hit", 2, AT + 2000, None, True), Truth("quiet", 1, AT + 1000, None, False)]
    found = evaluate_detection(TALKS, labels)
    assert (found["frustrated"], found["quiet"], found["turns"], found["auc"]) == (1, 1, 2, 1.0)


def test_a_refused_message_does_not_shift_the_others() -> None:
    """Turn 2 never arrived: the point after it is turn 2 for us, and turn 3 for the label."""
    arrived = [DetectionPoint("c", 1, AT + 1000, 0.0, False), DetectionPoint("c", 2, AT + 3000, 0.9, True)]
    found = evaluate_detection(arrived, truth("c", [0.0, 0.1, 0.9]))
    assert (found["turns"], found["auc"], found["delay_turns"]["mean"]) == (2, 1.0, 0)


def test_nothing_to_detect() -> None:
    found = evaluate_detection([], [])
    assert found["auc"] is None
    assert found["false_alarms_per_1000_quiet"] is None
    assert found["delay_turns"] == {"median": None, "mean": None}


@given(st.lists(st.tuples(st.integers(0, 5).map(float), st.booleans()), max_size=40))
def test_auc_is_the_chance_of_a_right_order(turns: list[tuple[float, bool]]) -> None:
    high = [level for level, frustrated in turns if frustrated]
    low = [level for level, frustrated in turns if not frustrated]
    pairs = [(a > b) + 0.5 * (a == b) for a in high for b in low]
    wanted = np.mean(pairs) if pairs else None
    assert auc(turns) == (None if wanted is None else pytest.approx(wanted))


@pytest.mark.integration
def test_no_data_yet(migrated: Settings) -> None:
    for truths in (None, [], truth("c1", [0.1, 0.9])):
        found = report(migrated, truths)
        json.loads(as_json(found))
        text = shown(found)
        assert "No data yet" in text
        assert "Insufficient data: no decision was made" in text


@pytest.mark.integration
def test_one_conversation_one_outcome(migrated: Settings) -> None:
    insert(migrated, POINTS, [point(1, raised=True)])
    insert(migrated, DECISIONS, [decision(1)])
    found = report(migrated, truth("c1", [0.9]))
    assert found["interventions"][0]["matured"] == 0
    insert(migrated, OUTCOMES, [outcome(1)])
    found = report(migrated, truth("c1", [0.9]))
    assert found["interventions"][0]["mean_reward"] == pytest.approx(0.2)
    assert found["interventions"][0]["standard_error"] is None
    assert "insufficient data" in shown(found)
    assert "1 conversations" in shown(found)
    json.loads(as_json(found))


def fill(settings: Settings, order: int = 1, twice: bool = False) -> None:
    """A day's work; the same rows whatever the order."""
    control = {"option": "control", "control": True, "propensity": 0.2}
    decisions = [decision(n, conversation_id=f"c{n}", **(control if n % 2 else {})) for n in range(1, 61)]
    decisions += [decision(61, kind="reroute"), decision(62, kind="escalation")]
    decisions += [decision(63, available=False, unavailable_reason="burden", option=None, propensities=[])]
    outcomes = [
        outcome(n, option="control", control=True, propensity=0.2, reward=0.1 + n / 1000)
        if n % 2
        else outcome(n, reward=0.2 + n / 1000, failed=n == 2)
        for n in range(1, 61)
    ]
    unseen = {"reward": None, "post_level": None, "post_sd": None}
    outcomes.append(outcome(61, status="censored", censoring_reason="ended", **unseen))
    points = [point(n, conversation_id=f"c{n % 10}", raised=n % 10 == 0) for n in range(1, 101)]
    for _ in range(2 if twice else 1):
        insert(settings, POINTS, points[::order])
        insert(settings, DECISIONS, decisions[::order])
        insert(settings, OUTCOMES, outcomes[::order])
        insert(settings, ALERTS, [alert(n, rule="escalation" if n else "failure") for n in range(3)])
    insert(settings, DEAD_LETTERS, [ConsumedRecord("[/x].dlq", 0, n, None, b"?", (), AT) for n in range(2)])


@pytest.mark.integration
def test_a_full_report(migrated: Settings) -> None:
    fill(migrated, twice=True)
    found = report(migrated, truth("c0", [0.9]) + truth("c1", [0.1]))
    assert found["traffic"] == {
        "conversations": 10,
        "customer_turns": 100,
        "points": 100,
        "raised_conversations": 1,
    }
    assert found["decisions"] == {"decision_points": 63, "available": 62, "reroutes": 1, "escalations": 1}
    slow, control = found["interventions"]
    assert (slow["option"], slow["decisions"], slow["matured"], slow["censored"], slow["failures"]) == (
        "slow",
        32,
        30,
        1,
        1,
    )
    assert (control["option"], control["matured"], control["against_control"]) == ("control", 30, None)
    assert slow["reasons"] == {"ended": 1}
    against = slow["against_control"]
    assert (against["n"], against["treated"], against["mean"]) == (60, 30, None)
    assert against["verdict"] == "insufficient data"
    assert found["alerts"] == {"escalation": 2, "failure": 1}
    assert found["dead_letters"] == [{"topic": "[/x]", "reason": "unknown", "count": 2}]
    assert json.loads(as_json(found)) == found
    text = shown(found)
    assert max(map(len, text.splitlines())) <= 100
    assert "[/x]" in text
    told = " ".join(text[text.index("Did it help?") :].split())
    assert (
        "Insufficient data: 60 observed decisions with both intervention and control possible; 200 are needed." in told
    )
    assert "Control: 30 decisions in 30 conversations, assigned by lottery, against 30 interventions." in told
    assert "No option is rolled back." in told
    assert told.endswith("no effect is expected.")


@pytest.mark.integration
def test_a_report_with_an_answer(migrated: Settings) -> None:
    """Enough to compare, with a holdout, marks and a policy; a second tenant has almost nothing."""
    store(migrated, [*experiment("large", 900, 1), *experiment("small", 3, 2)])
    insert(migrated, POINTS, [point(n, tenant="large", p_now=n / 12) for n in range(1, 12)])
    marks = [rating(n, tenant="large", message_id=f"event-{n}", frustrated=n > 6) for n in range(1, 12)]
    insert(migrated, RATINGS, marks)
    ends = {"tenant": "large", "raised_at": AT, "recovered_at": AT + 90_000}
    names = [{"conversation_id": f"c{n}", "customer_id": f"u{n}", "holdout": n < 30} for n in range(99)]
    insert(migrated, DISTAL, [distal(n, **name, **ends) for n, name in enumerate(names)])
    insert(migrated, POLICY, [snapshot(3, tenant="large", disabled=["offer"])])
    found = report(migrated)
    assert json.loads(as_json(found)) == found
    large, small = found["did_it_help"]
    assert (large["rolled_back"], large["low"] < large["mean"] < large["high"]) == (["offer"], True)
    assert small["verdict"] == "insufficient data"
    assert {one["verdict"] for one in found["randomisation"]["control_share"]} == {"as designed"}
    assert [one["difference"] for one in found["holdout"]] == pytest.approx([0.0] * 4)
    assert len(found["calibration"]) == 10
    text = shown(found)
    assert max(map(len, text.splitlines())) <= 100
    words = ("large: slow", "large: always control", "large: holdout", "large: resolved", "0.9 to 1.0", "thompson-3")
    assert [word for word in words if word not in text] == []
    told = " ".join(text[text.index("Did it help?") :].split())
    assert told.startswith(f"Did it help? large: {large['answer']}")
    assert "Rolled back: offer." in told
    assert "no effect is expected" not in text


ANSWERS = {
    "helped": ((0.1, 0.05, 0.15), "Yes: after an intervention the level fell by 0.100 more than without one"),
    "harmed": ((-0.1, -0.15, -0.05), "No, it harmed: an intervention left the level 0.100 higher than none"),
    "no effect shown": ((0.01, -0.03, 0.05), "No effect is shown: intervention minus control is +0.010"),
}


@pytest.mark.parametrize("verdict", ANSWERS)
def test_the_answer_in_a_sentence(verdict: str) -> None:
    (mean, low, high), sentence = ANSWERS[verdict]
    told = conclude("t", NO_COMPARISON | {"n": 400, "verdict": verdict, "mean": mean, "low": low, "high": high}, None)
    wanted = f"{sentence} (95 % interval, valid at every look: {low:+.3f} to {high:+.3f})."
    assert (told["answer"], told["rollback"]) == (wanted, "No option is rolled back.")


@pytest.mark.integration
def test_equal_runs_have_equal_digests(migrated: Settings) -> None:
    fill(migrated)
    first = digests(migrated)
    client = connect(migrated)
    for table in ("trajectory_points", "decisions", "outcomes"):
        client.execute(f"TRUNCATE TABLE {table}")
    fill(migrated, order=-1, twice=True)
    assert digests(migrated) == first
    elsewhere = {"topic": "other", "partition": 0, "offset": 999}
    insert(migrated, POINTS, [point(100, conversation_id="c0", raised=True, source=elsewhere)])
    insert(migrated, DECISIONS, [decision(2, conversation_id="c2", snapshot_offset=5)])
    assert digests(migrated) == first
    insert(migrated, POINTS, [point(100, conversation_id="c0", raised=True, level=10.000000000000002)])
    changed = digests(migrated)
    assert changed["trajectory_points"] != first["trajectory_points"]
    assert changed["decisions"] == first["decisions"]


@pytest.mark.integration
def test_without_tables_it_says_so(settings: Settings) -> None:
    with pytest.raises(Failure, match="TENOR_CLICKHOUSE_DATABASE"):
        report(settings)
