"""Intervention options: when an option is eligible, how to answer, what follows it. ``catalogue.py`` reads them.

The types define the format of the file.
"""

from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PlainValidator, Strict, TypeAdapter

CONTROL = "control"
MOST = 10**9

Channel = Literal["chat", "email", "voice", "social", "sms", "other"]
Consent = Literal["keystrokes", "voice"]

T = TypeVar("T")


def parse_list(value: Any) -> tuple[Any, ...]:
    """A YAML list as a tuple; a set or a text is refused."""
    if isinstance(value, list | tuple):
        return tuple(value)
    raise ValueError("must be a list")


def parse_line(value: str) -> str:
    """The text on one line; ``ValueError`` when empty, or with a lone surrogate, which no record can hold."""
    line = " ".join(value.split())
    if not line or any("\ud800" <= letter <= "\udfff" for letter in line):
        raise ValueError("is not valid text" if line else "is empty")
    return line


Text = Annotated[str, Strict(), AfterValidator(parse_line)]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=0, le=MOST)]
Several = Annotated[int, Strict(), Field(ge=1, le=MOST)]
Number = Annotated[float, Strict(), Field(ge=-MOST, le=MOST, allow_inf_nan=False)]
Cost = Annotated[float, Strict(), Field(ge=0, le=MOST, allow_inf_nan=False)]
Listed = Annotated[tuple[T, ...], BeforeValidator(parse_list)]

FORBID_EXTRA = ConfigDict(extra="forbid")


class OptionError(ValueError):
    """The catalogue cannot be used; the message names the option and the field."""


@dataclass(frozen=True)
class Constraints:
    """What a bot or an agent desktop can follow. Fields as in the Avro record of the same name."""

    pace: Literal["normal", "slow"] = "normal"
    posture: Literal["neutral", "acknowledging", "reassuring"] = "neutral"
    reassurance_first: Flag = False
    max_sentences: Several | None = None
    jargon: Literal["allowed", "explained", "none"] = "allowed"
    ask_before_steps: Flag = False
    options_to_offer: Several | None = None
    hand_over: Flag = False

    __pydantic_config__: ClassVar[ConfigDict] = FORBID_EXTRA


@dataclass(frozen=True)
class Conditions:
    """Conditions that must all hold; one left out always holds. ``eligibility.py`` evaluates them.

    Attributes:
        channels: the conversation's channel is one of these.
        level_at_least, level_below: the filtered level; 0 is usual for this customer.
        slope_at_least: of the level, per minute; an unknown slope does not hold.
        turn_at_least: customer turns so far.
        after_failures: interventions that failed in this conversation.
        returning: whether a profile of earlier conversations came; false also holds while none has come yet.
        helped_before, failed_before: whether the level fell after this option more often than it rose in this
            customer's earlier conversations, or rose more often. Without earlier conversations neither is true.
        consent: the customer has agreed to each of these being measured.
    """

    channels: Listed[Channel] = ()
    level_at_least: Number | None = None
    level_below: Number | None = None
    slope_at_least: Number | None = None
    turn_at_least: Count = 0
    after_failures: Count = 0
    returning: Flag | None = None
    helped_before: Flag | None = None
    failed_before: Flag | None = None
    consent: Listed[Consent] = ()

    __pydantic_config__: ClassVar[ConfigDict] = FORBID_EXTRA

    def __post_init__(self) -> None:
        lowest, below = self.level_at_least, self.level_below
        if lowest is not None and below is not None and lowest >= below:
            raise ValueError("level_at_least must be less than level_below: no level is both")
        if self.helped_before is True and (self.failed_before is True or self.returning is False):
            other = "returning: false" if self.returning is False else "failed_before"
            raise ValueError(f"helped_before and {other} cannot both hold; remove one")
        if self.failed_before is True and self.returning is False:
            raise ValueError("failed_before and returning: false cannot both hold; remove one")

    @cached_property
    def active(self) -> tuple[tuple[str, Any], ...]:
        """The conditions that are set, by name."""
        values = ((condition.name, getattr(self, condition.name), condition.default) for condition in fields(self))
        return tuple((name, value) for name, value, default in values if value != default)


def parse_changes(entry: Any) -> tuple[tuple[str, Any], ...]:
    """The constraints an adaptation changes, by name; the others stay."""
    checked = TypeAdapter(Constraints).validate_python(entry)
    if "hand_over" in entry:
        raise ValueError("hand_over cannot be adapted; write a separate option")
    return tuple((name, getattr(checked, name)) for name in sorted(entry))


@dataclass(frozen=True)
class Adaptation:
    """Changed constraints, where the conditions of ``when`` hold."""

    when: Conditions
    constraints: Annotated[tuple[tuple[str, Any], ...], PlainValidator(parse_changes)]

    __pydantic_config__: ClassVar[ConfigDict] = FORBID_EXTRA


@dataclass(frozen=True)
class InterventionOption:
    """One intervention option.

    Attributes:
        id: name of the option; ``control`` is reserved.
        constraints: how to answer.
        guidance: for a person.
        prompt: for a language model's instructions.
        burden: cost to the customer's patience; a conversation has a total budget.
        when: where it is eligible; everywhere if empty.
        then: options to try first after this one failed.
        adapt: changes of the constraints, later ones last.
    """

    id: Text
    constraints: Annotated[Constraints, Field(default=Constraints())]
    guidance: Text
    prompt: Text
    burden: Cost = 1.0
    when: Conditions = Conditions()
    then: Listed[Text] = ()
    adapt: Listed[Adaptation] = ()

    __pydantic_config__: ClassVar[ConfigDict] = FORBID_EXTRA


def constraints_record(constraints: Constraints) -> dict[str, Any]:
    """The constraints as the Avro record."""
    return asdict(constraints)
