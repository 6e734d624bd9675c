"""``tenor schemas check``: today's records beside those of a git ref."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agents.common.errors import Failure
from agents.schema_registry.check import check, report_lines
from schemas.records import AVRO, PAST, Schema, record

DECISION = record("decision").published


class Clone:
    """A repository of its own, whose records are whatever a test says they were."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet")
        self.git("commit", "--quiet", "--allow-empty", "-m", "begin")

    def git(self, *argv: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(self.root), *who, *argv], check=True, capture_output=True)

    def release(self, tag: str, **schemas: Schema) -> None:
        folder = self.root / "schemas" / "avro"
        folder.mkdir(parents=True, exist_ok=True)
        for name, schema in schemas.items():
            (folder / f"{name}.avsc").write_text(json.dumps(schema))
        self.git("add", "schemas")
        self.git("commit", "--quiet", "--allow-empty", "-m", tag)
        self.git("tag", tag)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def changed(**first_field: Any) -> Schema:
    fields = [DECISION["fields"][0] | first_field, *DECISION["fields"][1:]]
    return DECISION | {"fields": fields}


def test_without_a_tag_what_is_kept_is_judged(clone: Clone) -> None:
    report = check(root=clone.root)
    assert (report.base, report.compared, report.changed, report.wrong) == (None, 0, (), ())
    assert report.kept == len(list(PAST.glob("*/*.avsc"))) > 0
    assert "there is no tag" in next(report_lines(report))


def test_the_last_tag_counts(clone: Clone) -> None:
    clone.release("v1", decision=changed(type="boolean"))
    clone.release("v2", decision=DECISION)
    report = check(root=clone.root)
    assert (report.base, report.compared, report.changed, report.wrong) == ("v2", 1, (), ())
    assert list(report_lines(report))[-1].startswith("BACKWARD compatible")


def test_another_ref_may_be_named(clone: Clone) -> None:
    clone.release("v1", decision=changed(type="boolean"))
    clone.release("v2", decision=DECISION)
    report = check("v1", clone.root)
    assert report.changed == ("decision",)
    assert any("decision.avsc cannot read records of v1: type_mismatch" in error for error in report.wrong)
    assert list(report_lines(report))[-1] == "not compatible"


def test_a_record_that_is_gone(clone: Clone) -> None:
    clone.release("v1", mood=DECISION | {"name": "Mood"})
    assert check(root=clone.root).wrong == ("mood.avsc exists in v1 and is missing now",)


def test_what_was_released_and_has_changed_must_be_kept(clone: Clone) -> None:
    """Without it events on their way at the upgrade could not be read, compatible or not."""
    clone.release("v1", decision=DECISION | {"fields": [*DECISION["fields"], {"name": "gone", "type": "string"}]})
    [error] = check(root=clone.root).wrong
    assert error == "decision.avsc has changed since v1: keep that version as schemas/avro/past/decision/<number>.avsc"
    kept = json.loads((PAST / "decision" / "1.avsc").read_text())
    clone.release("v2", decision=kept)
    report = check(root=clone.root)
    assert (report.changed, report.wrong) == (("decision",), ())


def test_no_repository_and_no_such_ref(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(Failure, match="git ls-tree: fatal: Not a valid object name v9"):
        check("v9", clone.root)
    with pytest.raises(Failure, match="not a git repository") as raised:
        check(root=tmp_path_factory.mktemp("nothing"))
    assert "git fetch --tags" in str(raised.value.hint)


def test_by_default_it_is_the_repository_of_the_records() -> None:
    assert (AVRO.parents[1] / "schemas" / "avro") == AVRO
