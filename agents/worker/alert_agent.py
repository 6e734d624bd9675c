"""The alert agent: reads decisions and outcomes, publishes the alerts that a team lead should see."""

from typing import Any

from agents.kafka.async_producer import AsyncProducer, OutgoingRecord
from agents.kafka.record_builder import build_dead_letter, build_record, headers_of
from agents.worker.batch_transport import RecordBatch
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import RECORD_OF, Name, Topics
from streams.alerts import rules

RULES = {Name.DECISIONS: rules.alert_for_decision, Name.OUTCOMES: rules.alert_for_outcome}


class AlertAgent:
    """Turns the records of one topic into alerts. A record read twice gives the same alert id."""

    def __init__(self, name: Name, topics: Topics, codec: Codec, outbox: AsyncProducer) -> None:
        self._record, self._rule = record(RECORD_OF[name]), RULES[name]
        self._topics, self._codec, self._outbox = topics, codec, outbox

    async def process(self, batch: RecordBatch) -> None:
        """Process one batch; it is done once the broker has acknowledged its alerts."""
        codec = await self._codec.with_schemas_for(message.value for message in batch.records)
        await self._outbox.send([out for message in batch.records for out in self._to_alerts(message, codec)])
        batch.mark_done()

    def _to_alerts(self, message: Any, codec: Codec) -> list[OutgoingRecord]:
        try:
            datum = codec.decode(self._record, message.value, headers_of(message))
        except Rejected as refusal:
            return [build_dead_letter(message, refusal, "alerts")]
        alert = self._rule(datum)
        return [] if alert is None else [build_record(alert, self._codec, self._topics)]
