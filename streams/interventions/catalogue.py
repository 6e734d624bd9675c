"""The catalogue of intervention options: read from YAML, joined with the one that ships, and checked as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from streams.interventions.file_errors import describe_error, suggest_name
from streams.interventions.options import (
    CONTROL,
    FORBID_EXTRA,
    Channel,
    Conditions,
    InterventionOption,
    Listed,
    OptionError,
    Text,
)

SHIPPED = Path(__file__).with_name("protocols.yaml")
CHANNELS: tuple[str, ...] = get_args(Channel)

Protocols = tuple[InterventionOption, ...]


@dataclass(frozen=True)
class CatalogueFile:
    """A protocols file.

    Attributes:
        extends: ``default`` for the options that ship; without it the file stands alone.
        without: shipped options that are left out.
        options: all of them, or those that replace a shipped one of the same id and those that are added.
    """

    extends: Literal["default"] | None = None
    without: Listed[Text] = ()
    options: Listed[InterventionOption] = ()

    __pydantic_config__: ClassVar[ConfigDict] = FORBID_EXTRA


@cache
def default_options() -> Protocols:
    """The catalogue that ships with Tenor."""
    return read_options(SHIPPED.read_text(encoding="utf-8"))


def read_options(text: str) -> Protocols:
    """The options of a protocols file; ``OptionError`` says what is wrong with which option."""
    document = parse_yaml(text)
    try:
        file = TypeAdapter(CatalogueFile).validate_python(document)
    except ValidationError as error:
        raise OptionError(describe_error(error.errors(), document, CatalogueFile)) from None
    check_names(file.options)
    protocols = merge_with_shipped(file)
    check_ladder(protocols)
    check_channels(protocols)
    return protocols


def parse_yaml(text: str) -> dict[Any, Any]:
    """What stands in the YAML; ``OptionError`` when it is none, or nothing like a catalogue."""
    try:
        document = yaml.safe_load(text)
    except Exception as error:  # its constructors raise whatever their parsers do: a bad date, an empty number
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise OptionError(f"the protocols file is not YAML{where}") from None
    if not isinstance(document, dict):
        raise OptionError("the protocols file must hold a list under 'options'")
    return document


def merge_with_shipped(file: CatalogueFile) -> Protocols:
    """The file's options among the shipped ones, each in the place of the one it replaces; or the file's alone."""
    if file.extends is None:
        if file.without:
            raise OptionError("without: leaves out shipped options, so it needs 'extends: default'")
        return file.options
    shipped, own = default_options(), {option.id: option for option in file.options}
    for name in file.without:
        if name not in {option.id for option in shipped}:
            raise OptionError(
                f"without: {name} is no shipped option{suggest_name(name, [option.id for option in shipped])}"
            )
    left_out = set(file.without) - set(own)
    remaining = {option.id: drop_ladder_links(option, left_out) for option in shipped if option.id not in left_out}
    return tuple((remaining | own).values())


def drop_ladder_links(option: InterventionOption, left_out: set[str]) -> InterventionOption:
    """A shipped option whose ladder no longer leads to options that were left out."""
    return replace(option, then=tuple(name for name in option.then if name not in left_out))


def check_names(protocols: Protocols) -> None:
    names = [protocol.id for protocol in protocols]
    if CONTROL in names:
        raise OptionError(f"option {CONTROL}: the name is taken by 'no intervention'")
    duplicates = {name for name in names if names.count(name) > 1}
    if duplicates:
        raise OptionError(f"option {min(duplicates)} stands twice")


def check_ladder(protocols: Protocols) -> None:
    """Every ``then`` leads to options that exist, and never back."""
    ladder = {protocol.id: protocol.then for protocol in protocols}
    for name, following in ladder.items():
        for other in following:
            if other not in ladder:
                raise OptionError(
                    f"option {name}: then leads to {other}, which is no option{suggest_name(other, ladder)}"
                )
    try:
        TopologicalSorter(ladder).prepare()
    except CycleError as error:
        path = error.args[1][::-1]
        raise OptionError(f"option {path[0]}: then leads back to it: {' > '.join(path)}") from None


def check_channels(protocols: Protocols) -> None:
    """On every channel something can be tried at first, and somebody takes over when it fails."""
    if not protocols:
        raise OptionError("the protocols file holds no option")
    hand_overs = [protocol for protocol in protocols if protocol.constraints.hand_over]
    if not hand_overs:
        raise OptionError("no option hands over to a human: failures would have nowhere to go")
    at_first = [protocol for protocol in protocols if is_available_at_first(protocol.when)]
    if uncovered := find_uncovered_channels(hand_overs):
        raise OptionError(
            f"no option hands over to a human on channel {uncovered[0]}: failures would have nowhere to go"
        )
    if uncovered := find_uncovered_channels(at_first):
        raise OptionError(f"no option can be tried on channel {uncovered[0]} before another failed there")


def is_available_at_first(when: Conditions) -> bool:
    """Whether the conditions can hold before anything failed, for somebody the option was never tried on."""
    return not (when.after_failures or when.helped_before or when.failed_before)


def find_uncovered_channels(protocols: Sequence[InterventionOption]) -> list[str]:
    """The channels none of these options is for."""
    return [channel for channel in CHANNELS if not any(is_for_channel(protocol, channel) for protocol in protocols)]


def is_for_channel(protocol: InterventionOption, channel: str) -> bool:
    return not protocol.when.channels or channel in protocol.when.channels
