"""Weights that change in mid-log: every turn is read with those the log says, whatever crashes."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import state as states
from streams.conversations.partition import MODEL, Partition, deadlines_in
from streams.signals.extraction import Signal, model_signal
from streams.text_model import weights
from streams.text_model.model import TextModel, shipped_model
from streams.text_model.weights import PLACES
from tests import examples
from tests.streams.conversations.test_partition import CUTS, END, Stored, fold, remembered, runs_of, write
from tests.streams.conversations.test_partition import work as worked
from tests.support.data.builders import moment, tick_at
from tests.support.data.signal_logs import CONFIG, PROFILED, RESENT, TICKED, Log, logs

KNOWN = {
    one.version: one
    for one in (
        TextModel(weights.from_heads({"now": {PLACES["bias"]: bias, PLACES["text.distress"]: 1.0}})) for bias in (-2, 2)
    )
}
VERSIONS = [shipped_model().version, *KNOWN]
LOGS = logs(TICKED, RESENT, PROFILED)
CHANGES = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(VERSIONS)), min_size=1, max_size=5)


def lookup(version: str) -> TextModel:
    return shipped_model() if version == shipped_model().version else KNOWN[version]


def opened(stored: Stored) -> Partition:
    return Partition(CONFIG, stored.get, deadlines_in(stored), lookup)


work = partial(worked, opened=opened)


def with_changes(signals: list[Signal], changes: list[tuple[int, str]]) -> list[Signal]:
    """The log with announcements in it; their time is of no account."""
    log = list(signals)
    for place, version in changes:
        log.insert(place % (len(log) + 1), model_signal(version, moment(1e5 * place)))
    return log


def points(partition: Partition, log: list[Signal]) -> list[dict[str, Any]]:
    told = [output for signal in log for output in partition.fold(signal)]
    return [output.datum for output in told if output.record == "trajectory_point"]


@examples(200)
@given(
    LOGS,
    CHANGES,
    CUTS,
    st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 5), min_size=1, max_size=2), min_size=1, max_size=4),
)
def test_a_crash_anywhere_changes_nothing_where_weights_change(
    signals: list[Signal], changes: list[tuple[int, str]], cuts: list[int], crashes: dict[int, list[int]]
) -> None:
    runs = runs_of([*with_changes(signals, changes), END], cuts)
    calm, crashed = work(runs, {}), work(runs, crashes)
    assert crashed[0] == calm[0]
    assert remembered(without_model(crashed[1])) == remembered(without_model(calm[1]))
    assert opened(crashed[1]).version == opened(calm[1]).version


@examples(100)
@given(LOGS, CHANGES, CUTS, st.integers(0, 6))
def test_runs_that_come_again_whole_change_nothing(
    signals: list[Signal], changes: list[tuple[int, str]], cuts: list[int], again: int
) -> None:
    """The worker died after the changelog and before the offset, some runs ago."""
    runs = runs_of([*with_changes(signals, changes), END], cuts)
    calm, stored = work(runs, {})
    repeated, other = work([*runs[: again + 1], *runs], {})
    assert repeated == calm
    assert other == stored


@given(LOGS, CHANGES)
def test_every_point_says_which_weights_read_it(signals: list[Signal], changes: list[tuple[int, str]]) -> None:
    partition, in_use = opened({}), shipped_model().version
    for signal in with_changes(signals, changes):
        if signal["kind"] == "model":
            in_use = signal["model_version"]
        assert {one["model_version"] for one in points(partition, [signal])} <= {in_use}
        assert partition.version == in_use


@given(LOGS, CHANGES)
def test_an_announcement_moves_neither_time_nor_deadlines(
    signals: list[Signal], changes: list[tuple[int, str]]
) -> None:
    plain, changed = opened({}), opened({})
    fold(plain, signals)
    fold(changed, with_changes(signals, changes))
    assert changed.newest == plain.newest
    assert changed.skipped == plain.skipped
    assert len(changed) == len(plain)


@given(LOGS)
def test_announcing_what_is_in_use_changes_nothing(signals: list[Signal]) -> None:
    plain, told = opened({}), opened({})
    log = with_changes(signals, [(place, shipped_model().version) for place in range(5)])
    assert fold(told, log) == fold(plain, signals)
    assert told.changes() == plain.changes()


def test_the_weights_in_use_outlive_a_restart_and_the_end_of_every_conversation() -> None:
    log = Log()
    log.event("furious", "c1", 1, 0)
    stored: Stored = {}
    partition = opened(stored)
    fold(partition, [*log.signals, model_signal(VERSIONS[1], 0), tick_at(1e6)])
    write(stored, partition.changes())
    log.event("furious", "c2", 1, 0)
    [point] = points(opened(stored), log.signals[1:])
    assert point["model_version"] == VERSIONS[1]
    assert opened(stored).version == VERSIONS[1]


def test_which_weights_count_is_written_last_and_once() -> None:
    log = Log()
    log.event("calm", "c1", 0, 0)
    log.event("calm", "c2", 300, 0)
    log.tick(0)
    partition = opened({})
    fold(partition, [model_signal(VERSIONS[2], 0), *log.signals])
    assert partition.changes()[-1] == (MODEL, VERSIONS[2].encode())
    assert partition.changes() == []


def test_other_weights_read_the_same_words_otherwise() -> None:
    log = Log()
    log.event("calm", "c1", 0, 0)
    low, high = (points(opened({}), [model_signal(version, 0), *log.signals])[0]["p_now"] for version in VERSIONS[1:])
    assert low < 0.5 < high


@pytest.mark.parametrize("stored", [{}, {MODEL: b"0123456789abcdef"}])
def test_weights_nobody_knows_are_never_replaced_by_others(stored: Stored) -> None:
    with pytest.raises(states.StateError, match="the text model 0123456789abcdef is not known"):
        Partition(CONFIG, stored.get, {}).fold(model_signal("0123456789abcdef", 0))


def without_model(stored: Stored) -> Stored:
    return {key: value for key, value in stored.items() if key != MODEL}
