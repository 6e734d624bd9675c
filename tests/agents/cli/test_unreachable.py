"""Every command that needs Kafka or ClickHouse says so in a sentence where there is none."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from agents.embedded.process import LOOPBACK
from tests.support.data.command_line import Result, assert_failure, sentences, succeeded, tenor

pytestmark = pytest.mark.integration

NOBODY = f"{LOOPBACK}:1"
LETTERS = "conversation.messages"
NEEDS_KAFKA = (
    "worker",
    "sink",
    "topics apply",
    "verify",
    f"dlq list {LETTERS}",
    f"dlq show {LETTERS} 0",
    f"dlq requeue {LETTERS} 0",
    "profiles show anna",
    "profiles erase anna",
    "alerts ack c1",
    "alerts snooze --team support --for 2h",
    "replay day.jsonl",
)


@pytest.fixture(scope="module", autouse=True)
def without_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Result]]]:
    """Every command that needs Kafka, run where there is none: each has patience, so they begin first, at once."""
    directory = tmp_path_factory.mktemp("no-kafka")
    succeeded(tenor(directory, "simulate day.jsonl --conversations 2"))
    with ThreadPoolExecutor(len(NEEDS_KAFKA)) as pool:
        yield {line: pool.submit(tenor, directory, line, TENOR_BROKERS=NOBODY) for line in NEEDS_KAFKA}


@pytest.mark.parametrize("line", ["migrate", "report", "report --html x.html", "explain c1"])
def test_an_unreachable_clickhouse(tmp_path: Path, line: str) -> None:
    result = tenor(tmp_path, line, TENOR_CLICKHOUSE_PORT="1")
    assert_failure(result, "ClickHouse at 127.0.0.1:1 cannot be reached", "TENOR_CLICKHOUSE_PORT")


@pytest.mark.parametrize("line", NEEDS_KAFKA)
def test_an_unreachable_broker(without_kafka: Mapping[str, Future[Result]], line: str) -> None:
    result = without_kafka[line].result()
    assert_failure(result, f"The Kafka broker at {NOBODY} does not answer", "TENOR_BROKERS")


def test_an_unreachable_broker_is_said_once(without_kafka: Mapping[str, Future[Result]]) -> None:
    for future in without_kafka.values():
        assert future.result().stderr.splitlines() == sentences(future.result())
