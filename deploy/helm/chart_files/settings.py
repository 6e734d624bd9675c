"""The settings that the chart has no value of its own for, as a schema: a misspelled one is refused by Helm."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from agents.docgen.settings_reference import attributes
from agents.settings.model import Settings
from agents.settings.secret_source import nested_secret_names, secret_names
from deploy.helm.chart_files.kinds import Schema, closed

# What templates/_env.tpl writes out of other values, and what only the embedded stack is told.
OURS = {
    "brokers", "topic_prefix", "partitions", "replication", "registry_url", "registry_user", "registry_password",
    "registry_ca_file", "kafka_tls", "kafka_ca_file", "kafka_cert_file", "kafka_key_file", "kafka_sasl", "kafka_user",
    "kafka_password", "kafka_token_url", "kafka_client_id", "kafka_client_secret", "kafka_token_scope",
    "kafka_token_ca_file", "clickhouse_host", "clickhouse_port", "clickhouse_http_port", "clickhouse_user",
    "clickhouse_password", "clickhouse_database", "clickhouse_secure", "clickhouse_ca_file", "http_host", "http_port",
    "http_token", "instance", "alert_routes", "console_url", "protocols_file",
    "otlp_endpoint", "otlp_share", "otlp_token",
}  # fmt: skip
NOT_HERE = {"embedded"}
OURS_NESTED = {("decision", "salt")}
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", Path: "string"}


def schema() -> Schema:
    """Of ``settings``: every name with its type, groups as objects."""
    secret = set(secret_names(Settings))
    left = {name: one for name, one in Settings.model_fields.items() if name not in OURS | NOT_HERE | secret}
    return closed(**{name: of_setting(name, one) for name, one in left.items()})


def of_setting(name: str, one: FieldInfo) -> Schema:
    if is_dataclass(one.default):
        return of_group(name, one.default)
    return typed(one.annotation) | {"description": one.description or ""}


def of_group(group: str, default: Any) -> Schema:
    told, _ = attributes(type(default).__doc__ or "")
    hidden = OURS_NESTED | set(nested_secret_names(Settings))
    found = {}
    for one in fields(default):
        if (group, one.name) not in hidden:
            about = {"description": told[one.name]} if one.name in told else {}
            found[one.name] = {"type": TYPES[type(getattr(default, one.name))]} | about
    return closed(**found)


def typed(annotation: Any) -> Schema:
    """What an annotation takes; unset is left out here, not null."""
    if get_origin(annotation) is Literal:
        return {"enum": list(get_args(annotation))}
    kinds = [TYPES[one] for one in (get_args(annotation) or (annotation,)) if one is not NoneType]
    return {"type": kinds[0] if len(kinds) == 1 else kinds}


def owned() -> set[str]:
    """Variables that the chart writes itself, secrets as the files that hold them."""
    files = {*secret_names(Settings)}
    plain = {f"TENOR_{name}_FILE".upper() if name in files else f"TENOR_{name}".upper() for name in OURS}
    return plain | {f"TENOR_{group}__{name}_FILE".upper() for group, name in OURS_NESTED}
