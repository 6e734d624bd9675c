"""``tenor config``: the settings in force and where each came from. Of a secret only whether it is set is shown."""

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
from agents.settings.loader import tenor_variables
from agents.settings.model import NESTED, PREFIX, Settings
from agents.settings.secret_source import SUFFIX, file_variables

DEFAULT, ENVIRONMENT, DOTENV = "default", "environment", ".env"
SET = "(set)"
LOGIN = re.compile(r"(?<=://)[^/\s]*@")  # in every URL of a value


class EffectiveSetting(NamedTuple):
    """One setting in force.

    Attributes:
        variable: its name in the environment.
        value: as one would write it; of a secret only whether it is set.
        source: default, environment, .env, or the settings file; for a secret in a file the variable that names it.
    """

    variable: str
    value: Any
    source: str


def effective_settings(settings: Settings) -> list[EffectiveSetting]:
    """Every setting, those in groups included, in the order of docs/configuration.md."""
    sources, values = find_sources(Settings), iterate_values(settings)
    return [EffectiveSetting(name, redact(value), sources.get(name, DEFAULT)) for name, value in values]


def iterate_values(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Variables and values, groups taken apart; secrets as ``SecretStr``."""
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if not is_dataclass(value):
            yield f"{PREFIX}{name}".upper(), value
            continue
        for item in fields(value):
            inner = getattr(value, item.name)
            yield f"{PREFIX}{name}__{item.name}".upper(), inner if item.repr else SecretStr(inner)


def redact(value: Any) -> Any:
    """A value without secrets: no password, and no login in a URL."""
    if isinstance(value, SecretStr):
        return SET if value.get_secret_value() else ""
    if isinstance(value, str):
        return LOGIN.sub("", value)
    return str(value) if isinstance(value, Path) else value


def find_sources(settings: type[Settings]) -> dict[str, str]:
    """Where each variable that is set comes from. Later sources win."""
    sources = dict.fromkeys(variables_in_file(settings), tenor_variables().get(PREFIX + file_source.NAME, ""))
    for variables, source in (
        (DotEnvSettingsSource(settings).env_vars, DOTENV),
        (EnvSettingsSource(settings).env_vars, ENVIRONMENT),
    ):
        values = {name.upper(): value or "" for name, value in variables.items()}
        sources |= dict.fromkeys(values, source) | dict.fromkeys(variables_in_groups(values), source)
    in_secret_files = [
        name for name in file_variables(settings) if sources.get(name) and tenor_variables().get(name, "-")
    ]
    return sources | {name.removesuffix(SUFFIX.upper()): name for name in in_secret_files}


def variables_in_file(settings: type[Settings]) -> list[str]:
    """Variables of the settings in the settings file."""
    path = tenor_variables().get(PREFIX + file_source.NAME)
    values = file_source.read_file(Path(path), settings) if path else {}
    return [file_source.variable_name(settings, name) for name in file_source.flatten(values)]


def variables_in_groups(variables: Mapping[str, str]) -> list[str]:
    """Variables of the settings set by a whole group, such as ``TENOR_BELIEF={"threshold": 8}``."""
    groups = {group: variables.get(f"{PREFIX}{group}".upper()) for group in NESTED}
    return [f"{PREFIX}{group}__{name}".upper() for group, text in groups.items() if text for name in json.loads(text)]


def render(settings: list[EffectiveSetting], out: Console) -> None:
    table = Table("variable", "value", "source", box=None)
    for setting in settings:
        style = "dim" if setting.source == DEFAULT else None
        table.add_row(setting.variable, escape(format_value(setting.value)), escape(setting.source), style=style)
    out.print(table)


def format_value(value: Any) -> str:
    """A value as one would write it in the environment."""
    if value is None:
        return "unset"
    return str(value).lower() if isinstance(value, bool) else str(value)
