"""The snapshot: plain numbers under a digest; what is not whole is refused with a sentence."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.records import record
from streams.experiment.effects import Evidence
from streams.interventions.options import CONTROL
from streams.policy import context, snapshot, thompson
from streams.policy.learner import next_snapshot
from streams.policy.policy import Policy
from streams.policy.snapshot import Snapshot, SnapshotError, compute_version, from_record, to_record
from tests.support.data.lessons import brought, config, lesson, taught

Record = dict[str, Any]
WHOLE = Snapshot(
    "default",
    arms=taught({"slow": 0.1, "offer": -0.2, CONTROL: 0.0}),
    evidence={"slow": Evidence(3, 0.25, 0.5, 1.5, 0.25)},
    disabled=frozenset({"offer"}),
    matured=60,
    created_at=1_790_000_000_000,
    positions={("tenor.decisions", 1): 7, ("tenor.decisions", 0): 2},
    previous="thompson-0011223344556677",
    config_version="0123456789abcdef",
)
NUMBERS = st.floats(-1e3, 1e3, allow_subnormal=False)
VECTORS = st.lists(NUMBERS, min_size=context.SIZE, max_size=context.SIZE)


def assert_same(one: Snapshot, other: Snapshot) -> None:
    """Bit for bit: structs that hold arrays have no useful ==."""
    assert to_record(one) == to_record(other)
    for name, arm in one.arms.items():
        assert np.array_equal(arm.precision, other.arms[name].precision)
        assert np.array_equal(arm.response, other.arms[name].response)


def through_kafka(found: Record) -> Record:
    codec, schema = Codec(), record("policy_snapshot")
    return codec.decode(schema, codec.encode(schema, found), {})


@pytest.mark.parametrize("found", [WHOLE, Snapshot("another")])
def test_what_is_written_is_read_again(found: Snapshot) -> None:
    assert_same(from_record(to_record(found)), found)
    assert through_kafka(to_record(found)) == to_record(found)
    assert_same(from_record(through_kafka(to_record(found))), found)


@given(st.lists(st.tuples(VECTORS, NUMBERS, st.floats(0.01, 5)), max_size=8))
def test_whatever_was_learned_is_read_again_bit_for_bit(lessons: list[tuple[list[float], float, float]]) -> None:
    arm = thompson.new_arm(context.SIZE, 5.0)
    for x, reward, weight in lessons:
        arm = thompson.update_arm(thompson.discount_arm(arm, 0.9, 5.0), x, reward, weight)
    snapshot = Snapshot("default", arms={"slow": arm})
    assert_same(from_record(through_kafka(to_record(snapshot))), snapshot)


def test_its_version_is_a_digest_of_all_it_holds() -> None:
    result = to_record(WHOLE)
    assert result["policy_version"].startswith("thompson-")
    assert len(result["policy_version"]) == len("thompson-") + 16
    for name in result.keys() - {"policy_version"}:
        assert compute_version(result | {name: "other"}) != result["policy_version"], name
    assert to_record(from_record(result))["policy_version"] == result["policy_version"]


def test_positions_and_disabled_options_have_an_order_of_their_own() -> None:
    other = dict(reversed(list(WHOLE.positions.items())))
    assert to_record(Snapshot("default", positions=other)) == to_record(Snapshot("default", positions=WHOLE.positions))


def broken(change: Callable[[Record], Any]) -> Record:
    """The record after a change by somebody who signs it anew."""
    result = to_record(WHOLE)
    result["precision"] = [list(item) for item in result["precision"]]
    result["response"] = [list(item) for item in result["response"]]
    change(result)
    return result | {"policy_version": compute_version(result)}


def put(path: tuple[Any, ...], value: Any) -> Callable[[Record], None]:
    def change(found: Any) -> None:
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = value

    return change


SIZE = context.SIZE
TINY = [1e-320 * (row == column) for row in range(SIZE) for column in range(SIZE)]
HUGE = [1e308 * (row == column) for row in range(SIZE) for column in range(SIZE)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (put(("format",), 2), "its format is 2, this version of Tenor reads 1"),
        (put(("context_version",), context.VERSION + 1), "its context_version is"),
        (put(("context_version",), 0), "its context_version is"),
        (put(("format",), 0), "its format is 0"),
        (put(("options",), ["slow", "offer"]), "its options and arrays do not match"),
        (put(("options",), ["slow", "slow", CONTROL]), "its options and arrays do not match"),
        (put(("response",), [[0.0] * SIZE]), "its options and arrays do not match"),
        (put(("precision", 1), [1.0] * SIZE), "not 13 by 13 finite numbers"),
        (put(("precision", 1), []), "not 13 by 13 finite numbers"),
        (put(("response", 0), [0.0] * (SIZE + 1)), "not 13 finite numbers"),
        (put(("response", 0, 3), math.nan), "not 13 finite numbers"),
        (put(("precision", 0, 0), math.inf), "not 13 by 13 finite numbers"),
        (put(("precision", 0, 1), 0.5), "the precision of control is not positive definite"),
        (put(("precision", 2, 0), -1.0), "the precision of slow is not positive definite"),
        (put(("precision", 1), [0.0] * SIZE * SIZE), "the precision of offer is not positive definite"),
        (put(("precision", 1), TINY), "its predictions are not finite"),
        (put(("evidence", 0, "total"), math.nan), "the evidence of slow is invalid"),
        (put(("evidence", 0, "squares"), math.inf), "the evidence of slow is invalid"),
        (put(("evidence", 0, "n"), -1), "the evidence of slow is invalid"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(change: Callable[[Record], Any], why: str) -> None:
    with pytest.raises(SnapshotError, match=why):
        from_record(broken(change))


def test_what_was_rolled_back_stays_so_when_the_context_changes() -> None:
    """The arrays of another context mean nothing here; an option that did harm does not come back by an upgrade."""
    older = broken(put(("context_version",), context.VERSION - 1))
    result = from_record(older)
    assert (dict(result.arms), result.matured, result.disabled) == ({}, 0, {"offer"})
    assert (result.evidence, result.positions) == (WHOLE.evidence, WHOLE.positions)
    following = next_snapshot(result, brought([lesson("a")]), [], {**WHOLE.positions}, config())
    assert (following.previous, following.disabled, following.matured) == (older["policy_version"], {"offer"}, 1)
    assert to_record(from_record(to_record(following))) == to_record(following)
    seen = dict.fromkeys(context.NAMES, 0.5)
    mean, sd = Policy(result).predict(seen, ["slow", CONTROL], 5.0)
    assert (mean == 0).all() and (sd > 0).all()


def test_great_certainty_is_no_mistake() -> None:
    result = from_record(broken(put(("precision", 0), HUGE)))
    mean, sd = Policy(result).predict(dict.fromkeys(context.NAMES, 0.0), [CONTROL], 5.0)
    assert np.isfinite([mean, sd]).all()


@pytest.mark.parametrize(
    "change",
    [
        put(("response", 0, 3), 0.125),
        put(("matured",), 61),
        put(("disabled",), []),
        put(("evidence", 0, "n"), 4),
        put(("tenant",), "another"),
        put(("policy_version",), "thompson-0000000000000000"),
    ],
)
def test_what_was_changed_after_it_was_signed_is_refused(change: Callable[[Record], Any]) -> None:
    result = through_kafka(to_record(WHOLE))
    change(result)
    with pytest.raises(SnapshotError, match="its content does not match its version"):
        from_record(result)


@given(st.lists(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=170), max_size=4), st.integers(0, 3))
def test_no_arrays_whatever_raise_anything_else(arrays: list[list[float]], which: int) -> None:
    result = to_record(WHOLE)
    result["precision" if which % 2 else "response"] = arrays
    result["options"] = [f"o{number}" for number in range(len(arrays))] if which > 1 else result["options"]
    result["policy_version"] = compute_version(result)
    try:
        read = from_record(result)
    except SnapshotError:
        return
    assert to_record(read) == result


def test_a_snapshot_is_not_changed_by_reading_it() -> None:
    result = to_record(WHOLE)
    before = through_kafka(result)
    Policy(from_record(result))
    assert result == before
    assert snapshot.FORMAT == result["format"] == 1
