"""Counters of decisions, and the lag of topics that come and go."""

import pytest

from agents.common import metrics
from tests.support.data.records import decision


def drawn() -> dict[str, float]:
    counts = {what: metrics.DRAWN.labels(what)._value.get() for what in ("control", "intervention")}
    return counts | {"p": metrics.CONTROL_EXPECTED._value.get(), "v": metrics.CONTROL_VARIANCE._value.get()}


def test_controls_are_counted_beside_their_expected_number() -> None:
    before = drawn()
    for counted in (decision(1), decision(2, option="control", control=True, propensity=0.2)):
        metrics.count_draw(counted)
    for ignored in (decision(3, holdout=True), decision(4, available=False, option=None, propensities=[])):
        metrics.count_draw(ignored)
    after = {name: value - before[name] for name, value in drawn().items()}
    assert after == pytest.approx({"control": 1, "intervention": 1, "p": 0.4, "v": 0.32})


def lag() -> dict[str, float]:
    return {sample.labels["topic"]: sample.value for family in metrics.LAG.collect() for sample in family.samples}


def test_the_lag_of_a_topic_no_longer_read_is_removed() -> None:
    metrics.show_lag({"a": 3, "b": 0})
    assert lag() == {"a": 3, "b": 0}
    metrics.show_lag({"b": 2})
    assert lag() == {"b": 2}
    metrics.show_lag({})
