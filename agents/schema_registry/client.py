"""Schema registry: the I/O behind the codec's Confluent form.

Anybody who can write to an input topic chooses the ids that are asked for, so asking is bounded. What the registry
knows is remembered for good, for an id never changes its meaning; what it does not know for ``UNKNOWN_S``, for a schema
may be registered later. Once ``UNKNOWN_IDS`` are remembered as unknown, no further id is asked for until one of them is
forgotten: events with an id never asked for are ``rate_limited`` meanwhile, all others are read as ever.

A registry that cannot be asked has said nothing of any event: a worker waits until it can, its loop free.
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
from schemas.codec import Answer, Codec, schema_of
from schemas.errors import Reason, Rejected
from schemas.records import Record, Schema, writer_schema

log = structlog.get_logger(__name__)

NOT_FOUND = 404
NOT_LET_IN = {401, 403}
LARGEST_ID = 2**31 - 1  # an id is a positive int32: no registry gives out another
UNKNOWN_IDS, UNKNOWN_S = 10, 60.0
REQUEST_S = 5.0  # so many of these take less than UNKNOWN_S: however slow the registry, a run has an end
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 10.0


class RegistryUnavailable(Failure):
    """The registry could not be asked just now."""


class ConfluentRegistry:
    """Resolves schema ids at a registry.

    Args:
        client: asks it.
        clock: monotonic seconds.
    """

    def __init__(self, client: SchemaRegistryClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self.id_of = cache(self._id_of)
        self._known: dict[int, Answer] = {}
        self._unknown: TTLCache[int, Rejected] = TTLCache(UNKNOWN_IDS, UNKNOWN_S, clock)
        self._asking = asyncio.Lock()

    def schema(self, schema_id: int) -> Schema:
        """Parsed schema of that id, ``Rejected`` when there is none, ``Failure`` when the registry does not tell."""
        settled = self._settled(schema_id)
        return schema_of(self._noted(schema_id, self._ask(schema_id)) if settled is None else settled)

    async def answers(self, ids: Iterable[int]) -> dict[int, Answer]:
        """What ``schema`` returns or raises, for each id. Waits for as long as the registry cannot be asked.

        ``Failure`` when waiting would not help.
        """
        return {schema_id: await self._answer(schema_id) for schema_id in ids}

    async def _answer(self, schema_id: int) -> Answer:
        settled = self._settled(schema_id)
        if settled is not None:
            return settled
        async with self._asking:  # one request at a time; whoever asked before may have learned it
            settled = self._settled(schema_id)
            if settled is not None:
                return settled
            return self._noted(schema_id, await retrying()(asyncio.to_thread, self._ask, schema_id))

    def _settled(self, schema_id: int) -> Answer | None:
        """What is answered without asking; None where the registry must be asked."""
        found = self._known.get(schema_id) or self._unknown.get(schema_id)
        if found is None and not 0 < schema_id <= LARGEST_ID:
            return unknown(schema_id)
        if found is None and len(self._unknown) >= UNKNOWN_IDS:
            return Rejected(
                Reason.RATE_LIMITED,
                f"its schema id was not looked up: {UNKNOWN_IDS} others within {UNKNOWN_S:g} s were unknown",
            )
        return found

    def _noted(self, schema_id: int, answer: Answer | None) -> Answer:
        """Remember what the registry said; None: it does not know the id."""
        if answer is not None:
            return self._known.setdefault(schema_id, answer)
        return self._unknown.setdefault(schema_id, unknown(schema_id))

    def _ask(self, schema_id: int) -> Answer | None:
        """A request, in whatever thread: nothing is remembered here. None when the registry does not know the id."""
        try:
            found = self._client.get_schema(schema_id)
        except SchemaRegistryError as error:
            if is_unknown(error):
                return None
            raise not_told(error) from None
        except Exception as error:  # of the client's HTTP library, which it does not promise to keep
            raise silent(error) from None
        try:
            return writer_schema(found.schema_str or "")
        except Rejected as refusal:
            return refusal

    def _id_of(self, record: Record) -> int:
        subject = record.full_name
        try:
            ours = RegistrySchema(json.dumps(record.published), "AVRO")
            return int(self._client.lookup_schema(subject, ours).schema_id or 0)
        except SchemaRegistryError as error:
            raise refused(error, subject) from None
        except Exception as error:  # of the client's HTTP library, which it does not promise to keep
            raise silent(error) from None


def unknown(schema_id: int) -> Rejected:
    return Rejected(Reason.UNKNOWN_SCHEMA, f"the registry has no schema with id {schema_id}")


def is_unknown(error: SchemaRegistryError) -> bool:
    """Whether the registry says that it has no such schema; a proxy before it says 404, too, without its code."""
    return error.http_status_code == NOT_FOUND and (error.error_code or 0) // 100 == NOT_FOUND


def passes(status: int) -> bool:
    """Whether the same request may be answered later; a 404 that is none of the registry's is a proxy's."""
    return status in {NOT_FOUND, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS} or status >= 500


def retrying() -> tenacity.AsyncRetrying:
    """Asks until there is an answer. For ever: to end would read the same event again, and ask the same."""
    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(RegistryUnavailable),
        wait=tenacity.wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, min=FIRST_WAIT_S),
        before_sleep=report,
    )


def report(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    reason, hint = (error.message, error.hint) if isinstance(error, Failure) else (None, None)
    log.warning("waiting for the schema registry", reason=reason, what_to_do=hint, attempt=state.attempt_number)


def silent(error: Exception) -> Failure:
    return RegistryUnavailable(
        f"the schema registry cannot be asked ({type(error).__name__})", "check TENOR_REGISTRY_URL"
    )


def not_told(error: SchemaRegistryError) -> Failure:
    """Why an id could not be resolved."""
    status = error.http_status_code
    if status in NOT_LET_IN:
        return not_let_in(status)
    kind = RegistryUnavailable if passes(status) else Failure
    return kind(f"the schema registry cannot be asked (HTTP {status})", "check TENOR_REGISTRY_URL")


def refused(error: SchemaRegistryError, subject: str) -> Failure:
    if error.http_status_code in NOT_LET_IN:
        return not_let_in(error.http_status_code)
    return Failure(f"the registry has no schema under {subject} ({error.error_message})")


def not_let_in(status: int) -> Failure:
    return Failure(
        f"the schema registry does not let us in (HTTP {status})",
        "check TENOR_REGISTRY_USER and TENOR_REGISTRY_PASSWORD",
    )


def codec_for(settings: Settings) -> Codec:
    """The codec of a deployment."""
    if settings.registry_url is None:
        return Codec()
    return Codec(ConfluentRegistry(client_for(settings, timeout=REQUEST_S)))


def client_for(settings: Settings, **options: float) -> SchemaRegistryClient:
    """A client of the registry, which is not asked yet. ``Failure`` names the setting that cannot be used.

    Args:
        options: of the client, as ``timeout``, seconds.
    """
    try:
        return SchemaRegistryClient({"url": settings.registry_url, **login(settings), **options})
    except ValueError:
        raise Failure("TENOR_REGISTRY_URL is wrong: it is no URL") from None
    except ssl.SSLError:
        raise Failure(
            f"TENOR_REGISTRY_CA_FILE is wrong: {settings.registry_ca_file} holds no PEM certificates"
        ) from None


def login(settings: Settings) -> dict[str, str]:
    """User, password and CA, as far as they are set."""
    told = {}
    if bool(settings.registry_user) != bool(settings.registry_password):
        hint = "set TENOR_REGISTRY_USER and TENOR_REGISTRY_PASSWORD_FILE"
        raise Failure("of the schema registry's login one half is missing", hint)
    if settings.registry_user:
        told["basic.auth.user.info"] = f"{settings.registry_user}:{settings.registry_password.get_secret_value()}"
    if settings.registry_ca_file is not None:
        told["ssl.ca.location"] = str(settings.registry_ca_file)
    return told
