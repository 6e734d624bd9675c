"""The AsyncAPI document: up to date, well formed, true."""

import json
from collections.abc import Iterator
from typing import Any

import avro.schema
import jsonschema
import pytest
import yaml

from agents.kafka.record_builder import SOURCE
from schemas import asyncapi
from schemas.codec import Codec
from schemas.errors import Reason, Rejected
from schemas.headers import cloud_event_headers, dead_letter_headers
from schemas.records import record, records
from schemas.topics import OUTPUTS, RECORD_OF, WITH_DEAD_LETTERS, Name, Topics
from schemas.validation import Limits, check
from tests.support.data.schema_samples import INPUTS, JSON, NOW

DOCUMENT = asyncapi.build_document()
TOPICS = Topics()

REFERENCE = {
    "type": "object",
    "required": ["$ref"],
    "additionalProperties": False,
    "properties": {"$ref": {"type": "string", "pattern": "^#/"}},
}
TEXT = {"type": "string", "minLength": 1}
BINDING_VERSION = {"const": "0.5.0"}

# The rules of AsyncAPI 3.0.0 and its Kafka binding 0.5.0 for the parts we use; no key beyond them.
RULES: dict[str, Any] = {
    "$defs": {
        "channel": {
            "type": "object",
            "required": ["address", "messages"],
            "additionalProperties": False,
            "properties": {
                "address": TEXT,
                "description": TEXT,
                "messages": {"type": "object", "minProperties": 1, "additionalProperties": REFERENCE},
                "bindings": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"kafka": {"$ref": "#/$defs/kafkaChannel"}},
                },
            },
        },
        "kafkaChannel": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "partitions": {"type": "integer", "minimum": 1},
                "topicConfiguration": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "cleanup.policy": {"type": "array", "items": {"enum": ["compact", "delete"]}},
                        "retention.ms": {"type": "integer", "minimum": -1},
                        "max.message.bytes": {"type": "integer", "minimum": 0},
                    },
                },
                "bindingVersion": BINDING_VERSION,
            },
        },
        "operation": {
            "type": "object",
            "required": ["action", "channel"],
            "additionalProperties": False,
            "properties": {
                "action": {"enum": ["send", "receive"]},
                "channel": REFERENCE,
                "messages": {"type": "array", "items": REFERENCE, "minItems": 1},
            },
        },
        "message": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "name": TEXT,
                "title": TEXT,
                "summary": TEXT,
                "contentType": TEXT,
                "headers": {"$ref": "http://json-schema.org/draft-07/schema#"},
                "payload": REFERENCE,
                "examples": {"type": "array", "items": {"$ref": "#/$defs/example"}},
                "bindings": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"kafka": {"$ref": "#/$defs/kafkaMessage"}},
                },
            },
        },
        "kafkaMessage": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "key": {"$ref": "http://json-schema.org/draft-07/schema#"},
                "bindingVersion": BINDING_VERSION,
            },
        },
        "example": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"name": TEXT, "headers": {"type": "object"}, "payload": {"type": "object"}},
        },
        "multiFormatSchema": {
            "type": "object",
            "required": ["schemaFormat", "schema"],
            "additionalProperties": False,
            "properties": {
                "schemaFormat": {"const": "application/vnd.apache.avro;version=1.12.0"},
                "schema": {"type": "object", "required": ["type", "name", "fields"]},
            },
        },
    },
    "type": "object",
    "required": ["asyncapi", "info"],
    "additionalProperties": False,
    "properties": {
        "asyncapi": {"const": "3.0.0"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "additionalProperties": False,
            "properties": {
                "title": TEXT,
                "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
                "description": TEXT,
            },
        },
        "defaultContentType": TEXT,
        "channels": {"type": "object", "additionalProperties": {"$ref": "#/$defs/channel"}},
        "operations": {"type": "object", "additionalProperties": {"$ref": "#/$defs/operation"}},
        "components": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                part: {
                    "type": "object",
                    "propertyNames": {"pattern": r"^[\w\d.\-_]+$"},
                    "additionalProperties": {"$ref": f"#/$defs/{rule}"},
                }
                for part, rule in (("messages", "message"), ("schemas", "multiFormatSchema"))
            },
        },
    },
}


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from references(child)


def resolved(reference: str) -> Any:
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return resolved(found["$ref"]) if "$ref" in found else found


def test_the_committed_document_is_up_to_date() -> None:
    committed = asyncapi.PATH.read_text(encoding="utf-8") if asyncapi.PATH.exists() else ""
    assert committed == asyncapi.render(), "schemas/asyncapi.yaml is stale: run `make asyncapi`"


