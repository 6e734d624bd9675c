"""The report's part on wording: what the wording of answers went with, from ClickHouse, and on a terminal."""

from collections.abc import Sequence
from typing import Any

from clickhouse_driver import Client
from rich.console import Console
from rich.markup import escape

from agents.common.formatting import UNKNOWN, new_table, print_heading
from streams.signals.reply_style import FEATURES

Report = dict[str, Any]

NAMES = ("tenant", "turns", "conversations", "feature", "present", "effect", "low", "high", "direction")
EFFECTS = """
SELECT tenant, turns, conversations, feature, present, effect, low, high, direction
FROM wording_effects ORDER BY tenant, isNull(effect), effect, feature
"""
TITLE = "What wording went with (change of the next level; negative: it fell)"
NO_PROOF = (
    "An association, no proof: operators choose their words by the case before them. Adjusted for turn, level before "
    "and the other features. Intervals are for one feature, looked at once; 'defuses' and 'escalates' allow for "
    f"{len(FEATURES)} features."
)
PER = {"wording.words": "length, each doubling"}


def wording_effects(client: Client) -> list[Report]:
    """What each feature of an answer went with, by tenant, the greatest fall first. None where it cannot be told."""
    return [dict(zip(NAMES, row, strict=True)) for row in client.execute(EFFECTS)]


def render_wording(found: Sequence[Report], console: Console) -> None:
    """Print them; nothing while there is no study."""
    if not found:
        return
    print_heading(TITLE, console)
    table = new_table(("feature",), ("answers", "change (95 %)", ""))
    for tenant in dict.fromkeys(one["tenant"] for one in found):
        rows = [one for one in found if one["tenant"] == tenant]
        table.add_row(f"[bold]{escape(tenant)}[/]", f"{rows[0]['turns']:,}", "", "")
        for one in rows:
            name = PER.get(one["feature"], one["feature"].removeprefix("wording."))
            table.add_row(f"  {name}", f"{one['present']:,}", change(one), one["direction"])
    console.print(table)
    console.print(NO_PROOF, style="dim")


def change(one: Report) -> str:
    """An effect with its interval."""
    if one["effect"] is None:
        return UNKNOWN
    return f"{one['effect']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"
