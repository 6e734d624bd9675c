"""``tenor schemas check``: whether today's records read what the last release, and every version before, wrote.

The last release is the newest git tag. What it released must also be kept in ``schemas/avro/past`` where it has changed
since: events carry the fingerprint of the schema they were written with, and are read with what is kept under it.
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
    """What a check found.

    Attributes:
        base: git ref that was compared with; None while nothing is released.
        compared: how many records stood there.
        changed: names of those that have changed since.
        kept: how many older versions are in ``schemas/avro/past``.
        wrong: what may not be, a sentence each.
    """

    base: str | None
    compared: int
    changed: tuple[str, ...]
    kept: int
    wrong: tuple[str, ...]


def check(base: str | None = None, root: Path = AVRO.parents[1]) -> CompatibilityReport:
    """Compare the records with a git ref and with every version that is kept.

    Args:
        base: a tag, branch or commit; None takes the newest tag, and nothing where there is none.
        root: of the repository.

    ``Failure`` where there is no repository or no such ref.
    """
    base = base or last_tag(root)
    then = {} if base is None else released(root, base)
    changed = tuple(name for name, old in then.items() if name not in records() or crc64(old) != fingerprint(name))
    wrong = [str(one) for one in incompatibilities()] + list(complaints(base or "", then))
    return CompatibilityReport(base, len(then), changed, len(list(PAST.glob("*/*.avsc"))), tuple(wrong))


def complaints(base: str, then: dict[str, Schema]) -> Iterator[str]:
    """What is wrong with today's records, beside those released in ``base``."""
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
    git(root, "rev-parse", "--git-dir")
    found = run(root, "describe", "--tags", "--abbrev=0")
    return found.stdout.strip() if found.returncode == 0 else None


def released(root: Path, base: str) -> dict[str, Schema]:
    """The records that stood at a ref, by name."""
    listed = git(root, "ls-tree", "--name-only", base, f"{FOLDER}/").splitlines()
    paths = [path for path in listed if path.endswith(".avsc")]
    return {Path(path).stem: json.loads(git(root, "show", f"{base}:{path}")) for path in paths}


def git(root: Path, *argv: str) -> str:
    """What git says. ``Failure`` where it refuses."""
    found = run(root, *argv)
    if found.returncode:
        said = found.stderr.strip().splitlines() or ["it failed"]
        raise Failure(
            f"git {argv[0]}: {said[0]}", "run the command in a clone of the repository with its tags: git fetch --tags"
        )
    return found.stdout


def run(root: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("git")
    if program is None:
        raise Failure("git is not installed", "install it; the check compares with earlier commits")
    return subprocess.run([program, "-C", str(root), *argv], capture_output=True, text=True, check=False)


def told(found: CompatibilityReport) -> Iterator[str]:
    """What a check found, in lines."""
    if found.base is None:
        yield "Nothing to compare with: there is no tag. Give another ref with --base (make: BASE=)."
    else:
        names = f": {', '.join(found.changed)}" if found.changed else ""
        yield f"{found.compared} records of {found.base}, {len(found.changed)} changed since{names}"
    yield f"{found.kept} older versions in {FOLDER}/past"
    yield from found.wrong
    yield "not compatible" if found.wrong else "BACKWARD compatible: today's schemas read all of them"
