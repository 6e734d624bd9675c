"""The report on a terminal, for people: readable at 100 columns, and when there is little or nothing yet."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from agents.common.formatting import new_table, number, print_facts, print_heading
from agents.reports import checks_view, effects_view, ratings_view, wording

Report = dict[str, Any]


def render(found: Report, console: Console) -> None:
    """Print a report."""
    for section in SECTIONS:
        section(found, console)


def traffic(found: Report, console: Console) -> None:
    if not found["points"]:
        console.print("Nothing has arrived yet: no trajectory points. Are the worker and the sink running?")
        return
    console.print(
        f"[bold]{found['conversations']:,}[/] conversations, {found['customer_turns']:,} customer turns, "
        f"{found['points']:,} trajectory points; the frustration signal rose in {found['raised_conversations']:,}."
    )


def detection(found: Report | None, console: Console) -> None:
    if found is None:
        return
    print_heading("Detection, against the labels", console)
    if not found["turns"]:
        console.print("None of the labelled turns has arrived.")
        return
    delay = found["delay_turns"]
    print_facts(
        [
            ("labelled conversations", f"{found['conversations']:,}, {found['without_points']:,} without points"),
            ("truly frustrated", f"{found['frustrated']:,}: {found['hits']:,} raised, {found['misses']:,} missed"),
            ("quiet", f"{found['quiet']:,}: {found['false_alarms']:,} raised, {per_thousand(found)}"),
            ("turns until raised", f"median {number(delay['median'], 1)}, mean {number(delay['mean'], 1)}"),
            ("AUC of the level, by turn", f"{number(found['auc'], 3)} over {found['turns']:,} turns"),
        ],
        console,
    )


def per_thousand(found: Report) -> str:
    return f"{number(found['false_alarms_per_1000_quiet'], 1)} per 1,000"


def decisions(found: Report, console: Console) -> None:
    if not found["decision_points"]:
        return
    print_heading("Decisions", console)
    console.print(
        f"{found['decision_points']:,} decision points, {found['available']:,} with an intervention possible; "
        f"{found['reroutes']:,} reroutes, {found['escalations']:,} escalations."
    )


def alerts(found: dict[str, int], console: Console) -> None:
    if found:
        print_heading("Alerts", console)
        print_facts([(rule, f"{count:,}") for rule, count in found.items()], console)


def dead_letters(found: Sequence[Report], console: Console) -> None:
    if not found:
        console.print("\nNo dead letters.")
        return
    print_heading("Dead letters", console)
    table = new_table(("topic", "reason"), ("events",))
    for one in found:
        table.add_row(escape(one["topic"]), escape(one["reason"]), f"{one['count']:,}")
    console.print(table)


# In this order. The answer stands at the end.
SECTIONS: tuple[Callable[[Report, Console], None], ...] = (
    lambda found, console: traffic(found["traffic"], console),
    lambda found, console: detection(found["detection"], console),
    lambda found, console: decisions(found["decisions"], console),
    lambda found, console: effects_view.interventions(found["interventions"], console),
    lambda found, console: checks_view.randomisation(found["randomisation"], console),
    lambda found, console: effects_view.values(found["policy_values"], console),
    lambda found, console: checks_view.recovery(found["time_to_recovery"], console),
    lambda found, console: checks_view.holdout(found["holdout"], console),
    lambda found, console: checks_view.calibration(found["calibration"], console),
    lambda found, console: ratings_view.render(found["ratings"], console),
    lambda found, console: wording.render_wording(found["wording"], console),
    lambda found, console: checks_view.policy(found["policy"], console),
    lambda found, console: alerts(found["alerts"], console),
    lambda found, console: dead_letters(found["dead_letters"], console),
    lambda found, console: effects_view.did_it_help(found["did_it_help"], found["note"], console),
)
