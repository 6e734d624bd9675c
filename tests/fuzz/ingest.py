"""Bytes from nowhere through ingest, guided by coverage: a record becomes a signal or a dead letter, nothing raises.

    make fuzz            or, with atheris on the path,
    python -m tests.fuzz.ingest FOLDER -max_total_time=60

The first byte of an input says which topic it comes to and in which form. The corpus begins with the published examples
and what our own codec makes of them, the dictionary with the words of the schemas; libFuzzer adds to the corpus what
finds new ways through the code. An input that raises is left in FOLDER, too.
"""

import logging
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["schemas", "streams"]):
    from agents.kafka.async_producer import AsyncProducer
    from agents.kafka.consumed_record import ConsumedRecord
    from agents.worker.ingest_agent import IngestAgent
    from schemas.asyncapi import EXAMPLES
    from schemas.codec import JSON_TYPE, Codec
    from schemas.json_form import from_json
    from schemas.records import record
    from schemas.topics import INGESTED, RECORD_OF, Topics
    from schemas.validation import Limits

NOW = 1_772_442_900_000  # minutes after the examples
TOPICS, CODEC = Topics(), Codec()
JSON = (("content-type", JSON_TYPE.encode()),)
KINDS = [RECORD_OF[name] for name in INGESTED]
FORMS = list(product(INGESTED, ((), JSON)))


class Nowhere(AsyncProducer):
    """Publishes nothing."""

    def __init__(self) -> None:
        pass


INGEST = {name: IngestAgent(name, TOPICS, CODEC, Limits(), Nowhere(), lambda: NOW) for name in INGESTED}


def one_input(data: bytes) -> None:
    """What ingest makes of a record; whatever it raises is a finding."""
    name, headers = FORMS[data[0] % len(FORMS)] if data else FORMS[0]
    topic = TOPICS.name(name)
    made = INGEST[name]._convert_record(ConsumedRecord(topic, 0, 1, b"c1", data[1:], headers, NOW), CODEC)
    assert made.topic in (f"{topic}.dlq", TOPICS.name("tenor.signals"))
    if made.topic.endswith(".dlq"):
        assert made.value == data[1:]
    else:
        CODEC.decode(record("signal"), made.value, {})


def seed(folder: Path) -> list[str]:
    """The published examples, in both forms, and the words of the schemas; the options that say where."""
    corpus, words = folder / "corpus", folder / "words"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, (name, headers) in enumerate(FORMS):
        kind = record(RECORD_OF[name])
        said = (EXAMPLES / f"{kind.name}.json").read_bytes()
        value = said if headers else CODEC.encode(kind, from_json(kind, said))
        (corpus / f"example-{number}").write_bytes(bytes([number]) + value)
    known = sorted(set(words_of([record(kind).published for kind in KINDS])))
    words.write_text("".join(f'"\\"{word}\\""\n' for word in known))
    return [str(corpus), f"-dict={words}", f"-artifact_prefix={folder}/"]


def words_of(node: Any) -> Iterator[str]:
    """Names of fields and symbols, at any depth."""
    if isinstance(node, Mapping):
        yield from (node[name] for name in ("name",) if name in node)
        yield from node.get("symbols", ())
        for child in node.values():
            yield from words_of(child)
    elif not isinstance(node, str) and isinstance(node, Iterable):
        for child in node:
            yield from words_of(child)


if __name__ == "__main__":
    logging.disable()
    warnings.simplefilter("ignore")
    program, folder, *options = sys.argv
    atheris.Setup([program, *seed(Path(folder)), *options], one_input)
    atheris.Fuzz()
