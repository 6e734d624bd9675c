"""Import: a filled sheet as ratings on the bus, all of it or nothing.

Ids follow from the review, the reply and the rater, and every rating is dated by the export. So a sheet that is
imported twice changes nothing, and one that was corrected replaces what it said before.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from agents.blind_review import answers, key, sheet
from agents.blind_review.answers import Answer, CellError
from agents.blind_review.key import ReviewKey, Side
from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.kafka.admin import topics
from agents.recordings.model import Event
from agents.recordings.publish import publish_events
from agents.settings.model import Settings
from schemas.errors import Rejected
from schemas.json_form import read_record
from schemas.records import record
from schemas.topics import Name
from schemas.validation import check
from streams import ids

TOLD = 5  # mistakes that are named at once


class ImportSummary(NamedTuple):
    """What an import published: ratings of how many pairs by whom, and how many of the key's pairs nobody answered."""

    ratings: int
    pairs: int
    raters: list[str]
    unanswered: int


def load(settings: Settings, path: Path, key_path: Path, rater: str | None) -> ImportSummary:
    """Publish the ratings of a sheet. ``Failure`` names row and column of what is wrong; then nothing was published.

    Args:
        rater: who filled it in, where a row does not say.
    """
    sealed = key.read(key_path)
    given, wrong = answers.read(sheet.read(path), sealed.by_name(), rater)
    if wrong:
        raise mistakes(path, wrong)
    events = list(ratings(given, sealed))
    require_acceptable(settings, events)
    publish(settings, events)
    pairs = {answer.pair_id for answer in given}
    return ImportSummary(
        len(events), len(pairs), sorted({one.rater_id for one in given}), len(sealed.by_name().keys() - pairs)
    )


def mistakes(path: Path, wrong: list[CellError]) -> Failure:
    more = [str(one) for one in wrong[1:TOLD]]
    if len(wrong) > TOLD:
        more.append(f"and {len(wrong) - TOLD} more")
    return Failure(f"{path}, {wrong[0]}", "; ".join([*more, "nothing was published"]))


def ratings(given: Iterable[Answer], sealed: ReviewKey) -> Iterator[Event]:
    """One rating for each reply of each pair about which something was said."""
    pairs = sealed.by_name()
    for answer in given:
        pair = pairs[answer.pair_id]
        for name, rated, other in (("A", pair.a, pair.b), ("B", pair.b, pair.a)):
            if answer.preferred or any(value is not None for value in answer.sides[name].values()):
                yield rating(answer, name, rated, other, sealed)


def rating(answer: Answer, name: str, rated: Side, other: Side, sealed: ReviewKey) -> Event:
    compared = answer.preferred is not None
    said = {
        "event_id": ids.stable_id("blind-review", sealed.study, rated.decision_id, answer.rater_id),
        "conversation_id": rated.conversation_id,
        "event_time": sealed.exported_at,
        "tenant": rated.tenant,
        "channel": rated.channel,
        "decision_id": rated.decision_id,
        "rater_id": answer.rater_id,
        "rater_role": "reviewer",
        "blinded": True,
        **answer.sides[name],
        "compared_with": other.decision_id if compared else None,
        "preferred": answer.preferred == name if answer.preferred in answers.SIDES else None,
    }
    event = read_record(record("rating").published, said, "")
    return Event(str(Name.RATINGS), rated.conversation_id, event)


def require_acceptable(settings: Settings, events: Iterable[Event]) -> None:
    """``Failure`` for what the sink would refuse: a key that was changed by hand, or is too old."""
    for event in events:
        try:
            check("rating", dict(event.event), now_ms(), settings.limits)
        except Rejected as refusal:
            raise Failure(f"the key gives a rating that would be refused: {refusal.detail}") from None


def publish(settings: Settings, events: list[Event]) -> None:
    """Returns when the broker has them all."""
    topics.require_topics(settings, [Name.RATINGS])
    publish_events(settings, events)
