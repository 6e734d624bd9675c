"""The map of packages in docs/architecture.md: current, and complete."""

from pathlib import Path

import pytest

from agents.docgen.package_map import FLOORS, PATH, ROOT, page, paragraphs, pieces, table

PIECES = [path for floor in FLOORS for path in pieces(floor)]
PACKAGES = sorted(
    path.parent for floor in FLOORS for path in (ROOT / floor).rglob("__init__.py") if path.parent != ROOT / floor
)


def test_the_committed_page_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == page(), "run: make package-map"


def test_every_package_and_every_single_module_has_one_row() -> None:
    single = [path for floor in FLOORS for path in (ROOT / floor).glob("*.py") if path.name != "__init__.py"]
    assert sorted(PIECES) == sorted([*PACKAGES, *single])
    assert len(table().splitlines()) == len(PIECES) + 2


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_package_says_in_one_sentence_what_lives_there_and_in_one_what_does_not(package: Path) -> None:
    there, elsewhere = paragraphs(package / "__init__.py")[:2]
    assert 20 < len(there) <= 200
    assert 10 < len(elsewhere) <= 120
    assert there.endswith(".") and elsewhere.endswith(".")


@pytest.mark.parametrize("module", [path for path in PIECES if path.is_file()], ids=lambda path: path.stem)
def test_a_single_module_says_what_it_is(module: Path) -> None:
    assert 20 < len(paragraphs(module)[0]) <= 200
