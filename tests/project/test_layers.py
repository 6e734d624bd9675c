"""Layers: imports only point down; streams and schemas use no Kafka, no clock and no randomness."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = [ROOT / "streams", ROOT / "schemas"]
ENGINES = {"aiokafka", "chdb", "clickhouse_driver", "confluent_kafka", "faust", "httpx", "requests", "socket", "urllib"}
CHANCE = {"random", "secrets", "time", "uuid"}
CLOCKS = {"now", "utcnow", "today", "time_ns", "monotonic", "perf_counter", "getrandom", "urandom"}


def modules(floor: Path) -> list[Path]:
    return sorted(floor.rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Top-level names of what a module imports, wherever in it the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def called(tree: ast.AST) -> set[str]:
    """Names of the methods a module calls."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {func.attr for func in calls if isinstance(func, ast.Attribute)}


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


HOUSE = ("agents", "streams", "schemas", "tests", "benchmarks")
MOST_MODULES = 16  # __init__.py counts

BOTH = pytest.mark.parametrize("path", [path for floor in FLOORS for path in modules(floor)], ids=name)


def test_imports_only_point_down() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "5 kept, 0 broken" in said.stdout


@BOTH
def test_neither_lower_floor_knows_an_engine_a_socket_or_chance(path: Path) -> None:
    assert not set(imported(parsed(path))) & (ENGINES | CHANCE)


@BOTH
def test_neither_lower_floor_asks_what_time_it_is(path: Path) -> None:
    assert not called(parsed(path)) & CLOCKS


@pytest.mark.parametrize("path", modules(FLOORS[0]), ids=name)
def test_the_domain_has_no_dates_no_threads_and_nothing_of_the_floor_above(path: Path) -> None:
    assert not set(imported(parsed(path))) & {
        "agents",
        "asyncio",
        "datetime",
        "logging",
        "os",
        "structlog",
        "threading",
    }


@pytest.mark.parametrize("path", modules(FLOORS[1]), ids=name)
def test_the_contracts_know_nothing_of_the_domain(path: Path) -> None:
    assert not set(imported(parsed(path))) & {"agents", "streams"}


@pytest.mark.parametrize("floor", HOUSE)
def test_no_folder_holds_more_modules_than_a_reader_takes_in(floor: str) -> None:
    sizes = Counter(path.parent for path in (ROOT / floor).rglob("*.py"))
    assert {name(folder): size for folder, size in sizes.items() if size > MOST_MODULES} == {}
