"""``tenor schemas``: compatibility and publication of the Avro schemas."""

from typing import Annotated

import typer

from agents.cli.options import load_settings
from agents.cli.output import out, print_line

app = typer.Typer()
schemas_app = typer.Typer(no_args_is_help=True, help="Check and publish the Avro schemas of the records.")
app.add_typer(schemas_app, name="schemas")


@schemas_app.command(epilog="Example: tenor schemas check --base v1.0.0")
def check(
    base: Annotated[str | None, typer.Option(help="Git ref to compare with. Default: the last tag.")] = None,
) -> None:
    """Check that today's schemas can read records of earlier versions. Run it in a git clone. Exits 1 if not."""
    from agents.schema_registry import check as compatibility

    report = compatibility.check(base)
    for line in compatibility.report_lines(report):
        print_line(line)
    raise typer.Exit(int(bool(report.wrong)))


@schemas_app.command(epilog="Example: tenor schemas publish --dry-run")
def publish(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be published.")] = False,
) -> None:
    """Register missing schemas in the registry at TENOR_REGISTRY_URL.

    If one is incompatible, none is registered and the command exits 1.
    """
    from agents.schema_registry import publish as registry

    settings = load_settings()
    before = registry.subject_statuses(settings)
    after = before if dry_run else registry.publish(settings, before)
    registry.render(before, after, out)
    raise typer.Exit(int(any(status.wrong for status in after)))
