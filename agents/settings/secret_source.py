"""Secrets out of files, as orchestrators mount them: ``TENOR_KAFKA_PASSWORD_FILE=/run/secrets/kafka``."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from agents.common.errors import Failure
from agents.common.files import read_text

SUFFIX = "_file"


def secrets_of(settings: type[BaseSettings]) -> list[str]:
    """Names of the settings that are secrets."""
    return [name for name, one in settings.model_fields.items() if one.annotation is SecretStr]


def nested_secrets(settings: type[BaseSettings]) -> list[tuple[str, str]]:
    """Group and name of the secrets in groups: what does not show when a group is printed."""
    groups = {name: one.default for name, one in settings.model_fields.items() if is_dataclass(one.default)}
    return [(group, one.name) for group, default in groups.items() for one in fields(default) if not one.repr]


def file_variables(settings: type[BaseSettings]) -> list[str]:
    """Every variable that may name a file with a secret."""
    prefix, between = (str(settings.model_config[part]) for part in ("env_prefix", "env_nested_delimiter"))
    names = [*secrets_of(settings), *map(between.join, nested_secrets(settings))]
    return [f"{prefix}{name}{SUFFIX}".upper() for name in names]


class SecretFileSource(PydanticBaseSettingsSource):
    """A source of settings: of every secret the file its variable names.

    Args:
        settings: the class that is filled.
        sources: where variables are looked up: the environment, ``.env``, the settings file.
    """

    def __init__(self, settings: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(settings)
        self._prefix = str(settings.model_config["env_prefix"])
        self._between = str(settings.model_config["env_nested_delimiter"])
        known: list[Mapping[str, str | None]] = [getattr(source, "env_vars", {}) for source in sources]
        self._variables = {name.lower(): value for one in reversed(known) for name, value in one.items()}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What the file holds, None where no variable names one."""
        return self._found(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """What stands in files, as the other sources tell it: a group as a dictionary."""
        found: dict[str, Any] = {name: self._found(name) for name in secrets_of(self.settings_cls)}
        for group, name in nested_secrets(self.settings_cls):
            value = self._found(f"{group}{self._between}{name}")
            found |= {group: None if value is None else {name: value}}
        return {name: value for name, value in found.items() if value is not None}

    def _found(self, name: str) -> str | None:
        variable = f"{self._prefix}{name}".lower()
        path = self._variables.get(variable + SUFFIX)
        if not path:
            return None
        named = (variable + SUFFIX).upper()
        if self._variables.get(variable):
            raise Failure(f"{variable.upper()} and {named} are both set", "unset one of them")
        return content(named, Path(path))


def content(variable: str, path: Path) -> str:
    """The secret in a file, without the line's end. ``Failure`` when there is none."""
    secret = read_text(path, f"{variable} is wrong:").rstrip("\r\n")
    if not secret:
        raise Failure(f"{variable} is wrong: {path} is empty")
    return secret
