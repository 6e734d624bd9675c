"""``tenor report|export|explain``."""

from pathlib import Path

import pytest

from agents.settings.loader import environment
from agents.settings.model import Settings
from tests.support.data.command_line import succeeded, tenor

pytestmark = pytest.mark.integration


def test_a_page_and_an_export(tmp_path: Path, warehouse: Settings) -> None:
    env = environment(warehouse)
    assert (
        succeeded(tenor(tmp_path, "report --html page.html --until 2026-03-08T00:00:00Z", **env)) == "wrote page.html\n"
    )
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    told = succeeded(tenor(tmp_path, "export data --until 2026-03-08T00:00:00Z", **env))
    assert "dead_letters.parquet: 5 rows" in told
    assert len(told.splitlines()) == len(list((tmp_path / "data").glob("*.parquet")))
