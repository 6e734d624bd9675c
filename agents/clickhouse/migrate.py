"""Applies the migrations: brings the ClickHouse database to the tables and views of this version.

Two at the same time do no harm: every statement can be repeated, and both write the same row about what they applied.
"""

from collections import defaultdict
from pathlib import Path

import tenacity
from clickhouse_driver import Client
from clickhouse_driver.errors import ErrorCodes, ServerException

from agents.clickhouse.client import quote_identifier, session
from agents.common.errors import Failure
from agents.settings.model import Settings
from schemas.migrations import FOLDER, Migration, migrations

CREATE_MIGRATIONS = """
CREATE TABLE IF NOT EXISTS migrations
(
    number UInt32 COMMENT 'Place in the order',
    name String COMMENT 'File that was applied',
    checksum String COMMENT 'SHA-256 of the file',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY number
COMMENT 'Which files made this database'
"""

CONCURRENT_CHANGE = (ErrorCodes.TABLE_IS_DROPPED, ErrorCodes.UNKNOWN_TABLE, ErrorCodes.TABLE_ALREADY_EXISTS)
ATTEMPTS, RETRY_S = 10, 0.5

# Columns of views without a comment, with the comment of the same column in the table the view reads.
UNCOMMENTED_COLUMNS = """
SELECT of_view.table, of_view.name, any(of_table.comment)
FROM system.columns AS of_view
INNER JOIN system.tables AS view ON view.database = of_view.database AND view.name = of_view.table
INNER JOIN system.columns AS of_table ON of_table.database = of_view.database AND of_table.name = of_view.name
WHERE of_view.database = currentDatabase() AND view.engine = 'View' AND of_view.comment = ''
    AND of_table.comment != '' AND match(view.as_select, concat('\\\\b', of_table.table, '\\\\b'))
GROUP BY of_view.table, of_view.name
ORDER BY of_view.table, of_view.name
"""


def migrate(settings: Settings, folder: Path = FOLDER) -> list[str]:
    """Apply the missing migrations; returns the names of their files.

    ``Failure`` when ClickHouse cannot be used, when an applied file has changed since, or when the database was
    made by a newer version.
    """
    create_database(settings)
    with session(settings) as client:
        return apply(client, settings, migrations(folder))


def create_database(settings: Settings) -> None:
    with session(settings, database="") as client:
        client.execute(f"CREATE DATABASE IF NOT EXISTS {quote_identifier(settings.clickhouse_database)}")


def is_concurrent_change(error: BaseException) -> bool:
    """Whether another process replaced a view at the same time."""
    return isinstance(error, ServerException) and error.code in CONCURRENT_CHANGE


@tenacity.retry(
    retry=tenacity.retry_if_exception(is_concurrent_change),
    wait=tenacity.wait_random(0, RETRY_S),
    stop=tenacity.stop_after_attempt(ATTEMPTS),
    reraise=True,
)
def apply(client: Client, settings: Settings, files: list[Migration]) -> list[str]:
    client.execute(CREATE_MIGRATIONS)
    missing = unapplied(settings, files, applied(client))
    for migration in missing:
        for statement in migration.statements:
            client.execute(statement)
        row = (migration.number, migration.name, migration.checksum)
        client.execute("INSERT INTO migrations (number, name, checksum) VALUES", [row])
    comment_views(client)
    return [migration.name for migration in missing]


def applied(client: Client) -> dict[int, tuple[str, str]]:
    """Name and checksum of every applied file, by number."""
    rows = client.execute("SELECT number, name, checksum FROM migrations FINAL")
    return {number: (name, checksum) for number, name, checksum in rows}


def unapplied(settings: Settings, files: list[Migration], done: dict[int, tuple[str, str]]) -> list[Migration]:
    """Migrations still to apply; ``Failure`` when the files and the database do not match."""
    database = settings.clickhouse_database
    newest = max(done, default=0)
    if newest > len(files):
        raise Failure(
            f"the ClickHouse database {database} was made by a newer Tenor (it has {done[newest][0]})",
            "deploy that version, or set TENOR_CLICKHOUSE_DATABASE to another database",
        )
    for migration in files:
        if migration.number in done and done[migration.number][1] != migration.checksum:
            raise Failure(
                f"{migration.name} has changed since it was applied to the ClickHouse database {database}",
                "restore the file and put the change in a new one, with the next number",
            )
    return [migration for migration in files if migration.number not in done]


def comment_views(client: Client) -> None:
    """Copy comments of table columns to the columns of views."""
    commands: dict[str, list[str]] = defaultdict(list)
    for view, column, comment in client.execute(UNCOMMENTED_COLUMNS):
        text = comment.replace("\\", "\\\\").replace("'", "\\'")
        commands[view].append(f"COMMENT COLUMN {quote_identifier(column)} '{text}'")
    for view, changes in commands.items():
        client.execute(f"ALTER TABLE {quote_identifier(view)} {', '.join(changes)}")


def require_current(settings: Settings) -> None:
    """``Failure`` when the database is missing or a migration is not applied."""
    with session(settings) as client:
        exists = client.execute("EXISTS TABLE migrations")[0][0]
        missing = unapplied(settings, migrations(), applied(client) if exists else {})
    if missing:
        raise Failure(
            f"The ClickHouse database {settings.clickhouse_database} is not up to date.", "Run: tenor migrate"
        )
