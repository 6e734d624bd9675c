"""Export: decisions from ClickHouse, words from Kafka, a sheet and its key as files."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from agents.blind_review import key as keys
from agents.blind_review import sheet
from agents.blind_review.key import ReviewKey, SealedPair, Side
from agents.blind_review.matching import Pair, pairs
from agents.blind_review.replies import Decision, Exchange, ReplyFinder
from agents.blind_review.unblinding import telling
from agents.clickhouse.client import session
from agents.clickhouse.migrate import require_current
from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.common.files import file_errors
from agents.kafka import topic_reader
from agents.kafka.admin import topics
from agents.kafka.consumed_record import ConsumedRecord
from agents.kafka.record_reader import decode_checked
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import Datum
from schemas.topics import Name
from streams import ids

REVIEW, KEY = "review.csv", "key.json"

# Where both arms could have been drawn; of a customer in the holdout that is known, whatever the decision says.
DECISIONS = """
SELECT d.decision_id, d.tenant, d.conversation_id, d.customer_id, d.channel, d.control, d.level, d.turn, d.window_turns,
    toUnixTimestamp64Milli(d.event_time) + toInt64(round(1000 * d.window_s)), (p.source_partition, p.source_offset)
FROM decided AS d INNER JOIN trajectories AS p
    ON p.tenant = d.tenant AND p.conversation_id = d.conversation_id AND p.event_time = d.event_time AND p.turn = d.turn
WHERE d.available AND d.tenant = %(tenant)s AND p.source_topic = %(topic)s
    AND (d.holdout OR (d.propensities['control'] > 0 AND d.propensities['control'] < 1))
ORDER BY d.decision_id
"""


class ExportSummary(NamedTuple):
    """What an export wrote.

    Attributes:
        pairs: how many.
        exchanges: replies that were found, by arm: intervention, control.
        left_out: decisions whose reply could not be used, by reason.
        review, key: where it stands.
    """

    pairs: int
    exchanges: tuple[int, int]
    left_out: Mapping[str, int]
    review: Path
    key: Path


def export(settings: Settings, directory: Path, wanted: int, tenant: str, seed: int | None = None) -> ExportSummary:
    """Write ``review.csv`` and ``key.json``. ``Failure`` when there is nothing to compare.

    Args:
        wanted: number of pairs at most.
        seed: what pairs, sides and order are drawn with; None draws one.
    """
    review, sealed = place(directory)
    seed = secrets.randbits(63) if seed is None else seed
    exchanges, left_out = find(settings, decisions(settings, tenant))
    found = pairs(exchanges, wanted, seed)
    arms = [sum(one.decision.control is control for one in exchanges) for control in (False, True)]
    if not found:
        raise Failure(
            f"there are no pairs: {arms[0]} replies to interventions, {arms[1]} to control decisions",
            "; ".join(f"{count} left out: {why}" for why, count in left_out.items()) or None,
        )
    keys.write(sealed, seal(found, seed, now_ms()))
    keys.write_new(review, sheet.written(found))
    return ExportSummary(len(found), (arms[0], arms[1]), left_out, review, sealed)


def place(directory: Path) -> tuple[Path, Path]:
    """Where the files go; ``Failure`` where an earlier export would be lost."""
    with file_errors(directory, "created"):
        directory.mkdir(parents=True, exist_ok=True)
    for name in (REVIEW, KEY):
        if (directory / name).exists():
            raise Failure(
                f"{directory} already contains {name}", "choose a new directory: an export never overwrites files"
            )
    return directory / REVIEW, directory / KEY


def decisions(settings: Settings, tenant: str) -> list[Decision]:
    """Decisions at which both arms could have been drawn."""
    require_current(settings)
    with session(settings) as client:
        asked = {"tenant": tenant, "topic": settings.topics.name(Name.MESSAGES)}
        return [Decision(*row) for row in client.execute(DECISIONS, asked)]


def find(settings: Settings, looked_for: Sequence[Decision]) -> tuple[list[Exchange], Mapping[str, int]]:
    """Their replies, from the messages that Kafka still holds; and why others have none."""
    topics.require_all(settings)
    replies = ReplyFinder(looked_for, telling(settings.config.protocols))
    codec = codec_for(settings)
    for consumed in topic_reader.read(settings, [settings.topics.name(Name.MESSAGES)]):
        message = readable(settings, codec, consumed)
        if message is not None:
            replies.take((consumed.partition, consumed.offset), message)
    exchanges = replies.finish()
    return exchanges, {why: count for why, count in replies.left_out.items() if count}


def readable(settings: Settings, codec: Codec, consumed: ConsumedRecord) -> Datum | None:
    """The message; None where ingest refused it, too."""
    try:
        return decode_checked(codec, "message", consumed, settings.limits, now_ms())
    except Rejected:
        return None


def seal(found: Sequence[Pair], seed: int, at: int) -> ReviewKey:
    """The key of these pairs."""
    sealed = [SealedPair(pair.pair_id, side_of(pair.a), side_of(pair.b)) for pair in found]
    return ReviewKey(ids.stable_id("blind-review", seed, at), seed, at, sealed)


def side_of(one: Exchange) -> Side:
    decision = one.decision
    return Side(decision.decision_id, decision.conversation_id, decision.tenant, decision.channel, one.words)
