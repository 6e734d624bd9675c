"""What the doctor says of replicas: by what they cost when a broker is away."""

import pytest

from agents.doctor.replication import TopicReplication, troubles


def verdicts(copies: TopicReplication, wanted: int = 3, embedded: bool = False) -> list[str]:
    return [f"{verdict}: {found}" for verdict, found, _ in troubles(copies, wanted, embedded)]


@pytest.mark.parametrize(
    ("copies", "said"),
    [
        (TopicReplication(3, 2, 3, 0), None),
        (TopicReplication(5, 3, 5, 0), None),
        (
            TopicReplication(3, 4, 3, 0),
            "failed: min.insync.replicas is 4 with 3 replicas: no record is ever acknowledged",
        ),
        (TopicReplication(3, 3, 3, 0), "warning: min.insync.replicas is 3 with 3 replicas: no broker may be away"),
        (
            TopicReplication(3, 1, 3, 0),
            "warning: min.insync.replicas is 1 with 3 replicas: what one broker acknowledged",
        ),
        (TopicReplication(1, 1, 1, 0), "warning: 1 replicas, TENOR_REPLICATION is 3"),
        (TopicReplication(3, 2, 2, 0), "warning: 2 of 3 replicas are in sync"),
        (TopicReplication(3, 2, 1, 0), "failed: 1 of 3 replicas are in sync"),
        (TopicReplication(3, 2, 0, 2), "failed: partitions have no leader"),
    ],
)
def test_each_trouble_once(copies: TopicReplication, said: str | None) -> None:
    found = verdicts(copies)
    assert len(found) == (said is not None)
    assert said is None or found[0].startswith(said)


def test_one_replica_that_was_asked_for_is_told_of() -> None:
    assert verdicts(TopicReplication(1, 1, 1, 0), wanted=1) == [
        "warning: 1 replica: with its broker's disk the records are lost"
    ]
    assert verdicts(TopicReplication(1, None, 1, 0), wanted=1, embedded=True) == []


def test_every_trouble_says_what_to_do() -> None:
    for copies in (TopicReplication(3, 4, 1, 1), TopicReplication(3, 1, 1, 0), TopicReplication(1, 1, 1, 0)):
        assert all(todo for _, _, todo in troubles(copies, 3, False))
