"""The benchmarks of speed, very small: nothing is lost on the way, and the same numbers draw the same bytes."""

import json
from pathlib import Path

import pytest

from benchmarks.speed import latency, scale, sink

pytestmark = pytest.mark.integration


def test_every_probe_comes_back_from_the_worker_and_from_the_broker(tmp_path: Path) -> None:
    found = latency.main(rate=100, seconds=0.3, kind="tansu", folder=tmp_path)
    assert [one.rate for one in found.values()] == [10, 50, 80]
    assert all(one.came == one.sent > 5 for one in found.values())
    assert all(list(one.tenor) == list(one.bare) == ["p50", "p99", "p99.9"] for one in found.values())
    assert json.loads((tmp_path / "latency.json").read_text())["50%"]["came"] > 5
    drawn = (tmp_path / "latency.svg").read_bytes()
    latency.draw(found, tmp_path)
    assert (tmp_path / "latency.svg").read_bytes() == drawn


def test_a_killed_worker_comes_back_with_every_conversation(tmp_path: Path) -> None:
    (found,) = scale.main([40], count=200, kind="tansu", folder=tmp_path)
    assert 100 < found.changelog < 2000
    assert json.loads((tmp_path / "scale.json").read_text())["40"]["conversations"] == 40
    assert (tmp_path / "scale.svg").stat().st_size > 0


def test_every_row_arrives_by_both_paths(tmp_path: Path) -> None:
    found = sink.main(2000, "tansu", tmp_path)
    assert [one.rows <= 2000 for one in found.values()] == [True, True]
    assert len(json.loads((tmp_path / "sink.json").read_text())) == 2
