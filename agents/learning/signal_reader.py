"""The learner's reader of signals: without a consumer group, from some time before its start, then as they arrive."""

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
OTHER_KINDS = ("tick", "model", "policy")
DECODED_KINDS = ("message", "forget")
LAST_FIELD = "customer_id"  # other kinds only say whose conversation goes on


class SignalReader:
    """Reads tenor.signals.

    Args:
        since_ms: broker time where reading begins, milliseconds.
    """

    def __init__(self, settings: Settings, codec: Codec, since_ms: int) -> None:
        signals = settings.topics.name(Name.SIGNALS)
        self._codec = codec
        self._inputs = PartitionReader(settings, [signals], since_ms)
        self._ends = self._inputs.ends(signals)

    @property
    def caught_up(self) -> bool:
        """Whether every partition has been read up to its end at the start."""
        return all(self._inputs.read_to[position] >= end for position, end in self._ends.items())

    def poll(self, wait_s: float) -> tuple[list[dict[str, Any]], bool]:
        """Signals of conversations and erasures, and whether more are available at once.

        Most are decoded only up to ``LAST_FIELD``. Records that are no signals are skipped; the worker refuses them.
        """
        records = self._inputs.take(wait_s)
        return list(self._signals(records)), len(records) == CHUNK

    def close(self) -> None:
        self._inputs.close()

    def _signals(self, records: Iterable[ConsumedRecord]) -> Iterator[dict[str, Any]]:
        for consumed in records:
            signal = self._codec.head(SIGNAL, consumed.value, LAST_FIELD)
            if signal is None or signal["kind"] in DECODED_KINDS:
                signal = decode_or_none(self._codec, SIGNAL, consumed)
            if signal is not None and signal["kind"] not in OTHER_KINDS:
                yield signal
