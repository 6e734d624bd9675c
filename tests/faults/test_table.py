"""The table of ``make faults`` holds the last run of every case, failed or not."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import __main__ as faults
from tests.faults.case import CASES, Row

GOOD = Row("nothing happens", 1, "none", 100, 1, 0, 0, 0, 7.8, exact=True, notes="", revision="abc")


def test_a_case_that_breaks_off_takes_the_place_of_its_former_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(*_: object) -> Row:
        raise AssertionError("worker-1 is not ready\nlog")

    monkeypatch.setattr(faults, "play_case", breaks_off)
    faults.write([GOOD, replace(GOOD, case="a worker killed")], tmp_path)
    row = faults.attempted(CASES["a worker killed"], None, False)  # type: ignore[arg-type]
    faults.write([row], tmp_path)
    good, red = (tmp_path / "faults.md").read_text().splitlines()[2:4]
    assert good == "| nothing happens | none | 100 | 1 | 0 | 0 | 7.8 s | yes |"
    assert red == "| a worker killed | broken off | 0 | 0 | 0 | 0 | 0 s | NO |"
    assert row.notes == "broken off: AssertionError worker-1 is not ready"


def test_the_table_says_which_code_was_broken() -> None:
    rows = [GOOD, replace(GOOD, revision=""), GOOD]
    assert faults.played_on(rows) == "Lines played on: abc (2), an unknown revision (1).\n"
