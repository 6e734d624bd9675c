"""Loads the settings of this process and says which variable is wrong."""

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
    """Settings from the environment; ``Failure`` names the variable that is wrong."""
    refuse_misspelled()
    found = read()
    validation.refuse(found)
    return found


def read() -> Settings:
    """Settings each of which is right by itself; ``Failure`` names the variable that is wrong."""
    try:
        return Settings()
    except SettingsError as error:
        raise Failure(f"{PREFIX}{error_field(error)} is wrong: it must be a JSON object") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise Failure(wrong(first), whence(first)) from None


def wrong(error: ErrorDetails) -> str:
    """What is wrong with a variable. A number out of range is told by its group, in words that begin with its name."""
    said = error["msg"].removeprefix("Value error, ")
    place = [str(part) for part in error["loc"]]
    if error["type"] == "value_error" and place[-1] in NESTED:
        place.append(said.split()[0])
    return f"{PREFIX}{'__'.join(place).upper()} is wrong: {said}"


def whence(error: ErrorDetails) -> str | None:
    """Where a wrong value stands, if not in the variable of its name; Kubernetes sets some that nobody wrote."""
    place = tuple(str(part) for part in error["loc"])
    variable = f"{PREFIX}{'__'.join(place)}".upper()
    if of_a_service(variable, os.environ.get(variable, "")):
        return "Kubernetes set it, for a Service of that name: set enableServiceLinks to false, or rename the Service"
    path = given().get(f"{PREFIX}{file_source.NAME}")
    if path and variable not in given() and place[0] in file_source.read(Path(path), Settings):
        return f"it stands in {path}"
    return None


def error_field(error: SettingsError) -> str:
    """The setting a SettingsError is about; it only says so in its text."""
    return next((name.upper() for name in Settings.model_fields if f'"{name}"' in str(error)), "variable")


def given() -> dict[str, str]:
    """Every ``TENOR_*`` variable of ``.env`` and of the environment, which wins; names in capitals."""
    both = {**DotEnvSettingsSource(Settings).env_vars, **os.environ}
    return {name.upper(): value or "" for name, value in both.items() if name.upper().startswith(PREFIX)}


def refuse_misspelled(variables: Mapping[str, str] | None = None) -> None:
    """``UnknownSetting`` for a ``TENOR_*`` variable that sets nothing: it was meant to.

    Args:
        variables: None takes those of the environment and of ``.env``.
    """
    for name, hint in misspelled(given() if variables is None else variables):
        raise UnknownSetting(f"{name} is no setting", hint)


def misspelled(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """Every variable that sets nothing, and what was probably meant."""
    known = variables_known()
    unknown = sorted(name for name in variables if name not in known and not of_a_service(name, variables[name]))
    return [(name, meant(name, known)) for name in unknown]


def meant(name: str, known: list[str]) -> str:
    """The nearest variable, compared without the prefix that all have."""
    near = difflib.get_close_matches(name.removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known], n=1)
    return f"is {PREFIX}{near[0]} meant?" if near else "see docs/configuration.md"


def of_a_service(name: str, value: str) -> bool:
    """Whether Kubernetes set it to say where a Service is: a Service ``tenor`` makes ``TENOR_PORT`` in every pod."""
    return bool(SERVICE.search(name)) or (name.endswith("_PORT") and "://" in value)


def variables_known() -> list[str]:
    """Every variable that sets something, those of nested settings included."""
    nested = {name: fields(Settings.model_fields[name].default) for name in NESTED}
    single = [PREFIX + name.upper() for name in Settings.model_fields]
    single += [PREFIX + file_source.NAME, *file_variables(Settings)]
    return single + [f"{PREFIX}{group}__{one.name}".upper() for group, found in nested.items() for one in found]


def environment(settings: Settings, secrets: bool = True) -> dict[str, str]:
    """Variables that give another process what was set here; defaults are left out, and secrets where told so."""
    set_here = {name: getattr(settings, name) for name in sorted(settings.model_fields_set)}
    given = {name: value for name, value in set_here.items() if value is not None}
    if not secrets:
        given = {name: value for name, value in given.items() if not (isinstance(value, SecretStr) and value)}
    return {PREFIX + name.upper(): as_text(value, secrets) for name, value in given.items()}


def no_files() -> dict[str, str]:
    """Variables for a process that is given the settings themselves, and would else inherit where we had them from."""
    return dict.fromkeys([PREFIX + file_source.NAME, *file_variables(Settings)], "")


def as_text(value: Any, secrets: bool = True) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value.absolute())  # the other process may work elsewhere
    if is_dataclass(value) and not isinstance(value, type):
        shown = [one.name for one in fields(value) if one.repr or secrets]
        return json.dumps({name: told for name, told in asdict(value).items() if name in shown})
    return str(value)
