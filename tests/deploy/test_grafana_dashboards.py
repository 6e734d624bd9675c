"""The dashboard on ClickHouse: every query of every panel, against a replayed recording."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from agents.settings.model import Settings
from tests.support.data.warehouse import ask

pytestmark = pytest.mark.integration

FILE = Path(__file__).parents[2] / "deploy/grafana/conversations.json"
DASHBOARD = json.loads(FILE.read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EMPTY = {"Waiting too long"}  # as it should be

# What Grafana's ClickHouse data source makes of its macros, over the whole recording.
MACROS = (
    (r"\$__timeFilter\(([^()]+)\)", r"(\1 >= toDateTime(0) AND \1 <= toDateTime(4000000000))"),
    (r"\$__timeInterval\(([^()]+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 3600 second)"),
    (r"\$\{tenant:singlequote\}", "'default'"),
)


def expanded(query: str) -> str:
    for macro, sql in MACROS:
        query = re.sub(macro, sql, query)
    assert "$" not in query, "a macro or variable this test does not know"
    return query


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_is_answered(warehouse: Settings, panel: dict[str, Any]) -> None:
    (target,) = panel["targets"]
    assert target["datasource"] == panel["datasource"] == {"type": DATASOURCE, "uid": "${clickhouse}"}
    rows = ask(warehouse, expanded(target["rawSql"]))
    assert bool(rows) == (panel["title"] not in EMPTY)
    over_time = panel["type"] == "timeseries"
    assert (target["queryType"], target["format"]) == (("timeseries", 0) if over_time else ("table", 1))
    if over_time:
        times = [row["time"] for row in rows]
        assert times == sorted(times)
        assert len(rows[0]) > 1
    if panel["type"] == "stat":
        assert len(rows) == len(rows[0]) == 1


DATASOURCE = "grafana-clickhouse-datasource"


def test_panels_have_their_own_places_and_ids() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_the_list_of_tenants_is_answered(warehouse: Settings) -> None:
    (variable,) = [one for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    assert ask(warehouse, variable["query"]) == [{"tenant": "default"}]
