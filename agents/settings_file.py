"""Settings out of a file that ``TENOR_CONFIG`` names, YAML or TOML. The environment and ``.env`` win over it.

A setting has the name of its variable there, in small letters and without the prefix; a group is a mapping::

    brokers: kafka-1:9092,kafka-2:9092
    kafka_password_file: /run/secrets/kafka
    belief:
      threshold: 8
"""

import difflib
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from agents.errors import Failure, Misspelled
from agents.secret_files import SUFFIX, file_variables

NAME = "CONFIG"
READERS: dict[str, Callable[[str], Any]] = {
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
    ".toml": tomllib.loads,
}


class SettingsFile(InitSettingsSource):
    """A source of settings: what stands in the file, if one is named.

    Args:
        settings: the class that is filled.
        sources: where ``TENOR_CONFIG`` is looked up: the environment, ``.env``.

    Attributes:
        env_vars: variables of ``SecretFiles`` that stand here: which file holds which secret.
    """

    def __init__(self, settings: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        variables = looked_up(sources)
        path = variables.get(f"{settings.model_config['env_prefix']}{NAME}".lower())
        found = read(Path(path), settings) if path else {}
        files = {
            name: value for name, value in as_variables(found, settings) if name.upper() in file_variables(settings)
        }
        refuse_both(path, found)
        self.env_vars = {name: value for name, value in files.items() if name.removesuffix(SUFFIX) not in variables}
        super().__init__(settings, without_files(found, settings))


def looked_up(sources: Iterable[PydanticBaseSettingsSource]) -> dict[str, str | None]:
    """Variables of all sources by their names in small letters; the first source wins."""
    known: list[Mapping[str, str | None]] = [getattr(source, "env_vars", {}) for source in sources]
    return {name.lower(): value for one in reversed(known) for name, value in one.items()}


def read(path: Path, settings: type[BaseSettings]) -> dict[str, Any]:
    """What stands in a settings file. ``Failure`` where it cannot be used, ``Misspelled`` for what is no setting."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise Failure(f"TENOR_CONFIG is wrong: {path} is named neither .yaml nor .toml")
    try:
        found = reader(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise Failure(f"TENOR_CONFIG is wrong: {path} cannot be read: {reason}") from None
    except Exception as error:  # of the parsers; their words may quote a secret
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise Failure(f"{path} is not {path.suffix[1:].upper()}{where}") from None
    if not isinstance(found or {}, dict):
        raise Failure(f"{path} must hold names of settings and their values")
    refuse_unknown(path, found or {}, settings)
    return found or {}


def refuse_unknown(path: Path, found: Mapping[Any, Any], settings: type[BaseSettings]) -> None:
    known = known_names(settings)
    for name in map(dotted, leaves(found)):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"is {near[0]} meant?" if near else "docs/configuration.md has all of them, with TENOR_ before"
            raise Misspelled(f"{path}: {name} is no setting", hint)


def refuse_both(path: str | None, found: Mapping[str, Any]) -> None:
    """``Failure`` for a secret that stands in the settings file and in a file it names."""
    names = set(map(dotted, leaves(found)))
    for name in sorted(names):
        if name + SUFFIX in names:
            raise Failure(f"{path}: {name} and {name}{SUFFIX} are both set", "leave out one of them")


def known_names(settings: type[BaseSettings]) -> list[str]:
    """Every name that may stand in a settings file, those in groups with a dot."""
    prefix, between = (str(settings.model_config[part]) for part in ("env_prefix", "env_nested_delimiter"))
    files = [one.removeprefix(prefix).lower().replace(between, ".") for one in file_variables(settings)]
    groups = {name: one.default for name, one in settings.model_fields.items() if is_dataclass(one.default)}
    nested = [f"{group}.{one.name}" for group, default in groups.items() for one in fields(default)]
    return [*settings.model_fields, *nested, *files]


def leaves(found: Mapping[Any, Any]) -> Iterator[tuple[str, ...]]:
    """Where values stand: a name, or a group's and a name."""
    for name, value in found.items():
        if isinstance(value, dict):
            yield from ((str(name), str(inner)) for inner in value)
        else:
            yield (str(name),)


def dotted(place: tuple[str, ...]) -> str:
    return ".".join(place)


def as_variables(found: Mapping[str, Any], settings: type[BaseSettings]) -> Iterator[tuple[str, str]]:
    """What stands in the file under the names of variables, in small letters."""
    prefix, between = (str(settings.model_config[part]) for part in ("env_prefix", "env_nested_delimiter"))
    for place in leaves(found):
        value = found[place[0]] if len(place) == 1 else found[place[0]][place[1]]
        yield f"{prefix}{between.join(place)}".lower(), str(value)


def without_files(found: Mapping[str, Any], settings: type[BaseSettings]) -> dict[str, Any]:
    """The settings themselves, without the names of files that hold secrets."""
    named = {name for name in known_names(settings) if name not in settings.model_fields and name.endswith(SUFFIX)}
    groups = {group: value for group, value in found.items() if isinstance(value, dict)}
    inner = {
        group: {name: one for name, one in value.items() if f"{group}.{name}" not in named}
        for group, value in groups.items()
    }
    return {name: value for name, value in found.items() if name not in named} | inner
