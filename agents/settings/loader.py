"""Loads the settings of this process and names the variable that is wrong."""

import difflib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    DotEnvSettingsSource,
    SettingsError,
)

from agents.common.errors import Failure, UnknownSetting
from agents.settings import file_source, validation
from agents.settings.model import NESTED, PREFIX, Settings
from agents.settings.secret_source import file_variables

SERVICE = re.compile(r"_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$")


def load() -> Settings:
    """Load and validate the settings. Raises ``Failure`` that names the variable that is wrong."""
    refuse_misspelled()
    settings = read_settings()
    validation.refuse_contradictions(settings)
    return settings


def read_settings() -> Settings:
    """Read the settings, each checked by itself. Raises ``Failure`` that names the variable that is wrong."""
    try:
        return Settings()
    except SettingsError as error:
        raise Failure(f"{PREFIX}{error_field(error)} is invalid: it must be a JSON object.") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise Failure(describe_error(first), locate_setting(first)) from None


def describe_error(error: ErrorDetails) -> str:
    """What is wrong with a variable. For a number out of range the group raises, in words that begin with its name."""
    message = error["msg"].removeprefix("Value error, ")
    path = [str(part) for part in error["loc"]]
    if error["type"] == "value_error" and path[-1] in NESTED:
        path.append(message.split()[0])
    return f"{PREFIX}{'__'.join(path).upper()} is invalid: {message}."


def locate_setting(error: ErrorDetails) -> str | None:
    """Where a wrong value comes from, if not from the variable of its name that somebody set."""
    path = tuple(str(part) for part in error["loc"])
    variable = f"{PREFIX}{'__'.join(path)}".upper()
    if is_service_variable(variable, os.environ.get(variable, "")):
        return (
            "Kubernetes set it, for a Service of that name. Set enableServiceLinks to false in the pod, "
            "or rename the Service."
        )
    variables = tenor_variables()
    file = variables.get(f"{PREFIX}{file_source.NAME}")
    if file and variable not in variables and path[0] in file_source.read_file(Path(file), Settings):
        return f"It is set in {file}."
    return None


def error_field(error: SettingsError) -> str:
    """The setting a SettingsError is about; only its text names it."""
    return next((name.upper() for name in Settings.model_fields if f'"{name}"' in str(error)), "variable")


def tenor_variables() -> dict[str, str]:
    """Every ``TENOR_*`` variable of ``.env`` and of the environment, which wins; names in capitals."""
    variables = {**DotEnvSettingsSource(Settings).env_vars, **os.environ}
    return {name.upper(): value or "" for name, value in variables.items() if name.upper().startswith(PREFIX)}


def refuse_misspelled(variables: Mapping[str, str] | None = None) -> None:
    """Raises ``UnknownSetting`` for a ``TENOR_*`` variable that sets nothing, because it was meant to.

    Args:
        variables: None takes those of the environment and of ``.env``.
    """
    for name, hint in find_misspelled(tenor_variables() if variables is None else variables):
        raise UnknownSetting(f"Unknown setting {name}.", hint)


def find_misspelled(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """Every variable that sets nothing, with a suggestion."""
    known = known_variables()
    unknown = sorted(name for name in variables if name not in known and not is_service_variable(name, variables[name]))
    return [(name, suggest_name(name, known)) for name in unknown]


def suggest_name(name: str, known: list[str]) -> str:
    """The nearest variable, compared without the prefix that all have."""
    suffixes = [variable.removeprefix(PREFIX) for variable in known]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), suffixes, n=1)
    return f"Did you mean {PREFIX}{near[0]}?" if near else "See docs/configuration.md for every setting."


def is_service_variable(name: str, value: str) -> bool:
    """Whether Kubernetes set it to describe a Service: a Service ``tenor`` makes ``TENOR_PORT`` in every pod."""
    return bool(SERVICE.search(name)) or (name.endswith("_PORT") and "://" in value)


def known_variables() -> list[str]:
    """Every variable that sets something, those of nested settings included."""
    groups = {name: fields(Settings.model_fields[name].default) for name in NESTED}
    variables = [PREFIX + name.upper() for name in Settings.model_fields]
    variables += [PREFIX + file_source.NAME, *file_variables(Settings)]
    return variables + [f"{PREFIX}{group}__{item.name}".upper() for group, items in groups.items() for item in items]


def environment(settings: Settings, secrets: bool = True) -> dict[str, str]:
    """Variables that give another process these settings.

    Args:
        secrets: False leaves secrets out. Defaults are always left out.
    """
    changed = {name: getattr(settings, name) for name in sorted(settings.model_fields_set)}
    values = {name: value for name, value in changed.items() if value is not None}
    if not secrets:
        values = {name: value for name, value in values.items() if not (isinstance(value, SecretStr) and value)}
    return {PREFIX + name.upper(): as_text(value, secrets) for name, value in values.items()}


def unset_file_variables() -> dict[str, str]:
    """Empty variables for a child process that gets the values themselves, so that it does not read the files again."""
    return dict.fromkeys([PREFIX + file_source.NAME, *file_variables(Settings)], "")


def as_text(value: Any, secrets: bool = True) -> str:
    """A value as a variable holds it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value.absolute())  # the other process may have another working directory
    if is_dataclass(value) and not isinstance(value, type):
        shown = [item.name for item in fields(value) if item.repr or secrets]
        return json.dumps({name: inner for name, inner in asdict(value).items() if name in shown})
    return str(value)
