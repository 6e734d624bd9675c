"""The page's own files: what is borrowed is what was pinned, and nothing in them could make markup of text."""

import json
import re
from pathlib import Path

import pytest

from agents.console.pages import STATIC

ROOT = Path(__file__).resolve().parents[3]
SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc|javascript:"
)
OWN = sorted([*STATIC.glob("*.js"), *STATIC.glob("*.html")])


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_texts_are_only_ever_set_as_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not SINKS.search(text)
    if path.suffix == ".html":
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*")), ids=lambda path: path.name)
def test_nothing_is_asked_of_another_host(path: Path) -> None:
    if path.is_file() and path.name != "LICENSE":
        elsewhere = re.findall(r"https?://[^\s\"')]+", path.read_text(encoding="utf-8"))
        assert [one for one in elsewhere if not one.startswith("http://www.w3.org/")] == []


def test_the_charts_are_those_that_npm_pins_with_their_licence() -> None:
    wanted = json.loads((ROOT / "console" / "package.json").read_text())["dependencies"]["uplot"]
    pinned = json.loads((ROOT / "console" / "package-lock.json").read_text())["packages"]["node_modules/uplot"]
    assert pinned["version"] == wanted
    assert pinned["integrity"].startswith("sha512-")
    assert f"uPlot {wanted}," in (STATIC / "vendor" / "uplot.js").read_text().splitlines()[0]
    assert "MIT" in (STATIC / "vendor" / "LICENSE").read_text()
