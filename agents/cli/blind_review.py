"""``tenor blind-review``: people compare replies without knowing which one followed an intervention."""

import json
from pathlib import Path
from typing import Annotated

import typer

from agents.cli.options import AsJson, Tenant, load_settings
from agents.cli.output import print_line, print_result

app = typer.Typer()
review_app = typer.Typer(
    no_args_is_help=True, help="Have people compare replies without knowing which followed an intervention."
)
app.add_typer(review_app, name="blind-review")


@review_app.command("export", epilog="Example: tenor blind-review export review-june --pairs 100")
def export_pairs(
    directory: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Directory for review.csv and key.json.")],
    pairs: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of pairs.")] = 100,
    tenant: Tenant = "default",
    seed: Annotated[
        int | None, typer.Option(help="Random seed for the pairs and their sides. Default: a random one.")
    ] = None,
) -> None:
    """Write pairs of replies (intervention and control) for reviewers, and the key that says which is which."""
    from agents.blind_review import export

    summary = export.export(load_settings(), directory, pairs, tenant, seed)
    print_line(
        f"wrote {summary.pairs} pairs of {summary.exchanges[0]} replies to interventions"
        f" and {summary.exchanges[1]} to control"
    )
    for reason, count in sorted(summary.left_out.items()):
        print_line(f"  left out: {count}, {reason}")
    print_line(
        f"{summary.review} is for the reviewers. It contains messages of customers and operators, perhaps names."
    )
    print_line("Give it only to people who may read these conversations, and delete it afterwards.")
    print_line(f"{summary.key} says which reply is which: keep it away from the reviewers. The import needs it.")


@review_app.command("import", epilog="Example: tenor blind-review import anna.csv --key review-june/key.json")
def import_ratings(
    file: Annotated[Path, typer.Argument(metavar="REVIEW_CSV", help="Completed sheet.")],
    key: Annotated[Path, typer.Option(help="key.json of the export.")],
    rater: Annotated[
        str | None, typer.Option(help="Pseudonymous ID of the reviewer. Default: the rater column.")
    ] = None,
) -> None:
    """Publish a completed sheet as ratings. A sheet with errors publishes nothing. Safe to run twice."""
    from agents.blind_review import import_ratings as ratings

    summary = ratings.import_ratings(load_settings(), file, key, rater)
    by = f" by {', '.join(summary.raters)}" if summary.raters else ""
    print_line(
        f"published {summary.ratings} ratings of {summary.pairs} pairs{by}; {summary.unanswered} pairs unanswered"
    )


@review_app.command("report", epilog="Example: tenor blind-review report --key review-june/key.json")
def print_report(
    key: Annotated[
        Path | None, typer.Option(help="key.json: report that review alone, and compare with reply length.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which replies reviewers preferred, whether they agree, and how much reply length explains."""
    from agents.blind_review import report

    result = report.report(load_settings(), key)
    print_result(result, as_json, lambda preferences: json.dumps(preferences, allow_nan=False), report.print_report)
