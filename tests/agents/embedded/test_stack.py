"""The whole stack, twice over: what follows from a recording does not depend on the run."""

from pathlib import Path
from typing import Any

import pytest

from agents.embedded import stack
from agents.embedded.process import ChildProcess
from agents.recordings import file, replay
from agents.reports import report
from agents.settings.model import Settings
from agents.simulator.day import simulate
from agents.verification import result as verdict
from agents.verification import verify
from schemas.topics import Name
from streams.config.model import ProfileConfig
from tests.support.digests import digests

SETTLE_S = 60.0

Outcome = tuple[dict[str, Any], verdict.VerificationResult, list[ChildProcess]]


def run(directory: Path, path: Path, workers: int) -> Outcome:
    """Replay a file through a fresh stack; its report with digests, its verdict, and the processes it had."""
    # A profile races the turns of the conversation that asked for it: two runs may take it in at different ones.
    base = Settings(_env_file=None, profile=ProfileConfig(remember=False))
    with stack.running(base, directory, workers, lambda line: None) as running:
        result = replay.replay(running.settings, path, None, lambda done, total: None)
        replay.conclude(running.settings, result.last_event_ms, SETTLE_S, lambda stage, lag: None)
        children = [process.child for process in running.processes]
        numbers = report.report(running.settings, result.recording.truths) | {"digests": digests(running.settings)}
        return numbers, verify.verify(running.settings), children


@pytest.fixture(scope="module")
def messages_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of messages alone: topics cannot race each other."""
    path = tmp_path_factory.mktemp("recordings") / "messages.jsonl"
    lines = simulate(5, 60)
    file.write(path, (line for line in lines if getattr(line, "topic", Name.MESSAGES) == Name.MESSAGES), 5)
    return path


@pytest.fixture(scope="module")
def with_one_worker(messages_only: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(tmp_path_factory.mktemp("one"), messages_only, 1)


def test_a_run_is_what_its_log_says_and_leaves_no_process(
    with_one_worker: Outcome,
) -> None:
    numbers, verdict, children = with_one_worker
    assert verdict.equal
    assert verdict.folded == verdict.events
    assert verdict.expected["decision"] > 0
    assert verdict.expected["distal_outcome"] == numbers["traffic"]["conversations"] > 0
    assert verdict.expected["trajectory_point"] == numbers["traffic"]["points"]
    assert not any(child.alive for child in children)


def test_two_workers_in_a_fresh_stack_give_the_same_digests(
    with_one_worker: Outcome, messages_only: Path, tmp_path: Path
) -> None:
    numbers, verdict, _ = run(tmp_path, messages_only, 2)
    assert verdict.equal
    assert numbers["digests"] == with_one_worker[0]["digests"]
