"""values.yaml as a tree: every value with its default and the comment above it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

MARK = "# -- "


@dataclass(frozen=True)
class Value:
    """One value that a person may set.

    Attributes:
        path: its keys from the top.
        default: what it is when nobody sets it.
        about: what its comment says; empty where there is none.
    """

    path: tuple[str, ...]
    default: Any
    about: str

    @property
    def name(self) -> str:
        return ".".join(self.path)


def values(text: str) -> list[Value]:
    """Every value of the text, in its order. What has a comment is one value, with all that stands below it."""
    top = yaml.compose(text)
    return [] if top is None else list(found(top, text.splitlines(), ()))


def found(node: yaml.Node, lines: list[str], path: tuple[str, ...]) -> Iterator[Value]:
    for key, below in node.value:
        here, about = (*path, key.value), comment(lines, key.start_mark.line)
        if about or not isinstance(below, yaml.MappingNode) or not below.value:
            yield Value(here, default(below), about)
        else:
            yield from found(below, lines, here)


def default(node: yaml.Node) -> Any:
    return yaml.safe_load(yaml.serialize(node))


def comment(lines: list[str], line: int) -> str:
    above = lines[line - 1].strip() if line else ""
    return above.removeprefix(MARK) if above.startswith(MARK) else ""
