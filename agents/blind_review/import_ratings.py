"""``tenor blind-review import``: publishes the ratings of a filled sheet, all or none.

Ids follow from the review, the reply and the rater, and every rating has the time of the export. So importing a sheet
twice changes nothing, and a corrected sheet replaces the earlier ratings.
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

SHOWN_ERRORS = 5  # errors shown at once


class ImportSummary(NamedTuple):
    """The result of an import: numbers of ratings and rated pairs, the raters, and the number of unanswered pairs."""

    ratings: int
    pairs: int
    raters: list[str]
    unanswered: int


def import_ratings(settings: Settings, path: Path, key_path: Path, rater: str | None) -> ImportSummary:
    """Publish the ratings of a sheet. ``Failure`` names row and column of errors; then nothing is published.

    Args:
        rater: id of the rater, for rows without one.
    """
    review_key = key.read_key(key_path)
    given_answers, errors = answers.read_answers(sheet.read_sheet(path), review_key.by_name(), rater)
    if errors:
        raise cell_failure(path, errors)
    events = list(build_ratings(given_answers, review_key))
    require_acceptable(settings, events)
    publish_ratings(settings, events)
    pairs = {answer.pair_id for answer in given_answers}
    return ImportSummary(
        len(events),
        len(pairs),
        sorted({answer.rater_id for answer in given_answers}),
        len(review_key.by_name().keys() - pairs),
    )


def cell_failure(path: Path, errors: list[CellError]) -> Failure:
    more = [str(error) for error in errors[1:SHOWN_ERRORS]]
    if len(errors) > SHOWN_ERRORS:
        more.append(f"and {len(errors) - SHOWN_ERRORS} more")
    return Failure(f"{path}, {errors[0]}", "; ".join([*more, "nothing was published"]))


def build_ratings(given_answers: Iterable[Answer], review_key: ReviewKey) -> Iterator[Event]:
    """One rating for each rated reply of each pair."""
    pairs = review_key.by_name()
    for answer in given_answers:
        pair = pairs[answer.pair_id]
        for name, rated, other in (("A", pair.a, pair.b), ("B", pair.b, pair.a)):
            if answer.preferred or any(value is not None for value in answer.sides[name].values()):
                yield build_rating(answer, name, rated, other, review_key)


def build_rating(answer: Answer, name: str, rated: Side, other: Side, review_key: ReviewKey) -> Event:
    compared = answer.preferred is not None
    fields = {
        "event_id": ids.stable_id("blind-review", review_key.study, rated.decision_id, answer.rater_id),
        "conversation_id": rated.conversation_id,
        "event_time": review_key.exported_at,
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
    event = read_record(record("rating").published, fields, "")
    return Event(str(Name.RATINGS), rated.conversation_id, event)


def require_acceptable(settings: Settings, events: Iterable[Event]) -> None:
    """``Failure`` for a rating that the sink would refuse: the key was edited, or is too old."""
    for event in events:
        try:
            check("rating", dict(event.event), now_ms(), settings.limits)
        except Rejected as refusal:
            raise Failure(
                f"A rating would be refused: {refusal.detail}", "Use the unchanged key of a recent export."
            ) from None


def publish_ratings(settings: Settings, events: list[Event]) -> None:
    """Publish ratings; returns when the broker has acknowledged all."""
    topics.require_topics(settings, [Name.RATINGS])
    publish_events(settings, events)
