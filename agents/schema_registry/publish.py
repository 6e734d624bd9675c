"""``tenor schemas publish``: registers the schemas of our records, before the version that needs them is deployed.

Nothing is registered at run time: processes only look schemas up. The subject is the record's full name, so one schema
serves every topic that holds the record. Registered versions are checked here by Avro's rules, whatever compatibility
the subject is set to; when one record cannot read an older version, none is published.
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
from agents.schema_registry.client import NOT_FOUND, client_for, registry_unavailable, subject_failure
from agents.settings.model import Settings
from schemas.compatibility import problems
from schemas.records import Record, records

CLIENT_OPTIONS = {"timeout": 5.0, "max.retries": 1}
T = TypeVar("T")


class SubjectStatus(NamedTuple):
    """A record's subject in the registry.

    Attributes:
        subject: the record's full name.
        schema_id: of the present schema; None while it is not registered.
        versions: how many versions the subject has.
        wrong: why it must not be registered, a sentence for each version it cannot read.
    """

    subject: str
    schema_id: int | None
    versions: int
    wrong: tuple[str, ...] = ()


def subject_statuses(settings: Settings) -> list[SubjectStatus]:
    """The status of every record's subject. ``Failure`` when no registry is set, or a request fails."""
    if settings.registry_url is None:
        raise Failure("No schema registry is configured: TENOR_REGISTRY_URL is not set.", "Set TENOR_REGISTRY_URL.")
    client = client_for(settings, **CLIENT_OPTIONS)
    return [subject_status(client, record) for record in records().values()]


def subject_status(client: SchemaRegistryClient, record: Record) -> SubjectStatus:
    subject = record.full_name
    versions = ask_registry(subject, lambda: client.get_versions(subject)) or []
    if not versions:
        return SubjectStatus(subject, None, 0)
    schema = ask_registry(subject, lambda: client.lookup_schema(subject, registry_schema(record)))
    if schema is not None:
        return SubjectStatus(subject, int(schema.schema_id or 0), len(versions))
    return SubjectStatus(subject, None, len(versions), tuple(unreadable_versions(client, record, versions)))


def unreadable_versions(client: SchemaRegistryClient, record: Record, versions: list[int]) -> list[str]:
    """Why the present record cannot read registered versions, a sentence for each."""
    wrong = []
    for version in versions:
        registered = ask_registry(record.full_name, partial(client.get_version, record.full_name, version))
        if registered is not None:  # None: it was deleted meanwhile
            problems = schema_problems(record, registered.schema)
            wrong += [f"cannot read version {version}: {problem}" for problem in problems]
    return wrong


def schema_problems(record: Record, schema: RegistrySchema | None) -> list[str]:
    try:
        return problems(record.published, json.loads((schema and schema.schema_str) or ""))
    except Exception:  # Protobuf, JSON Schema, or not a record: somebody else's schema
        return ["it is not an Avro record"]


def ask_registry(subject: str, ask: Callable[[], T]) -> T | None:
    """The answer of a request; None for a 404, ``Failure`` when the request fails."""
    try:
        return ask()
    except SchemaRegistryError as error:
        if error.http_status_code == NOT_FOUND:
            return None
        raise subject_failure(error, subject) from None
    except Exception as error:  # of the client's HTTP library, which it does not promise to keep
        raise registry_unavailable(error) from None


def registry_schema(record: Record) -> RegistrySchema:
    return RegistrySchema(json.dumps(record.published), "AVRO")


def publish(settings: Settings, before: list[SubjectStatus]) -> list[SubjectStatus]:
    """Register missing schemas; returns every status afterwards. Registers none when one of them is incompatible."""
    if any(status.wrong for status in before):
        return before
    client = client_for(settings, **CLIENT_OPTIONS)
    return [
        status if status.schema_id is not None else register(client, record, status)
        for status, record in zip(before, records().values(), strict=True)
    ]


def register(client: SchemaRegistryClient, record: Record, before: SubjectStatus) -> SubjectStatus:
    try:
        schema_id = client.register_schema(record.full_name, registry_schema(record))
    except SchemaRegistryError as error:
        raise registration_failure(error, record.full_name) from None
    except Exception as error:  # as above
        raise registry_unavailable(error) from None
    return before._replace(schema_id=schema_id, versions=before.versions + 1)


def registration_failure(error: SchemaRegistryError, subject: str) -> Failure:
    if error.http_status_code == 409:
        return Failure(
            f"The schema registry rejected {subject}: the schema violates its compatibility level.",
            f"Set the compatibility level of {subject} to BACKWARD.",
        )
    return subject_failure(error, subject)


def render(before: list[SubjectStatus], after: list[SubjectStatus], out: Console) -> None:
    """Print a line for each record: its versions, its schema id and what was done."""
    table = Table("subject", "versions", "id", "status", box=None)
    for was, now in zip(before, after, strict=True):
        change = "; ".join(now.wrong) or describe_change(was, now)
        table.add_row(now.subject, str(now.versions), str(now.schema_id or ""), escape(change))
    out.print(table)


def describe_change(was: SubjectStatus, now: SubjectStatus) -> str:
    if was.schema_id is not None:
        return "already published"
    return "to be published" if now.schema_id is None else "published"
