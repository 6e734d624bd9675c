"""Policies that change in mid-log: every decision is drawn by the one the log says, whatever crashes."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import state as states
from streams.conversations.partition import POLICIES, Partition, deadlines_in
from streams.interventions.options import CONTROL
from streams.policy.policy import Policy
from streams.policy.snapshot import Snapshot
from streams.signals.extraction import Signal, policy_signal
from tests import examples
from tests.streams.conversations.test_partition import CUTS, END, Stored, fold, remembered, runs_of, write
from tests.streams.conversations.test_partition import work as worked
from tests.support.data.builders import moment, tick_at
from tests.support.data.lessons import taught
from tests.support.data.signal_logs import CONFIG, PROFILED, RESENT, TICKED, Log, logs

GOOD = {
    one.version: one
    for one in (
        Policy(Snapshot("default", arms=taught({best: 0.4, CONTROL: 0.0}), matured=500, disabled=frozenset(disabled)))
        for best, disabled in (("slow", ()), ("offer", ()), ("offer", ("slow",)))
    )
}
NAMES = list(GOOD)
UNUSABLE = "thompson-ffffffffffffffff"
LOGS = logs(TICKED, RESENT, PROFILED)
TENANTS = st.sampled_from(["default", "default", "default", "another"])
CHANGES = st.lists(st.tuples(st.integers(0, 60), TENANTS, st.sampled_from([*NAMES, UNUSABLE])), min_size=1, max_size=5)
Changes = list[tuple[int, str, str]]


def lookup(version: str) -> Policy | None:
    return None if version == UNUSABLE else GOOD[version]


def opened(stored: Stored) -> Partition:
    return Partition(CONFIG, stored.get, deadlines_in(stored), policies=lookup)


work = partial(worked, opened=opened)


def told(tenant: str, version: str, place: int = 0) -> Signal:
    return policy_signal(tenant, version, offset_of(version), moment(1e5 * place))


def offset_of(version: str) -> int:
    return 10 + NAMES.index(version) if version in NAMES else 99


def with_changes(signals: list[Signal], changes: Changes) -> list[Signal]:
    """The log with announcements in it; their time is of no account."""
    log = list(signals)
    for place, tenant, version in changes:
        log.insert(place % (len(log) + 1), told(tenant, version, place))
    return log


def decisions(partition: Partition, log: list[Signal]) -> list[dict[str, Any]]:
    outputs = [output for signal in log for output in partition.fold(signal)]
    return [output.datum for output in outputs if output.record == "decision"]


def furious(*conversations: str, tenant: str = "default") -> list[Signal]:
    log = Log()
    for name in conversations:
        log.event("furious", name, 1, 0)
    return [one | {"tenant": tenant} for one in log.signals]


def without_policies(stored: Stored) -> Stored:
    return {key: value for key, value in stored.items() if key != POLICIES}


@examples(200)
@given(
    LOGS,
    CHANGES,
    CUTS,
    st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 5), min_size=1, max_size=2), min_size=1, max_size=4),
)
def test_a_crash_anywhere_changes_nothing_where_policies_change(
    signals: list[Signal], changes: Changes, cuts: list[int], crashes: dict[int, list[int]]
) -> None:
    runs = runs_of([*with_changes(signals, changes), END], cuts)
    calm, crashed = work(runs, {}), work(runs, crashes)
    assert crashed[0] == calm[0]
    assert remembered(without_policies(crashed[1])) == remembered(without_policies(calm[1]))
    assert crashed[1].get(POLICIES) == calm[1].get(POLICIES)


@examples(100)
@given(LOGS, CHANGES, CUTS, st.integers(0, 6))
def test_runs_that_come_again_whole_change_nothing(
    signals: list[Signal], changes: Changes, cuts: list[int], again: int
) -> None:
    """The worker died after the changelog and before the offset, some runs ago."""
    runs = runs_of([*with_changes(signals, changes), END], cuts)
    calm, stored = work(runs, {})
    repeated, other = work([*runs[: again + 1], *runs], {})
    assert repeated == calm
    assert other == stored


@given(LOGS, CHANGES)
def test_every_decision_pins_the_policy_the_log_says(signals: list[Signal], changes: Changes) -> None:
    partition, in_use = opened({}), ("uniform-1", None)
    for signal in with_changes(signals, changes):
        if signal["kind"] == "policy" and signal["tenant"] == "default" and signal["policy_version"] != UNUSABLE:
            in_use = signal["policy_version"], signal["snapshot_offset"]
        for decision in decisions(partition, [signal]):
            assert (decision["policy_version"], decision["snapshot_offset"]) == in_use
            assert (decision["predicted_reward"] is not None) == (decision["available"] and in_use[1] is not None)


@given(LOGS, CHANGES)
def test_a_disabled_option_is_never_drawn(signals: list[Signal], changes: Changes) -> None:
    for decision in decisions(opened({}), with_changes(signals, changes)):
        learned = GOOD.get(decision["policy_version"])
        if learned is not None:
            assert not learned.disabled & {decision["option"], *decision["eligible"]}
            assert not learned.disabled & {one["option"] for one in decision["propensities"]}


@given(LOGS, CHANGES)
def test_what_is_logged_is_what_was_drawn_from(signals: list[Signal], changes: Changes) -> None:
    for decision in decisions(opened({}), with_changes(signals, changes)):
        if not decision["available"]:
            assert (decision["propensities"], decision["propensity"]) == ([], None)
            continue
        chances = {one["option"]: one["probability"] for one in decision["propensities"]}
        assert sum(chances.values()) == pytest.approx(1.0, abs=1e-9)
        assert list(chances) == [CONTROL, *decision["eligible"]]
        assert decision["propensity"] == chances[decision["option"]] > 0
        below = [chance for name, chance in chances.items()][: list(chances).index(decision["option"])]
        assert sum(below) <= decision["lottery"] < sum(below) + decision["propensity"] + 1e-9


@given(LOGS, CHANGES)
def test_an_announcement_moves_neither_time_nor_deadlines(signals: list[Signal], changes: Changes) -> None:
    unusable = [(place, tenant, UNUSABLE) for place, tenant, _ in changes]
    plain, changed = opened({}), opened({})
    assert fold(changed, with_changes(signals, unusable)) == fold(plain, signals)
    assert (changed.newest, changed.skipped, len(changed)) == (plain.newest, plain.skipped, len(plain))
    assert changed.changes() == plain.changes()


def test_a_policy_is_its_tenants_own() -> None:
    partition = opened({})
    fold(partition, [told("another", NAMES[0])])
    [ours] = decisions(partition, furious("c1"))
    [theirs] = decisions(partition, furious("c1", tenant="another"))
    assert (ours["policy_version"], theirs["policy_version"]) == ("uniform-1", NAMES[0])
    fold(partition, [told("default", NAMES[1])])
    [ours], [theirs] = (decisions(partition, furious("c2", tenant=one)) for one in ("default", "another"))
    assert (ours["policy_version"], theirs["policy_version"]) == (NAMES[1], NAMES[0])


def test_a_snapshot_that_cannot_be_used_leaves_the_last_good_one_in_force() -> None:
    stored: Stored = {}
    partition = opened(stored)
    fold(partition, [told("default", NAMES[2]), told("default", UNUSABLE)])
    write(stored, partition.changes())
    for one in (partition, opened(stored)):
        [decision] = decisions(one, furious("c1"))
        assert (decision["policy_version"], decision["snapshot_offset"]) == (NAMES[2], offset_of(NAMES[2]))
        assert "slow" not in decision["eligible"]


def test_policies_outlive_a_restart_and_the_end_of_every_conversation() -> None:
    stored: Stored = {}
    partition = opened(stored)
    fold(partition, [*furious("c1"), told("default", NAMES[0]), told("another", NAMES[1]), tick_at(1e6)])
    write(stored, partition.changes())
    for tenant, version in (("default", NAMES[0]), ("another", NAMES[1])):
        [decision] = decisions(opened(stored), furious("c2", tenant=tenant))
        assert (decision["policy_version"], decision["snapshot_offset"]) == (version, offset_of(version))


def test_which_policies_count_is_written_last_and_once() -> None:
    log = Log()
    log.event("furious", "c1", 0, 0)
    log.event("calm", "c2", 300, 0)
    log.tick(0)
    partition = opened({})
    fold(partition, [told("default", NAMES[0]), *log.signals])
    assert partition.changes()[-1][0] == POLICIES
    assert partition.changes() == []


def test_a_policy_a_restarted_worker_can_no_longer_use_is_not_named() -> None:
    """An older worker took it on; what is drawn uniformly must not say otherwise."""
    stored: Stored = {}
    partition = opened(stored)
    fold(partition, [told("default", NAMES[0])])
    write(stored, partition.changes())
    [decision] = decisions(Partition(CONFIG, stored.get, {}, policies=lambda version: None), furious("c1"))
    assert (decision["policy_version"], decision["snapshot_offset"]) == ("uniform-1", None)
    assert decision["predicted_reward"] is None


def test_a_policy_nobody_knows_is_never_replaced_by_another() -> None:
    with pytest.raises(states.StateError, match="the policy thompson-0 is not known"):
        Partition(CONFIG, {}.get, {}).fold(policy_signal("default", "thompson-0", 0, 0))
