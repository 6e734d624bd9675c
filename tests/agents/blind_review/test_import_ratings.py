"""From answers to ratings, and the key that ties them to decisions."""

import stat
from pathlib import Path

import pytest

from agents.blind_review import key as keys
from agents.blind_review.answers import Answer
from agents.blind_review.export import build_key
from agents.blind_review.import_ratings import build_ratings, cell_failure
from agents.blind_review.matching import match_pairs
from agents.common.errors import Failure
from agents.recordings.model import Event
from schemas.validation import Limits, check
from tests.agents.blind_review.builders import AT, exchanges

PAIRS = match_pairs(exchanges(60), 5, seed=1)
KEY = build_key(PAIRS, seed=1, at=AT)
EMPTY = dict.fromkeys(("clarity", "tone", "resonance", "felt_understood"))


def answer(preferred: str | None, rater: str = "r1", **a: int | bool) -> Answer:
    return Answer(PAIRS[0].pair_id, rater, preferred, {"A": EMPTY | a, "B": EMPTY})


def published(*given: Answer) -> list[Event]:
    found = list(build_ratings(given, KEY))
    for one in found:
        check("rating", dict(one.event), AT, Limits())
    return found


def test_a_preference_is_two_ratings() -> None:
    first, second = published(answer("A", clarity=4, felt_understood=True))
    a, b = PAIRS[0].a.decision, PAIRS[0].b.decision
    said = {name: first.event[name] for name in ("decision_id", "compared_with", "preferred", "clarity", "tone")}
    assert said == {
        "decision_id": a.decision_id,
        "compared_with": b.decision_id,
        "preferred": True,
        "clarity": 4,
        "tone": None,
    }
    assert (first.key, first.event["conversation_id"], first.event["channel"]) == (a.conversation_id,) * 2 + (
        a.channel,
    )
    assert (first.event["rater_role"], first.event["blinded"], first.event["event_time"]) == ("reviewer", True, AT)
    assert (second.event["decision_id"], second.event["preferred"]) == (b.decision_id, False)
    assert second.event["compared_with"] == a.decision_id


def test_neither_is_a_comparison_and_no_preference_is_none() -> None:
    assert [(one.event["compared_with"] is None, one.event["preferred"]) for one in published(answer("neither"))] == [
        (False, None),
        (False, None),
    ]
    [only] = published(answer(None, tone=2))
    assert (only.event["tone"], only.event["compared_with"], only.event["preferred"]) == (2, None, None)


def test_ids_follow_from_review_reply_and_rater() -> None:
    first = published(answer("A"), answer("B", rater="r2"))
    assert published(answer("A"), answer("B", rater="r2")) == first
    assert len({one.event["event_id"] for one in first}) == 4
    assert [one.event["event_id"] for one in published(answer("B"))] == [one.event["event_id"] for one in first[:2]]
    elsewhere = list(build_ratings([answer("A")], build_key(PAIRS, seed=1, at=AT + 1)))
    assert not {one.event["event_id"] for one in elsewhere} & {one.event["event_id"] for one in first}


def test_the_key_comes_back_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    keys.write_key(path, KEY)
    assert keys.read_key(path) == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert all(one.customer_text not in text for pair in PAIRS for one in (pair.a, pair.b))
    assert [(pair.a.words, pair.b.words) for pair in KEY.pairs] == [(pair.a.words, pair.b.words) for pair in PAIRS]
    with pytest.raises(Failure, match="already exists"):
        keys.write_key(path, KEY)
    with pytest.raises(Failure, match="cannot be written"):
        keys.write_key(tmp_path / "none" / "key.json", KEY)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not the key of a blind review"),
        ("[]", "is not the key of a blind review: Expected `object`"),
        ('{"key": "something else"}', "is not the key of a blind review: Invalid value"),
        ('{"key": "tenor blind review", "study": "s", "seed": 1, "exported_at": 1}', "missing required field `pairs`"),
        ('{"key":"tenor blind review","study":"s","seed":1,"exported_at":1,"pairs":[],"version":2}', "has version 2"),
    ],
)
def test_a_file_that_is_no_key(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "key.json").write_text(text)
    with pytest.raises(Failure, match=told):
        keys.read_key(tmp_path / "key.json")
    with pytest.raises(Failure, match="cannot be read"):
        keys.read_key(tmp_path / "none.json")


def test_many_mistakes_are_counted() -> None:
    from agents.blind_review.answers import CellError

    wrong = [CellError(row, "tone_A", "must be 1 to 5, or empty") for row in range(2, 10)]
    told = cell_failure(Path("r.csv"), wrong)
    assert told.message == "r.csv, row 2, column tone_A: must be 1 to 5, or empty"
    assert told.hint is not None
    assert told.hint.endswith("and 3 more; nothing was published")
