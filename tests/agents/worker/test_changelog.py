"""What counts in a changelog: the state as of the highest offset, whoever wrote it and whenever."""

from hypothesis import given
from hypothesis import strategies as st

from agents.worker.changelog import NOWHERE, ChangelogCursor, as_of, as_of_header

KEYS = ("a", "b")


def test_the_header_says_the_offset_and_the_last_one_counts() -> None:
    assert as_of(as_of_header(7)) == 7
    assert as_of([*as_of_header(7), *as_of_header(9)]) == 9
    assert as_of([("other", b"7")]) is None


def test_who_wrote_an_older_state_later_is_not_heard() -> None:
    """A worker that was paused goes on writing, though another one has its partition."""
    reading = ChangelogCursor()
    assert reading.counts("a", as_of_header(10))
    assert reading.counts("a", as_of_header(20))
    assert not reading.counts("a", as_of_header(15))
    assert (reading.as_of("a"), reading.stale) == (20, {"a"})
    assert reading.counts("a", as_of_header(21))
    assert reading.stale == set()


def test_a_state_without_its_offset_counts() -> None:
    """It was written by hand, or by an early version."""
    assert ChangelogCursor().counts("a", [])


def test_a_run_in_the_changelog_is_true_for_every_key() -> None:
    reading = ChangelogCursor()
    reading.counts("a", as_of_header(10))
    reading.counts("b", as_of_header(30))
    reading.written(20)
    assert (reading.as_of("a"), reading.as_of("b"), reading.as_of("c")) == (20, 30, 20)


def test_what_another_wrote_before_our_own_run_does_not_undo_it() -> None:
    """Faust reads on where the last recovery ended: it comes by what we wrote ourselves, and by what others did."""
    reading = ChangelogCursor()
    reading.written(50)
    assert not reading.counts("a", as_of_header(40))
    assert (reading.as_of("a"), reading.stale) == (50, {"a"})
    assert reading.counts("a", as_of_header(60))
    assert reading.stale == set()


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 9))), st.randoms())
def test_the_order_in_which_it_was_written_does_not_matter(records: list[tuple[str, int]], random: object) -> None:
    def last(found: list[tuple[str, int]]) -> dict[str, int]:
        reading, kept = ChangelogCursor(), {}
        for key, offset in found:
            if reading.counts(key, as_of_header(offset)):
                kept[key] = offset
            assert kept[key] == reading.as_of(key)
        return kept

    shuffled = list(records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert last(shuffled) == last(records) == {key: max(o for k, o in records if k == key) for key, _ in records}
    assert ChangelogCursor().as_of("a") == NOWHERE
