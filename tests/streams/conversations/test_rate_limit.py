"""Token buckets by the log's own times: nobody below the rate is refused, nobody above it goes on."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from streams.conversations.rate_limit import KNOWN, Rate, RateLimit

START = 1_790_000_000_000
SMALL = Rate(per_s=2.0, burst=3)

gaps = st.lists(st.integers(0, 3000), min_size=1, max_size=60)
times = st.lists(st.integers(START, START + 20_000), min_size=1, max_size=60)


def verdicts(rate: Rate, at: list[int], whose: str = "c") -> list[bool]:
    limit = RateLimit(rate)
    return [limit.admits(whose, one) for one in at]


def along(gaps: list[int]) -> list[int]:
    return [START + sum(gaps[: number + 1]) for number in range(len(gaps))]


@given(gaps)
def test_it_is_a_token_bucket(gaps: list[int]) -> None:
    at = along(gaps)
    tokens, last, expected = Fraction(SMALL.burst), at[0], []
    for now in at:
        tokens = min(Fraction(SMALL.burst), tokens + Fraction(2, 1000) * (now - last))
        last = now
        expected.append(tokens >= 1)
        tokens -= tokens >= 1
    assert verdicts(SMALL, at) == expected


@given(gaps)
def test_over_any_stretch_no_more_passes_than_burst_and_rate_allow(gaps: list[int]) -> None:
    at = along(gaps)
    passed = [now for now, admitted in zip(at, verdicts(SMALL, at), strict=True) if admitted]
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            seconds = (passed[last] - passed[first]) / 1000
            assert last - first + 1 <= SMALL.burst + SMALL.per_s * seconds + 1e-6


@given(st.lists(st.integers(500, 5000), min_size=1, max_size=200))
def test_who_stays_within_the_rate_is_never_refused(gaps: list[int]) -> None:
    assert all(verdicts(SMALL, along(gaps)))


@given(times, times)
def test_conversations_do_not_know_of_each_other(one: list[int], other: list[int]) -> None:
    limit, got = RateLimit(SMALL), []
    for mine, theirs in zip(one, other, strict=False):
        got.append(limit.admits("one", mine))
        limit.admits("other", theirs)
    assert got == verdicts(SMALL, one[: len(got)])


@given(times)
def test_a_time_that_goes_back_fills_nothing(at: list[int]) -> None:
    """A record of an earlier time counts as if it had come at the latest time before it."""
    ascending = [max(at[: number + 1]) for number in range(len(at))]
    assert verdicts(SMALL, at) == verdicts(SMALL, ascending)


@given(times)
def test_what_is_refused_takes_nothing(at: list[int]) -> None:
    """Leaving the refused events out changes no verdict on the others."""
    at = sorted(at)
    first = verdicts(SMALL, at)
    kept = [now for now, admitted in zip(at, first, strict=True) if admitted]
    assert all(verdicts(SMALL, kept))


@given(times)
def test_zero_is_no_limit(at: list[int]) -> None:
    assert all(verdicts(Rate(0.0, 1), at * 5))


def test_memory_is_bounded_and_who_goes_on_speaking_is_remembered() -> None:
    limit = RateLimit(Rate(per_s=0.001, burst=2))
    spent = [limit.admits("loud", START) for _ in range(3)]
    assert spent == [True, True, False]
    for number in range(5 * KNOWN):
        limit.admits(f"c{number}", START)
        if number % (KNOWN // 2) == 0:
            assert not limit.admits("loud", START)
        assert len(limit._lately) + len(limit._before) <= 2 * KNOWN
    for number in range(2 * KNOWN):
        limit.admits(f"d{number}", START)
    assert limit.admits("loud", START), "silent while all the others spoke: forgotten"


def test_no_person_gets_there() -> None:
    """Ten cursor positions a second for an hour, after a quarter of an hour that was saved up and came at once."""
    saved = [START] * (15 * 60 * 10)
    live = [START + 100 * number for number in range(36_000)]
    assert all(verdicts(Rate(), saved + live))
