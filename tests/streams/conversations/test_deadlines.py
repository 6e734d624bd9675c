"""Deadlines: whatever is scheduled, moved and cancelled, what is due comes out once and in order."""

from hypothesis import given
from hypothesis import strategies as st

from streams.conversations.deadlines import DeadlineQueue

KEYS = st.sampled_from("abc")
ACTIONS = st.lists(st.tuples(KEYS, st.integers(0, 20) | st.none()), max_size=30)


def drain(queue: DeadlineQueue, now: int) -> list[str]:
    """Every key that is due, ended as it comes."""
    due = []
    for key in queue.pop_due(now, lambda _: False):
        due.append(key)
        queue.cancel(key)
    return due


@given(ACTIONS, st.integers(0, 20))
def test_what_is_due_comes_out_in_the_order_of_time(actions: list[tuple[str, int | None]], now: int) -> None:
    queue, expected = DeadlineQueue({}), dict[str, int]()
    for key, at in actions:
        if at is not None:
            queue.schedule(key, at)
            expected[key] = at
        elif expected.pop(key, None) is not None:
            queue.cancel(key)
    due = drain(queue, now)
    assert sorted(due) == sorted(key for key, at in expected.items() if at <= now)
    assert [expected[key] for key in due] == sorted(expected[key] for key in due)
    assert sorted(queue) == sorted(key for key, at in expected.items() if at > now)


def test_what_is_skipped_stays_due() -> None:
    queue = DeadlineQueue({"a": 1, "b": 2})
    assert list(queue.pop_due(5, lambda key: key in "ab")) == []
    assert drain(queue, 5) == ["a", "b"]


def test_what_is_scheduled_again_in_the_meantime_and_is_due_comes_out_again() -> None:
    queue, seen = DeadlineQueue({"a": 1}), []
    for key in queue.pop_due(5, lambda _: False):
        seen.append(key)
        queue.schedule(key, 3 if len(seen) == 1 else 9)
    assert (seen, list(queue)) == (["a", "a"], ["a"])
