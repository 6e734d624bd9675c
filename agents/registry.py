"""Schema registry: the I/O behind the codec's Confluent form."""

import json
import ssl
from functools import cache

from confluent_kafka.schema_registry import Schema as RegistrySchema
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from agents.errors import Failure
from agents.settings import Settings
from schemas.codec import Codec
from schemas.errors import Reason, Rejected
from schemas.records import Record, Schema, writer_schema

NOT_FOUND = 404
NOT_LET_IN = {401, 403}


class ConfluentRegistry:
    """Resolves schema ids at a registry and caches them: an id never changes its meaning."""

    def __init__(self, client: SchemaRegistryClient) -> None:
        self._client = client
        self.id_of = cache(self._id_of)
        self.schema = cache(self._schema)

    def _id_of(self, record: Record) -> int:
        subject = record.full_name
        try:
            ours = RegistrySchema(json.dumps(record.published), "AVRO")
            return int(self._client.lookup_schema(subject, ours).schema_id or 0)
        except SchemaRegistryError as error:
            raise refused(error, subject) from None
        except Exception as error:  # of the client's HTTP library, which it does not promise to keep
            raise silent(error) from None

    def _schema(self, schema_id: int) -> Schema:
        try:
            found = self._client.get_schema(schema_id)
        except SchemaRegistryError as error:
            if error.http_status_code == NOT_FOUND:
                raise Rejected(Reason.UNKNOWN_SCHEMA, f"the registry has no schema with id {schema_id}") from None
            raise
        return writer_schema(found.schema_str or "")


def silent(error: Exception) -> Failure:
    return Failure(f"the schema registry cannot be asked ({type(error).__name__})", "check TENOR_REGISTRY_URL")


def refused(error: SchemaRegistryError, subject: str) -> Failure:
    if error.http_status_code in NOT_LET_IN:
        return Failure(
            f"the schema registry does not let us in (HTTP {error.http_status_code})",
            "check TENOR_REGISTRY_USER and TENOR_REGISTRY_PASSWORD",
        )
    return Failure(f"the registry has no schema under {subject} ({error.error_message})")


def codec_for(settings: Settings) -> Codec:
    """The codec of a deployment."""
    return Codec() if settings.registry_url is None else Codec(ConfluentRegistry(client_for(settings)))


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
