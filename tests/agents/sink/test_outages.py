"""ClickHouse goes away and comes back while the sink runs."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.clickhouse.migrate import migrate
from agents.common import metrics
from agents.common.errors import Failure
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import free_port
from agents.kafka.admin import topics
from agents.settings.model import Settings
from tests.support.sink import WAIT_S, Running, count, eventually, lag, outputs, publish, running

pytestmark = pytest.mark.integration


class Restartable:
    """A ClickHouse of one test, on fixed ports."""

    def __init__(self, directory: Path) -> None:
        self.ports, self._directory = (free_port(), free_port()), directory
        self.server = self.start()

    def start(self) -> ClickHouse:
        self.server = ClickHouse.start(*self.ports, self._directory)
        return self.server


@pytest.fixture
def own_clickhouse(tmp_path: Path) -> Iterator[Restartable]:
    server = Restartable(tmp_path)
    yield server
    server.server.stop()


@pytest.fixture
def fragile(settings: Settings, own_clickhouse: Restartable) -> Settings:
    """Settings with a ClickHouse that may be stopped."""
    topics.apply(settings)
    native, http = own_clickhouse.ports
    changed = settings.model_copy(update={"clickhouse_port": native, "clickhouse_http_port": http})
    migrate(changed)
    return changed


def failures(table: str) -> float:
    return float(metrics.INSERT_FAILURES.labels(table)._value.get())


def test_clickhouse_goes_and_comes_back(fragile: Settings, own_clickhouse: Restartable) -> None:
    before = failures("trajectory_points")
    with running(fragile):
        publish(fragile, outputs(fragile, range(1, 101), ["trajectory_point"]))
        assert eventually(lambda: lag(fragile) == 0)
        own_clickhouse.server.stop()
        publish(fragile, outputs(fragile, range(101, 201), ["trajectory_point"]))
        assert eventually(lambda: failures("trajectory_points") > before)
        publish(fragile, outputs(fragile, range(201, 301), ["trajectory_point"]))
        time.sleep(3 * fragile.session_timeout_s)  # longer than the group waits for a silent member
        assert 0 < lag(fragile) <= 200
        own_clickhouse.start()
        assert eventually(lambda: lag(fragile) == 0)
    assert count(fragile, "trajectories") == 300
    assert count(fragile, "trajectory_points") == 300  # the member was never thrown out, so nothing came twice


def test_nothing_is_committed_before_it_is_inserted(fragile: Settings, own_clickhouse: Restartable) -> None:
    impatient = fragile.model_copy(update={"sink_patience_s": 1.0})
    sink = Running(impatient)
    assert eventually(lambda: sink.sink.health.ready)
    own_clickhouse.server.stop()
    publish(fragile, outputs(fragile, range(1, 51)))
    sink.thread.join(WAIT_S)
    error = sink.end()
    assert isinstance(error, Failure)
    assert "gave up after 1 s" in error.message
    assert "TENOR_CLICKHOUSE_HOST" in error.message
    assert lag(fragile) == 200
    own_clickhouse.start()
    with running(fragile):
        assert eventually(lambda: lag(fragile) == 0)
    assert [count(fragile, view) for view in ("trajectories", "decided", "observed", "alerted")] == [50] * 4


def test_stop_does_not_wait_for_clickhouse_to_come_back(fragile: Settings, own_clickhouse: Restartable) -> None:
    with running(fragile) as sink:
        assert eventually(lambda: sink.sink.health.ready)
        own_clickhouse.server.stop()
        before = failures("trajectory_points")
        publish(fragile, outputs(fragile, range(1, 11), ["trajectory_point"]))
        assert eventually(lambda: failures("trajectory_points") > before)
    assert lag(fragile) == 10
