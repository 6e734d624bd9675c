"""The Dockerfile as data: its stages with their instructions, and which files the build may take."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from io import BytesIO
from pathlib import Path
from typing import Any

from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass
class Stage:
    """One ``FROM`` and what follows it.

    Attributes:
        base: an image, or the name of a stage before.
        steps: instructions with their text, in order.
    """

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def stages(dockerfile: Path = DOCKERFILE) -> list[Stage]:
    """Every stage, in order; arguments before the first ``FROM`` filled in with their defaults."""
    known: dict[str, str] = {}
    found: list[Stage] = []
    for one in DockerfileParser(fileobj=BytesIO(dockerfile.read_bytes())).structure:
        kind, text = one["instruction"], one["value"]
        if kind == "COMMENT":
            continue
        if kind == "FROM":
            base, _, name = text.partition(" AS ")
            found.append(Stage(name, filled(base, known)))
        elif found:
            found[-1].steps.append((kind, text))
        elif kind == "ARG":
            known |= dict([text.split("=", 1)])
    return found


def filled(text: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: values[found[1]], text)


def pairs(text: str) -> dict[str, str]:
    """``A=1 B="two words"`` as ENV and LABEL have it."""
    found = re.findall(r'(\S+?)=("(?:[^"\\]|\\.)*"|\S+)', text)
    return {name: value.strip('"') for name, value in found}


def said(stage: Stage, kind: str) -> list[str]:
    """What a stage says in all its instructions of a kind."""
    return [text for name, text in stage.steps if name == kind]


def health_command(stage: Stage) -> list[str]:
    """The command of HEALTHCHECK, as a list."""
    _, _, command = said(stage, "HEALTHCHECK")[-1].partition("CMD ")
    told: list[str] = json.loads(command)
    return told


def environment(stage: Stage) -> dict[str, str]:
    return {name: value for text in said(stage, "ENV") for name, value in pairs(text).items()}


def taken(path: Path, ignore: list[str]) -> bool:
    """Whether the build may take a file, by .dockerignore: the last rule that fits counts."""
    name, found = str(path), True
    for rule in ignore:
        keep, pattern = rule.startswith("!"), rule.removeprefix("!")
        if fits(name, pattern):
            found = keep
    return found


def fits(name: str, pattern: str) -> bool:
    """Whether a pattern names a path or a folder above it."""
    if pattern.startswith("**/"):
        return any(fnmatch(part, pattern[3:]) for part in name.split("/"))
    return pattern == "*" or name == pattern or name.startswith(f"{pattern}/")


def ignored() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def context(sources: list[str], root: Path = ROOT) -> list[tuple[Path, Path]]:
    """Files that a COPY takes, each with its place below the copied thing."""
    rules, found = ignored(), list[tuple[Path, Path]]()
    for source in sources:
        path = root / source
        files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        below = path if path.is_dir() else path.parent
        found += [(one, one.relative_to(below)) for one in files if taken(one.relative_to(root), rules)]
    return found


def copied(text: str) -> tuple[str | None, list[str], str]:
    """From which stage, what, and where to."""
    words: list[Any] = text.split()
    origin = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
    return origin, words[:-1], words[-1]
