"""Secrets from files, as orchestrators mount them: ``TENOR_KAFKA_PASSWORD_FILE=/run/secrets/kafka``."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from agents.common.errors import Failure
from agents.common.files import read_text

SUFFIX = "_file"


def secret_names(settings: type[BaseSettings]) -> list[str]:
    """Names of the settings that are secrets."""
    return [name for name, field in settings.model_fields.items() if field.annotation is SecretStr]


def nested_secret_names(settings: type[BaseSettings]) -> list[tuple[str, str]]:
    """Group and name of the secrets in groups: the fields that are hidden when a group is printed."""
    groups = {name: field.default for name, field in settings.model_fields.items() if is_dataclass(field.default)}
    return [(group, item.name) for group, default in groups.items() for item in fields(default) if not item.repr]


def file_variables(settings: type[BaseSettings]) -> list[str]:
    """Every variable that may name a file with a secret."""
    prefix, delimiter = (str(settings.model_config[part]) for part in ("env_prefix", "env_nested_delimiter"))
    names = [*secret_names(settings), *map(delimiter.join, nested_secret_names(settings))]
    return [f"{prefix}{name}{SUFFIX}".upper() for name in names]


def lower_variables(sources: Iterable[PydanticBaseSettingsSource]) -> dict[str, str | None]:
    """The variables of several sources, names in lower case; earlier sources win."""
    variables: list[Mapping[str, str | None]] = [getattr(source, "env_vars", {}) for source in sources]
    return {name.lower(): value for source in reversed(variables) for name, value in source.items()}


class SecretFileSource(PydanticBaseSettingsSource):
    """A source of settings: every secret whose variable names a file.

    Args:
        settings: the class that is filled.
        sources: where variables are looked up: the environment, ``.env``, the settings file.
    """

    def __init__(self, settings: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(settings)
        self._prefix = str(settings.model_config["env_prefix"])
        self._delimiter = str(settings.model_config["env_nested_delimiter"])
        self._variables = lower_variables(sources)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The content of the file, None where no variable names one."""
        return self._read(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Every secret in a file, in the shape of the other sources: a group is a dictionary."""
        values: dict[str, Any] = {name: self._read(name) for name in secret_names(self.settings_cls)}
        for group, name in nested_secret_names(self.settings_cls):
            value = self._read(f"{group}{self._delimiter}{name}")
            values |= {group: None if value is None else {name: value}}
        return {name: value for name, value in values.items() if value is not None}

    def _read(self, name: str) -> str | None:
        variable = f"{self._prefix}{name}".lower()
        path = self._variables.get(variable + SUFFIX)
        if not path:
            return None
        file_variable = (variable + SUFFIX).upper()
        if self._variables.get(variable):
            raise Failure(f"{variable.upper()} and {file_variable} are both set.", "Unset one of them.")
        return read_secret(file_variable, Path(path))


def read_secret(variable: str, path: Path) -> str:
    """The secret in a file, without the line end. Raises ``Failure`` when there is none."""
    secret = read_text(path, f"{variable} is invalid:").rstrip("\r\n")
    if not secret:
        raise Failure(f"{variable} is invalid: {path} is empty.", "Write the secret to the file.")
    return secret
