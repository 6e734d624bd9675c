"""``tenor schemas publish``: our records into a schema registry. A person does it, before the version that needs them.

Nothing is registered at run time: a process only looks up what is there. The subject is the record's full name, so one
schema serves every topic that holds it. What the registry holds already is compared here, by Avro's own rules, whatever
compatibility its subjects are set to; where one record could not read an older version, none is published.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

from confluent_kafka.schema_registry import Schema as RegistrySchema
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.common.errors import Failure
from agents.schema_registry.client import NOT_FOUND, client_for, refused, silent
from agents.settings.model import Settings
from schemas.compatibility import problems
from schemas.records import Record, records

PATIENCE = {"timeout": 5.0, "max.retries": 1}
T = TypeVar("T")


class SubjectStatus(NamedTuple):
    """How a record stands at the registry.

    Attributes:
        subject: what it is registered under.
        schema_id: of today's schema; None while it is not registered.
        versions: how many versions the subject has.
        wrong: why it must not be registered.
    """

    subject: str
    schema_id: int | None
    versions: int
    wrong: tuple[str, ...] = ()


def standings(settings: Settings) -> list[SubjectStatus]:
    """How every record stands. ``Failure`` when the registry is not set, or cannot be asked."""
    if settings.registry_url is None:
        raise Failure("there is no schema registry: TENOR_REGISTRY_URL is not set")
    client = client_for(settings, **PATIENCE)
    return [standing(client, one) for one in records().values()]


def standing(client: SchemaRegistryClient, record: Record) -> SubjectStatus:
    subject = record.full_name
    versions = asked(subject, lambda: client.get_versions(subject)) or []
    if not versions:
        return SubjectStatus(subject, None, 0)
    found = asked(subject, lambda: client.lookup_schema(subject, ours(record)))
    if found is not None:
        return SubjectStatus(subject, int(found.schema_id or 0), len(versions))
    return SubjectStatus(subject, None, len(versions), tuple(unreadable(client, record, versions)))


def unreadable(client: SchemaRegistryClient, record: Record, versions: list[int]) -> list[str]:
    """Why today's record cannot read what was registered, a sentence for each version."""
    wrong = []
    for version in versions:
        found = asked(record.full_name, partial(client.get_version, record.full_name, version))
        if found is not None:  # deleted meanwhile
            wrong += [f"cannot read version {version}: {one}" for one in reasons(record, found.schema)]
    return wrong


def reasons(record: Record, schema: RegistrySchema | None) -> list[str]:
    try:
        return problems(record.published, json.loads((schema and schema.schema_str) or ""))
    except Exception:  # Protobuf, JSON Schema, or no record: somebody else's
        return ["it is no Avro record"]


def asked(subject: str, ask: Callable[[], T]) -> T | None:
    """The registry's answer, None where it has none. ``Failure`` when it cannot be asked."""
    try:
        return ask()
    except SchemaRegistryError as error:
        if error.http_status_code == NOT_FOUND:
            return None
        raise refused(error, subject) from None
    except Exception as error:  # of the client's HTTP library, which it does not promise to keep
        raise silent(error) from None


def ours(record: Record) -> RegistrySchema:
    return RegistrySchema(json.dumps(record.published), "AVRO")


def publish(settings: Settings, before: list[SubjectStatus]) -> list[SubjectStatus]:
    """Register what is missing; how every record stands then. Nothing where one may not be registered."""
    if any(one.wrong for one in before):
        return before
    client = client_for(settings, **PATIENCE)
    return [
        one if one.schema_id is not None else registered(client, record, one)
        for one, record in zip(before, records().values(), strict=True)
    ]


def registered(client: SchemaRegistryClient, record: Record, before: SubjectStatus) -> SubjectStatus:
    try:
        schema_id = client.register_schema(record.full_name, ours(record))
    except SchemaRegistryError as error:
        raise refused_to_take(error, record.full_name) from None
    except Exception as error:  # as above
        raise silent(error) from None
    return before._replace(schema_id=schema_id, versions=before.versions + 1)


def refused_to_take(error: SchemaRegistryError, subject: str) -> Failure:
    if error.http_status_code == 409:
        return Failure(
            f"the registry rejects {subject}: the schema violates its compatibility level",
            f"set the compatibility level of {subject} to BACKWARD",
        )
    return refused(error, subject)


def render(before: list[SubjectStatus], after: list[SubjectStatus], out: Console) -> None:
    """A line for each record: what it was, and what became of it."""
    table = Table("subject", "versions", "id", "status", box=None)
    for was, now in zip(before, after, strict=True):
        said = "; ".join(now.wrong) or became(was, now)
        table.add_row(now.subject, str(now.versions), str(now.schema_id or ""), escape(said))
    out.print(table)


def became(was: SubjectStatus, now: SubjectStatus) -> str:
    if was.schema_id is not None:
        return "already published"
    return "to be published" if now.schema_id is None else "published"
