"""``tenor replay``."""

import json
from pathlib import Path

import pytest

from tests.support.data.command_line import assert_failure, succeeded, tenor

pytestmark = pytest.mark.integration

LETTERS = "conversation.messages"


def test_a_recording_that_is_missing_or_broken(tmp_path: Path) -> None:
    assert_failure(tenor(tmp_path, "replay none.jsonl"), "none.jsonl cannot be read: No such file")
    (tmp_path / "broken.jsonl").write_text('{"recording":"tenor","version":1,"seed":1}\n{"secret words')
    result = tenor(tmp_path, "replay broken.jsonl")
    assert_failure(result, "broken.jsonl, line 2")
    assert "secret words" not in result.stderr
    (tmp_path / "broken.gz").write_bytes(b"\x1f\x8b\x08cut")
    assert_failure(tenor(tmp_path, "replay broken.gz"), "broken.gz is not a complete gzip file")
    assert_failure(tenor(tmp_path, "simulate none/day.jsonl"), "none/day.jsonl cannot be written")


def test_replay_and_verify(tmp_path: Path, env: dict[str, str]) -> None:
    succeeded(tenor(tmp_path, "topics apply", **env))
    succeeded(tenor(tmp_path, "simulate day.jsonl --conversations 2", **env))
    verdict = json.loads(succeeded(tenor(tmp_path, "verify --json", **env)))
    assert verdict["equal"] is True
    assert verdict["events"] == 0
    assert " 2 conversations" in succeeded(tenor(tmp_path, "replay day.jsonl --no-finish", **env))
    unfolded = tenor(tmp_path, "verify --json", **env)
    assert unfolded.returncode == 1
    assert json.loads(unfolded.stdout)["lost"]
    assert "records behind" in unfolded.stderr
