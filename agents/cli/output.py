"""Standard output and standard error of the commands."""

import sys
from collections.abc import Callable
from typing import TypeVar

from rich.console import Console
from rich.markup import escape

from agents.common.errors import Failure

T = TypeVar("T")

out = Console()
err = Console(stderr=True)


def print_line(text: str) -> None:
    """Print a line as it is: no markup, no colours, no line breaks."""
    out.print(escape(text), highlight=False, soft_wrap=True)


def print_result(result: T, as_json: bool, dump: Callable[[T], str], render: Callable[[T, Console], None]) -> None:
    """Print a result: as JSON for programs, or rendered for people."""
    if as_json:
        sys.stdout.write(dump(result) + "\n")
    else:
        render(result, out)


def print_failure(failure: Failure) -> None:
    """Print what went wrong and, where there is one, the hint: one line each on standard error."""
    err.print(f"[bold red]error:[/] {escape(failure.message)}", highlight=False, soft_wrap=True)
    if failure.hint:
        err.print(escape(failure.hint), style="dim", highlight=False, soft_wrap=True)
