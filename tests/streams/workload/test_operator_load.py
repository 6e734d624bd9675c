"""Exposure: what one operator had to take, counted once, of breaks and of hard cases."""

from typing import Any

from hypothesis import given as holds_for
from hypothesis import strategies as st

from streams.config.model import WorkloadConfig
from streams.workload.assignments import AssignmentInterval
from streams.workload.operator_load import Exposure, measure_exposure

MINUTE = 60_000
HOUR = (0, 60 * MINUTE)
CONFIG = WorkloadConfig()


def stint(
    start: float, end: float, *hostile: tuple[float, float], team: str | None = "t", channel: str = "chat"
) -> AssignmentInterval:
    """A stint by the minute."""
    spans = tuple((round(a * MINUTE), round(b * MINUTE)) for a, b in hostile)
    return AssignmentInterval(round(start * MINUTE), round(end * MINUTE), "op", team, spans, channel)


def of(*stints: AssignmentInterval, period: tuple[int, int] = HOUR, **changes: Any) -> Exposure:
    result = measure_exposure(sorted(stints), period, WorkloadConfig(**changes))
    assert result is not None
    return result


def test_conversations_at_once_count_once() -> None:
    result = of(stint(0, 30, (10, 20)), stint(5, 40, (15, 25)), stint(50, 80, (50, 80)))
    assert result.work_ms == 50 * MINUTE
    assert result.hostile_ms == 25 * MINUTE
    assert result.by_channel == {"chat": 25 * MINUTE}


def test_by_channel() -> None:
    result = of(stint(0, 30, (0, 10)), stint(0, 30, (5, 30), channel="voice"), stint(0, 9, channel="email"))
    assert result.by_channel == {"chat": 10 * MINUTE, "voice": 25 * MINUTE}
    assert result.hostile_ms == 30 * MINUTE


def test_who_had_no_conversation_has_no_exposure() -> None:
    assert measure_exposure([], HOUR, CONFIG) is None
    assert measure_exposure([stint(60, 90)], HOUR, CONFIG) is None
    assert measure_exposure([stint(-30, 0)], HOUR, CONFIG) is None


def test_hard_cases_in_a_row_end_with_an_easy_one_or_a_break() -> None:
    hard = [stint(10 * n, 10 * n + 9, (10 * n, 10 * n + 1)) for n in range(4)]
    assert of(*hard).hard_in_a_row == 4
    assert of(*hard[:2], stint(20, 29), *hard[3:]).hard_in_a_row == 2
    assert of(*hard[:2], *hard[3:]).hard_in_a_row == 2  # eleven minutes without a conversation
    assert of(*hard[:2], *hard[3:], break_s=661).hard_in_a_row == 3


def test_a_run_may_have_begun_before_and_must_reach_the_period() -> None:
    hard = [stint(10 * n, 10 * n + 9, (10 * n, 10 * n + 1)) for n in range(-5, 1)]
    assert of(*hard).hard_in_a_row == 6
    assert of(*hard[:-1], stint(0, 9)).hard_in_a_row == 0


def test_a_break_is_missed_when_work_goes_on() -> None:
    assert of(stint(-90, 30)).breaks_missed == 0
    assert of(stint(-90, 31)).breaks_missed == 1
    assert of(stint(-90, 20), stint(25, 60)).breaks_missed == 1  # five minutes are no break
    assert of(stint(-90, 20), stint(30, 60)).breaks_missed == 0
    assert of(stint(-300, 60), work_s=1800.0).breaks_missed == 2


def test_every_missed_break_counts_in_one_period() -> None:
    whole, periods = [stint(0, 1000)], [(at * 60 * MINUTE, (at + 1) * 60 * MINUTE) for at in range(17)]
    assert sum(of(*whole, period=period).breaks_missed for period in periods) == 8  # 999 minutes of work and one more


def test_recovery_is_between_hard_cases() -> None:
    first, second = stint(0, 10, (5, 6)), stint(25, 40, (30, 31))
    assert of(first, stint(12, 20), second).recoveries == (15 * MINUTE,)
    assert of(first, stint(5, 40, (5, 40))).recoveries == (0,)
    assert of(first, stint(12, 20)).recoveries == ()
    assert of(stint(-900, -890, (-895, -890)), second).recoveries == ()  # since yesterday


def test_the_team_is_the_latest() -> None:
    assert of(stint(0, 10), stint(20, 30, team="u")).team == "u"
    assert of(stint(0, 10), stint(20, 30, team=None)).team is None


def any_stint(start: int, long: int, after: int, hostile: int) -> AssignmentInterval:
    spans = [(start + after, start + min(long, after + hostile))] if after < long else []
    return stint(start, start + long, *spans)


STINTS = st.lists(
    st.builds(any_stint, st.integers(-200, 120), st.integers(1, 90), st.integers(0, 90), st.integers(1, 40)), max_size=8
)


@holds_for(STINTS)
def test_what_always_holds(stints: list[AssignmentInterval]) -> None:
    result = measure_exposure(sorted(stints), HOUR, CONFIG)
    if result is None:
        return
    assert 0 <= result.hostile_ms <= result.work_ms <= HOUR[1]
    assert max(result.by_channel.values(), default=0) <= result.hostile_ms <= sum(result.by_channel.values())
    assert 0 <= result.hard_in_a_row <= len(stints)
    assert result.breaks_missed >= 0
    assert all(rest >= 0 for rest in result.recoveries)
    assert (result.hostile_ms == 0) == (result.by_channel == {})
