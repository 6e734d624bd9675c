"""Logs: one line an event, JSON where wanted, tracebacks without what was in the variables."""

import json
import logging
import subprocess
import sys

import pytest

from agents.common import logs
from agents.common.errors import Failure

PROGRAM = """
import logging, sys
import structlog
from agents.common import logs
logs.configure(sys.argv[1], sys.argv[2] == "json")
log = structlog.get_logger("agents.program")
def fold(text):
    return 1 / 0
text = "I am " + "furious"
log.debug("unheard")
log.info("ready", conversations=3)
logging.getLogger("faust").info("chatter")
logging.getLogger("aiokafka").error("broker is gone")
for report in (log.exception, logging.getLogger("library").exception):
    try:
        fold(text)
    except ZeroDivisionError:
        report("run failed")
"""


def run_program(level: str, form: str) -> str:
    result = subprocess.run([sys.executable, "-c", PROGRAM, level, form], capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    return result.stderr


def test_console() -> None:
    text = run_program("info", "console")
    assert "ready" in text
    assert "conversations=3" in text
    assert "unheard" not in text
    assert "chatter" not in text
    assert "broker is gone" in text
    assert text.count("Traceback (most recent call last)") == 2
    assert text.count("ZeroDivisionError: division by zero") == 2
    assert "I am furious" not in text
    assert "\x1b[" not in text


def test_json_is_one_object_a_line_tracebacks_included() -> None:
    lines = [json.loads(line) for line in run_program("info", "json").splitlines()]
    assert [line["event"] for line in lines] == ["ready", "broker is gone", "run failed", "run failed"]
    assert lines[0]["conversations"] == 3
    assert all(line["level"] and line["timestamp"] for line in lines)
    for failed in lines[2:]:
        assert "ZeroDivisionError: division by zero" in failed["exception"]
        assert "in fold" in failed["exception"]
        assert "I am furious" not in json.dumps(failed)


def test_the_level_counts_for_libraries_too() -> None:
    text = run_program("error", "console")
    assert "ready" not in text
    assert "broker is gone" in text
    assert "unheard" in run_program("debug", "console")
    assert "chatter" not in run_program("debug", "console"), "its debug output would hold payloads"


@pytest.mark.parametrize("level", ["loud", "", "10", "notset"])
def test_a_level_that_does_not_exist(level: str) -> None:
    before = logging.getLogger().handlers[:]
    with pytest.raises(Failure, match="TENOR_LOG_LEVEL is invalid"):
        logs.configure(level, False)
    assert logging.getLogger().handlers == before
