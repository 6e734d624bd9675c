"""The lock file and the package hold what pyproject.toml declares."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def names(lines: list[str]) -> set[str]:
    matches = (re.match(r"[A-Za-z0-9_.-]+", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in matches if match}


def test_everything_asked_for_is_pinned_with_its_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = names(
        project["dependencies"] + [one for extra in project["optional-dependencies"].values() for one in extra]
    )
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([A-Za-z0-9_.-]+)==\S+(?: ;.*)? \\\n    --hash=", lock, re.MULTILINE)
    assert asked <= names(pins)


def test_the_data_files_of_the_lower_floors_are_packaged() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for package, patterns in data.items():
        packaged = {path for pattern in patterns for path in (ROOT / package).glob(pattern)}
        present = {p for p in (ROOT / package).rglob("*") if p.is_file() and p.suffix not in {".py", ".pyc", ".md"}}
        assert present == packaged


def test_the_command_is_tenor() -> None:
    [script] = [entry for entry in distribution("tenor").entry_points if entry.group == "console_scripts"]
    assert (script.name, script.value) == ("tenor", "agents.cli.main:main")
