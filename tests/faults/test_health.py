"""/healthz and /ready of real processes, told apart by stalling what they wait for."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from agents.clickhouse import migrate
from agents.clickhouse.client import connect
from agents.common.health import SILENT_STALLS
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import ChildProcess, free_port
from agents.embedded.tansu import Tansu
from agents.settings.model import Settings
from schemas.topics import Name
from tests.support.bus_events import message, rating
from tests.support.deployment import Deployment, deploy, eventually, settings_for

STALL_S = 1.0
pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tansu]:
    """A broker of its own: it is paused, and others would notice."""
    tansu = Tansu.start(free_port(), tmp_path_factory.mktemp("tansu"))
    yield tansu
    tansu.stop()


@pytest.fixture
def deployment(own_broker: Tansu, tmp_path: Path) -> Iterator[Deployment]:
    deployed = deploy(settings_for(("tansu", own_broker.bootstrap), stall_s=STALL_S, partitions=1), tmp_path)
    yield deployed
    deployed.stop()


@contextmanager
def paused(child: ChildProcess) -> Iterator[None]:
    os.killpg(child.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(child.pid, signal.SIGCONT)


def asked(deployment: Deployment, child: ChildProcess, path: str) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{deployment.ports[child.pid]}{path}", timeout=5) as response:
            return int(response.status)
    except HTTPError as error:
        return error.code


def healthz(deployment: Deployment, child: ChildProcess) -> Callable[[int], Callable[[], bool]]:
    return lambda status: lambda: asked(deployment, child, "/healthz") == status


def test_a_worker_whose_records_the_broker_does_not_take_is_red_until_it_does(
    deployment: Deployment, own_broker: Tansu
) -> None:
    worker = deployment.start_worker()
    is_ = healthz(deployment, worker)
    deployment.send(Name.MESSAGES, message("before"))
    eventually(lambda: deployment.points("before"), "the worker works")
    eventually(is_(200), "green while it does")
    with paused(own_broker.child):
        eventually(is_(503), "red: it ticks, and nobody takes the tick")
    eventually(is_(200), "green again")
    deployment.send(Name.MESSAGES, message("after"))
    assert eventually(lambda: deployment.points("after"), "it goes on where it was")


def test_a_worker_without_partitions_is_ready_and_green(deployment: Deployment) -> None:
    """There is nothing to ask for, and no reason to start it again."""
    first, second = deployment.start_worker(), deployment.start_worker()
    both = [healthz(deployment, one)(200) for one in (first, second)]
    eventually(lambda: all(one() for one in both), "green once the partition is given away")
    for _ in range(10 * (SILENT_STALLS + 2)):
        assert all(one() for one in both)
        time.sleep(STALL_S / 10)
    assert asked(deployment, second, "/ready") == 200


def test_a_worker_is_not_ready_before_it_has_recovered_and_red_when_it_does_not(
    deployment: Deployment, own_broker: Tansu
) -> None:
    deployment.start_worker()
    deployment.send(Name.MESSAGES, message("known"))
    eventually(lambda: deployment.points("known"), "there is a state to recover")
    deployment.workers[0].stop(10)
    late = deployment.start("worker", wait=False)
    eventually(lambda: answers_at_all(deployment, late), "it serves")
    with paused(own_broker.child):
        assert asked(deployment, late, "/ready") == 503
        eventually(healthz(deployment, late)(503), "red: recovery does not go on")
        assert asked(deployment, late, "/ready") == 503
    eventually(lambda: asked(deployment, late, "/ready") == 200, "ready once it has recovered")
    deployment.send(Name.MESSAGES, message("known"))
    points = eventually(lambda: len(found := deployment.points("known")) == 2 and found, "the second point")
    assert [point["turn"] for point in points] == [1, 2]


def test_a_sink_whose_rows_clickhouse_does_not_take_is_red_until_it_does(own_broker: Tansu, tmp_path: Path) -> None:
    with tables(tmp_path) as clickhouse:
        reaching = {"clickhouse_port": clickhouse.tcp_port, "clickhouse_http_port": clickhouse.http_port}
        settings = settings_for(("tansu", own_broker.bootstrap), stall_s=STALL_S, partitions=1, **reaching)
        migrate.migrate(settings)
        deployment = deploy(settings, tmp_path)
        try:
            sink = deployment.start("sink")
            is_ = healthz(deployment, sink)
            deployment.send(Name.RATINGS, rating("rated", event_id="before"))
            eventually(lambda: stored(settings) == ["before"], "the sink works")
            eventually(is_(200), "green while it does")
            with paused(clickhouse.child):
                deployment.send(Name.RATINGS, rating("rated", event_id="meanwhile"))
                eventually(is_(503), "red: rows are not taken")
            eventually(is_(200), "green again")
            assert eventually(lambda: stored(settings) == ["before", "meanwhile"], "it goes on where it was")
        finally:
            deployment.stop()


@contextmanager
def tables(directory: Path) -> Iterator[ClickHouse]:
    """A ClickHouse of its own: it is paused, too."""
    one = ClickHouse.start(free_port(), free_port(), directory / "clickhouse")
    try:
        yield one
    finally:
        one.stop()


def stored(settings: Settings) -> list[str]:
    client = connect(settings)
    try:
        return [id_ for (id_,) in client.execute("SELECT event_id FROM rated ORDER BY event_time")]
    finally:
        client.disconnect()


def answers_at_all(deployment: Deployment, child: ChildProcess) -> bool:
    try:
        return asked(deployment, child, "/ready") > 0
    except OSError:
        return False
