"""What ClickHouse has of a customer: found, counted and erased.

Ids are compared as hashes, so that none stands in a query log or in the list of mutations. A conversation that ever
named the customer is erased whole: before the customer was known, its rows named nobody.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from agents.clickhouse.client import UNAVAILABLE, connect, failure
from agents.clickhouse.tables import TABLES
from agents.settings.model import Settings

# Of the tables that hold no conversation, one names decisions.
BY_DECISION = "candidate_policies"
# Tables that hold a conversation, and whether they hold its customer, too.
BY_CONVERSATION = {
    table.name: "customer_id" in table.columns for table in TABLES.values() if "conversation_id" in table.columns
}

HASH = "lower(hex(SHA256(ifNull({}, ''))))"
CUSTOMER, CONVERSATION, DECISION = map(HASH.format, ("customer_id", "conversation_id", "decision_id"))
NAMED = f"tenant = %(tenant)s AND {CUSTOMER} = %(customer)s"
THEIRS = f"tenant = %(tenant)s AND ({CUSTOMER} = %(customer)s OR {CONVERSATION} IN %(conversations)s)"
TALKED = f"tenant = %(tenant)s AND {CONVERSATION} IN %(conversations)s"
DECIDED = f"tenant = %(tenant)s AND {DECISION} IN %(decisions)s"
NOBODY = ("",)  # an empty list is no SQL, and no hash is empty
SETTINGS = {"max_query_size": 64 * 1024 * 1024, "mutations_sync": 2}


class CustomerRows:
    """The rows of one customer. Use it in a ``with``; ``Failure`` when ClickHouse cannot be used.

    Args:
        customer: hash of the customer's id.

    Attributes:
        conversations: hashes of the customer's conversations, once found.
    """

    def __init__(self, settings: Settings, tenant: str, customer: str) -> None:
        self._settings = settings
        self._client = connect(settings)
        self._named: dict[str, Any] = {"tenant": tenant, "customer": customer}
        self.conversations: set[str] = set()

    def __enter__(self) -> "CustomerRows":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()

    def find(self, going_on: Iterable[str]) -> dict[str, int]:
        """How many rows each table has.

        Args:
            going_on: hashes of conversations that are the customer's, whatever the rows say.
        """
        self.conversations = set(going_on)
        for table in (name for name, has_customer in BY_CONVERSATION.items() if has_customer):
            self.conversations |= self._hashes(select(f"DISTINCT {CONVERSATION}", table, NAMED))
        self._named["conversations"] = tuple(self.conversations) or NOBODY
        self._named["decisions"] = tuple(self._hashes(select(f"DISTINCT {DECISION}", "decisions", THEIRS))) or NOBODY
        return {table: self._one(select("count()", f"{table} FINAL", where)) for table, where in PLACES.items()}

    def youngest(self) -> int:
        """Event time of the youngest row, milliseconds; 0 without one."""
        latest = "toUnixTimestamp64Milli(max(event_time))"
        return max(self._one(select(latest, table, PLACES[table])) for table in BY_CONVERSATION)

    def erase(self) -> None:
        """Erase them from the disk; returns when it is done, on all replicas."""
        for table, where in PLACES.items():
            self._ask(f"ALTER TABLE {table} DELETE WHERE {where}")

    def _hashes(self, query: str) -> set[str]:
        return {row[0] for row in self._ask(query)}

    def _one(self, query: str) -> int:
        return int(self._ask(query)[0][0])

    def _ask(self, query: str) -> list[Any]:
        try:
            return list(self._client.execute(query, self._named, settings=SETTINGS))
        except UNAVAILABLE as error:
            raise failure(self._settings, error) from None


def select(what: str, table: str, where: str) -> str:
    return f"SELECT {what} FROM {table} WHERE {where}"  # noqa: S608 - our own names


PLACES: Mapping[str, str] = {BY_DECISION: DECIDED} | {
    table: THEIRS if has_customer else TALKED for table, has_customer in BY_CONVERSATION.items()
}
