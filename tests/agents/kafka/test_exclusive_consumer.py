"""Who reads topics alone goes on while the group's coordinator moves."""

from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from agents.common.errors import Failure
from agents.kafka.exclusive_consumer import ExclusiveConsumer
from agents.settings.model import Settings


class Broker:
    """Answers each commit with the next of these errors, or takes it."""

    def __init__(self, *errors: int) -> None:
        self._errors, self.taken = list(errors), dict[tuple[str, int], int]()

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> list[TopicPartition]:
        if self._errors:
            raise KafkaException(KafkaError(self._errors.pop(0)))
        self.taken |= {(offset.topic, offset.partition): offset.offset for offset in offsets}
        return offsets


@pytest.fixture
def reader() -> Iterator[ExclusiveConsumer]:
    reader = ExclusiveConsumer(Settings(_env_file=None, brokers="127.0.0.1:1"), ["ratings"], "learner", "learner")  # type: ignore[call-arg]
    consumer, reader.owns_all = reader._consumer, True
    yield reader
    consumer.close()


def test_what_a_moving_coordinator_does_not_take_is_committed_the_next_time(reader: ExclusiveConsumer) -> None:
    reader._consumer = broker = Broker(KafkaError._WAIT_COORD, KafkaError.NOT_COORDINATOR)
    reader.mark_done_to(("ratings", 0), 7)
    reader.commit()
    reader.mark_done_to(("ratings", 1), 3)
    reader.commit()
    assert broker.taken == {}
    reader.commit()
    assert broker.taken == {("ratings", 0): 7, ("ratings", 1): 3}


def test_a_broker_that_refuses_is_a_failure(reader: ExclusiveConsumer) -> None:
    reader._consumer = Broker(KafkaError.GROUP_AUTHORIZATION_FAILED)
    reader.mark_done_to(("ratings", 0), 7)
    with pytest.raises(Failure, match="GROUP_AUTHORIZATION_FAILED"):
        reader.commit()
