"""The fold's outputs: records by name, and the fields they share."""

from typing import Any, NamedTuple

from streams.state import State


class Output(NamedTuple):
    """One record to publish.

    Attributes:
        record: name of its Avro record.
        id: its deterministic id.
        datum: the record.
    """

    record: str
    id: str
    datum: dict[str, Any]


def scope(state: State, conversation_id: str) -> dict[str, Any]:
    """Fields that identify the conversation a record is about."""
    return {
        "tenant": state.tenant,
        "conversation_id": conversation_id,
        "customer_id": state.customer_id,
        "channel": state.channel,
    }
