"""Schema registry client: resolves the schema ids of the codec's Confluent format.

Anybody who can write to an input topic chooses the ids to look up, so lookups are bounded. Known schemas are cached
forever, as the meaning of an id never changes; unknown ids for ``UNKNOWN_S``, as a schema may be registered later. Once
``UNKNOWN_IDS`` ids are cached as unknown, no other id is looked up until one of them expires: events with a new id are
``rate_limited`` meanwhile, all others are read as usual.

While the registry is unavailable a worker waits, without blocking its event loop, and refuses no event.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Iterable
from functools import cache
from http import HTTPStatus

import structlog
import tenacity
from cachetools import TTLCache
from confluent_kafka.schema_registry import Schema as RegistrySchema
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from agents.common.errors import Failure
from agents.settings.model import Settings
from schemas.codec import Codec, SchemaOrRefusal, schema_or_raise
from schemas.errors import Reason, Rejected
from schemas.records import Record, Schema, writer_schema

log = structlog.get_logger(__name__)

NOT_FOUND = 404
LOGIN_ERRORS = {401, 403}
LARGEST_ID = 2**31 - 1  # an id is a positive int32
UNKNOWN_IDS, UNKNOWN_S = 10, 60.0
REQUEST_S = 5.0  # UNKNOWN_IDS of these take less than UNKNOWN_S: a batch ends, however slow the registry
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 10.0


class RegistryUnavailable(Failure):
    """The registry did not answer; a retry may succeed."""


class ConfluentRegistry:
    """Resolves schema ids at a registry.

    Args:
        client: of the registry.
        clock: monotonic seconds.
    """

    def __init__(self, client: SchemaRegistryClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self.id_of = cache(self._id_of)
        self._known: dict[int, SchemaOrRefusal] = {}
        self._unknown: TTLCache[int, Rejected] = TTLCache(UNKNOWN_IDS, UNKNOWN_S, clock)
        self._lookup_lock = asyncio.Lock()

    def schema(self, schema_id: int) -> Schema:
        """Parsed schema of an id; ``Rejected`` when there is none, ``Failure`` when the lookup fails."""
        answer = self._cached(schema_id)
        return schema_or_raise(self._remember(schema_id, self._look_up(schema_id)) if answer is None else answer)

    async def fetch_schemas(self, ids: Iterable[int]) -> dict[int, SchemaOrRefusal]:
        """What ``schema`` returns or raises, for each id. Waits while the registry is unavailable.

        ``Failure`` when waiting would not help.
        """
        return {schema_id: await self._answer(schema_id) for schema_id in ids}

    async def _answer(self, schema_id: int) -> SchemaOrRefusal:
        answer = self._cached(schema_id)
        if answer is not None:
            return answer
        async with self._lookup_lock:  # one request at a time; the one before may have been for the same id
            answer = self._cached(schema_id)
            if answer is not None:
                return answer
            return self._remember(schema_id, await retrying()(asyncio.to_thread, self._look_up, schema_id))

    def _cached(self, schema_id: int) -> SchemaOrRefusal | None:
        """The answer without a request; None when a request is needed."""
        answer = self._known.get(schema_id) or self._unknown.get(schema_id)
        if answer is None and not 0 < schema_id <= LARGEST_ID:
            return unknown_schema(schema_id)
        if answer is None and len(self._unknown) >= UNKNOWN_IDS:
            return Rejected(
                Reason.RATE_LIMITED,
                f"its schema id was not looked up: {UNKNOWN_IDS} others within {UNKNOWN_S:g} s were unknown",
            )
        return answer

    def _remember(self, schema_id: int, answer: SchemaOrRefusal | None) -> SchemaOrRefusal:
        """Cache an answer of the registry; None means that it does not know the id."""
        if answer is not None:
            return self._known.setdefault(schema_id, answer)
        return self._unknown.setdefault(schema_id, unknown_schema(schema_id))

    def _look_up(self, schema_id: int) -> SchemaOrRefusal | None:
        """Request a schema, in any thread: nothing is cached here. None when the registry does not know the id."""
        try:
            schema = self._client.get_schema(schema_id)
        except SchemaRegistryError as error:
            if is_unknown_schema(error):
                return None
            raise lookup_failure(error) from None
        except Exception as error:  # of the client's HTTP library, which may change
            raise registry_unavailable(error) from None
        try:
            return writer_schema(schema.schema_str or "")
        except Rejected as refusal:
            return refusal

    def _id_of(self, record: Record) -> int:
        subject = record.full_name
        try:
            schema = RegistrySchema(json.dumps(record.published), "AVRO")
            return int(self._client.lookup_schema(subject, schema).schema_id or 0)
        except SchemaRegistryError as error:
            raise subject_failure(error, subject) from None
        except Exception as error:  # of the client's HTTP library, which may change
            raise registry_unavailable(error) from None


def unknown_schema(schema_id: int) -> Rejected:
    return Rejected(Reason.UNKNOWN_SCHEMA, f"the registry has no schema with id {schema_id}")


def is_unknown_schema(error: SchemaRegistryError) -> bool:
    """Whether the registry has no such schema. A proxy returns 404, too, but without the registry's error code."""
    return error.http_status_code == NOT_FOUND and (error.error_code or 0) // 100 == NOT_FOUND


