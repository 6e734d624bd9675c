"""``tenor schemas check``: whether the present records can read what every earlier version wrote.

The last release is the newest git tag. A schema that has changed since must be kept in ``schemas/avro/past``: events
carry the fingerprint of the schema they were written with, and are read with the schema kept under it.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agents.common.errors import Failure
from schemas.compatibility import incompatibilities, problems
from schemas.records import AVRO, PAST, Schema, crc64, records, writers

FOLDER = "schemas/avro"


@dataclass(frozen=True, slots=True)
class CompatibilityReport:
    """The result of a check.

    Attributes:
        base: git ref that was compared with; None while nothing is released.
        compared: how many records it had.
        changed: names of the records that have changed since.
        kept: how many older versions are in ``schemas/avro/past``.
        wrong: incompatibilities, a sentence each.
    """

    base: str | None
    compared: int
    changed: tuple[str, ...]
    kept: int
    wrong: tuple[str, ...]


def check(base: str | None = None, root: Path = AVRO.parents[1]) -> CompatibilityReport:
    """Compare the records with a git ref and with every version in ``schemas/avro/past``.

    Args:
        base: a tag, branch or commit; None takes the newest tag, if there is one.
        root: of the repository.

    ``Failure`` when there is no repository or no such ref.
    """
    base = base or last_tag(root)
    then = {} if base is None else released_schemas(root, base)
    changed = tuple(name for name, old in then.items() if name not in records() or crc64(old) != fingerprint(name))
    wrong = [str(incompatibility) for incompatibility in incompatibilities()] + list(contract_errors(base or "", then))
    return CompatibilityReport(base, len(then), changed, len(list(PAST.glob("*/*.avsc"))), tuple(wrong))


def contract_errors(base: str, then: dict[str, Schema]) -> Iterator[str]:
    """Incompatibilities of the present records with those of ``base``, a sentence each."""
    for name, old in then.items():
        if name not in records():
            yield f"{name}.avsc exists in {base} and is missing now"
            continue
        for problem in problems(records()[name].published, old):
            yield f"{name}.avsc cannot read records of {base}: {problem}"
        if crc64(old) not in writers():
            yield f"{name}.avsc has changed since {base}: keep that version as {FOLDER}/past/{name}/<number>.avsc"


def fingerprint(name: str) -> bytes:
    return records()[name].fingerprint


def last_tag(root: Path) -> str | None:
    """The newest tag before the present commit; None where there is none."""
    git_output(root, "rev-parse", "--git-dir")
    described = run_git(root, "describe", "--tags", "--abbrev=0")
    return described.stdout.strip() if described.returncode == 0 else None


def released_schemas(root: Path, base: str) -> dict[str, Schema]:
    """The schemas of a ref, by record name."""
    listed = git_output(root, "ls-tree", "--name-only", base, f"{FOLDER}/").splitlines()
    paths = [path for path in listed if path.endswith(".avsc")]
    return {Path(path).stem: json.loads(git_output(root, "show", f"{base}:{path}")) for path in paths}


def git_output(root: Path, *argv: str) -> str:
    """Standard output of git. ``Failure`` when git fails."""
    result = run_git(root, *argv)
    if result.returncode:
        errors = result.stderr.strip().splitlines() or ["it failed"]
        raise Failure(
            f"git {argv[0]}: {errors[0]}",
            "Run the command in a clone of the repository with its tags: git fetch --tags",
        )
    return result.stdout


def run_git(root: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("git")
    if program is None:
        raise Failure("git is not installed.", "Install it; the check compares with earlier commits.")
    return subprocess.run([program, "-C", str(root), *argv], capture_output=True, text=True, check=False)


def report_lines(report: CompatibilityReport) -> Iterator[str]:
    """The result of a check, in lines."""
    if report.base is None:
        yield "Nothing to compare with: there is no tag. Give another ref with --base (make: BASE=)."
    else:
        names = f": {', '.join(report.changed)}" if report.changed else ""
        yield f"{report.compared} records of {report.base}, {len(report.changed)} changed since{names}"
    yield f"{report.kept} older versions in {FOLDER}/past"
    yield from report.wrong
    yield "not compatible" if report.wrong else "BACKWARD compatible: today's schemas read all of them"
