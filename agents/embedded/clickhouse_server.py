"""The child process that serves ClickHouse: `python -m agents.embedded.clickhouse_server DIR`.

`DIR/config.xml` names ports and users, `DIR/data` holds the data. The `chdb` wheel carries the whole server,
but offers it only as a library. Its private `_chdb.query`, unlike the public interface, leaves the server's
listeners within reach of SQL; and since they live as long as the query that started them, the last statement
sleeps for years. SIGTERM ends it at once, and what was acknowledged is on disk by then.
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
        print("this chdb has no _chdb.query: it cannot serve the embedded ClickHouse", file=sys.stderr)
        return 1
    os.chdir(directory)  # where the engine looks for config.xml
    query(SERVE, path=str(directory / "data"))
    return 1  # it comes back only when it could not serve


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
