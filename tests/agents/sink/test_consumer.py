"""The sink when Kafka does not commit its offsets."""

import pytest
from confluent_kafka import KafkaError

from agents.common.errors import Failure
from agents.kafka.commit import CommitUnavailable, raise_unless_lost


def test_a_partition_that_went_to_another_member_is_no_error() -> None:
    raise_unless_lost(KafkaError(KafkaError.ILLEGAL_GENERATION), KafkaError(KafkaError._ASSIGNMENT_LOST))


@pytest.mark.parametrize("code", [KafkaError.NOT_COORDINATOR, KafkaError._TRANSPORT, KafkaError.REQUEST_TIMED_OUT])
def test_a_coordinator_on_its_way_to_another_broker_is_asked_again(code: int) -> None:
    with pytest.raises(CommitUnavailable):
        raise_unless_lost(KafkaError(code))


def test_what_does_not_pass_ends_the_sink() -> None:
    with pytest.raises(Failure, match=r"Kafka refused to commit offsets \(GROUP_AUTHORIZATION_FAILED\)"):
        raise_unless_lost(KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED))
