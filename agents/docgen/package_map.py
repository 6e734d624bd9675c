"""The table "Where each piece lives" of docs/architecture.md, made from the docstrings of packages.

``python -m agents.docgen.package_map`` writes it; a test fails while the committed page is not what this makes.
The first paragraph of a package's docstring says what lives there, the second what does not and where that is.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docs" / "architecture.md"
START, END = "<!-- package map: start -->", "<!-- package map: end -->"
FLOORS = ("agents", "streams", "schemas")


def page() -> str:
    """docs/architecture.md with a table that is current."""
    before, _, rest = PATH.read_text(encoding="utf-8").partition(START)
    return f"{before}{START}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


def table() -> str:
    rows = [row(path) for floor in FLOORS for path in pieces(floor)]
    return "\n".join(["| Piece | What lives there | Modules |", "|---|---|---|", *rows])


def pieces(floor: str) -> Iterator[Path]:
    """Packages and single modules of a floor, a package before those inside it; top layer first."""
    names = layers(floor) or sorted(path.stem for path in modules(ROOT / floor))
    for name in names:
        path = ROOT / floor / name
        if path.is_dir():
            yield from packages(path)
        else:
            yield path.with_suffix(".py")


def packages(path: Path) -> Iterator[Path]:
    yield path
    for inner in sorted(path.glob("*/__init__.py")):
        yield from packages(inner.parent)


def layers(floor: str) -> list[str]:
    """Packages of a floor in the order of its import contract, siblings by name."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    lines = [line for contract in contracts if contract.get("containers") == [floor] for line in contract["layers"]]
    return [name.strip() for line in lines for name in line.split("|")]


def modules(package: Path) -> list[Path]:
    return sorted(path for path in package.glob("*.py") if path.name != "__init__.py")


def row(path: Path) -> str:
    link = f"[`{path.relative_to(ROOT)}`](../{path.relative_to(ROOT)})"
    if path.is_file():
        return f"| {link} | {paragraphs(path)[0]} | |"
    names = " ".join(f"`{module.stem}`" for module in modules(path))
    return f"| {link} | {' '.join(paragraphs(path / '__init__.py')[:2])} | {names} |"


def paragraphs(module: Path) -> list[str]:
    """Paragraphs of a module's docstring, each on one line."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    texts = [" ".join(text.split()) for text in docstring.split("\n\n")]
    return [text.replace("``", "`").replace("|", "\\|") for text in texts]


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
