"""``tenor blind-review export``: decisions from ClickHouse and texts from Kafka, into a sheet and its key."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from agents.blind_review import key as keys
from agents.blind_review import sheet
from agents.blind_review.key import ReviewKey, SealedPair, Side
from agents.blind_review.matching import Pair, match_pairs
from agents.blind_review.replies import Decision, Exchange, ReplyFinder
from agents.blind_review.unblinding import build_unblinding_check
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

# Decisions where both arms were possible; for a holdout customer both were, whatever the propensities say.
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
    """The result of an export.

    Attributes:
        pairs: number of pairs.
        exchanges: number of replies found, by arm: intervention, control.
        left_out: number of decisions whose reply could not be used, by reason.
        review, key: paths of the files.
    """

    pairs: int
    exchanges: tuple[int, int]
    left_out: Mapping[str, int]
    review: Path
    key: Path


def export(settings: Settings, directory: Path, max_pairs: int, tenant: str, seed: int | None = None) -> ExportSummary:
    """Write ``review.csv`` and ``key.json``. ``Failure`` when there is nothing to compare.

    Args:
        wanted: number of pairs at most.
        seed: what pairs, sides and order are drawn with; None draws one.
    """
    review_path, key_path = prepare_files(directory)
    seed = secrets.randbits(63) if seed is None else seed
    exchanges, left_out = find_exchanges(settings, read_decisions(settings, tenant))
    matched = match_pairs(exchanges, max_pairs, seed)
    by_arm = [sum(exchange.decision.control is control for exchange in exchanges) for control in (False, True)]
    if not matched:
        raise Failure(
            f"No pairs found: {by_arm[0]} replies to interventions, {by_arm[1]} to control decisions",
            "; ".join(f"{count} left out: {why}" for why, count in left_out.items()) or None,
        )
    keys.write_key(key_path, build_key(matched, seed, now_ms()))
    keys.write_new_file(review_path, sheet.write_sheet(matched))
    return ExportSummary(len(matched), (by_arm[0], by_arm[1]), left_out, review_path, key_path)


def prepare_files(directory: Path) -> tuple[Path, Path]:
    """Paths of the files. ``Failure`` if an earlier export would be overwritten."""
    with file_errors(directory, "created"):
        directory.mkdir(parents=True, exist_ok=True)
    for name in (REVIEW, KEY):
        if (directory / name).exists():
            raise Failure(
                f"{directory} already contains {name}", "choose a new directory: an export never overwrites files"
            )
    return directory / REVIEW, directory / KEY


def read_decisions(settings: Settings, tenant: str) -> list[Decision]:
    """Decisions at which both arms were possible."""
    require_current(settings)
    with session(settings) as client:
        parameters = {"tenant": tenant, "topic": settings.topics.name(Name.MESSAGES)}
        return [Decision(*row) for row in client.execute(DECISIONS, parameters)]


def find_exchanges(settings: Settings, decisions: Sequence[Decision]) -> tuple[list[Exchange], Mapping[str, int]]:
    """Replies to the decisions, from the messages Kafka still holds, and counts of the others by reason."""
    topics.require_all(settings)
    replies = ReplyFinder(decisions, build_unblinding_check(settings.config.protocols))
    codec = codec_for(settings)
    for consumed in topic_reader.read(settings, [settings.topics.name(Name.MESSAGES)]):
        message = decode_message(settings, codec, consumed)
        if message is not None:
            replies.add((consumed.partition, consumed.offset), message)
    exchanges = replies.exchanges()
    return exchanges, {why: count for why, count in replies.left_out.items() if count}


def decode_message(settings: Settings, codec: Codec, consumed: ConsumedRecord) -> Datum | None:
    """The message; None for one that ingest refused."""
    try:
        return decode_checked(codec, "message", consumed, settings.limits, now_ms())
    except Rejected:
        return None


def build_key(pairs: Sequence[Pair], seed: int, at: int) -> ReviewKey:
    """The key of these pairs."""
    sealed = [SealedPair(pair.pair_id, build_side(pair.a), build_side(pair.b)) for pair in pairs]
    return ReviewKey(ids.stable_id("blind-review", seed, at), seed, at, sealed)


def build_side(exchange: Exchange) -> Side:
    decision = exchange.decision
    return Side(decision.decision_id, decision.conversation_id, decision.tenant, decision.channel, exchange.words)