def test_the_text_is_the_document() -> None:
    assert yaml.safe_load(asyncapi.render()) == DOCUMENT
    assert asyncapi.render() == asyncapi.render()
    assert "&id001" not in asyncapi.render()


def test_the_document_keeps_the_rules_of_asyncapi() -> None:
    jsonschema.Draft202012Validator(RULES).validate(DOCUMENT)


def test_every_reference_resolves() -> None:
    result = list(references(DOCUMENT))
    assert len(result) > 60
    for reference in result:
        assert resolved(reference)


def test_an_operation_names_messages_of_its_own_channel() -> None:
    for operation in DOCUMENT["operations"].values():
        for message in operation["messages"]:
            assert message["$ref"].startswith(operation["channel"]["$ref"] + "/messages/")


def test_every_topic_is_a_channel() -> None:
    topics = {topic.name: topic for topic in TOPICS.all() if topic.name not in TOPICS.changelogs}
    assert set(DOCUMENT["channels"]) == set(topics)
    for name, channel in DOCUMENT["channels"].items():
        binding = channel["bindings"]["kafka"]
        assert channel["address"] == name
        assert binding["partitions"] == topics[name].partitions
        assert binding["topicConfiguration"].get("retention.ms") == topics[name].retention_ms


def test_a_deployments_prefix_reaches_every_address_and_nothing_else() -> None:
    staging = asyncapi.build_document(Topics("staging."))
    assert json.loads(json.dumps(staging).replace("staging.", "")) == DOCUMENT
    assert all(channel["address"].startswith("staging.") for channel in staging["channels"].values())


def test_operations_are_from_tenors_point_of_view() -> None:
    actions = {
        operation["channel"]["$ref"].removeprefix("#/channels/"): operation["action"]
        for operation in DOCUMENT["operations"].values()
    }
    assert {name for name, action in actions.items() if action == "receive"} == set(map(str, asyncapi.INPUTS))
    sent = {
        *OUTPUTS,
        Name.SIGNALS,
        Name.FORGOTTEN,
        Name.WORKLOAD,
        Name.POLICY,
        Name.COMMANDS,
        Name.ALERT_COMMANDS,
        Name.DELIVERIES,
        *map(TOPICS.dead_letters, WITH_DEAD_LETTERS),
    }
    assert {name for name, action in actions.items() if action == "send"} == set(map(str, sent))


@pytest.mark.parametrize("name", sorted(records()))
def test_a_payload_is_the_published_avro_schema(name: str) -> None:
    payload = resolved(DOCUMENT["components"]["messages"][name]["payload"]["$ref"])
    assert payload["schema"] == record(name).published
    avro.schema.parse(json.dumps(payload["schema"]))


@pytest.mark.parametrize("name", [RECORD_OF[name] for name in OUTPUTS])
def test_published_headers_are_those_written(name: str) -> None:
    headers = dict(cloud_event_headers(record(name), "id", 1_772_442_900_000, SOURCE))
    said = DOCUMENT["components"]["messages"][name]["headers"]
    assert said["required"] == list(headers)
    jsonschema.validate({key: value.decode() for key, value in headers.items()}, said)
    headers["ce_type"] = b"tenor.Other"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({key: value.decode() for key, value in headers.items()}, said)


@pytest.mark.parametrize("reason", list(Reason))
def test_dead_letter_headers_are_those_written(reason: Reason) -> None:
    written = dead_letter_headers([("trace", b"1")], Rejected(reason, "detail"), ("topic", 0, 0), "ingest")
    said = DOCUMENT["components"]["messages"][asyncapi.DEAD_LETTER]["headers"]
    jsonschema.validate({key: (value or b"").decode() for key, value in written}, said)
    assert said["required"] == [key for key, _ in written[1:]]


@pytest.mark.parametrize("name", INPUTS)
def test_the_example_is_accepted(name: str) -> None:
    [example] = DOCUMENT["components"]["messages"][name]["examples"]
    headers = {key: value.encode() for key, value in example["headers"].items()}
    jsonschema.validate(example["headers"], DOCUMENT["components"]["messages"][name]["headers"])
    assert headers == JSON
    event = Codec().decode(record(name), json.dumps(example["payload"]).encode(), headers)
    check(name, event, NOW, Limits())


def test_there_are_no_other_examples() -> None:
    assert {path.stem for path in asyncapi.EXAMPLES.iterdir()} == set(INPUTS)
