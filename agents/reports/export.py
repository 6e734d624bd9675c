"""``tenor export``: every table as one Parquet file, written by ClickHouse.

Each row once. A file gets its name when it is complete; a manifest lists the files with row counts and checksums.
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


def export(settings: Settings, directory: Path, period: Period) -> Iterator[ExportedFile]:
    """Write every table's rows of a period to a directory, one after another.

    ``Failure`` when ClickHouse or the directory cannot be used. Files of an earlier export are replaced.
    """
    if not settings.clickhouse_http_port:
        raise Failure(
            "The export needs ClickHouse's HTTP port.",
            "Set TENOR_CLICKHOUSE_HTTP_PORT, usually to 8123.",
        )
    queries = build_queries(settings, period)
    http, files = ClickHouseHttp(settings, PATIENCE_S), []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for table, query in queries.items():
            files.append(write_table(http, table, query, directory))
            yield files[-1]
        write_manifest(directory, files, period)
    except (ClickHouseRefused, HTTPException) as error:
        raise Failure(f"ClickHouse refused the export: {error}", "See its server log.") from None
    except OSError as error:
        raise write_failure(settings, directory, error) from None
    finally:
        http.close()


def write_failure(settings: Settings, directory: Path, error: OSError) -> Failure:
    """The failure of the disk, if the error names a file or a full disk; else of the connection."""
    if error.filename is not None or error.errno in DISK:
        return Failure(f"{directory} cannot be written: {error.strerror}")
    where = f"{settings.clickhouse_host}:{settings.clickhouse_http_port}"
    return Failure(f"ClickHouse at {where} does not answer: check TENOR_CLICKHOUSE_HTTP_PORT")


def build_queries(settings: Settings, period: Period) -> dict[str, str]:
    """The query of each table."""
    require_current(settings)
    with session(settings) as client:
        columns = columns_by_table(client)
    chosen = {name: columns[name] for name in columns if is_exported(name, columns[name], period)}
    return {name: build_query(name, columns, period) for name, columns in chosen.items()}


def is_exported(table: str, columns: set[str], period: Period) -> bool:
    """Whether to export a table. Tables without tenants, such as dead letters, are not in an export of one tenant."""
    return table not in NOT_EXPORTED and (period.tenant is None or "tenant" in columns)


def build_query(table: str, columns: set[str], period: Period) -> str:
    own_period = period._replace(since=None, until=None) if table in UNTIMED_TABLES else period
    condition = own_period.condition(columns)
    where = f"WHERE {condition} " if condition else ""
    return f"SELECT * FROM {quote_identifier(table)} FINAL {where}FORMAT Parquet"  # noqa: S608  # both are quoted


def write_table(http: ClickHouseHttp, table: str, query: str, directory: Path) -> ExportedFile:
    target = directory / f"{table}.parquet"
    part = target.with_suffix(".part")
    digest = sha256()
    try:
        with part.open("wb") as file:

            def write_chunk(chunk: bytes) -> None:
                digest.update(chunk)
                file.write(chunk)

            rows = http.fetch(query, FORMAT, write_chunk)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return ExportedFile(table, rows, target.stat().st_size, digest.hexdigest())


def write_manifest(directory: Path, files: list[ExportedFile], period: Period) -> None:
    manifest: Mapping[str, object] = {
        "since_ms": period.since,
        "until_ms": period.until,
        "tenant": period.tenant,
        "tables": {file.table: {"rows": file.rows, "bytes": file.bytes, "sha256": file.sha256} for file in files},
    }
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
