"""What counts in a changelog: the state as of the highest offset, whoever wrote it and whenever."""

from hypothesis import given
from hypothesis import strategies as st

from agents.worker.changelog import NO_OFFSET, ChangelogCursor, as_of_header, read_as_of

KEYS = ("a", "b")


def test_the_header_says_the_offset_and_the_last_one_counts() -> None:
    assert read_as_of(as_of_header(7)) == 7
    assert read_as_of([*as_of_header(7), *as_of_header(9)]) == 9
    assert read_as_of([("other", b"7")]) is None


def test_who_wrote_an_older_state_later_is_not_heard() -> None:
    """A worker that was paused goes on writing, though another one has its partition."""
    cursor = ChangelogCursor()
    assert cursor.accept("a", as_of_header(10))
    assert cursor.accept("a", as_of_header(20))
    assert not cursor.accept("a", as_of_header(15))
    assert (cursor.as_of("a"), cursor.stale) == (20, {"a"})
    assert cursor.accept("a", as_of_header(21))
    assert cursor.stale == set()


def test_a_state_without_its_offset_counts() -> None:
    """It was written by hand, or by an early version."""
    assert ChangelogCursor().accept("a", [])


def test_a_batch_in_the_changelog_is_true_for_every_key() -> None:
    cursor = ChangelogCursor()
    cursor.accept("a", as_of_header(10))
    cursor.accept("b", as_of_header(30))
    cursor.mark_written(20)
    assert (cursor.as_of("a"), cursor.as_of("b"), cursor.as_of("c")) == (20, 30, 20)


def test_what_another_wrote_before_our_own_batch_does_not_undo_it() -> None:
    """Faust reads on where the last recovery ended: it comes by what we wrote ourselves, and by what others did."""
    cursor = ChangelogCursor()
    cursor.mark_written(50)
    assert not cursor.accept("a", as_of_header(40))
    assert (cursor.as_of("a"), cursor.stale) == (50, {"a"})
    assert cursor.accept("a", as_of_header(60))
    assert cursor.stale == set()


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 9))), st.randoms())
def test_the_order_in_which_it_was_written_does_not_matter(records: list[tuple[str, int]], random: object) -> None:
    def last(records: list[tuple[str, int]]) -> dict[str, int]:
        cursor, states = ChangelogCursor(), {}
        for key, offset in records:
            if cursor.accept(key, as_of_header(offset)):
                states[key] = offset
            assert states[key] == cursor.as_of(key)
        return states

    shuffled = list(records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert last(shuffled) == last(records) == {key: max(o for k, o in records if k == key) for key, _ in records}
    assert ChangelogCursor().as_of("a") == NO_OFFSET
