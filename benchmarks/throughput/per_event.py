"""One event of a conversation, its state read and written: what every contender per event does. Needs no Kafka."""

from collections.abc import Mapping
from typing import Any

from schemas.codec import Codec
from schemas.records import record
from streams import state as states
from streams.config.model import Config
from streams.conversations import lifecycle
from streams.conversations.fold import fold
from streams.outputs import Output

SIGNAL = record("signal")
CODEC, CONFIG = Codec(), Config()


def signal_in(value: bytes) -> dict[str, Any]:
    """The signal in a record of tenor.signals."""
    return CODEC.decode(SIGNAL, value, {})


def folded(stored: bytes | None, signal: Mapping[str, Any]) -> tuple[bytes | None, list[Output]]:
    """The state to write, None for a repeat; and what is to be published."""
    state = None if stored is None else states.decode(stored)
    if state is not None and lifecycle.is_duplicate(state, signal):
        return None, []
    state, outputs = fold(state, signal, CONFIG)
    return states.encode(state, lifecycle.deadline(state, CONFIG)), outputs
