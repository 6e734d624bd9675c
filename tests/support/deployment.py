"""A deployment of Tenor on a broker: its own topics, real worker processes, and methods to publish and read records."""

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from confluent_kafka import Producer

from agents.embedded.process import ChildProcess, free_port
from agents.embedded.stack import answers
from agents.kafka import client, topic_reader
from agents.kafka.admin import topics
from agents.kafka.consumed_record import ConsumedRecord
from agents.schema_registry.client import codec_for
from agents.settings.loader import environment
from agents.settings.model import Settings
from schemas.records import record
from schemas.topics import RECORD_OF, Name
from tests.support.isolation import unique
from tests.support.processes.tenor_process import TenorProcess

PATIENCE_S = 30.0
COUNTER = itertools.count(1)


@dataclass
class Deployment:
    """Settings, processes, and methods to publish and read records."""

    settings: Settings
    directory: Path
    workers: list[ChildProcess] = field(default_factory=list)
    ports: dict[int, int] = field(default_factory=dict)

    def start_worker(self, wait: bool = True) -> ChildProcess:
        """Start ``tenor worker``; ready when this returns."""
        return self.start("worker", wait)

    def start(self, command: str, wait: bool = True) -> ChildProcess:
        """Start ``tenor <command>``; ready when this returns."""
        port, name = free_port(), f"{command}-{next(COUNTER)}"
        env = {**environment(self.settings), "TENOR_HTTP_PORT": str(port)}
        child = TenorProcess.run(command, self.directory, self.directory / f"{name}.log", env)
        self.workers.append(child)
        self.ports[child.pid] = port
        if wait:
            eventually(lambda: answers(f"http://127.0.0.1:{port}/ready") or died(child), f"the {command} is ready")
        return child

    def metric(self, child: ChildProcess, name: str) -> float:
        """A metric of a process, by its name with its labels; 0 while there is none."""
        return self.metrics(child).get(name, 0.0)

    def metrics(self, child: ChildProcess) -> dict[str, float]:
        """Every metric of a process, by its name with its labels."""
        with urlopen(f"http://127.0.0.1:{self.ports[child.pid]}/metrics", timeout=5) as response:
            lines = [line for line in response.read().decode().splitlines() if line[:1] != "#"]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def stop(self) -> None:
        for worker in self.workers:
            worker.stop(10)

    def produce(self, records: Iterable[tuple[str, str, bytes | None, Mapping[str, bytes]]]) -> None:
        """Publish (topic, key, value, headers), each acknowledged."""
        producer = Producer(client.producer_config(self.settings))
        for topic, key, value, headers in records:
            producer.produce(self.settings.topics.name(topic), key=key, value=value, headers=list(headers.items()))
        assert producer.flush(PATIENCE_S) == 0

    def send(self, name: Name, *events: Mapping[str, Any]) -> None:
        """Publish events as Avro, keyed by conversation."""
        codec, schema = codec_for(self.settings), record(RECORD_OF[name])
        self.produce((name, event["conversation_id"], codec.encode(schema, dict(event)), {}) for event in events)

    def read(self, topic: str) -> list[ConsumedRecord]:
        """Everything in a topic now."""
        return list(topic_reader.read(self.settings, [self.settings.topics.name(topic)]))

    def decoded(self, name: Name) -> list[dict[str, Any]]:
        """Everything in one of our topics now, decoded."""
        codec = codec_for(self.settings)
        return [codec.decode(record(RECORD_OF[name]), message.value, {}) for message in self.read(name)]

    def points(self, conversation_id: str | None = None) -> list[dict[str, Any]]:
        points = self.decoded(Name.TRAJECTORIES)
        return [point for point in points if conversation_id in (None, point["conversation_id"])]

    def dead_letters(self, name: Name) -> list[ConsumedRecord]:
        return self.read(f"{name}.dlq")


def settings_for(broker: tuple[str, str], **changes: object) -> Settings:
    """Settings of a deployment with topics of its own on a broker (its kind and address), made for short waits."""
    kind, bootstrap = broker
    known = {
        "brokers": bootstrap,
        "embedded": kind == "tansu",
        "topic_prefix": f"{unique('behaviour')}.",
        "partitions": 4,
        "session_timeout_s": 2.0,
        "tick_s": 1.0,
        "write_behind_s": 0.25,
        "commit_interval_s": 0.5,
    }
    return Settings(_env_file=None, **{**known, **changes})  # type: ignore[arg-type]


def deploy(settings: Settings, directory: Path) -> Deployment:
    """A deployment with its topics; no worker runs yet."""
    assert topics.apply(settings) == []
    known = client.admin_client(settings)  # a broker may learn a moment later what its controller created
    eventually(lambda: not topics.missing_topics(known, settings), "the broker knows the topics")
    return Deployment(settings, directory)


def died(child: ChildProcess) -> bool:
    assert child.alive, child.log_tail(40)
    return False


def eventually(condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """The first true value of a condition; fails the test when it never comes."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"never happened: {what}")
