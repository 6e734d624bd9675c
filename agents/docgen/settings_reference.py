"""docs/configuration.md, made from the settings themselves.

``python -m agents.docgen.settings_reference`` writes it; a test fails while the committed file is not what this makes.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from agents.settings.model import Settings

PATH = Path(__file__).parents[2] / "docs" / "configuration.md"
PREFIX = str(Settings.model_config["env_prefix"])
BETWEEN = str(Settings.model_config["env_nested_delimiter"])
ATTRIBUTE = re.compile(r"(?P<names>\w+(?:, \w+)*): (?P<text>.+)")

ABOUT = f"""\
# Configuration

Generated from the settings by `python -m agents.docgen.settings_reference`; a test keeps it current. Do not edit it by
hand.

Every setting is an environment variable, a line of the file `.env` in the working directory, or an entry of the YAML or
TOML file that `{PREFIX}CONFIG` names. The environment wins over `.env`, and `.env` over the file. In the file a setting
has the name of its variable in lower case, without `{PREFIX}`, and a group is a mapping:

```yaml
brokers: kafka-1:9092,kafka-2:9092
kafka_password_file: /run/secrets/kafka
belief:
  threshold: 8
```

`tenor config` prints the settings in force and where each came from, without secrets. `tenor doctor` checks them
([doctor.md](doctor.md)). If a name is misspelled, no command starts: the error suggests the nearest name, and the exit
code is 2. The error for an invalid value names the variable. Settings that contradict each other are refused, with what
to do.

Every password, secret and token may be in a file instead, as orchestrators mount them: `{PREFIX}KAFKA_PASSWORD_FILE`
names a file that holds `{PREFIX}KAFKA_PASSWORD`. security.md describes what they protect.

A setting of a group has two underscores in its name: `{PREFIX}BELIEF{BETWEEN}THRESHOLD=8`.

All settings of the groups except `learner` and `workload`, and the intervention options file, change decisions. So
every record Tenor publishes carries their digest (`config_version`). All workers of a deployment, and `tenor verify`,
must use the same values."""

Row = tuple[str, Any, str]


def table() -> str:
    """The whole document."""
    named = Settings.model_fields.items()
    plain = [
        (PREFIX + name.upper(), one.default, one.description or "") for name, one in named if not group(one.default)
    ]
    groups = [section(name, one.default) for name, one in named if group(one.default)]
    return "\n\n".join([ABOUT, "## Deployment", rendered(plain), *groups]) + "\n"


def group(default: Any) -> bool:
    return is_dataclass(default)


def section(name: str, default: Any) -> str:
    """One nested group: what it is about, then its settings."""
    told, about = attributes(inspect.cleandoc(type(default).__doc__ or ""))
    rows = [
        (f"{PREFIX}{name}{BETWEEN}{one.name}".upper(), getattr(default, one.name), told.get(one.name, ""))
        for one in fields(default)
    ]
    return f"## {name.capitalize()}\n\n{about}\n\n{rendered(rows)}"


def attributes(docstring: str) -> tuple[dict[str, str], str]:
    """What a docstring says of each attribute, and what stands before them."""
    about, _, rest = docstring.partition("Attributes:")
    told: dict[str, str] = {}
    for names, text in entries(rest.splitlines()):
        told |= dict.fromkeys(names, text)
    return told, about.strip()


def entries(lines: Iterable[str]) -> Iterator[tuple[list[str], str]]:
    """Entries of an ``Attributes:`` section; a line that begins none goes on with the one before."""
    names: list[str] = []
    text = ""
    for line in filter(None, map(str.strip, lines)):
        found = ATTRIBUTE.fullmatch(line)
        if found is None:
            text += f" {line}"
            continue
        if names:
            yield names, text
        names, text = found["names"].split(", "), found["text"]
    if names:
        yield names, text


def rendered(rows: Iterable[Row]) -> str:
    lines = [f"| `{name}` | {shown(default)} | {cell(text)} |" for name, default, text in rows]
    return "\n".join(["| Variable | Default | Description |", "|---|---|---|", *lines])


def shown(default: Any) -> str:
    """A default as one would write it in the environment."""
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    if value is None:
        return "unset"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`" if text else "empty"


def cell(text: str) -> str:
    """A text as one cell, without what Markdown would take for a column."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PATH.write_text(table(), encoding="utf-8")
