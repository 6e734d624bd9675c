"""What is asked of a cluster while leadership moves."""

from collections.abc import Callable

import pytest
from confluent_kafka import KafkaError, KafkaException

from agents.kafka import client


def answering(*errors: int) -> tuple[list[int], Callable[[], str]]:
    left = list(errors)

    def ask() -> str:
        if left:
            raise KafkaException(KafkaError(left.pop(0)))
        return "answer"

    return left, ask


@pytest.mark.parametrize("code", sorted(client.LEADER_MOVING))
def test_it_is_asked_again(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "RETRY_S", 0.0)
    _, ask = answering(code, code)
    assert client.retrying()(ask) == "answer"


def test_what_will_not_pass_is_told_at_once() -> None:
    left, ask = answering(KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(KafkaException):
        client.retrying()(ask)
    assert len(left) == 1


def test_who_never_answers_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "RETRY_S", 0.01)
    monkeypatch.setattr(client, "TIMEOUT_S", 0.1)
    _, ask = answering(*[KafkaError.NOT_LEADER_FOR_PARTITION] * 1000)
    with pytest.raises(KafkaException):
        client.retrying()(ask)
