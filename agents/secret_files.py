"""Secrets out of files, as orchestrators mount them: ``TENOR_KAFKA_PASSWORD_FILE=/run/secrets/kafka``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from agents.errors import Failure

SUFFIX = "_file"


def secrets_of(settings: type[BaseSettings]) -> list[str]:
    """Names of the settings that are secrets."""
    return [name for name, one in settings.model_fields.items() if one.annotation is SecretStr]


class SecretFiles(PydanticBaseSettingsSource):
    """A source of settings: of every secret the file its variable names.

    Args:
        settings: the class that is filled.
        sources: where variables are looked up: the environment, ``.env``.
    """

    def __init__(self, settings: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(settings)
        self._prefix = str(settings.model_config["env_prefix"])
        known: list[Mapping[str, str | None]] = [getattr(source, "env_vars", {}) for source in sources]
        self._variables = {name.lower(): value for one in reversed(known) for name, value in one.items()}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What the file holds, None where no variable names one."""
        variable = f"{self._prefix}{field_name}".lower()
        path = self._variables.get(variable + SUFFIX)
        if not path:
            return None, field_name, False
        named = (variable + SUFFIX).upper()
        if self._variables.get(variable):
            raise Failure(f"{variable.upper()} and {named} are both set", "unset one of them")
        return content(named, Path(path)), field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields
        found = {name: self.get_field_value(fields[name], name)[0] for name in secrets_of(self.settings_cls)}
        return {name: value for name, value in found.items() if value is not None}


def content(variable: str, path: Path) -> str:
    """The secret in a file, without the line's end. ``Failure`` when there is none."""
    try:
        found = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise Failure(f"{variable} is wrong: {path} cannot be read: {reason}") from None
    if not found:
        raise Failure(f"{variable} is wrong: {path} is empty")
    return found
