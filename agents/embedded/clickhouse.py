"""The embedded ClickHouse: the real engine from the `chdb` wheel, served by a child process.

How the engine is served, with its private module, is in `clickhouse_server`; this file writes the child's
configuration, starts it and waits until it answers.

Logins: without a password, the user `default`, from loopback. With one, the user `tenor`. The engine's own
in-process session is always `default` without a password, so `default` cannot have one; it then keeps only the
right to open and close the listeners. Users cannot be created with SQL.
"""

import fcntl
import hashlib
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from sys import executable

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError

from agents.common.errors import Failure
from agents.embedded.process import LOOPBACK, ChildProcess, require_free_port, wait_for_port, wait_until

START_TIMEOUT_S = 30.0
ENGINE_PACKAGE = "chdb-core"
ENGINE_SERIES = "26.9."  # the listeners are started through a private module: tested with this series only
IMPORT_ROOT = Path(__file__).resolve().parents[2]

_CONFIG = """\
<clickhouse>
    <tcp_port>{tcp_port}</tcp_port>
    <http_port>{http_port}</http_port>
    <listen_host>{host}</listen_host>
    <users_config>users.xml</users_config>
</clickhouse>
"""

_USERS = """\
<clickhouse>
    <profiles><default/></profiles>
    <quotas><default/></quotas>
    <users>{users}
    </users>
</clickhouse>
"""

_USER = """
        <{name}>
            {login}
            <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
            {rights}
        </{name}>"""

_ANYTHING = "<access_management>1</access_management>"
_ONLY_LISTEN = "<grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants>"


class ClickHouse:
    """A running ClickHouse server."""

    def __init__(self, child: ChildProcess, tcp_port: int, http_port: int, user: str) -> None:
        self.child = child
        self.tcp_port = tcp_port
        self.http_port = http_port
        self.user = user

    @classmethod
    def start(cls, tcp_port: int, http_port: int, directory: Path, password: str | None = None) -> "ClickHouse":
        """Serve the data kept in `directory` on two loopback ports; wait until a query is answered."""
        _require_engine()
        _require_ports(tcp_port, http_port)
        _prepare(directory, tcp_port, http_port, password)
        server = cls(_start_child(directory), tcp_port, http_port, "tenor" if password else "default")
        try:
            server._wait(password or "")
        except BaseException:
            server.stop()
            raise
        return server

    @property
    def alive(self) -> bool:
        """Whether the server is still running."""
        return self.child.alive

    def stop(self) -> None:
        """Stop the server; its data stays in the directory."""
        self.child.stop()

    def _wait(self, password: str) -> None:
        wait_for_port(LOOPBACK, self.tcp_port, self.child, START_TIMEOUT_S)
        wait_for_port(LOOPBACK, self.http_port, self.child, START_TIMEOUT_S)
        answers = partial(_answers, self.tcp_port, self.user, password)
        wait_until(answers, self.child, START_TIMEOUT_S, "answer a query")


def _require_engine() -> None:
    try:
        installed = version(ENGINE_PACKAGE)
    except PackageNotFoundError:
        raise Failure("The embedded ClickHouse is not installed.", 'Run: pip install "tenor[embedded]"') from None
    if not installed.startswith(ENGINE_SERIES):
        raise Failure(
            f"The embedded ClickHouse requires {ENGINE_PACKAGE} {ENGINE_SERIES}x, but {installed} is installed.",
            f'Run: pip install "{ENGINE_PACKAGE}=={ENGINE_SERIES}*"',
        )


def _require_ports(tcp_port: int, http_port: int) -> None:
    require_free_port(LOOPBACK, tcp_port, "the embedded ClickHouse (native protocol)")
    require_free_port(LOOPBACK, http_port, "the embedded ClickHouse (HTTP)")


def _prepare(directory: Path, tcp_port: int, http_port: int, password: str | None) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    require_unlocked(directory)  # before its configuration is touched
    config = _CONFIG.format(tcp_port=tcp_port, http_port=http_port, host=LOOPBACK)
    _write_private(directory / "config.xml", config)
    _write_private(directory / "users.xml", _USERS.format(users=_users(password)))


def require_unlocked(directory: Path) -> None:
    status = directory / "data" / "status"
    if not status.exists():
        return
    with status.open() as lock:  # the engine holds a flock on this file; closing it drops ours
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(
                f"The ClickHouse data in {directory} is in use by another process.",
                "Stop that process, or choose another directory.",
            ) from None


def _users(password: str | None) -> str:
    if not password:
        return _USER.format(name="default", login="<no_password/>", rights=_ANYTHING)
    digest = hashlib.sha256(password.encode()).hexdigest()
    login = f"<password_sha256_hex>{digest}</password_sha256_hex>"
    return _USER.format(name="default", login="<no_password/>", rights=_ONLY_LISTEN) + _USER.format(
        name="tenor", login=login, rights=_ANYTHING
    )


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _start_child(directory: Path) -> ChildProcess:
    directory = directory.resolve()
    return ChildProcess.start(
        "the embedded ClickHouse",
        [executable, "-m", "agents.embedded.clickhouse_server", str(directory)],
        cwd=IMPORT_ROOT,
        log_path=directory / "clickhouse.log",
        env={"TZ": "UTC"},  # the server's time zone: times look the same whatever the machine's
    )


def _answers(port: int, user: str, password: str) -> bool:
    client = Client(LOOPBACK, port=port, user=user, password=password, connect_timeout=2)
    try:
        return bool(client.execute("SELECT 1") == [(1,)])
    except (ClickHouseError, EOFError, OSError):
        return False
    finally:
        client.disconnect()
