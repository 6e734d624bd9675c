"""Apache Kafka as a platform runs it: three KRaft nodes on loopback, each of which can be hurt by itself."""

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from agents.embedded.process import LOOPBACK, ChildProcess, free_port, wait_for_port
from tests.support.servers import apache_kafka
from tests.support.servers.apache_kafka import CLUSTER_ID, SETTINGS, START_TIMEOUT_S

NODES = (1, 2, 3)
JVM = ("-Xmx400m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
SETTLED_S = 120.0
REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    # A real cluster hands leadership back within minutes; a case lasts one.
    "leader.imbalance.check.interval.seconds": "5",
}


class Node:
    """One broker and controller in one."""

    def __init__(self, number: int, directory: Path, jars: Path, port: int, controllers: dict[int, int]) -> None:
        self.number, self.port = number, port
        self._directory, self._jars = directory / f"node-{number}", jars
        self._directory.mkdir()
        self._config = self._directory / "server.properties"
        self._config.write_text("".join(f"{key}={value}\n" for key, value in self._settings(controllers).items()))
        self._child: ChildProcess | None = None

    def format(self) -> None:
        tool = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self._config)]
        apache_kafka.run([*self._java(), *tool])

    def start(self) -> None:
        """Start the process; ``wait`` for it to answer."""
        argv = [*self._java(), "kafka.Kafka", str(self._config)]
        self._child = ChildProcess.start(f"node {self.number}", argv, self._directory, self._directory / "kafka.log")

    def wait(self) -> None:
        wait_for_port(LOOPBACK, self.port, self.child, START_TIMEOUT_S)

    @property
    def child(self) -> ChildProcess:
        assert self._child, "not started"
        return self._child

    def send(self, number: signal.Signals) -> None:
        """SIGKILL, SIGSTOP, SIGCONT or SIGTERM."""
        os.killpg(self.child.pid, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        while self.child.alive:
            time.sleep(0.01)

    def stop(self) -> None:
        """An orderly shutdown: leadership is handed over first."""
        self.child.stop(30)

    def _java(self) -> list[str]:
        return ["java", *JVM, "-cp", f"{self._jars}/*"]

    def _settings(self, controllers: dict[int, int]) -> dict[str, str]:
        voters = ",".join(f"{number}@{LOOPBACK}:{port}" for number, port in controllers.items())
        own = controllers[self.number]
        return {
            **SETTINGS,
            **REPLICATED,
            "node.id": str(self.number),
            "listeners": f"PLAINTEXT://{LOOPBACK}:{self.port},CONTROLLER://{LOOPBACK}:{own}",
            "controller.quorum.voters": voters,
            "log.dirs": str(self._directory / "data"),
        }


class Cluster:
    """Three nodes. Topics of each case carry a prefix of their own."""

    def __init__(self, nodes: dict[int, Node], directory: Path) -> None:
        self.nodes, self._directory = nodes, directory

    @property
    def bootstrap(self) -> str:
        return ",".join(f"{LOOPBACK}:{node.port}" for node in self.nodes.values())

    def controller(self) -> Node:
        """The node that leads the metadata quorum, as the node that has seen the latest election tells."""
        states = [json.loads(one.read_text()) for one in self._directory.glob("node-*/data/*/quorum-state")]
        latest = max(states, key=lambda state: (state["leaderEpoch"], state["leaderId"]))
        return self.nodes[latest["leaderId"]]

    def whole(self) -> bool:
        """Whether every partition has all its replicas in sync."""
        try:
            known = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2}).list_topics(timeout=5)
        except KafkaException:
            return False
        partitions = [one for topic in known.topics.values() for one in topic.partitions.values()]
        return len(known.brokers) == len(NODES) and all(set(one.isrs) == set(one.replicas) for one in partitions)

    def wait_whole(self) -> None:
        deadline = time.monotonic() + SETTLED_S
        while not self.whole():
            assert time.monotonic() < deadline, "the cluster did not become whole again"
            time.sleep(0.5)

    def mend(self) -> None:
        """Start again what is dead, wake what is paused, wait until all is in sync."""
        for node in self.nodes.values():
            if node.child.alive:
                node.send(signal.SIGCONT)
            else:
                node.start()
        for node in self.nodes.values():
            node.wait()
        self.wait_whole()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A fresh cluster; gone in the end with all its data."""
    jars, directory = apache_kafka.fetch_jars(), Path(tempfile.mkdtemp(prefix="tenor-cluster-"))
    ports = {number: (free_port(), free_port()) for number in NODES}
    controllers = {number: port for number, (_, port) in ports.items()}
    nodes = {number: Node(number, directory, jars, ports[number][0], controllers) for number in NODES}
    try:
        for node in nodes.values():
            node.format()
        for node in nodes.values():
            node.start()
        for node in nodes.values():
            node.wait()
        one = Cluster(nodes, directory)
        one.wait_whole()
        yield one
    finally:
        for node in nodes.values():
            if node._child:
                node.child.stop(0)
        shutil.rmtree(directory, ignore_errors=True)
