"""``tenor export``: every table as one Parquet file, written by ClickHouse itself.

Each row once. A file appears under its name when it is complete; a manifest beside them says what they hold.
"""

import errno
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from agents.clickhouse.client import quote_identifier, session
from agents.clickhouse.http import ClickHouseHttp, ClickHouseRefused
from agents.clickhouse.migrate import require_current
from agents.clickhouse.period import UNTIMED_TABLES, Period, columns_by_table
from agents.common.errors import Failure
from agents.settings.model import Settings

PATIENCE_S = 3600.0  # a large table is a long answer, and nothing comes before it is whole
MANIFEST = "manifest.json"
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
NOT_EXPORTED = {"migrations"}
# What every reader of Parquet understands: texts as texts, and times that carry their zone.
FORMAT: dict[str, int | str] = {
    "output_format_parquet_string_as_string": 1,
    "output_format_parquet_compression_method": "zstd",
}


class ExportedFile(NamedTuple):
    """One file: its table, its size in bytes, and what it must hash to."""

    table: str
    rows: int
    bytes: int
    sha256: str


def export(settings: Settings, directory: Path, wanted: Period) -> Iterator[ExportedFile]:
    """Write every table's rows of a period to a directory, one after another.

    ``Failure`` when ClickHouse or the directory cannot be used. Files of an earlier export are replaced.
    """
    if not settings.clickhouse_http_port:
        raise Failure(
            "an export needs ClickHouse's HTTP port, which writes Parquet",
            "set TENOR_CLICKHOUSE_HTTP_PORT, usually to 8123",
        )
    queries = statements(settings, wanted)
    http, done = ClickHouseHttp(settings, PATIENCE_S), []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for table, query in queries.items():
            done.append(write(http, table, query, directory))
            yield done[-1]
        say_what(directory, done, wanted)
    except (ClickHouseRefused, HTTPException) as error:
        raise Failure(f"ClickHouse did not export: {error}", "its log says more") from None
    except OSError as error:
        raise not_written(settings, directory, error) from None
    finally:
        http.close()


def not_written(settings: Settings, directory: Path, error: OSError) -> Failure:
    """Whether it was the disk: it names a file, or is full; a connection neither."""
    if error.filename is not None or error.errno in DISK:
        return Failure(f"{directory} cannot be written: {error.strerror}")
    where = f"{settings.clickhouse_host}:{settings.clickhouse_http_port}"
    return Failure(f"ClickHouse at {where} does not answer: check TENOR_CLICKHOUSE_HTTP_PORT")


def statements(settings: Settings, wanted: Period) -> dict[str, str]:
    """The query of each table."""
    require_current(settings)
    with session(settings) as client:
        found = columns_by_table(client).items()
        return {name: query(name, columns, wanted) for name, columns in found if exported(name, columns, wanted)}


def exported(table: str, columns: set[str], wanted: Period) -> bool:
    """Whether a table belongs to it. What is nobody's, such as dead letters, is not one tenant's either."""
    return table not in NOT_EXPORTED and (wanted.tenant is None or "tenant" in columns)


def query(table: str, columns: set[str], wanted: Period) -> str:
    ours = wanted._replace(since=None, until=None) if table in UNTIMED_TABLES else wanted
    condition = ours.condition(columns)
    chosen = f"WHERE {condition} " if condition else ""
    return f"SELECT * FROM {quote_identifier(table)} FINAL {chosen}FORMAT Parquet"  # noqa: S608  # both are quoted


def write(http: ClickHouseHttp, table: str, query: str, directory: Path) -> ExportedFile:
    target = directory / f"{table}.parquet"
    part = target.with_suffix(".part")
    digest = sha256()
    try:
        with part.open("wb") as file:

            def take(chunk: bytes) -> None:
                digest.update(chunk)
                file.write(chunk)

            rows = http.fetch(query, FORMAT, take)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return ExportedFile(table, rows, target.stat().st_size, digest.hexdigest())


def say_what(directory: Path, done: list[ExportedFile], wanted: Period) -> None:
    told: Mapping[str, object] = {
        "since_ms": wanted.since,
        "until_ms": wanted.until,
        "tenant": wanted.tenant,
        "tables": {one.table: {"rows": one.rows, "bytes": one.bytes, "sha256": one.sha256} for one in done},
    }
    (directory / MANIFEST).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
