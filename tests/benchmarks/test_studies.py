"""The studies on tiny sizes: that they measure what they say, write it, and write the same again."""

import gzip
import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks.studies import coverage, day, document, esconv, peeking, rollback, simulator
from benchmarks.studies.coverage import Case
from benchmarks.studies.effects import against_control, improved_after
from streams.config.model import Config
from streams.interventions.options import CONTROL

STUDIES = ("coverage", "peeking", "rollback", "simulator", "esconv")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    marks = "\n".join(f"{document.BEGIN.format(name)}{document.END.format(name)}" for name in STUDIES)
    (tmp_path / "validation.md").write_text(f"before\n{marks}\nafter\n", encoding="utf-8")
    return tmp_path


def written(docs: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in docs.rglob("*.*")}


def conversation(name: str, source: str, draw: Random, helps: float) -> dict[str, object]:
    """Questions early, suggestions late, and feedback that rises by itself: what follows a strategy misleads."""
    turns: list[dict[str, object]] = []
    for at in range(10):
        late = draw.random() < 0.1 + 0.08 * at
        turns.append({"who": "sys", "text": "", "strategies": ["Providing Suggestions" if late else "Questions"]})
        turns.append({"who": "user", "text": "", "feedback": 1 + 0.3 * at + draw.uniform(0, 1) + late * helps})
    return {"src": source, "conv": name, "init": 3, "dialog": turns}


def shared(directory: Path, conversations: int, helps: float = 0.0) -> Path:
    (directory / "data").mkdir()
    draw = Random(1)
    with gzip.open(directory / esconv.FILE, "wt", encoding="utf-8") as out:
        for number in range(conversations):
            both = [conversation(f"c{number}", source, draw, helps) for source in esconv.SOURCES]
            out.writelines(json.dumps(one) + "\n" for one in both)
    return directory


def small(docs: Path) -> dict[str, bytes]:
    coverage.study(docs, runs=2)
    peeking.study(docs, runs=10, peeks=1000)
    rollback.study(docs, runs=2, most=250)
    return written(docs)


def test_the_same_seeds_write_the_same_document(docs: Path) -> None:
    before = small(docs)
    now = small(docs)
    assert before == now
    text = now["validation.md"].decode()
    assert text.startswith("before\n") and text.endswith("after\n") and "| naive 95 % |" in text
    assert {f"{name}.svg" for name in ("coverage", "peeking", "rollback")} <= now.keys()


def test_clustered_intervals_hold_where_naive_ones_do_not() -> None:
    found = coverage.measured(Case(0.5, 40), 80)
    assert found["DR", "clustered"] > found["DR", "naive"] + 0.03


def test_looking_often_misleads_the_naive_interval_only() -> None:
    two_sided, one_sided, naive = peeking.measured(100, 2000)[:, -1]
    assert max(two_sided, one_sided) <= 0.06 < 0.2 < naive


def test_a_harmful_option_is_found_and_harmless_ones_are_left_alone() -> None:
    runs = rollback.measured(rollback.Case(rollback.alike, -0.2), 8, 700)
    assert max(rollback.found_at(runs, 700)) <= 700
    assert rollback.ever(runs) == 0


def test_simulated_customers_improve_by_themselves_and_no_option_is_credited() -> None:
    judged = [one for seed in (1, 2) for one in day.judged(seed, 100, Config())]
    scores = simulator.decided(judged, simulator.score)
    alone = improved_after([one.reward for one in scores if one.option == CONTROL])
    assert alone.low > 0
    assert all(against_control(scores, option, 0.01).covers_zero for option in simulator.options(scores))
    levels = simulator.decided(judged, simulator.level)
    assert against_control(simulator.harmed(levels, "offer-options"), "offer-options").high < 0


def test_a_strategy_is_not_credited_with_the_stage_it_is_used_in(tmp_path: Path, docs: Path) -> None:
    rated = esconv.read(shared(tmp_path, 60) / esconv.FILE, "esconv")
    [suggestions, question] = esconv.measured(rated)
    assert suggestions.naive.low > 0.5 and question.naive.high < -0.5
    assert suggestions.corrected.covers_zero and question.corrected.covers_zero
    esconv.study(docs, tmp_path)
    assert "600 ratings of 60 conversations" in (docs / "validation.md").read_text(encoding="utf-8")


def test_a_strategy_that_helps_is_credited_with_what_it_does(tmp_path: Path) -> None:
    rated = esconv.read(shared(tmp_path, 60, helps=0.5) / esconv.FILE, "esconv")
    found = esconv.measured(rated)[0]
    assert found.corrected.low > 0 and found.adjusted.low <= 0.5 <= found.adjusted.high < found.naive.mean


def test_where_the_data_is_not_there_the_document_says_so(tmp_path: Path, docs: Path) -> None:
    esconv.study(docs, tmp_path / "nowhere")
    assert "Skipped: there was no data/esconv.jsonl.gz" in (docs / "validation.md").read_text(encoding="utf-8")


def test_arrays_that_disagree_with_the_real_formulas_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    phi = peeking.contrasts(np.random.default_rng(0), 1, 500)
    peeking.agrees(phi)
    monkeypatch.setattr(peeking, "ALPHA", 0.05 + 1e-6)
    monkeypatch.setattr(peeking, "one_sided", lambda found: peeking.two_sided(found))
    with pytest.raises(AssertionError):
        peeking.agrees(phi)


def test_the_document_has_a_place_for_every_study() -> None:
    text = (document.DOCS / "validation.md").read_text(encoding="utf-8")
    assert all(document.BEGIN.format(name) in text and document.END.format(name) in text for name in STUDIES)
