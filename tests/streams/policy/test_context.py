"""The context: what is logged by name is what the policy learns on, and nothing in it is out of proportion."""

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.model import Config
from streams.policy import context
from streams.state import OptionHistory, State
from tests.support.data.builders import CALM, FURIOUS, SLOW, brought, fold_all, log, message, nervous, of, told
from tests.support.data.lessons import SEEN

COUNTS = st.floats(0, 1e4, allow_subnormal=False)
CONFIG = nervous(protocols=(SLOW,))


def state_of(*said: str, **about: object) -> State:
    return told(CONFIG, *(message(text, 60.0 * i, **about) for i, text in enumerate(said)))[0]


@given(st.fixed_dictionaries({name: st.floats(-1e6, 1e6) for name in SEEN}))
def test_a_vector_is_so_many_numbers_whatever_was_seen(seen: dict[str, float]) -> None:
    result = context.option_features(seen, "slow")
    assert len(result) == context.SIZE
    assert all(isfinite(number) for number in result)
    assert result[0] == 1.0


@given(st.floats(-100, 100))
def test_a_steep_slope_is_cut_off(slope: float) -> None:
    assert abs(context.option_features(SEEN | {"slope": slope}, "slow")[3]) <= context.STEEPEST


@pytest.mark.parametrize("name", sorted(context.NAMES))
def test_a_context_that_lacks_a_number_is_not_guessed(name: str) -> None:
    seen = {one: value for one, value in SEEN.items() if one != name}
    assert not context.is_complete(seen)
    with pytest.raises(KeyError):
        context.option_features(seen, "slow")


def test_what_is_logged_of_a_conversation_is_whole() -> None:
    seen = context.build_context(state_of(FURIOUS, FURIOUS))
    assert context.is_complete(seen)
    assert seen.keys() == context.NAMES  # of a customer nobody knows, nothing more
    assert (seen["turn"], seen["minutes"], seen["returning"]) == (2.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("channel", "slow", "voice"), [("chat", 0, 0), ("email", 1, 0), ("social", 1, 0), ("voice", 0, 1)]
)
def test_a_channel_is_one_number_or_the_other(channel: str, slow: int, voice: int) -> None:
    seen = context.build_context(state_of(FURIOUS, channel=channel))
    assert (seen["slow_channel"], seen["voice"]) == (slow, voice)


def test_every_decision_is_learned_in_the_context_it_logged() -> None:
    state, outputs = told(CONFIG, message(FURIOUS))
    [decision] = of(outputs, "decision")
    assert decision["context_version"] == context.VERSION
    assert context.option_features(decision["context"], "slow") == context.option_features(
        context.build_context(state), "slow"
    )


@given(COUNTS, COUNTS)
def test_the_balance_of_an_option_is_even_handed(helped: float, failed: float) -> None:
    first, second = (
        context.history_balance(OptionHistory(helped, failed)),
        context.history_balance(OptionHistory(failed, helped)),
    )
    assert first == pytest.approx(-second)
    assert -1 < first < 1
    assert (first > 0) == (helped > failed)


def test_what_followed_an_option_before_is_seen_by_that_option_alone() -> None:
    known = brought(defused={"slow": {"helped": 3.0, "failed": 0.0}}, tone=0.1)
    state, outputs = fold_all([*log(message(CALM)), known, *log(message(CALM), message(FURIOUS, 1.0))[1:]], CONFIG)
    seen = context.build_context(state)
    assert seen["before.slow"] == pytest.approx(0.6)
    assert (seen["returning"], seen["tone"]) == (1.0, pytest.approx(0.1))
    assert context.option_features(seen, "slow")[-1] == pytest.approx(0.6)
    assert context.option_features(seen, "offer")[-1] == 0.0
    assert (
        context.option_features(seen, "slow")[:-1]
        == context.option_features(seen, "offer")[:-1]
        == context.shared_features(seen)
    )
    assert of(outputs, "decision")[0]["context"]["before.slow"] == seen["before.slow"]


def test_the_default_settings_see_the_same() -> None:
    seen = context.build_context(told(Config(), message(FURIOUS))[0])
    assert context.is_complete(seen)
