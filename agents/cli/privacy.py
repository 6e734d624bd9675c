"""``tenor profiles|export|forget``: show, export and erase the data of customers."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from agents.cli.options import CustomerArgument, CustomerOption, OneTenant, Since, Tenant, Timeout, Until, load_settings
from agents.cli.output import out, print_line
from agents.common.errors import Failure

app = typer.Typer()
profiles_app = typer.Typer(no_args_is_help=True, help="Show or erase the profile of a customer.")
app.add_typer(profiles_app, name="profiles")


@app.command("export", epilog="Example: tenor export data --since 2026-03-02T00:00:00Z")
def export_tables(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory to write to. Created if missing.")],
    since: Since = None,
    until: Until = None,
    tenant: OneTenant = None,
) -> None:
    """Export every ClickHouse table to a Parquet file. The files contain the IDs that you publish."""
    from agents.clickhouse.period import parse_period
    from agents.reports import export

    for file in export.export(load_settings(), directory, parse_period(since, until, tenant)):
        print_line(f"{file.table}.parquet: {file.rows:,} rows, {file.bytes:,} bytes")


@app.command(epilog="Example: tenor forget --customer cust-42")
def forget(customer: CustomerOption, tenant: Tenant = "default", timeout: Timeout = 120.0) -> None:
    """Erase a customer everywhere: open conversations, profile, ClickHouse, pending outcomes."""
    from agents.privacy import erase, erase_view

    settings = load_settings()
    with out.status("waiting") as status:
        erased = erase.erase_customer(
            settings, tenant, customer, timeout, lambda stage, lag: status.update(f"{stage}: {lag} records left")
        )
    erase_view.print_result(erased, settings.topics, out)


@profiles_app.command("show", epilog="Example: tenor profiles show cust-42")
def show_profile(customer: CustomerArgument, tenant: Tenant = "default") -> None:
    """Print the profile of a customer as JSON. Exits 1 if there is none."""
    from agents.privacy import profiles

    profile = profiles.find_profile(load_settings(), tenant, customer)
    if profile is None:
        raise Failure(f"There is no profile of this customer in tenant {tenant}.", "For another tenant, add --tenant.")
    sys.stdout.write(json.dumps(profile, indent=2) + "\n")


@profiles_app.command("erase", epilog="Example: tenor profiles erase cust-42")
def erase_profile(customer: CustomerArgument, tenant: Tenant = "default") -> None:
    """Erase the profile of a customer, including what conversations opened before now would still add to it."""
    from agents.privacy import profiles

    profiles.request_erasure(load_settings(), tenant, customer)
    print_line("requested: the workers erase the profile; what expires when is in docs/decisions/0008-profiles.md")
