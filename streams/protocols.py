"""Intervention options: how to answer. The catalogue is data; this file reads and checks it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CATALOGUE = Path(__file__).with_name("protocols.yaml")
CONTROL = "control"
LARGEST = 1e9
CHANNELS = ("chat", "email", "voice", "social", "sms", "other")


class ProtocolError(ValueError):
    """The catalogue cannot be used; the message names the option and the field."""


@dataclass(frozen=True)
class Constraints:
    """What a bot or an agent desktop can obey. Fields as in the Avro record of the same name."""

    pace: str = "normal"
    posture: str = "neutral"
    reassurance_first: bool = False
    max_sentences: int | None = None
    jargon: str = "allowed"
    ask_before_steps: bool = False
    options_to_offer: int | None = None
    hand_over: bool = False


@dataclass(frozen=True)
class Protocol:
    """One intervention option.

    Attributes:
        id: name of the option; ``control`` is taken.
        constraints: how to answer.
        guidance: for a person.
        prompt: for a language model's instructions.
        burden: what it costs the customer's patience; a conversation bears a limited total.
        channels: where it is eligible; empty for everywhere.
        after_failures: eligible once this many interventions failed in the conversation.
    """

    id: str
    constraints: Constraints
    guidance: str
    prompt: str
    burden: float = 1.0
    channels: tuple[str, ...] = ()
    after_failures: int = 0


CHOICES = {
    "pace": ("normal", "slow"),
    "posture": ("neutral", "acknowledging", "reassuring"),
    "jargon": ("allowed", "explained", "none"),
}


@cache
def default_protocols() -> tuple[Protocol, ...]:
    """The catalogue that ships with Tenor."""
    return read_protocols(CATALOGUE.read_text(encoding="utf-8"))


def read_protocols(text: str) -> tuple[Protocol, ...]:
    """Parse a catalogue in YAML; ``ProtocolError`` says what is wrong with which option."""
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date that does not exist
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise ProtocolError(f"the protocols file is not YAML{where}") from None
    if not isinstance(document, dict) or not isinstance(document.get("options"), list):
        raise ProtocolError("the protocols file must hold a list under 'options'")
    protocols = tuple(read_protocol(entry) for entry in document["options"])
    check_catalogue(protocols)
    return protocols


def read_protocol(entry: Any) -> Protocol:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"].strip():
        raise ProtocolError("every option needs an id")
    name = entry["id"]
    refuse_unknown(name, entry, Protocol.__dataclass_fields__)
    constraints = read_constraints(name, entry.get("constraints"))
    texts = {key: read_text(name, entry, key) for key in ("guidance", "prompt")}
    return Protocol(
        id=name,
        constraints=constraints,
        burden=read_number(name, entry, "burden", 1.0),
        channels=read_channels(name, entry.get("channels")),
        after_failures=read_count(name, entry, "after_failures"),
        **texts,
    )


def read_constraints(name: str, entry: Any) -> Constraints:
    if entry is None:
        return Constraints()
    if not isinstance(entry, dict):
        raise ProtocolError(f"option {name}: constraints must be a mapping of constraint to value")
    refuse_unknown(name, entry, Constraints.__dataclass_fields__)
    constraints = Constraints(**entry)
    for key, choices in CHOICES.items():
        if getattr(constraints, key) not in choices:
            raise ProtocolError(f"option {name}: {key} must be one of {', '.join(choices)}")
    for key in ("reassurance_first", "ask_before_steps", "hand_over"):
        if not isinstance(getattr(constraints, key), bool):
            raise ProtocolError(f"option {name}: {key} must be true or false")
    for key in ("max_sentences", "options_to_offer"):
        if not is_count(getattr(constraints, key)):
            raise ProtocolError(f"option {name}: {key} must be a whole number above 0")
    return constraints


def read_channels(name: str, entry: Any) -> tuple[str, ...]:
    if entry is None:
        return ()
    if not isinstance(entry, list) or any(channel not in CHANNELS for channel in entry):
        raise ProtocolError(f"option {name}: channels must be a list of {', '.join(CHANNELS)}")
    return tuple(entry)


def is_count(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0)


def read_text(name: str, entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ProtocolError(f"option {name}: {key} is missing")
    return " ".join(value.split())


def read_number(name: str, entry: dict[str, Any], key: str, default: float) -> float:
    value = entry.get(key, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise ProtocolError(f"option {name}: {key} must be a number, 0 or above")
    return float(value)


def read_count(name: str, entry: dict[str, Any], key: str) -> int:
    value = entry.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ProtocolError(f"option {name}: {key} must be a whole number, 0 or above")
    return value


def refuse_unknown(name: str, entry: dict[str, Any], known: Iterable[str]) -> None:
    unknown = sorted(map(str, set(entry) - set(known)))
    if unknown:
        raise ProtocolError(f"option {name}: unknown field {unknown[0]}")


def check_catalogue(protocols: tuple[Protocol, ...]) -> None:
    names = [protocol.id for protocol in protocols]
    if not names:
        raise ProtocolError("the protocols file holds no option")
    if CONTROL in names:
        raise ProtocolError(f"option {CONTROL}: the name is taken by 'no intervention'")
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise ProtocolError(f"option {min(doubled)} stands twice")
    if not any(protocol.constraints.hand_over for protocol in protocols):
        raise ProtocolError("no option hands over to a human: failures would have nowhere to go")


def as_record(constraints: Constraints) -> dict[str, Any]:
    """The constraints as the Avro record."""
    return asdict(constraints)
