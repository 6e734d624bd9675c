"""The holdout: drawn by customer, for good, and apart from every other draw."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import ids
from streams.config import Config, DecisionConfig
from streams.holdout import in_holdout

MANY = 4000
IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def of(share: float, salt: str = "tenor") -> Config:
    return Config(decision=DecisionConfig(holdout_share=share, salt=salt))


@given(IDS, st.none() | IDS, IDS)
def test_nobody_or_everybody(tenant: str, customer: str | None, conversation: str) -> None:
    assert not in_holdout(tenant, customer, conversation, of(0.0))
    assert in_holdout(tenant, customer, conversation, of(1.0))


@given(IDS, IDS, IDS, IDS)
def test_a_customer_is_on_one_side_in_every_conversation(tenant: str, customer: str, one: str, other: str) -> None:
    assert in_holdout(tenant, customer, one, of(0.5)) == in_holdout(tenant, customer, other, of(0.5))


@given(IDS, IDS, st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_who_was_in(tenant: str, customer: str, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert in_holdout(tenant, customer, "c1", of(less)) <= in_holdout(tenant, customer, "c1", of(more))


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_the_share_is_about_what_was_asked_for(share: float) -> None:
    error = (share * (1 - share) / MANY) ** 0.5
    for known in (True, False):
        drawn = [in_holdout("a", f"u{i}" if known else None, f"c{i}", of(share)) for i in range(MANY)]
        assert sum(drawn) / MANY == pytest.approx(share, abs=4 * error)


def agreement(one: list[bool], other: list[bool]) -> float:
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


def test_tenants_salts_and_conversations_of_the_same_name_are_drawn_apart() -> None:
    names = [f"u{i}" for i in range(MANY)]
    usual = [in_holdout("a", name, "c", of(0.5)) for name in names]
    for other in (
        [in_holdout("b", name, "c", of(0.5)) for name in names],
        [in_holdout("a", name, "c", of(0.5, "other")) for name in names],
        [in_holdout("a", None, name, of(0.5)) for name in names],
        [ids.lottery(ids.stable_id("decision", "a", name), "tenor") < 0.5 for name in names],
    ):
        assert agreement(usual, other) == pytest.approx(0.5, abs=4 * 0.5 / MANY**0.5)
