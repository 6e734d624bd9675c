"""Eligibility: who may be chosen when, who never, and what is asked of this customer at this moment."""

from dataclasses import fields
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.model import Config
from streams.conversations import eligibility, lifecycle
from streams.interventions.catalogue import CHANNELS, default_options
from streams.interventions.options import Adaptation, Conditions, Constraints
from streams.state import OptionHistory, ProfilePrior, State
from tests.support.data.builders import HAND_OVER, OFFER, SLOW, log, message, nervous, option

VOICE = option("call", channels=("voice",))
DEAR = option("dear", burden=5.0)
CONFIG = nervous(protocols=(SLOW, OFFER, VOICE, DEAR, HAND_OVER))
KNOWN = ProfilePrior(
    conversations=3, defused={"slow": OptionHistory(helped=2.0, failed=1.0), "offer": OptionHistory(0.5, 1.5)}
)
RISING = ((0, 0.0), (60_000, 0.2))


def state_of(level: float = 0.0, **changes: Any) -> State:
    state: State = lifecycle.open_state(log(message())[0], CONFIG)
    belief = msgspec.structs.replace(state.belief, level=level)
    return msgspec.structs.replace(state, belief=belief, **changes)


def eligible(config: Config = CONFIG, disabled: frozenset[str] = frozenset(), **changes: Any) -> list[str]:
    return [one.id for one in eligibility.eligible(state_of(**changes), config, disabled)]


def holds(when: Conditions, name: str = "slow", **changes: Any) -> bool:
    return eligibility.holds(when, state_of(**changes), name)


def test_at_first_everything_but_the_hand_over_may_be_chosen() -> None:
    assert eligible() == ["slow", "offer", "dear"]


def test_an_option_for_a_channel_is_only_chosen_there() -> None:
    assert "call" in eligible(channel="voice")


def test_after_a_failure_the_hand_over_joins_and_what_failed_leaves() -> None:
    assert eligible(failures=1, excluded=("slow",)) == ["offer", "dear", "hand-over"]


def test_after_repeated_failures_only_the_hand_over_is_left() -> None:
    assert eligible(failures=2, excluded=("slow", "offer")) == ["hand-over"]


def test_what_the_conversation_cannot_bear_is_not_asked_of_it() -> None:
    assert "dear" in eligible(spent=1.0)
    assert eligible(spent=1.5) == ["slow", "offer"]
    assert eligible(spent=5.5) == []


def test_what_was_rolled_back_is_not_chosen() -> None:
    assert eligible(disabled=frozenset({"slow", "dear"})) == ["offer"]
    assert eligible(disabled=frozenset({"hand-over"}), failures=1) == ["slow", "offer", "dear"]


def test_what_was_rolled_back_counts_as_nothing_else_to_try() -> None:
    usual = ProfilePrior(conversations=3, defused={"slow": OptionHistory(failed=5.0)})
    assert eligible(disabled=frozenset({"offer", "dear"}), usual=usual) == ["slow"]


def test_nothing_but_its_channel_stands_in_the_way_of_a_last_resort() -> None:
    strict = option(
        "human", burden=9.0, after=5, hand_over=True, level_at_least=5.0, returning=True, consent=("voice",)
    )
    elsewhere = option("phone", channels=("voice",), hand_over=True)
    config = nervous(protocols=(SLOW, strict, elsewhere))
    assert eligible(config, failures=1) == ["slow"]
    assert eligible(config, frozenset({"human", "phone"}), failures=2, spent=6.0) == ["human"]
    assert eligible(config, failures=2, channel="voice") == ["human", "phone"]


def test_even_a_last_resort_is_not_tried_again() -> None:
    config = nervous(protocols=(SLOW, option("first", hand_over=True), option("second", hand_over=True)))
    assert eligible(config, failures=2, excluded=("first",)) == ["second"]


@pytest.mark.parametrize(
    ("when", "yes", "no"),
    [
        (Conditions(channels=("chat", "sms")), {"channel": "sms"}, {"channel": "email"}),
        (Conditions(level_at_least=0.3), {"level": 0.3}, {"level": 0.29}),
        (Conditions(level_below=0.3), {"level": 0.29}, {"level": 0.3}),
        (Conditions(slope_at_least=0.2), {"recent": RISING}, {"recent": ((0, 0.0), (60_000, 0.1))}),
        (Conditions(slope_at_least=-9.0), {"recent": RISING}, {"recent": RISING[:1]}),
        (Conditions(turn_at_least=3), {"turn": 3}, {"turn": 2}),
        (Conditions(after_failures=1), {"failures": 1}, {"failures": 0}),
        (Conditions(returning=True), {"usual": KNOWN}, {"usual": ProfilePrior()}),
        (Conditions(returning=True), {"usual": KNOWN}, {"usual": None}),
        (Conditions(returning=False), {"usual": None}, {"usual": KNOWN}),
        (Conditions(helped_before=True), {"usual": KNOWN}, {"usual": KNOWN, "name": "offer"}),
        (Conditions(helped_before=True), {"usual": KNOWN}, {"usual": KNOWN, "name": "new"}),
        (Conditions(helped_before=True), {"usual": KNOWN}, {"usual": None}),
        (Conditions(helped_before=False), {"usual": None}, {"usual": KNOWN}),
        (Conditions(failed_before=True), {"usual": KNOWN, "name": "offer"}, {"usual": KNOWN}),
        (Conditions(failed_before=False), {"usual": None}, {"usual": KNOWN, "name": "offer"}),
        (Conditions(failed_before=False), {"usual": KNOWN, "name": "new"}, {"usual": KNOWN, "name": "offer"}),
        (Conditions(consent=("voice",)), {"voice_consent": True}, {"voice_consent": None}),
        (Conditions(consent=("voice",)), {"voice_consent": True}, {"voice_consent": False, "keystroke_consent": True}),
        (
            Conditions(consent=("voice", "keystrokes")),
            {"voice_consent": True, "keystroke_consent": True},
            {"voice_consent": True, "keystroke_consent": None},
        ),
        (Conditions(turn_at_least=2, level_below=0.1), {"turn": 2}, {"turn": 2, "level": 0.2}),
    ],
)
def test_a_condition_holds_or_does_not(when: Conditions, yes: dict[str, Any], no: dict[str, Any]) -> None:
    assert holds(when, **yes)
    assert not holds(when, **no)


