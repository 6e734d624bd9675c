"""``tenor report --html``: one page with everything in it, for people who do not ask databases.

It loads nothing and runs nothing: no script, no picture from elsewhere. Every text is escaped by the template engine;
what is not escaped is the SVG that ``page_plots`` draws, in which text is escaped by matplotlib.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from agents.clickhouse.client import session
from agents.clickhouse.migrate import require_current
from agents.clickhouse.period import Period, filter_tables
from agents.common.files import write_bytes
from agents.common.formatting import UNKNOWN, with_tenant
from agents.reports.html.queries import gathered
from agents.settings.model import Settings

Row = Mapping[str, Any]

FEW = 2  # points of time a curve needs


def write(settings: Settings, path: Path, wanted: Period) -> None:
    """Write the page of a period. ``Failure`` when ClickHouse or the file cannot be used."""
    require_current(settings)
    with session(settings) as client:
        filter_tables(client, wanted)
        found = gathered(client, wanted)
    write_bytes(path, render(found).encode())


def render(found: Row) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("agents.reports.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "words": words}
    several = len(found["tenants"]) > 1
    return environment.get_template("report.html").render(found, several=several, plots=plots(found))


def plots(found: Row) -> dict[str, Markup]:
    """What there is enough for."""
    from agents.reports.html import plots as page_plots  # matplotlib takes most of a second to load

    options = compared(found)
    made = {
        "volume": found["by_time"] and page_plots.volume(found["by_time"], found["step_s"]),
        "level": len(found["by_time"]) >= FEW and page_plots.level(found["by_time"]),
        "alerts": len(found["alerts_by_time"]) >= FEW and page_plots.alerts(found["alerts_by_time"], found["step_s"]),
        "turns_left": len(found["turns_left"]) >= FEW and page_plots.turns_left(found["turns_left"]),
        "uplift": any(row["mean"] is not None for row in options) and page_plots.uplift(options),
        "calibration": found["calibration"] and page_plots.calibration(found["calibration"]),
    }
    return {name: Markup(svg) for name, svg in made.items() if svg}  # noqa: S704


def compared(found: Row) -> Sequence[dict[str, Any]]:
    """Any intervention, then every option, with what each is called."""
    rows = [row | {"option": "any intervention"} for row in found["any"]] + list(found["uplift"])
    return [{**row, "label": with_tenant(row, row["option"])} for row in rows]


def shown(value: Any) -> str:
    """A value as people read it; what is not known is a dash, never a zero."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return ", ".join(map(shown, value)) if isinstance(value, list) else str(value)


def words(name: str) -> str:
    """The name of a column as words."""
    return name.replace("_", " ")
