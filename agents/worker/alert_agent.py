"""Alerts: reads decisions and outcomes, publishes what a team lead should know."""

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
    """Turns runs of one topic into alerts; repeats carry the same id."""

    def __init__(self, name: Name, topics: Topics, codec: Codec, outbox: AsyncProducer) -> None:
        self._record, self._rule = record(RECORD_OF[name]), RULES[name]
        self._topics, self._codec, self._outbox = topics, codec, outbox

    async def step(self, run: RecordBatch) -> None:
        """One run, acknowledged."""
        codec = await self._codec.with_schemas_for(message.value for message in run.records)
        await self._outbox.send([out for message in run.records for out in self._alerts(message, codec)])
        run.finish()

    def _alerts(self, message: Any, codec: Codec) -> list[OutgoingRecord]:
        try:
            datum = codec.decode(self._record, message.value, headers_of(message))
        except Rejected as refusal:
            return [build_dead_letter(message, refusal, "alerts")]
        alert = self._rule(datum)
        return [] if alert is None else [build_record(alert, self._codec, self._topics)]
