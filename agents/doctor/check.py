"""The result of one check."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from agents.common.errors import Failure

Verdict = Literal["ok", "warning", "failed"]


class Check(NamedTuple):
    """One line of the doctor.

    Attributes:
        subject: what was checked, in a word or two.
        verdict: ok, warning (it works, but something should be changed) or failed (it does not work).
        finding: the result; never a secret.
        todo: what to do next; None where there is nothing to do.
    """

    subject: str
    verdict: Verdict
    finding: str
    todo: str | None = None


def from_failure(subject: str, failure: Failure) -> Check:
    """A failure as a check. Where its message ends in ``: check A and B``, that part becomes something to do."""
    finding, _, to_check = failure.message.partition(": check ")
    todo = [f"Check {to_check}"] * bool(to_check) + [failure.hint] * bool(failure.hint)
    return Check(subject, "failed", finding.removesuffix("."), "; ".join(filter(None, todo)).removesuffix(".") or None)


def run_check(subject: str, check: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Run a check. A ``Failure`` or an unexpected exception becomes a failed line, so that the others still run."""
    try:
        yield from check()
    except Failure as failure:
        yield from_failure(subject, failure)
    except Exception as error:  # its message may hold a secret
        yield Check(subject, "failed", f"The check crashed ({type(error).__name__})", "This is a bug, please report it")


def has_failed(checks: Iterable[Check]) -> bool:
    """Whether one of them has failed."""
    return any(check.verdict == "failed" for check in checks)


def join_names(names: Iterable[str], limit: int = 3) -> str:
    """The first names in a sentence, and how many more there are."""
    names = list(names)
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")
