"""What a process has used, from /proc."""

import os
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")
UTIME, STIME = 11, 12  # fields of /proc/PID/stat, counted after the name


class Used(NamedTuple):
    """CPU time of all threads, seconds, and largest resident size, bytes."""

    cpu_s: float
    rss: int


def used(*pids: int) -> Used:
    """Of several processes together. FileNotFoundError when one has ended."""
    return Used(sum(map(cpu_s, pids)), sum(map(peak_rss, pids)))


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[UTIME]) + int(fields[STIME])) / TICKS


def peak_rss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
