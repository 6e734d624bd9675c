"""Prints the report: readable at 100 columns, and with little or no data."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from agents.common.formatting import new_table, number, print_facts, print_heading
from agents.reports import checks_view, effects_view, ratings_view, wording

Report = dict[str, Any]


def print_report(report: Report, console: Console) -> None:
    """Print a report."""
    for section in SECTIONS:
        section(report, console)


def print_traffic(report: Report, console: Console) -> None:
    if not report["points"]:
        console.print("No data yet: no trajectory points have arrived. Check that the worker and the sink are running.")
        return
    console.print(
        f"[bold]{report['conversations']:,}[/] conversations, {report['customer_turns']:,} customer turns, "
        f"{report['points']:,} trajectory points; {report['raised_conversations']:,} conversations raised."
    )


def print_detection(report: Report | None, console: Console) -> None:
    if report is None:
        return
    print_heading("Detection, against the labels", console)
    if not report["turns"]:
        console.print("None of the labelled turns has arrived.")
        return
    delay = report["delay_turns"]
    print_facts(
        [
            ("labelled conversations", f"{report['conversations']:,}, {report['without_points']:,} without points"),
            ("truly frustrated", f"{report['frustrated']:,}: {report['hits']:,} raised, {report['misses']:,} missed"),
            ("quiet", f"{report['quiet']:,}: {report['false_alarms']:,} raised, {per_thousand(report)}"),
            ("turns until raised", f"median {number(delay['median'], 1)}, mean {number(delay['mean'], 1)}"),
            ("AUC of the level, by turn", f"{number(report['auc'], 3)} over {report['turns']:,} turns"),
        ],
        console,
    )


def per_thousand(report: Report) -> str:
    return f"{number(report['false_alarms_per_1000_quiet'], 1)} per 1,000"


def print_decisions(report: Report, console: Console) -> None:
    if not report["decision_points"]:
        return
    print_heading("Decisions", console)
    console.print(
        f"{report['decision_points']:,} decision points, {report['available']:,} with an intervention possible; "
        f"{report['reroutes']:,} reroutes, {report['escalations']:,} escalations."
    )


def print_alerts(report: dict[str, int], console: Console) -> None:
    if report:
        print_heading("Alerts", console)
        print_facts([(rule, f"{count:,}") for rule, count in report.items()], console)


def print_dead_letters(report: Sequence[Report], console: Console) -> None:
    if not report:
        console.print("\nNo dead letters.")
        return
    print_heading("Dead letters", console)
    table = new_table(("topic", "reason"), ("events",))
    for row in report:
        table.add_row(escape(row["topic"]), escape(row["reason"]), f"{row['count']:,}")
    console.print(table)


# In this order. The answer stands at the end.
SECTIONS: tuple[Callable[[Report, Console], None], ...] = (
    lambda report, console: print_traffic(report["traffic"], console),
    lambda report, console: print_detection(report["detection"], console),
    lambda report, console: print_decisions(report["decisions"], console),
    lambda report, console: effects_view.print_interventions(report["interventions"], console),
    lambda report, console: checks_view.print_data_quality(report["randomisation"], console),
    lambda report, console: effects_view.print_policy_values(report["policy_values"], console),
    lambda report, console: checks_view.print_recovery(report["time_to_recovery"], console),
    lambda report, console: checks_view.print_holdout(report["holdout"], console),
    lambda report, console: checks_view.print_calibration(report["calibration"], console),
    lambda report, console: ratings_view.print_ratings(report["ratings"], console),
    lambda report, console: wording.render_wording(report["wording"], console),
    lambda report, console: checks_view.print_policy(report["policy"], console),
    lambda report, console: print_alerts(report["alerts"], console),
    lambda report, console: print_dead_letters(report["dead_letters"], console),
    lambda report, console: effects_view.print_answer(report["did_it_help"], report["note"], console),
)
