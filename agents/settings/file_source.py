"""Settings from the file that ``TENOR_CONFIG`` names, YAML or TOML. The environment and ``.env`` win over it.

A setting has the name of its variable, in lower case and without the prefix; a group is a mapping::

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
from agents.settings.secret_source import SUFFIX, file_variables, lower_variables

NAME = "CONFIG"
PARSERS: dict[str, Callable[[str], Any]] = {
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
    ".toml": tomllib.loads,
}

SettingsClass = type[BaseSettings]


class SettingsFileSource(InitSettingsSource):
    """A source of settings: the values in the file, if one is named.

    Args:
        settings: the class that is filled.
        sources: where ``TENOR_CONFIG`` is looked up: the environment, ``.env``.

    Attributes:
        env_vars: for ``SecretFileSource``, by variable: the files of secrets that no variable sets.
    """

    def __init__(self, settings: SettingsClass, *sources: PydanticBaseSettingsSource) -> None:
        variables = lower_variables(sources)
        path = variables.get(f"{settings.model_config['env_prefix']}{NAME}".lower())
        values = read_file(Path(path), settings) if path else {}
        secret_names = secret_file_names(settings)
        files = {name: value for name, value in flatten(values).items() if name in secret_names}
        paths = {variable_name(settings, name).lower(): str(value) for name, value in files.items()}
        self.env_vars = {name: path for name, path in paths.items() if name.removesuffix(SUFFIX) not in variables}
        super().__init__(settings, omit(values, files))


def read_file(path: Path, settings: SettingsClass) -> dict[str, Any]:
    """Values of a settings file. Raises ``Failure`` for an unusable file, ``UnknownSetting`` for an unknown name."""
    parse = PARSERS.get(path.suffix.lower())
    if parse is None:
        raise Failure(f"TENOR_CONFIG is invalid: {path} is neither .yaml nor .toml.", "Rename the file.")
    values = parse_file(path, parse)
    if not isinstance(values, dict):
        raise Failure(f"{path} must be a mapping of setting names to values.")
    refuse_unknown(path, flatten(values), settings)
    return values


def parse_file(path: Path, parse: Callable[[str], Any]) -> Any:
    """The content of a file; an empty one is an empty mapping. Parser messages are dropped: they may quote secrets."""
    text = read_text(path, "TENOR_CONFIG is invalid:")
    try:
        return parse(text) or {}
    except Exception as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise Failure(f"{path} is not valid {path.suffix[1:].upper()}{where}.") from None


def refuse_unknown(path: Path, values: Mapping[str, Any], settings: SettingsClass) -> None:
    """Refuse names that set nothing, and secrets that are set both here and in a file named here."""
    known = [*setting_names(settings), *secret_file_names(settings)]
    for name in values:
        if name not in known:
            raise UnknownSetting(f"{path}: unknown setting {name}.", suggest_name(name, known))
        if name + SUFFIX in values:
            raise Failure(f"{path}: {name} and {name}{SUFFIX} are both set.", "Remove one of them.")


def suggest_name(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]}?" if near else "docs/configuration.md lists every setting, with TENOR_ in front."


def setting_names(settings: SettingsClass) -> list[str]:
    """Every setting by its name in a file, those in groups with a dot."""
    groups = {name: field.default for name, field in settings.model_fields.items() if is_dataclass(field.default)}
    nested = [f"{group}.{item.name}" for group, default in groups.items() for item in fields(default)]
    return [*settings.model_fields, *nested]


def secret_file_names(settings: SettingsClass) -> list[str]:
    """Every name that may name a file with a secret, likewise."""
    prefix, delimiter = name_parts(settings)
    return [name.removeprefix(prefix).lower().replace(delimiter, ".") for name in file_variables(settings)]


def variable_name(settings: SettingsClass, name: str) -> str:
    """The variable of a setting with this name in a file."""
    prefix, delimiter = name_parts(settings)
    return prefix + name.replace(".", delimiter).upper()


def name_parts(settings: SettingsClass) -> tuple[str, str]:
    """Prefix of every variable, and the delimiter between a group and its setting."""
    return str(settings.model_config["env_prefix"]), str(settings.model_config["env_nested_delimiter"])


def flatten(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Values by name; a setting in a group as ``group.name``."""
    single = {str(name): value for name, value in values.items() if not isinstance(value, dict)}
    groups = [(name, group) for name, group in values.items() if isinstance(group, dict)]
    return single | {f"{name}.{inner}": value for name, group in groups for inner, value in group.items()}


def omit(values: Mapping[str, Any], omitted: Mapping[str, Any]) -> dict[str, Any]:
    """The nested values without some flat names."""
    groups = {
        group: {name: value for name, value in inner.items() if f"{group}.{name}" not in omitted}
        for group, inner in values.items()
        if isinstance(inner, dict)
    }
    return {name: value for name, value in values.items() if name not in omitted} | groups
