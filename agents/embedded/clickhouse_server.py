"""The child process that serves ClickHouse: `python -m agents.embedded.clickhouse_server DIR`.

`DIR/config.xml` sets ports and users, `DIR/data` holds the data. The `chdb` wheel contains the whole server but
exposes it only as a library. Unlike the public interface, its private `_chdb.query` can start the server's listeners
with SQL. They live as long as the query that started them, so its last statement sleeps for years. SIGTERM ends it at
once, and acknowledged data is on disk by then.
"""

import os
import sys
from pathlib import Path

SERVE = """
SYSTEM START LISTEN TCP;
SYSTEM START LISTEN HTTP;
SELECT sleepEachRow(1) FROM numbers(1000000000)
SETTINGS function_sleep_max_microseconds_per_block = 0, max_block_size = 1 FORMAT Null
"""


def main(directory: Path) -> int:
    """Serve until killed; the engine reports its own errors on stderr."""
    import chdb  # here, because importing it starts an engine

    query = getattr(getattr(chdb, "_chdb", None), "query", None)
    if query is None:
        print("This chdb has no _chdb.query, so it cannot serve the embedded ClickHouse.", file=sys.stderr)
        return 1
    os.chdir(directory)  # where the engine looks for config.xml
    query(SERVE, path=str(directory / "data"))
    return 1  # the query returns only when it could not serve


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
