"""The fault suite as tests: ``pytest -m faults tests/faults``. ``make faults`` plays the same and prints a table."""

from collections.abc import Iterator

import pytest

from tests.faults import cases as _  # noqa: F401 - registers them
from tests.faults.case import CASES, play_case
from tests.faults.cluster import Cluster, cluster
from tests.support.servers.apache_kafka import unavailable_reason

pytestmark = [pytest.mark.faults, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    if reason := unavailable_reason():
        pytest.skip(reason)
    with cluster() as cluster_of_three:
        yield cluster_of_three


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_lost_and_nothing_counts_twice(name: str, nodes: Cluster) -> None:
    row = play_case(CASES[name], nodes)
    assert row.exact, row.notes
    assert (row.lost, row.duplicated) == (0, 0)
