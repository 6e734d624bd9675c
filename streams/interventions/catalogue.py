"""The catalogue of intervention options: read from YAML, merged with the shipped one, checked as a whole."""

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
        extends: ``default`` for the options that ship; without it the file is the whole catalogue.
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
    """The options of a protocols file; ``OptionError`` names the option and what is wrong."""
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
    """Parse the YAML; ``OptionError`` when it is not YAML, or not a catalogue."""
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
    """The file's options merged into the shipped ones, each replacing the one of its id; or the file's alone."""
    if file.extends is None:
        if file.without:
            raise OptionError("without: only works with 'extends: default'; add it or remove 'without'")
        return file.options
    shipped, own = default_options(), {option.id: option for option in file.options}
    for name in file.without:
        if name not in {option.id for option in shipped}:
            raise OptionError(
                f"without: unknown shipped option {name}{suggest_name(name, [option.id for option in shipped])}"
            )
    left_out = set(file.without) - set(own)
    remaining = {option.id: drop_ladder_links(option, left_out) for option in shipped if option.id not in left_out}
    return tuple((remaining | own).values())


def drop_ladder_links(option: InterventionOption, left_out: set[str]) -> InterventionOption:
    """A shipped option without ladder steps to options that were left out."""
    return replace(option, then=tuple(name for name in option.then if name not in left_out))


def check_names(protocols: Protocols) -> None:
    names = [protocol.id for protocol in protocols]
    if CONTROL in names:
        raise OptionError(f"option {CONTROL}: this id is reserved for 'no intervention'; use another")
    duplicates = {name for name in names if names.count(name) > 1}
    if duplicates:
        raise OptionError(f"option {min(duplicates)} is defined twice; keep one or rename it")


def check_ladder(protocols: Protocols) -> None:
    """Check that every ``then`` names existing options and never leads back."""
    ladder = {protocol.id: protocol.then for protocol in protocols}
    for name, following in ladder.items():
        for other in following:
            if other not in ladder:
                raise OptionError(f"option {name}: then names the unknown option {other}{suggest_name(other, ladder)}")
    try:
        TopologicalSorter(ladder).prepare()
    except CycleError as error:
        path = error.args[1][::-1]
        raise OptionError(f"option {path[0]}: then leads back to the option itself: {' > '.join(path)}") from None


def check_channels(protocols: Protocols) -> None:
    """Check that every channel has a first option, and a hand-over for when it fails."""
    if not protocols:
        raise OptionError("the protocols file has no options; add one under 'options'")
    hand_overs = [protocol for protocol in protocols if protocol.constraints.hand_over]
    if not hand_overs:
        raise OptionError("no option hands over to a human; add one with constraints.hand_over: true")
    at_first = [protocol for protocol in protocols if is_available_at_first(protocol.when)]
    if uncovered := find_uncovered_channels(hand_overs):
        raise OptionError(f"no option hands over to a human on channel {uncovered[0]}; add one")
    if uncovered := find_uncovered_channels(at_first):
        raise OptionError(f"no option can come first on channel {uncovered[0]}; add one that needs no earlier failure")


def is_available_at_first(when: Conditions) -> bool:
    """Whether the conditions can hold before any failure, for a new customer."""
    return not (when.after_failures or when.helped_before or when.failed_before)


def find_uncovered_channels(protocols: Sequence[InterventionOption]) -> list[str]:
    """Channels that none of these options covers."""
    return [channel for channel in CHANNELS if not any(is_for_channel(protocol, channel) for protocol in protocols)]


def is_for_channel(protocol: InterventionOption, channel: str) -> bool:
    return not protocol.when.channels or channel in protocol.when.channels
