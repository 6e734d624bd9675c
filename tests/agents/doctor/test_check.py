"""Lines of the doctor: what a failure becomes, and how they are shown."""

import json
from collections.abc import Iterator
from io import StringIO

from rich.console import Console

from agents.common.errors import Failure
from agents.doctor.check import Check, broken, listed, looked, of_failure
from agents.doctor.view import as_json, render

OK, WARNING = Check("a", "ok", "fine"), Check("b", "warning", "so so", "look")
FAILED = Check("c", "failed", "[red]no[/]", "do this")


def test_what_a_failure_tells_to_check_is_something_to_do() -> None:
    found = of_failure("x", Failure("it is away (refused): check A and B", "or start it"))
    assert found == Check("x", "failed", "it is away (refused)", "check A and B; or start it")
    assert of_failure("x", Failure("it is away")) == Check("x", "failed", "it is away", None)


def test_what_nobody_foresaw_is_a_line_without_its_words() -> None:
    def look() -> Iterator[Check]:
        yield OK
        raise ValueError("hunter2")

    fine, bug = looked("x", look)
    assert fine == OK
    assert (bug.verdict, "ValueError" in bug.found, "hunter2" in str(bug)) == ("failed", True, False)


def test_only_what_failed_breaks() -> None:
    assert not broken([OK, WARNING])
    assert broken([OK, WARNING, FAILED])


def test_of_many_names_the_first() -> None:
    assert listed("abc") == "a, b, c"
    assert listed("abcde") == "a, b, c and 2 more"


def test_they_are_shown_as_they_are() -> None:
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