def is_transient(status: int) -> bool:
    """Whether a retry may succeed. A 404 here is a proxy's: ``is_unknown_schema`` takes the registry's."""
    return status in {NOT_FOUND, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS} or status >= 500


def retrying() -> tenacity.AsyncRetrying:
    """Retries forever: a process that gave up would read the same event again and look up the same id."""
    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(RegistryUnavailable),
        wait=tenacity.wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, min=FIRST_WAIT_S),
        before_sleep=log_retry,
    )


def log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    reason, hint = (error.message, error.hint) if isinstance(error, Failure) else (None, None)
    log.warning("waiting for the schema registry", reason=reason, what_to_do=hint, attempt=state.attempt_number)


def registry_unavailable(error: Exception) -> Failure:
    return RegistryUnavailable(
        f"The request to the schema registry failed ({type(error).__name__}).", "Check TENOR_REGISTRY_URL."
    )


def lookup_failure(error: SchemaRegistryError) -> Failure:
    """The ``Failure`` of a schema id's lookup."""
    status = error.http_status_code
    if status in LOGIN_ERRORS:
        return login_failure(status)
    kind = RegistryUnavailable if is_transient(status) else Failure
    return kind(f"The request to the schema registry failed (HTTP {status}).", "Check TENOR_REGISTRY_URL.")


def subject_failure(error: SchemaRegistryError, subject: str) -> Failure:
    if error.http_status_code in LOGIN_ERRORS:
        return login_failure(error.http_status_code)
    if error.http_status_code != NOT_FOUND:
        return Failure(f"The request to the schema registry for {subject} failed ({error.error_message}).")
    return Failure(
        f"The schema registry has no schema of {subject} ({error.error_message}).",
        "Publish the schemas with: tenor schemas publish",
    )


def login_failure(status: int) -> Failure:
    return Failure(
        f"Authentication failed at the schema registry (HTTP {status}).",
        "Check TENOR_REGISTRY_USER and TENOR_REGISTRY_PASSWORD.",
    )


def codec_for(settings: Settings) -> Codec:
    """The codec of a deployment."""
    if settings.registry_url is None:
        return Codec()
    return Codec(ConfluentRegistry(client_for(settings, timeout=REQUEST_S)))


def client_for(settings: Settings, **options: float) -> SchemaRegistryClient:
    """A client of the registry, without a request yet. ``Failure`` names the invalid setting.

    Args:
        options: of the client, as ``timeout``, seconds.
    """
    try:
        return SchemaRegistryClient({"url": settings.registry_url, **login_config(settings), **options})
    except ValueError:
        raise Failure("TENOR_REGISTRY_URL is wrong: it is not a URL") from None
    except ssl.SSLError:
        raise Failure(
            f"TENOR_REGISTRY_CA_FILE is wrong: {settings.registry_ca_file} contains no PEM certificate"
        ) from None


def login_config(settings: Settings) -> dict[str, str]:
    """Options for user, password and CA, where they are set."""
    options = {}
    if bool(settings.registry_user) != bool(settings.registry_password):
        raise Failure("Set both TENOR_REGISTRY_USER and TENOR_REGISTRY_PASSWORD (or TENOR_REGISTRY_PASSWORD_FILE).")
    if settings.registry_user:
        options["basic.auth.user.info"] = f"{settings.registry_user}:{settings.registry_password.get_secret_value()}"
    if settings.registry_ca_file is not None:
        options["ssl.ca.location"] = str(settings.registry_ca_file)
    return options
