"""GitHub workflows name make targets, Python versions and files that exist. ``make deploy-lint`` checks the syntax."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
CHART = ROOT / "deploy" / "helm" / "tenor"


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def read(name: str) -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yaml").read_text("utf-8"))
    return workflow


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_it_makes_what_can_be_made_with_no_more_rights_than_it_needs(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    made = set(re.findall(r"\bmake ([a-z-]+)", " ".join(step.get("run", "") for step in steps(workflow))))
    assert made <= targets() | (set() if CHART.exists() else {"helm-test"})
    for step in steps(workflow):
        assert "run" in step or re.fullmatch(r"[\w/-]+@v\d+", step["uses"])
        assert "${{" not in step.get("run", "").replace("${{ matrix.python }}", ""), (
            "a shell is given variables, not text"
        )


def test_every_supported_python_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    low, high = (int(minor) for minor in re.findall(r"3\.(\d+)", project["requires-python"]))
    assert read("ci")["jobs"]["test"]["strategy"]["matrix"]["python"] == [f"3.{minor}" for minor in range(low, high)]


def test_the_files_they_name_are_there() -> None:
    named = [
        step["with"]["file"]
        for name in ("ci", "release")
        for step in steps(read(name))
        if "file" in step.get("with", {})
    ]
    assert named and all((ROOT / name).is_file() for name in named)


def test_a_change_must_pass_the_short_run_of_faults_and_read_the_last_release() -> None:
    ci: dict[Any, Any] = {**read("ci")}
    assert ci[True] == {"push": {"branches": ["main"]}, "pull_request": None}  # YAML reads "on" so
    made = {step["run"]: job for job in ci["jobs"].values() for step in job["steps"] if "run" in step}
    assert "make faults-smoke" in made
    (checkout,) = [step for step in made["make schemas"]["steps"] if "actions/checkout@" in step.get("uses", "")]
    assert checkout["with"] == {"fetch-depth": 0, "fetch-tags": True}, "there would be no release to compare with"
