"""The contract as an AsyncAPI 3.0 document, made from the topics and the Avro records.

``python -m schemas.asyncapi`` writes it; a test fails while the committed file is not what this makes.
"""

import json
from pathlib import Path
from typing import Any

import yaml

from schemas.codec import CONTRACT_VERSION, JSON_TYPE, VERSION_HEADER
from schemas.errors import Reason, Rejected
from schemas.headers import cloud_event_headers, dead_letter_headers
from schemas.records import Record, records
from schemas.topics import INGESTED, OUTPUTS, RECORD_OF, Name, Topic, Topics

PATH = Path(__file__).parent / "asyncapi.yaml"
EXAMPLES = Path(__file__).parent / "examples"
AVRO_FORMAT = "application/vnd.apache.avro;version=1.12.0"
AVRO_TYPE = "application/avro"
KAFKA_BINDING = "0.5.0"
DEAD_LETTER = "dead_letter"
INPUTS = (*INGESTED, Name.RATINGS, Name.ASSIGNMENTS)
INPUT_RECORDS = [RECORD_OF[name] for name in INPUTS]

Node = dict[str, Any]

ABOUT = f"""\
Tenor reads a conversation's events, follows its frustration signal, and publishes what it sees and decides.

Addresses stand without the deployment's prefix, and partition counts are the default. An event is Avro: in the
Confluent wire format where a schema registry is configured, in Avro single-object encoding where none is. Input
events may also be plain JSON of the same schema, without union tags, under the header `content-type: {JSON_TYPE}`;
a timestamp is then milliseconds or an RFC 3339 time with its offset. Delivery is at least once: a repeat carries
the same id."""

DESCRIPTIONS = {
    "content-type": "Media type of the value.",
    VERSION_HEADER: "Version of this contract.",
    "ce_specversion": "Version of CloudEvents.",
    "ce_id": "Deterministic id of the record: a repeat is the same event.",
    "ce_type": "Full name of the Avro record.",
    "ce_source": "Who published it.",
    "ce_time": "Stream time of the record, RFC 3339.",
    "__connect.errors.topic": "Topic of the refused event.",
    "__connect.errors.partition": "Its partition.",
    "__connect.errors.offset": "Its offset.",
    "__connect.errors.stage": "Step that refused it, as ingest.",
    "__connect.errors.reason": "Why, for programs.",
    "__connect.errors.exception.class.name": "Class of the error.",
    "__connect.errors.exception.message": "Why, for people; never quotes the payload.",
}


def build_document(topics: Topics | None = None) -> Node:
    """The whole document."""
    topics = topics or Topics()
    published = [topic for topic in topics.all() if topic.name not in topics.changelogs]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Tenor", "version": f"{CONTRACT_VERSION}.0.0", "description": ABOUT},
        "defaultContentType": AVRO_TYPE,
        "channels": {topic.name: build_channel(topic) for topic in published},
        "operations": dict(build_operation(topic) for topic in published),
        "components": {
            "messages": build_messages(),
            "schemas": {name: avro_schema(record) for name, record in records().items()},
        },
    }


def build_channel(topic: Topic) -> Node:
    """One topic."""
    name = topic.record or DEAD_LETTER
    return {
        "address": topic.name,
        "description": describe_topic(topic),
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {"kafka": build_channel_binding(topic)},
    }


def describe_topic(topic: Topic) -> str:
    what = "Events that were refused, byte for byte, and why."
    if topic.record is not None:
        what = records()[topic.record].published["doc"].split(" Topic ")[0]
    return f"{what} Record key: {topic.key}."


def build_channel_binding(topic: Topic) -> Node:
    config: Node = {name: int(value) if value.isdigit() else [value] for name, value in topic.config.items()}
    return {"partitions": topic.partitions, "topicConfiguration": config, "bindingVersion": KAFKA_BINDING}


def build_operation(topic: Topic) -> tuple[str, Node]:
    """What Tenor does with a topic, from Tenor's point of view, under a name."""
    action = "receive" if topic.record in INPUT_RECORDS else "send"
    name = topic.record or DEAD_LETTER
    return f"{action}.{topic.name}", {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"}],
    }


def build_messages() -> Node:
    """Every kind of message, by record."""
    keys = {topic.record: topic.key for topic in Topics().all() if topic.record is not None}
    by_record = {record: build_message(name, records()[record], keys[record]) for name, record in RECORD_OF.items()}
    return {**by_record, DEAD_LETTER: build_dead_letter_message()}


def build_message(name: Name, record: Record, key: str) -> Node:
    node: Node = {"name": record.full_name, "title": record.published["name"], "summary": record.published["doc"]}
    if name in INPUTS:
        node |= {"headers": input_header_schema(), "examples": [load_example(record.name)]}
    elif name in OUTPUTS:
        node |= {"headers": header_schema(output_header_values(record))}
    return node | {"payload": {"$ref": f"#/components/schemas/{record.name}"}, "bindings": build_message_binding(key)}


def build_message_binding(key: str) -> Node:
    described_key = {"type": "string", "description": key}
    return {"kafka": {"key": described_key, "bindingVersion": KAFKA_BINDING}}


def build_dead_letter_message() -> Node:
    refusal = Rejected(Reason.EMPTY, "")
    names = [name for name, _ in dead_letter_headers([], refusal, ("", 0, 0), "")]
    header_node = header_schema(dict.fromkeys(names))
    header_node["properties"]["__connect.errors.reason"]["enum"] = [str(reason) for reason in Reason]
    header_node["description"] = "The refused event's own headers, and these."
    return {
        "name": "tenor.DeadLetter",
        "title": "DeadLetter",
        "summary": "A refused event: its own key, value, headers and timestamp, and why it was refused.",
        "contentType": "application/octet-stream",
        "headers": header_node,
    }


def input_header_schema() -> Node:
    node = header_schema({"content-type": None, VERSION_HEADER: CONTRACT_VERSION})
    node["properties"]["content-type"]["description"] = f"{JSON_TYPE} when the value is JSON; otherwise it is Avro."
    del node["required"]
    return node


def output_header_values(record: Record) -> dict[str, str | None]:
    """The headers of a published record: fixed values, and None where the value differs from record to record."""
    written = cloud_event_headers(record, "", 0, "tenor")
    return {name: None if name in ("ce_id", "ce_time") else value.decode() for name, value in written}


def header_schema(values: dict[str, str | None]) -> Node:
    """A schema of headers, all required; None for any value."""
    properties = {
        name: {"type": "string", "description": DESCRIPTIONS[name]} | ({} if value is None else {"const": value})
        for name, value in values.items()
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def avro_schema(record: Record) -> Node:
    return {"schemaFormat": AVRO_FORMAT, "schema": record.published}


def load_example(name: str) -> Node:
    """The example of an input record, as JSON."""
    payload = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return {"name": "json", "headers": {"content-type": JSON_TYPE}, "payload": payload}


class Dumper(yaml.SafeDumper):
    """YAML without anchors: every part can be read where it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Text of several lines as it reads, not quoted."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


Dumper.add_representer(str, represent_text)


def render() -> str:
    """The document as YAML, the same every time."""
    body: str = yaml.dump(build_document(), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)
    return "# Made by `make asyncapi` from schemas/topics.py and schemas/avro; do not edit.\n" + body


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
