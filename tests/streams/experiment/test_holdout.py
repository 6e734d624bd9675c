"""The holdout: a share of customers, the same ones every time."""

from math import sqrt

import pytest

from streams import ids
from streams.config.model import Config, DecisionConfig
from streams.experiment.holdout import is_in_holdout
from streams.interventions.options import CONTROL
from tests.support.data.builders import FURIOUS, SLOW, message, nervous, of, told

MANY = 4000


def sharing(share: float, salt: str = "tenor") -> Config:
    return Config(decision=DecisionConfig(holdout_share=share, salt=salt))


def drawn(config: Config, tenant: str = "default") -> list[bool]:
    return [is_in_holdout(tenant, f"customer-{number}", "c1", config) for number in range(MANY)]


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_it_holds_its_share_of_the_customers(share: float) -> None:
    assert abs(sum(drawn(sharing(share))) - MANY * share) < 3 * sqrt(MANY * share * (1 - share))


def test_nobody_or_everybody() -> None:
    assert not any(drawn(sharing(0.0)))
    assert all(drawn(sharing(1.0)))


def test_a_customer_is_in_it_in_every_conversation_or_in_none() -> None:
    config = sharing(0.5)
    for number in range(50):
        assert len({is_in_holdout("default", f"customer-{number}", f"c{item}", config) for item in range(20)}) == 1


def test_who_is_unknown_is_drawn_by_conversation() -> None:
    config = sharing(0.5)
    results = [is_in_holdout("default", None, f"c{number}", config) for number in range(MANY)]
    assert abs(sum(results) - MANY / 2) < 3 * sqrt(MANY / 4)
    named = [is_in_holdout("default", f"c{number}", "any", config) for number in range(MANY)]
    assert results != named, "a customer named like a conversation is somebody else"


def test_a_larger_share_keeps_who_was_in_it() -> None:
    small, large = drawn(sharing(0.1)), drawn(sharing(0.3))
    assert all(later for earlier, later in zip(small, large, strict=True) if earlier)


@pytest.mark.parametrize(("one", "other"), [(drawn(sharing(0.5)), drawn(sharing(0.5, "x")))])
def test_another_salt_or_tenant_is_another_draw(one: list[bool], other: list[bool]) -> None:
    theirs = drawn(sharing(0.5), "another")
    for result in (other, theirs):
        same = sum(a == b for a, b in zip(one, result, strict=True))
        assert abs(same - MANY / 2) < 3 * sqrt(MANY / 4)


def test_it_is_independent_of_the_lottery_over_decisions() -> None:
    config = sharing(0.5)
    held = drawn(config)
    lotteries = [ids.lottery(f"decision-{number}", config.decision.salt) < 0.5 for number in range(MANY)]
    same = sum(a == b for a, b in zip(held, lotteries, strict=True))
    assert abs(same - MANY / 2) < 3 * sqrt(MANY / 4)


def test_a_customer_in_it_is_left_alone_and_the_record_says_why() -> None:
    config = nervous(protocols=(SLOW,), holdout_share=1.0)
    _, outputs = told(config, message(FURIOUS), message(FURIOUS, 90.0))
    result = of(outputs, "decision")
    assert result
    for one in result:
        assert (one["holdout"], one["option"], one["propensity"]) == (True, CONTROL, 1.0)
        assert {"option": "slow", "probability": 0.0} in one["propensities"]
    assert not of(outputs, "intervention")
