"""Files named by a person: an error is a ``Failure``."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from agents.common.errors import Failure


@contextmanager
def file_errors(path: str | PathLike[str], action: str, label: str = "") -> Iterator[None]:
    """Turn the system's errors in the ``with`` block into a ``Failure``: ``day.jsonl cannot be read: No such file.``

    Other errors pass, also jinja2's ``TemplateNotFound``, which is an ``OSError`` without an errno.

    Args:
        action: what is done, such as ``read`` or ``written``.
        label: put in front of the path, such as ``The routes file``.
    """
    try:
        yield
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except OSError as error:
        if error.errno is None:
            raise
        reason = error.strerror or type(error).__name__
    else:
        return
    raise Failure(f"{label} {path} cannot be {action}: {reason}.".lstrip())


def read_bytes(path: Path, label: str = "") -> bytes:
    """The bytes of a file. Raises ``Failure`` when it cannot be read."""
    with file_errors(path, "read", label):
        return path.read_bytes()


def read_text(path: Path, label: str = "") -> str:
    """The text of a UTF-8 file. Raises ``Failure`` when it cannot be read or is not text."""
    with file_errors(path, "read", label):
        return path.read_text(encoding="utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file. Raises ``Failure`` when it cannot be written."""
    with file_errors(path, "written"):
        path.write_bytes(data)
