"""Prints scores as tables."""

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


def print_scores(evaluation: Mapping[str, Any], console: Console) -> None:
    """Print an evaluation."""
    console.print(question_table(evaluation["scores"]))
    for name in evaluation["scores"]:
        console.print(f"{name}: {MEANING[name]}", style="dim", highlight=False)
    alarms = evaluation["alarms"]
    delay = format_optional(alarms["delay_turns"]["mean"], 1)
    false_alarms = format_optional(alarms["false_alarms_per_1000_quiet"], 0)
    console.print(
        f"{alarms['conversations']} conversations, {alarms['frustrated']} with a frustrated turn. "
        f"Alarms: {alarms['hits']} of these, on average {delay} turns after the first frustrated one "
        f"(below 0: before it); {false_alarms} of 1,000 quiet conversations.",
        highlight=False,
    )


def question_table(scores: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table("question", "turns", "true", "AUC", "95 %", "precision", "calibration", box=None)
    for name, score in scores.items():
        cells = [f"{score[key]:.3f}" for key in ("base", "auc")]
        cells += [f"{score['low']:.3f}–{score['high']:.3f}"]
        cells += [f"{score[key]:.3f}" for key in ("average_precision", "calibration_error")]
        table.add_row(name, str(score["number"]), *cells)
    return table


def format_optional(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"
