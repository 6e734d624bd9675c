"""Apache Kafka itself, one KRaft node on loopback: the reference for the embedded broker."""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from agents.common.errors import Failure
from agents.embedded.process import LOOPBACK, ChildProcess, free_port, wait_for_port

ROOT = Path(__file__).resolve().parents[3]
POM = ROOT / "tests" / "kafka" / "pom.xml"
CACHE = ROOT / ".cache" / "kafka"
START_TIMEOUT_S = 60.0
MAVEN_TIMEOUT_S = 300.0
CLUSTER_ID = "dGVub3ItdGVzdHMta2Fma2E"  # any 16 bytes, base64
# A short life on a small machine: no time for the optimising compiler, none for parallel collection.
JVM = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Fast rebalances: tests kill members and wait for the others.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
}


def unavailable_reason() -> str | None:
    """Why Apache Kafka cannot be started here, or None when it can (the jars may still be downloaded)."""
    if shutil.which("java") is None:
        return "Apache Kafka needs java 17 or newer"
    if not _jars_folder().exists() and shutil.which("mvn") is None:
        return "fetching Apache Kafka needs mvn"
    return None


class ApacheKafka:
    """One node, broker and controller, in a temporary directory."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._settings = dict(settings or {})
        self._child: ChildProcess | None = None
        self._directory: Path | None = None

    @property
    def child(self) -> ChildProcess:
        """The broker's process."""
        assert self._child, "not started"
        return self._child

    def start(self) -> str:
        """Start the node; returns the bootstrap address once it answers."""
        jars, port = fetch_jars(), free_port()
        self._directory = Path(tempfile.mkdtemp(prefix="tenor-kafka-"))
        try:
            config = self._configure(self._directory, port)
            run([*java(jars), "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(config)])
            self._launch(jars, config, port)
        except BaseException:
            self.stop()
            raise
        return f"{LOOPBACK}:{port}"

    def stop(self) -> None:
        """Stop the node and delete its data."""
        if self._child:
            self._child.stop(grace_s=0)  # an orderly shutdown would save nothing worth waiting for
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _launch(self, jars: Path, config: Path, port: int) -> None:
        argv = [*java(jars), "kafka.Kafka", str(config)]
        self._child = ChildProcess.start("Apache Kafka", argv, config.parent, config.parent / "kafka.log")
        wait_for_port(LOOPBACK, port, self._child, START_TIMEOUT_S)

    def _configure(self, directory: Path, port: int) -> Path:
        controller_port = free_port()
        settings = {
            **SETTINGS,
            "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
            "log.dirs": str(directory / "data"),
            **self._settings,
        }
        config = directory / "server.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        return config


def fetch_jars() -> Path:
    """The folder of Kafka's jars, fetched with Maven the first time."""
    folder = _jars_folder()
    with _locked(CACHE / "lock"):  # test workers start at once; one fetches
        if not folder.exists():
            _copy_dependencies(folder)
    return folder


def _jars_folder() -> Path:
    return CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]  # another version, another folder


def _copy_dependencies(folder: Path) -> None:
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    run(["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={partial}"])
    partial.rename(folder)  # complete, or not there


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def java(jars: Path) -> list[str]:
    return ["java", *JVM, "-cp", f"{jars}/*"]


def run(argv: list[str]) -> str:
    """What a command printed. ``Failure`` when it fails."""
    result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MAVEN_TIMEOUT_S)
    if result.returncode != 0:
        raise Failure(f"{argv[0]} failed with exit code {result.returncode}", hint=result.stdout[-2000:])
    return result.stdout
