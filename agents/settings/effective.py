"""``tenor config``: the settings in force and where each came from. No secret is shown, only whether there is one."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.settings import file_source
from agents.settings.loader import given
from agents.settings.model import NESTED, PREFIX, Settings
from agents.settings.secret_source import SUFFIX, file_variables

DEFAULT, ENVIRONMENT, DOTENV = "default", "environment", ".env"
SET = "(set)"
LOGIN = re.compile(r"(?<=://)[^/\s]*@")  # of each URL where there are several


class EffectiveSetting(NamedTuple):
    """One setting in force.

    Attributes:
        variable: its name in the environment.
        value: as one would write it; of a secret only whether there is one.
        source: default, environment, .env, or the settings file; of a secret in a file the variable that names it.
    """

    variable: str
    value: Any
    source: str


def effective(settings: Settings) -> list[EffectiveSetting]:
    """Every setting, those in groups included, in the order of docs/configuration.md."""
    sources = sources_of(Settings)
    return [EffectiveSetting(name, shown(value), sources.get(name, DEFAULT)) for name, value in values(settings)]


def values(settings: Settings) -> Iterator[tuple[str, Any]]:
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if not is_dataclass(value):
            yield f"{PREFIX}{name}".upper(), value
            continue
        for one in fields(value):
            inner = getattr(value, one.name)
            yield f"{PREFIX}{name}__{one.name}".upper(), inner if one.repr else SecretStr(inner)


def shown(value: Any) -> Any:
    """A value that may be read by anybody."""
    if isinstance(value, SecretStr):
        return SET if value.get_secret_value() else ""
    if isinstance(value, str):
        return LOGIN.sub("", value)
    return str(value) if isinstance(value, Path) else value


def sources_of(settings: type[Settings]) -> dict[str, str]:
    """Where each variable that is set comes from; what comes later in here wins."""
    found = dict.fromkeys(in_file(settings), given().get(PREFIX + file_source.NAME, ""))
    for variables, source in (
        (DotEnvSettingsSource(settings).env_vars, DOTENV),
        (EnvSettingsSource(settings).env_vars, ENVIRONMENT),
    ):
        told = {name.upper(): value or "" for name, value in variables.items()}
        found |= dict.fromkeys(told, source) | dict.fromkeys(in_groups(told), source)
    named = [name for name in file_variables(settings) if found.get(name) and given().get(name, "-")]
    return found | {name.removesuffix(SUFFIX.upper()): name for name in named}


def in_file(settings: type[Settings]) -> list[str]:
    """Variables whose settings stand in the settings file."""
    path = given().get(PREFIX + file_source.NAME)
    found = file_source.read(Path(path), settings) if path else {}
    return [file_source.variable(settings, name) for name in file_source.flat(found)]


def in_groups(variables: Mapping[str, str]) -> list[str]:
    """Variables of the settings that a group given whole sets, as ``TENOR_BELIEF={"threshold": 8}``."""
    whole = {group: variables.get(f"{PREFIX}{group}".upper()) for group in NESTED}
    return [f"{PREFIX}{group}__{name}".upper() for group, text in whole.items() if text for name in json.loads(text)]


def render(found: list[EffectiveSetting], out: Console) -> None:
    table = Table("variable", "value", "from", box=None)
    for one in found:
        style = "dim" if one.source == DEFAULT else None
        table.add_row(one.variable, escape(text(one.value)), escape(one.source), style=style)
    out.print(table)


def text(value: Any) -> str:
    """A value as one would write it in the environment."""
    if value is None:
        return "unset"
    return str(value).lower() if isinstance(value, bool) else str(value)
