"""ClickHouse: down, killed, read-only, slow, full."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from agents.clickhouse.client import connect
from tests.faults.case import case
from tests.faults.field import Field

DOWN_S = 60.0
KILLS = 4
WRITTEN = ("trajectory_points", "decisions", "outcomes", "alerts", "distal_outcomes", "dead_letters")
#: As a disk of which nothing is left: what ClickHouse must find free before it writes, bytes.
MORE_THAN_THERE_IS = 10**18


@case("ClickHouse down for a minute", 4)
def down(field: Field) -> None:
    field.note(f"ClickHouse down {DOWN_S:g} s")
    field.clickhouse.stop()
    field.sleep(DOWN_S)
    field.clickhouse.start()
    field.ended()


@case("ClickHouse killed during an insert", 4, smoke=True, rate=400)
def killed_inserting(field: Field) -> None:
    for _ in field.times(KILLS, short=2):
        field.sleep(3.0)
        with slow(field, seconds=1):
            wait_for_insert(field)
            field.note("SIGKILL ClickHouse while it inserts")
            field.clickhouse.kill()
            field.sleep(2.0)
            field.clickhouse.start()
    field.ended()


@case("ClickHouse read-only", 4)
def read_only(field: Field) -> None:
    field.note("tables read-only 30 s")
    with every_table(field, "table_readonly", 1):
        field.sleep(30.0)
    field.ended()


@case("ClickHouse without free space by its own guard", 4)
def guarded(field: Field) -> None:
    """It refuses inserts with the code it has for a disk without room."""
    field.note("no free space 30 s")
    with every_table(field, "min_free_disk_bytes_to_perform_insert", MORE_THAN_THERE_IS):
        field.sleep(30.0)
    field.ended()


@case("ClickHouse slow", 4)
def two_seconds(field: Field) -> None:
    field.note("2 s for every insert, 40 s long")
    with slow(field, seconds=2):
        field.sleep(40.0)
    field.ended()


@contextmanager
def every_table(field: Field, setting: str, value: int) -> Iterator[None]:
    client = connect(field.settings)
    for table in WRITTEN:
        client.execute(f"ALTER TABLE {table} MODIFY SETTING {setting} = {value}")
    yield
    for table in WRITTEN:
        client.execute(f"ALTER TABLE {table} RESET SETTING {setting}")
    client.disconnect()


@contextmanager
def slow(field: Field, seconds: int) -> Iterator[None]:
    """Whatever is inserted is also looked at by a view that sleeps, and acknowledged after that."""
    client = connect(field.settings)
    client.execute("CREATE TABLE IF NOT EXISTS slept (s UInt8) ENGINE = Null")
    for table in WRITTEN:
        client.execute(f"CREATE MATERIALIZED VIEW slow_{table} TO slept AS SELECT sleep({seconds}) AS s FROM {table}")
    client.disconnect()
    yield
    client = connect(field.settings)
    for table in WRITTEN:
        client.execute(f"DROP VIEW slow_{table} SYNC")
    client.disconnect()


def wait_for_insert(field: Field) -> None:
    """Return while an insert is under way."""
    client = connect(field.settings)
    asked = "SELECT count() FROM system.processes WHERE query_kind = 'Insert'"
    while client.execute(asked) == [(0,)]:
        field.sleep(0.01)
    client.disconnect()


@case("ClickHouse's disk full", 4, small_disk=True)
def disk_full(field: Field) -> None:
    """Down to the last byte, whatever is being written. A merge under way may leave a part without its marks, which
    ClickHouse puts aside for the parts it was made of when it starts: so it is started again, as its operator would.
    """
    filler = field.clickhouse.directory / "filler"
    field.note("disk full 30 s")
    with filler.open("wb") as file, suppress_full():
        while True:
            file.write(b"x" * 65536)
            file.flush()
    field.sleep(30.0)
    filler.unlink()
    field.note("ClickHouse restarted")
    field.clickhouse.stop()
    field.clickhouse.start()
    field.ended()


@contextmanager
def suppress_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
