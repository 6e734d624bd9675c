"""Capacity in the documents is what the benchmarks' numbers make, and the arithmetic holds."""

from math import isclose

import pytest

from benchmarks import capacity

FOUND = capacity.load(capacity.DOCS / "benchmarks")
ONE = capacity.measured(FOUND)


@pytest.mark.parametrize("path", capacity.documents(), ids=lambda path: path.stem)
def test_the_document_is_up_to_date(path: capacity.Path) -> None:
    assert path.read_text(encoding="utf-8") == capacity.documents()[path], "run: make capacity-docs"


def test_a_document_without_a_place_for_the_table_is_an_error() -> None:
    with pytest.raises(AssertionError, match="no place for capacity"):
        capacity.filled("nothing", "capacity", "table")


def test_twice_the_conversations_take_twice_the_cores_and_state() -> None:
    one, two = capacity.plan(ONE, 500_000), capacity.plan(ONE, 1_000_000)
    assert isclose(two.rate, 2 * one.rate) and isclose(two.states, 2 * one.states)
    assert one.workers * 2 - 1 <= two.workers <= one.workers * 2
    assert one.partitions >= 2 * one.workers and one.partitions.bit_count() == 1


def test_the_cost_of_a_message_and_of_a_burst_gives_the_mix_again() -> None:
    mix = capacity.MESSAGES * ONE.message_us + (1 - capacity.MESSAGES) * ONE.other_us
    assert isclose(1e6 / mix, ONE.per_core[capacity.MIX])


def test_a_small_deployment_still_has_eight_partitions() -> None:
    assert capacity.plan(ONE, 100).partitions == 8


def test_days_of_keeping_are_those_of_the_topics() -> None:
    kept = {topic.name: topic.retention_ms for topic in capacity.Topics().all()}
    days = [one for _, one in ONE.kept_days()]
    wanted = ["conversation.messages", "tenor.signals", "tenor.trajectories"]
    assert [days[i] * 86_400_000 for i in range(3)] == [kept[name] for name in wanted]
