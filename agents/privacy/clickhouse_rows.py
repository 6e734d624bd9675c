"""The rows of a customer in ClickHouse: found, counted and erased.

Ids are compared as hashes, so that no id appears in a query log or in the list of mutations. A conversation that ever
named the customer is erased whole, since its first rows may have no customer yet.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from agents.clickhouse.client import UNAVAILABLE, connect, failure
from agents.clickhouse.tables import TABLES
from agents.settings.model import Settings

# The one table with decision ids but without conversations.
DECISION_TABLE = "candidate_policies"
# Tables with a conversation id, and whether they have a customer id, too.
CONVERSATION_TABLES = {
    table.name: "customer_id" in table.columns for table in TABLES.values() if "conversation_id" in table.columns
}

HASH = "lower(hex(SHA256(ifNull({}, ''))))"
CUSTOMER, CONVERSATION, DECISION = map(HASH.format, ("customer_id", "conversation_id", "decision_id"))
BY_CUSTOMER = f"tenant = %(tenant)s AND {CUSTOMER} = %(customer)s"
BY_CUSTOMER_OR_CONVERSATION = (
    f"tenant = %(tenant)s AND ({CUSTOMER} = %(customer)s OR {CONVERSATION} IN %(conversations)s)"
)
BY_CONVERSATION_ID = f"tenant = %(tenant)s AND {CONVERSATION} IN %(conversations)s"
BY_DECISION_ID = f"tenant = %(tenant)s AND {DECISION} IN %(decisions)s"
NO_IDS = ("",)  # SQL has no empty list, and no pseudonym is empty
SETTINGS = {"max_query_size": 64 * 1024 * 1024, "mutations_sync": 2}


class CustomerRows:
    """The rows of one customer. Use it in a ``with``; ``Failure`` when ClickHouse cannot be used.

    Args:
        customer: pseudonym of the customer's id.

    Attributes:
        conversations: pseudonyms of the customer's conversations, once found.
    """

    def __init__(self, settings: Settings, tenant: str, customer: str) -> None:
        self._settings = settings
        self._client = connect(settings)
        self._parameters: dict[str, Any] = {"tenant": tenant, "customer": customer}
        self.conversations: set[str] = set()

    def __enter__(self) -> "CustomerRows":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()

    def find(self, open_conversations: Iterable[str]) -> dict[str, int]:
        """Find the customer's rows; returns how many each table has.

        Args:
            open_conversations: pseudonyms of more conversations of the customer, from the workers' state.
        """
        self.conversations = set(open_conversations)
        for table in (name for name, has_customer in CONVERSATION_TABLES.items() if has_customer):
            self.conversations |= self._select_pseudonyms(select(f"DISTINCT {CONVERSATION}", table, BY_CUSTOMER))
        self._parameters["conversations"] = tuple(self.conversations) or NO_IDS
        query = select(f"DISTINCT {DECISION}", "decisions", BY_CUSTOMER_OR_CONVERSATION)
        self._parameters["decisions"] = tuple(self._select_pseudonyms(query)) or NO_IDS
        return {
            table: self._select_number(select("count()", f"{table} FINAL", where))
            for table, where in CONDITIONS.items()
        }

    def latest_event_time(self) -> int:
        """Event time of the latest row, milliseconds; 0 without rows."""
        latest = "toUnixTimestamp64Milli(max(event_time))"
        return max(self._select_number(select(latest, table, CONDITIONS[table])) for table in CONVERSATION_TABLES)

    def erase(self) -> None:
        """Erase the rows from disk; returns when all replicas are done."""
        for table, where in CONDITIONS.items():
            self._execute(f"ALTER TABLE {table} DELETE WHERE {where}")

    def _select_pseudonyms(self, query: str) -> set[str]:
        return {row[0] for row in self._execute(query)}

    def _select_number(self, query: str) -> int:
        return int(self._execute(query)[0][0])

    def _execute(self, query: str) -> list[Any]:
        try:
            return list(self._client.execute(query, self._parameters, settings=SETTINGS))
        except UNAVAILABLE as error:
            raise failure(self._settings, error) from None


def select(columns: str, table: str, where: str) -> str:
    return f"SELECT {columns} FROM {table} WHERE {where}"  # noqa: S608 - our own names


CONDITIONS: Mapping[str, str] = {DECISION_TABLE: BY_DECISION_ID} | {
    table: BY_CUSTOMER_OR_CONVERSATION if has_customer else BY_CONVERSATION_ID
    for table, has_customer in CONVERSATION_TABLES.items()
}
