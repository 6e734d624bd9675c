"""Settings out of a file that ``TENOR_CONFIG`` names, YAML or TOML. The environment and ``.env`` win over it.

A setting has the name of its variable there, in small letters and without the prefix; a group is a mapping::

    brokers: kafka-1:9092,kafka-2:9092
    kafka_password_file: /run/secrets/kafka
    belief:
      threshold: 8
"""

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from agents.common.errors import Failure, UnknownSetting
from agents.common.files import read_text
from agents.settings.secret_source import SUFFIX, file_variables

NAME = "CONFIG"
READERS: dict[str, Callable[[str], Any]] = {
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
    ".toml": tomllib.loads,
}

Known = type[BaseSettings]


class SettingsFileSource(InitSettingsSource):
    """A source of settings: what stands in the file, if one is named.

    Args:
        settings: the class that is filled.
        sources: where ``TENOR_CONFIG`` is looked up: the environment, ``.env``.

    Attributes:
        env_vars: for ``SecretFiles``, under the names of variables: which file holds a secret that no variable holds.
    """

    def __init__(self, settings: Known, *sources: PydanticBaseSettingsSource) -> None:
        known: list[Mapping[str, str | None]] = [getattr(source, "env_vars", {}) for source in sources]
        variables = {name.lower(): value for one in reversed(known) for name, value in one.items()}
        path = variables.get(f"{settings.model_config['env_prefix']}{NAME}".lower())
        found = read(Path(path), settings) if path else {}
        files = {name: value for name, value in flat(found).items() if name in file_names(settings)}
        told = {variable(settings, name).lower(): str(value) for name, value in files.items()}
        self.env_vars = {name: value for name, value in told.items() if name.removesuffix(SUFFIX) not in variables}
        super().__init__(settings, without(found, files))


def read(path: Path, settings: Known) -> dict[str, Any]:
    """Values of a settings file. ``Failure`` when it cannot be used, ``UnknownSetting`` for an unknown name."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise Failure(f"TENOR_CONFIG is wrong: {path} is named neither .yaml nor .toml")
    found = parsed(path, reader)
    if not isinstance(found, dict):
        raise Failure(f"{path} must hold names of settings and their values")
    refuse_unknown(path, flat(found), settings)
    return found


def parsed(path: Path, reader: Callable[[str], Any]) -> Any:
    """What the file says; an empty one says nothing. The parsers' own words are left out: they may quote a secret."""
    text = read_text(path, "TENOR_CONFIG is wrong:")
    try:
        return reader(text) or {}
    except Exception as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise Failure(f"{path} is not {path.suffix[1:].upper()}{where}") from None


def refuse_unknown(path: Path, found: Mapping[str, Any], settings: Known) -> None:
    """Names that set nothing, and secrets that stand both here and in a file that is named here."""
    known = [*names(settings), *file_names(settings)]
    for name in found:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"is {near[0]} meant?" if near else "docs/configuration.md has all of them, with TENOR_ before"
            raise UnknownSetting(f"{path}: {name} is no setting", hint)
        if name + SUFFIX in found:
            raise Failure(f"{path}: {name} and {name}{SUFFIX} are both set", "leave out one of them")


def names(settings: Known) -> list[str]:
    """Every setting by its name in a file, those in groups with a dot."""
    groups = {name: one.default for name, one in settings.model_fields.items() if is_dataclass(one.default)}
    return [*settings.model_fields, *(f"{group}.{one.name}" for group, all_ in groups.items() for one in fields(all_))]


def file_names(settings: Known) -> list[str]:
    """What may name a file that holds a secret, likewise."""
    prefix, between = parts(settings)
    return [one.removeprefix(prefix).lower().replace(between, ".") for one in file_variables(settings)]


def variable(settings: Known, name: str) -> str:
    """The variable that sets what has this name in a file."""
    prefix, between = parts(settings)
    return prefix + name.replace(".", between).upper()


def parts(settings: Known) -> tuple[str, str]:
    return str(settings.model_config["env_prefix"]), str(settings.model_config["env_nested_delimiter"])


def flat(found: Mapping[Any, Any]) -> dict[str, Any]:
    """What stands in a file by name, that of a group under the group's name and a dot."""
    single = {str(name): value for name, value in found.items() if not isinstance(value, dict)}
    groups = [(name, group) for name, group in found.items() if isinstance(group, dict)]
    return single | {f"{name}.{inner}": value for name, group in groups for inner, value in group.items()}


def without(found: Mapping[str, Any], left_out: Mapping[str, Any]) -> dict[str, Any]:
    """The same as it stands in the file, without some names."""
    groups = {
        group: {name: value for name, value in inner.items() if f"{group}.{name}" not in left_out}
        for group, inner in found.items()
        if isinstance(inner, dict)
    }
    return {name: value for name, value in found.items() if name not in left_out} | groups