def test_every_condition_has_its_meaning() -> None:
    assert set(eligibility.CONDITIONS) == {one.name for one in fields(Conditions)}


def test_what_often_failed_this_customer_is_left_out_while_there_is_anything_else() -> None:
    usual = ProfilePrior(conversations=3, defused={"slow": OptionHistory(failed=2.0)})
    assert eligible(usual=usual) == ["offer", "dear"]
    assert eligible(nervous(protocols=(SLOW, HAND_OVER)), usual=usual) == ["slow"]


LADDER = nervous(
    protocols=(
        option("a", then=("c", "d")),
        option("b"),
        option("c", then=("e",)),
        option("d", level_below=0.5),
        option("e"),
        option("x", hand_over=True),
    ),
    max_failures=5,
)


@pytest.mark.parametrize(
    ("excluded", "level", "left"),
    [
        ((), 0.0, ["a", "b", "c", "d", "e", "x"]),
        (("a",), 0.0, ["c", "d"]),
        (("a",), 0.5, ["c"]),
        (("b",), 0.0, ["a", "c", "d", "e", "x"]),
        (("a", "c"), 0.0, ["e"]),
        (("a", "c", "e"), 0.0, ["d"]),  # the latest that leads anywhere
        (("a", "c", "e"), 0.5, ["b", "x"]),  # no rung is eligible
        (("gone",), 0.0, ["a", "b", "c", "d", "e", "x"]),  # failed under an earlier catalogue
    ],
)
def test_after_a_failure_its_ladder_comes_first(excluded: tuple[str, ...], level: float, left: list[str]) -> None:
    assert eligible(LADDER, excluded=excluded, failures=len(excluded), level=level) == left


def test_a_ladder_may_say_which_human() -> None:
    humans = option("anyone", hand_over=True), option("senior", hand_over=True)
    config = nervous(protocols=(option("a", then=("senior",)), *humans), max_failures=1)
    assert eligible(config, excluded=("a",), failures=1) == ["senior"]


def test_a_ladder_does_not_lead_to_what_often_failed_this_customer() -> None:
    usual = ProfilePrior(conversations=3, defused={"c": OptionHistory(failed=2.0)})
    assert eligible(LADDER, excluded=("a",), failures=1, usual=usual) == ["d"]


def test_constraints_adapt_and_later_ones_win() -> None:
    one = option(
        "slow",
        adapt=(
            Adaptation(Conditions(after_failures=1), (("max_sentences", 3), ("pace", "slow"))),
            Adaptation(Conditions(failed_before=True), (("posture", "reassuring"),)),
            Adaptation(Conditions(returning=True), (("max_sentences", 2),)),
        ),
    )
    assert eligibility.adapted(one, state_of()) is one
    assert eligibility.adapted(one, state_of(failures=1)).constraints == Constraints(max_sentences=3, pace="slow")
    both = eligibility.adapted(one, state_of(failures=1, usual=KNOWN))
    assert both.constraints == Constraints(max_sentences=2, pace="slow")
    assert (both.id, both.guidance, both.burden) == (one.id, one.guidance, one.burden)


def test_an_adaptation_may_lift_a_limit() -> None:
    one = option(
        "slow",
        adapt=(Adaptation(Conditions(), (("max_sentences", 3),)), Adaptation(Conditions(), (("max_sentences", None),))),
    )
    assert eligibility.adapted(one, state_of()).constraints == Constraints()


NAMES = [one.id for one in default_options()]
STATES = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(CHANNELS),
        "level": st.floats(-1, 2),
        "failures": st.integers(0, 4),
        "spent": st.floats(0, 10),
        "turn": st.integers(0, 20),
        "excluded": st.lists(st.sampled_from(NAMES[:-1]), unique=True).map(tuple),
        "recent": st.lists(st.tuples(st.integers(0, 10**6), st.floats(-1, 2)), max_size=4).map(tuple),
        "usual": st.none()
        | st.builds(
            ProfilePrior,
            conversations=st.integers(0, 3),
            defused=st.dictionaries(
                st.sampled_from(NAMES), st.builds(OptionHistory, helped=st.floats(0, 9), failed=st.floats(0, 9))
            ),
        ),
    }
)


@given(STATES, st.frozensets(st.sampled_from(NAMES)))
def test_what_failed_here_or_was_rolled_back_is_never_chosen_and_a_last_resort_is_never_missing(
    changes: dict[str, Any], disabled: frozenset[str]
) -> None:
    config = Config()
    found = eligibility.eligible(state_of(**changes), config, disabled)
    names = [one.id for one in found]
    assert not set(names) & set(changes["excluded"])
    assert names == [name for name in NAMES if name in names]
    if changes["failures"] >= config.decision.max_failures:
        assert names == ["hand-over-to-human"]
    else:
        assert not set(names) & disabled
    for one in found:
        assert eligibility.adapted(one, state_of(**changes)).constraints.hand_over is one.constraints.hand_over
