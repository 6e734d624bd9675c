"""Scores as tables for people."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

MEANING = {
    "now": "frustrated, after reading the turn",
    "next": "frustrated, before it is seen",
    "onset": "the same, where the turn before was not",
    "rise": "more frustrated than the turn before, before it is seen",
}


def render(found: Mapping[str, Any], console: Console) -> None:
    """Print an evaluation."""
    console.print(questions(found["scores"]))
    for name in found["scores"]:
        console.print(f"{name}: {MEANING[name]}", style="dim", highlight=False)
    alarms = found["alarms"]
    console.print(
        f"{alarms['conversations']} conversations, {alarms['frustrated']} with a frustrated turn. "
        f"Alarms: {alarms['hits']} of these, after {said(alarms['delay_turns']['mean'], 1)} turns on average "
        f"(below 0: before); in quiet ones {said(alarms['false_alarms_per_1000_quiet'], 0)} of 1,000.",
        highlight=False,
    )


def questions(scores: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table("question", "turns", "true", "AUC", "95 %", "precision", "calibration", box=None)
    for name, one in scores.items():
        shown = [f"{one[key]:.3f}" for key in ("base", "auc")]
        shown += [f"{one['low']:.3f}–{one['high']:.3f}"]
        shown += [f"{one[key]:.3f}" for key in ("average_precision", "calibration_error")]
        table.add_row(name, str(one["number"]), *shown)
    return table


def said(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"
