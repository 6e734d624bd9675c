"""Experience: what is learned follows from the records that were seen, not from when they came or in which batches."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.policy.outcome_join import PATIENCE_MS, JoinedBatch, OutcomeJoin
from tests import examples
from tests.support.data.builders import moment
from tests.support.data.lessons import Record, config, decision, outcome, rating

CONFIG = config(remembered_s=1e6, idle_s=1e6)  # nothing is forgotten or given up
QUICK = config(remembered_s=100.0, idle_s=50.0)
PATIENCE_S = PATIENCE_MS / 1000


class Told(NamedTuple):
    """All that was published: decisions by partition, and what followed some of them."""

    decisions: list[list[Record]]
    outcomes: list[Record]
    ratings: list[Record]

    @property
    def entered(self) -> list[tuple[int, Record]]:
        return [(number, item) for number, ones in enumerate(self.decisions) for item in ones]


@st.composite
def stories(draw: st.DrawFn) -> Told:
    names = [f"{number:02d}" for number in draw(st.permutations(range(draw(st.integers(1, 14)))))]
    every = [decision(name, draw(st.integers(0, 600))) for name in names]
    decisions: list[list[Record]] = [[], [], []]
    for one in every:
        decisions[draw(st.integers(0, 2))].append(one)
    outcomes = [outcome(item, draw(st.sampled_from([0.1, -0.3, None]))) for item in every if draw(st.integers(0, 4))]
    marks = draw(st.lists(st.tuples(st.sampled_from(every), st.integers(1, 5), st.integers(1, 3)), max_size=8))
    said = {item["event_id"]: item for item in (rating(of, mark, f"r{number}") for of, mark, number in marks)}
    return Told(decisions, outcomes, list(said.values()))


@st.composite
def batches(draw: st.DrawFn, told: Told) -> list[tuple[list[tuple[int, Record]], list[Record], list[Record]]]:
    """The story cut anyhow, in any order that keeps a decision no later than what follows it, with repeats."""
    count = draw(st.integers(1, 5))
    cuts = [sorted(draw(st.integers(0, count - 1)) for _ in ones) for ones in told.decisions]
    at = {
        one["decision_id"]: cut
        for ones, places in zip(told.decisions, cuts, strict=True)
        for one, cut in zip(ones, places, strict=True)
    }
    result: list[tuple[list[tuple[int, Record]], list[Record], list[Record]]] = [([], [], []) for _ in range(count)]
    for partition, one in told.entered:
        for place in places_from(draw, at[one["decision_id"]], count):
            result[place][0].append((partition, one))
    for which, records in ((1, told.outcomes), (2, told.ratings)):
        for one in draw(st.permutations(records)):
            start = draw(st.integers(at[one["decision_id"]], count - 1))
            for place in places_from(draw, start, count):
                result[place][which].append(one)  # type: ignore[index]
    return result


def places_from(draw: st.DrawFn, start: int, count: int) -> list[int]:
    """Where a record is read: once, and sometimes once more."""
    return [start, draw(st.integers(start, count - 1))] if draw(st.integers(0, 4)) == 0 else [start]


def learned(news: Iterable[JoinedBatch]) -> tuple[dict[str, tuple[float | None, Mapping[Any, int]]], Counter[str]]:
    """Reward and final ratings of what was learned, by decision, and how often each was."""
    rewards: dict[str, float | None] = {}
    said: dict[str, Counter[float]] = {}
    times: Counter[str] = Counter()
    for one in news:
        for lesson, ratings in one.examples:
            name = lesson.decision["decision_id"]
            times[name] += 1
            rewards[name], said[name] = lesson.outcome["reward"], Counter(ratings)
        for late in one.rated:
            name = late.example.decision["decision_id"]
            assert Counter(late.before) == said[name], "what was said before is what was learned"
            said[name] = Counter(late.now)
    return {name: (reward, said[name]) for name, reward in rewards.items()}, times


def expected(told: Told) -> dict[str, tuple[float | None, Mapping[Any, int]]]:
    """By the words of the documentation: of each partition what stands before its first decision without outcome."""
    rewards = {outcome["decision_id"]: outcome["reward"] for outcome in told.outcomes}
    found = {}
    for ones in told.decisions:
        for item in ones:
            name = item["decision_id"]
            if name not in rewards:
                break
            said = Counter(rating["score"] for rating in told.ratings if rating["decision_id"] == name)
            found[name] = rewards[name], said
    return found


@examples(300)
@given(stories(), st.data())
def test_what_is_learned_follows_from_what_was_read_and_not_from_its_order(told: Told, data: st.DataObject) -> None:
    experience = OutcomeJoin(CONFIG)
    found, times = learned([experience.join(*batch) for batch in data.draw(batches(told))])
    assert found == expected(told)
    assert set(times.values()) <= {1}, "once, however often it was published"


@examples(100)
@given(stories(), st.data())
def test_lessons_of_a_partition_are_in_the_order_of_their_decisions(told: Told, data: st.DataObject) -> None:
    experience = OutcomeJoin(CONFIG)
    batched = [experience.join(*batch) for batch in data.draw(batches(told))]
    order = [[one.decision["decision_id"] for one, _ in news.examples] for news in batched]
    assert all(names == sorted(names) for names in order), "within a batch by id"
    place = {name: number for number, names in enumerate(order) for name in names}
    for ones in told.decisions:
        places = [place[item["decision_id"]] for item in ones if item["decision_id"] in place]
        assert places == sorted(places), "never a later decision in an earlier batch"


@examples(100)
@given(stories(), st.data())
def test_what_is_known_of_a_story_has_nothing_to_refuse(told: Told, data: st.DataObject) -> None:
    experience = OutcomeJoin(CONFIG)
    news = [experience.join(*batch) for batch in data.draw(batches(told))]
    assert not any(item.unknown or item.late or item.given_up for item in news)


@examples(100)
@given(stories(), st.data())
def test_recalling_all_at_once_goes_on_like_the_one_that_never_stopped(told: Told, data: st.DataObject) -> None:
    """The learner died: what was read before comes in one batch, and what comes then means the same."""
    story = data.draw(batches(told))
    cut = data.draw(st.integers(0, len(story)))
    calm, again = OutcomeJoin(CONFIG), OutcomeJoin(CONFIG)
    for batch in story[:cut]:
        calm.join(*batch)
    again.join(*([first for batch in story[:cut] for first in batch[which]] for which in range(3)))
    for batch in story[cut:]:
        first, second = calm.join(*batch), again.join(*batch)
        assert [lesson for lesson, _ in first.examples] == [lesson for lesson, _ in second.examples]
        assert learned_ratings(first) == learned_ratings(second)


def learned_ratings(news: JoinedBatch) -> list[Counter[float]]:
    return [Counter(ratings) for _, ratings in news.examples] + [Counter(item.now) for item in news.rated]


def names(news: JoinedBatch) -> list[str]:
    return [one.decision["decision_id"] for one, _ in news.examples]


def read(
    experience: OutcomeJoin, *decisions: Record, outcomes: Iterable[Record] = (), ratings: Any = ()
) -> JoinedBatch:
    return experience.join([(0, decision) for decision in decisions], outcomes, ratings)


def test_a_decision_waits_for_those_before_it() -> None:
    a, b, c = (decision(name, at) for at, name in enumerate("abc"))
    experience = OutcomeJoin(CONFIG)
    assert names(read(experience, a, b, c, outcomes=[outcome(c), outcome(b)])) == []
    assert names(read(experience, outcomes=[outcome(a)])) == ["a", "b", "c"]


def test_partitions_do_not_wait_for_each_other() -> None:
    a, b = decision("a"), decision("b")
    news = OutcomeJoin(CONFIG).join([(0, a), (1, b)], [outcome(b)], [])
    assert names(news) == ["b"]


def test_a_censored_outcome_closes_a_decision_like_any_other() -> None:
    a, b = decision("a"), decision("b", 1)
    news = read(OutcomeJoin(CONFIG), a, b, outcomes=[outcome(b), outcome(a, None)])
    assert names(news) == ["a", "b"]


def test_an_outcome_of_no_decision_is_named() -> None:
    news = read(OutcomeJoin(CONFIG), decision("a"), outcomes=[outcome(decision("b"))])
    [(record, why)] = news.unknown
    assert (record["decision_id"], why) == ("b", "no decision b is known")


def test_an_outcome_that_contradicts_its_decision_is_named_and_the_true_one_still_counts() -> None:
    a = decision("a")
    wrong = [outcome(a, option="offer"), outcome(a, conversation_id="another")]
    experience = OutcomeJoin(CONFIG)
    news = read(experience, a, outcomes=wrong)
    assert [item.why for item in news.unknown] == ["it contradicts decision a"] * 2
    assert names(read(experience, outcomes=[outcome(a)])) == ["a"]


def test_the_first_of_two_different_outcomes_counts() -> None:
    a = decision("a")
    news = read(OutcomeJoin(CONFIG), a, outcomes=[outcome(a, 0.1), outcome(a, 0.4)])
    [(lesson, _)] = news.examples
    assert lesson.outcome["reward"] == 0.1


def test_a_rating_of_no_decision_is_late() -> None:
    a = decision("a")
    experience = OutcomeJoin(CONFIG)
    assert read(experience, ratings=[rating(a)]).late == [rating(a)]
    assert read(experience, a, outcomes=[outcome(a)], ratings=[rating(a)]).late == []


def test_a_rating_that_is_published_twice_counts_once() -> None:
    a = decision("a")
    experience = OutcomeJoin(CONFIG)
    [(_, said)] = read(experience, a, outcomes=[outcome(a)], ratings=[rating(a), rating(a)]).examples
    assert said == (1.0,)
    assert read(experience, ratings=[rating(a)]).rated == []
    [late] = read(experience, ratings=[rating(a, 1, "r2"), rating(a, 1, "r2")]).rated
    assert (late.before, late.now) == ((1.0,), (1.0, -1.0))


def test_a_decision_that_never_closes_is_given_up_and_the_others_go_on() -> None:
    a, b = decision("a"), decision("b", 10)
    experience = OutcomeJoin(QUICK)
    assert names(read(experience, a, b, outcomes=[outcome(b)])) == []
    still = read(experience, decision("c", PATIENCE_S))
    assert (still.given_up, names(still)) == (0, [])
    then = read(experience, decision("d", PATIENCE_S + 1))
    assert (then.given_up, names(then)) == (1, ["b"])
    assert [item.why for item in read(experience, outcomes=[outcome(a)]).unknown] == ["no decision a is known"]


def test_an_outcome_that_comes_with_the_moment_of_giving_up_is_in_time() -> None:
    a = decision("a")
    experience = OutcomeJoin(QUICK)
    read(experience, a)
    news = read(experience, decision("b", 2 * PATIENCE_S), outcomes=[outcome(a)])
    assert (news.given_up, names(news)) == (0, ["a"])


def test_what_closed_is_never_given_up_however_long_it_waits() -> None:
    a, b = decision("a"), decision("b", 1)
    experience = OutcomeJoin(QUICK)
    read(experience, a, b, outcomes=[outcome(b)])
    news = read(experience, decision("c", 10 * PATIENCE_S))
    assert (news.given_up, names(news)) == (1, ["b"])


def test_another_partition_does_not_make_a_decision_old() -> None:
    experience = OutcomeJoin(QUICK)
    news = experience.join([(0, decision("a")), (1, decision("b", 100 * PATIENCE_S))], [], [])
    assert news.given_up == 0


def test_a_recording_that_is_played_beside_live_events_is_not_old_on_arrival() -> None:
    today, *old = decision("today"), *(decision(f"old-{number}", -1e6 + number) for number in range(3))
    experience = OutcomeJoin(QUICK)
    read(experience, today, outcomes=[outcome(today)])
    assert read(experience, *old).given_up == 0
    news = read(experience, outcomes=[outcome(item) for item in old])
    assert (names(news), news.unknown) == (["old-0", "old-1", "old-2"], [])
    assert len(read(experience, ratings=[rating(old[0])]).rated) == 1, "nor is it forgotten at once"


def test_what_was_learned_may_be_rated_for_a_time() -> None:
    a, b = decision("a"), decision("b", 100)
    experience = OutcomeJoin(QUICK)
    read(experience, a, outcomes=[outcome(a)])
    read(experience, b)
    assert len(read(experience, ratings=[rating(a)]).rated) == 1
    read(experience, decision("c", 101))
    late = read(experience, ratings=[rating(a, 1, "r2")])
    assert (late.rated, len(late.late)) == ([], 1)


@pytest.mark.parametrize(("after_s", "is_late"), [(0.0, False), (100.0, False), (100.001, True), (1e6, True)])
def test_a_rating_is_late_by_its_own_time_however_long_its_quiet_partition_remembers(
    after_s: float, is_late: bool
) -> None:
    """And no less before the decision was learned: who reads it in another batch must come to the same."""
    a = decision("a")
    said = rating(a, event_time=moment(after_s))
    story: list[Any] = [(0, a), outcome(a), said]
    for batches in ([(0, 1, 2)], [(0, 1), (2,)], [(0,), (2,), (1,)], [(0, 2), (1,)]):
        experience, late, ratings = OutcomeJoin(QUICK), [], []
        for batch in batches:
            news = experience.join(*([one] if which in batch else [] for which, one in enumerate(story)))
            late += news.late
            ratings += [said for _, said in news.examples if said] + [item.now for item in news.rated]
        assert (late, ratings) == (([said], []) if is_late else ([], [(1.0,)]))


def test_another_partition_makes_nobody_forget() -> None:
    """One partition of a recording runs ahead of another: what its worker publishes again is no second lesson."""
    a = decision("a")
    experience = OutcomeJoin(QUICK)
    read(experience, a, outcomes=[outcome(a)])
    experience.join([(1, decision("b", 1e6))], [], [])
    assert names(read(experience, a, outcomes=[outcome(a)])) == []


def test_memory_does_not_grow_with_what_was_forgotten() -> None:
    experience = OutcomeJoin(QUICK)
    for number in range(300):
        one = decision(f"{number:03d}", 10.0 * number)
        read(experience, one, outcomes=[outcome(one)], ratings=[rating(one)])
    held = [value for value in vars(experience).values() if isinstance(value, dict)]
    assert max(map(len, held)) <= 12
    assert all(len(past) <= 12 for past in experience._past.values())
