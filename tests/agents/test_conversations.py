"""Conversations: what a run publishes, and in which order."""

from agents.conversations import waves
from agents.outbox import Outgoing
from schemas.topics import OUTPUTS, Name, Topics

TOPICS = Topics("staging.")


def test_outcomes_go_out_once_all_else_is_acknowledged() -> None:
    """Whoever reads an outcome finds its decision, even of the same run."""
    run = [Outgoing(TOPICS.name(name), key, b"value") for key in (b"c1", b"c2") for name in reversed(OUTPUTS)]
    first, then = waves(run, TOPICS)
    assert {one.topic for one in then} == {"staging.tenor.outcomes"}
    assert [one for one in run if one in first] == first
    assert sorted([*first, *then]) == sorted(run)
    assert "staging.tenor.outcomes" not in {one.topic for one in first}


def test_a_run_without_outcomes_goes_out_at_once() -> None:
    run = [Outgoing(TOPICS.name(Name.DECISIONS), b"c1", b"value")]
    assert waves(run, TOPICS) == (run, [])
