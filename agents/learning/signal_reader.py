"""Signals as the learner reads them: outside of any group, some way back from the start, then as they come."""

from collections.abc import Iterable, Iterator
from typing import Any

from agents.kafka.consumed_record import ConsumedRecord
from agents.kafka.partition_reader import CHUNK, PartitionReader
from agents.kafka.record_reader import decode_or_none
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import Name

SIGNAL = record("signal")
NOT_OF_A_CONVERSATION = ("tick", "model", "policy")
READ_WHOLE = ("message", "forget")
LAST_NEEDED = "customer_id"  # of all others: they tell whose conversation goes on


class SignalReader:
    """Reads tenor.signals.

    Args:
        since_ms: where reading begins, milliseconds of the broker's time.
    """

    def __init__(self, settings: Settings, codec: Codec, since_ms: int) -> None:
        signals = settings.topics.name(Name.SIGNALS)
        self._codec = codec
        self._inputs = PartitionReader(settings, [signals], since_ms)
        self._ends = self._inputs.ends(signals)

    @property
    def caught_up(self) -> bool:
        """Whether every partition was read to where it ended at the start."""
        return all(self._inputs.read_to[position] >= end for position, end in self._ends.items())

    def take(self, wait_s: float) -> tuple[list[dict[str, Any]], bool]:
        """Signals of conversations and of who is forgotten, and whether there are more at once.

        What is no signal is the worker's to refuse. Of most only the fields up to ``LAST_NEEDED``.
        """
        found = self._inputs.take(wait_s)
        return list(self._signals(found)), len(found) == CHUNK

    def close(self) -> None:
        self._inputs.close()

    def _signals(self, found: Iterable[ConsumedRecord]) -> Iterator[dict[str, Any]]:
        for message in found:
            signal = self._codec.head(SIGNAL, message.value, LAST_NEEDED)
            if signal is None or signal["kind"] in READ_WHOLE:
                signal = decode_or_none(self._codec, SIGNAL, message)
            if signal is not None and signal["kind"] not in NOT_OF_A_CONVERSATION:
                yield signal
