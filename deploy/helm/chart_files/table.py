"""The table of values in the chart's README."""

import json
from typing import Any

from agents.docgen.settings_reference import cell
from deploy.helm.chart_files.commented import Value

BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"


def written(readme: str, values: list[Value]) -> str:
    """The README with the table of these values."""
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{table(values)}\n{END}{rest.partition(END)[2]}"


def table(values: list[Value]) -> str:
    rows = [f"| `{one.name}` | {shown(one.default)} | {cell(one.about)} |" for one in values]
    return "\n".join(["| Value | Default | |", "|---|---|---|", *rows])


def shown(default: Any) -> str:
    if default is None:
        return "`null`"
    text = default if isinstance(default, str) else json.dumps(default)
    return f"`{cell(text)}`" if text else "empty"
