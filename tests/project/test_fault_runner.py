"""The fault suite is a program of its own: what it starts must not need a test run around it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.servers.shared_engines import VARIABLE

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import time
from pathlib import Path
from tests.support.processes.tenor_process import TenorProcess
process = TenorProcess.run("--help", Path.cwd(), Path("out.log"), {})
while process.alive:
    time.sleep(0.05)
print(process.exit_code)
"""


def test_a_process_of_tenor_starts_outside_a_test_run(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != VARIABLE} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("0", "")
    assert "Usage:" in (tmp_path / "out.log").read_text()
