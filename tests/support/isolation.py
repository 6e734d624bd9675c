"""Unique names and ports for each test process: all of them share the brokers and the ClickHouse."""

import itertools
import os

from agents.embedded import process

# Under pytest-xdist: the number of this process from 1, and how many there are besides the one that controls them.
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
PROCESSES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")) + 1
NUMBERS = itertools.count(PROCESS, PROCESSES)


def unique(name: str) -> str:
    """The name with a number that no other call in this run takes, in any process."""
    return f"{name}{next(NUMBERS)}"


def divide_ports() -> None:
    """Give ``free_port`` of this process its own share of the ports, so that no two processes pick the same one."""
    share = len(process.FREE_PORTS) // PROCESSES
    first = process.FREE_PORTS.start + share * PROCESS
    process.FREE_PORTS = range(first, first + share)
