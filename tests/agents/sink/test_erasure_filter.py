"""What names who was forgotten is left out; everything else is stored."""

import pytest

from agents.clickhouse.client import connect
from agents.clickhouse.tables import TABLES, Row
from agents.common.pseudonyms import pseudonymize
from agents.privacy.clickhouse_rows import CONDITIONS
from agents.settings.model import Settings
from agents.sink.erasure_filter import ErasureFilter
from schemas.topics import RECORD_OF, Name
from tests.support.data.records import AT, delivery, outcome, point, rating

LATER = AT + 10_000_000


def forgotten(until: int = LATER) -> ErasureFilter:
    erasure_filter = ErasureFilter()
    ids = {"customer": pseudonymize("u1"), "conversations": [pseudonymize("c1")]}
    erasure_filter.add({"tenant": "default", **ids, "until": until})
    return erasure_filter


@pytest.mark.parametrize(
    ("changes", "erased"),
    [
        ({}, True),
        ({"customer_id": None}, True),
        ({"conversation_id": "another"}, True),
        ({"conversation_id": "another", "customer_id": None}, False),
        ({"conversation_id": "another", "customer_id": "u2"}, False),
        ({"tenant": "another"}, False),
        ({"event_time": LATER}, True),
        ({"event_time": LATER + 1}, False),
    ],
)
def test_what_is_left_out(changes: Row, erased: bool) -> None:
    assert forgotten().is_erased(TABLES[Name.TRAJECTORIES].row(point(**changes))) is erased
    assert not ErasureFilter().is_erased(point(**changes))


def test_what_names_only_a_conversation_is_left_out_with_it() -> None:
    row = TABLES[Name.DELIVERIES].row(delivery())
    assert forgotten().is_erased(row)
    assert not forgotten().is_erased(row | {"conversation_id": "another"})


def test_an_end_is_as_old_as_what_ended() -> None:
    assert forgotten().is_erased(outcome(event_time=LATER + 1, decided_at=LATER))
    assert not forgotten().is_erased(outcome(event_time=LATER + 2, decided_at=LATER + 1))


def test_who_is_forgotten_twice_is_forgotten_until_the_later_time() -> None:
    for first, second in ((AT, LATER), (LATER, AT)):
        erasure_filter = forgotten(first)
        erasure_filter.add({"tenant": "default", "customer": pseudonymize("u1"), "conversations": [], "until": second})
        assert erasure_filter.is_erased(rating(conversation_id="another", event_time=LATER))


def test_rows_without_a_conversation_are_nobodys() -> None:
    assert not forgotten().is_erased({"tenant": "default", "option": "slow", "event_time": AT})
    assert not forgotten().is_erased({"topic": "conversation.messages", "reason": "empty"})


@pytest.mark.integration
def test_no_table_that_names_anybody_is_left_out(migrated: Settings) -> None:
    """A table that comes later must be erased from, too."""
    query = """
        SELECT DISTINCT c.table FROM system.columns AS c
        INNER JOIN system.tables AS t ON t.name = c.table AND t.database = c.database
        WHERE c.database = currentDatabase() AND t.engine != 'View'
            AND c.name IN ('conversation_id', 'customer_id', 'decision_id', 'event_id')
    """
    assert {table for (table,) in connect(migrated).execute(query)} == set(CONDITIONS)
    assert {TABLES[name].name for name in RECORD_OF if name in TABLES} >= set(CONDITIONS) - {"candidate_policies"}
