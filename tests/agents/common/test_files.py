"""Errors of files: a ``Failure`` for what the system refuses, and nothing else swallowed."""

import gzip
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound

from agents.common.errors import Failure
from agents.common.files import file_errors, read_bytes, read_text, write_bytes


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", "grüß dich".encode())
    assert read_text(tmp_path / "a") == "grüß dich"
    assert read_bytes(tmp_path / "a") == "grüß dich".encode()


def test_the_sentence_names_the_file_and_the_reason(tmp_path: Path) -> None:
    none, binary = tmp_path / "none", tmp_path / "binary"
    binary.write_bytes(b"\xff")
    with pytest.raises(Failure, match=rf"^{none} cannot be read: No such file or directory\.$"):
        read_bytes(none)
    with pytest.raises(Failure, match=rf"^The routes file {binary} cannot be read: it is not UTF-8 text\.$"):
        read_text(binary, "The routes file")
    with pytest.raises(Failure, match=rf"^{tmp_path} cannot be written: Is a directory\.$"):
        write_bytes(tmp_path, b"")


@pytest.mark.parametrize(
    "error", [TemplateNotFound("report.html"), gzip.BadGzipFile("not gzipped"), ValueError(), Failure("x")]
)
def test_other_errors_pass(error: Exception, tmp_path: Path) -> None:
    """Some of them are an ``OSError``, though no file is wrong."""
    with pytest.raises(type(error)) as raised, file_errors(tmp_path, "written"):
        raise error
    assert raised.value is error
