"""What the doctor says of replicas: by what they cost when a broker is down."""

import pytest

from agents.doctor.replication import TopicReplication, find_problems


def verdicts(topic: TopicReplication, wanted: int = 3, embedded: bool = False) -> list[str]:
    return [f"{problem.verdict}: {problem.finding}" for problem in find_problems(topic, wanted, embedded)]


@pytest.mark.parametrize(
    ("topic", "problem"),
    [
        (TopicReplication(3, 2, 3, 0), None),
        (TopicReplication(5, 3, 5, 0), None),
        (
            TopicReplication(3, 4, 3, 0),
            "failed: min.insync.replicas is 4 with 3 replicas, so no record is ever acknowledged",
        ),
        (TopicReplication(3, 3, 3, 0), "warning: min.insync.replicas is 3 with 3 replicas, so no broker may be down"),
        (
            TopicReplication(3, 1, 3, 0),
            "warning: min.insync.replicas is 1 with 3 replicas, so the loss of one broker may lose",
        ),
        (TopicReplication(1, 1, 1, 0), "warning: 1 replicas, but TENOR_REPLICATION is 3"),
        (TopicReplication(3, 2, 2, 0), "warning: 2 of 3 replicas are in sync"),
        (TopicReplication(3, 2, 1, 0), "failed: 1 of 3 replicas are in sync"),
        (TopicReplication(3, 2, 0, 2), "failed: Partitions without a leader"),
    ],
)
def test_each_problem_is_reported_once(topic: TopicReplication, problem: str | None) -> None:
    reported = verdicts(topic)
    assert len(reported) == (problem is not None)
    assert problem is None or reported[0].startswith(problem)


def test_one_replica_is_a_warning_even_if_configured() -> None:
    assert verdicts(TopicReplication(1, 1, 1, 0), wanted=1) == [
        "warning: 1 replica, so the loss of its broker's disk loses records"
    ]
    assert verdicts(TopicReplication(1, None, 1, 0), wanted=1, embedded=True) == []


def test_every_problem_says_what_to_do() -> None:
    for topic in (TopicReplication(3, 4, 1, 1), TopicReplication(3, 1, 1, 0), TopicReplication(1, 1, 1, 0)):
        assert all(problem.todo for problem in find_problems(topic, 3, False))
