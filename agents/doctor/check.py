"""What the doctor says of one thing."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from agents.common.errors import Failure

Verdict = Literal["ok", "warning", "failed"]


class Check(NamedTuple):
    """One line.

    Attributes:
        about: what was looked at, in a word or two.
        verdict: ok, warning (it works, and something is not as it should be) or failed (it does not work so).
        found: what was found; never a secret.
        todo: what to do next; None where there is nothing to do.
    """

    about: str
    verdict: Verdict
    found: str
    todo: str | None = None


def of_failure(about: str, failure: Failure) -> Check:
    """A failure as a line; what its message says to check is something to do."""
    found, _, to_check = failure.message.partition(": check ")
    todo = [f"check {to_check}"] * bool(to_check) + [failure.hint] * bool(failure.hint)
    return Check(about, "failed", found, "; ".join(filter(None, todo)) or None)


def looked(about: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """What a look finds; a ``Failure`` is a line, and so is what nobody foresaw: the others are still looked at."""
    try:
        yield from look()
    except Failure as failure:
        yield of_failure(about, failure)
    except Exception as error:  # its words may hold what must not be shown
        yield Check(about, "failed", f"could not be looked at ({type(error).__name__})", "this is a bug: report it")


def broken(checks: Iterable[Check]) -> bool:
    """Whether one of them has failed."""
    return any(one.verdict == "failed" for one in checks)


def listed(names: Iterable[str], most: int = 3) -> str:
    """Names as a sentence has them; of many the first."""
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
