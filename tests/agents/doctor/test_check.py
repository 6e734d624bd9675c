"""Checks of the doctor: what a failure becomes, and how they are shown."""

import json
from collections.abc import Iterator
from io import StringIO

from rich.console import Console

from agents.common.errors import Failure
from agents.doctor.check import Check, from_failure, has_failed, join_names, run_check
from agents.doctor.view import as_json, render

OK, WARNING = Check("a", "ok", "fine"), Check("b", "warning", "so so", "look")
FAILED = Check("c", "failed", "[red]no[/]", "do this")


def test_a_failure_becomes_a_finding_and_something_to_do() -> None:
    check = from_failure("x", Failure("It is down (refused): check A and B", "or start it"))
    assert check == Check("x", "failed", "It is down (refused)", "Check A and B; or start it")
    assert from_failure("x", Failure("It is down.")) == Check("x", "failed", "It is down", None)
    assert from_failure("x", Failure("It is down.", "Start it.")) == Check("x", "failed", "It is down", "Start it")


def test_an_unexpected_exception_is_a_failed_check_without_its_message() -> None:
    def crash() -> Iterator[Check]:
        yield OK
        raise ValueError("hunter2")

    fine, bug = run_check("x", crash)
    assert fine == OK
    assert (bug.verdict, "ValueError" in bug.finding, "hunter2" in str(bug)) == ("failed", True, False)


def test_only_a_failed_check_counts_as_failed() -> None:
    assert not has_failed([OK, WARNING])
    assert has_failed([OK, WARNING, FAILED])


def test_only_the_first_names_are_listed() -> None:
    assert join_names("abc") == "a, b, c"
    assert join_names("abcde") == "a, b, c and 2 more"


def test_checks_are_shown_without_markup() -> None:
    out = StringIO()
    render([OK, WARNING, FAILED], Console(file=out, width=100))
    lines = [line.strip() for line in out.getvalue().splitlines()]
    assert lines[1].split() == ["ok", "a", "fine"]
    assert "→ look" in lines[3]
    assert "[red]no[/]" in lines[4]
    assert lines[-1] == "1 ok, 1 warning, 1 failed"
    assert json.loads(as_json([OK, FAILED])) == {
        "failed": 1,
        "checks": [
            {"about": "a", "verdict": "ok", "found": "fine", "todo": None},
            {"about": "c", "verdict": "failed", "found": "[red]no[/]", "todo": "do this"},
        ],
    }
