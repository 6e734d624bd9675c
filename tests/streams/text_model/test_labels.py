"""What a rating says of a message, and what it does not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text_model.labels import MessageLabel, label_rating


def rating(**said: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("decision_id", "message_id", "resonance", "felt_understood", "frustrated", "intensity"))
    return {"rater_role": "reviewer", "clarity": 1, "tone": 1, **nothing, **said}


@pytest.mark.parametrize("role", ["customer", "operator", "reviewer"])
@pytest.mark.parametrize("frustrated", [True, False])
def test_a_mark_counts_in_full_whoever_made_it(role: str, frustrated: bool) -> None:
    said = rating(rater_role=role, frustrated=frustrated, intensity=0.7, decision_id="d1")
    assert label_rating(said) == MessageLabel(frustrated, 0.7, weak=False)


def test_a_mark_outweighs_what_could_be_concluded() -> None:
    assert label_rating(rating(frustrated=False, felt_understood=False, resonance=1)) == MessageLabel(
        False, None, weak=False
    )


@pytest.mark.parametrize(
    ("said", "frustrated"),
    [
        ({"felt_understood": False}, True),
        ({"felt_understood": True}, False),
        ({"resonance": 1}, True),
        ({"resonance": 2}, True),
        ({"resonance": 4}, False),
        ({"resonance": 5}, False),
        ({"felt_understood": False, "resonance": 3}, True),
        ({"felt_understood": True, "resonance": 5}, False),
        ({"resonance": 2, "decision_id": "d1", "message_id": "m1"}, True),
    ],
)
@pytest.mark.parametrize("role", ["customer", "reviewer"])
def test_judgements_of_a_reply_are_weak_labels(said: dict[str, Any], frustrated: bool, role: str) -> None:
    assert label_rating(rating(rater_role=role, **said)) == MessageLabel(frustrated, None, weak=True)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"resonance": 3},
        {"felt_understood": True, "resonance": 1},
        {"felt_understood": False, "resonance": 5},
        {"intensity": 0.9},
        {"rater_role": "operator", "felt_understood": False},
        {"rater_role": "operator", "resonance": 5},
        {"decision_id": "d1", "felt_understood": False},
    ],
)
def test_what_is_not_known_is_no_label(said: dict[str, Any]) -> None:
    assert label_rating(rating(**said)) is None


@given(st.sampled_from(["clarity", "tone"]), st.integers(1, 5))
def test_how_clear_or_kind_a_reply_was_says_nothing_of_the_customer(name: str, value: int) -> None:
    assert label_rating(rating(**{name: value})) is None
