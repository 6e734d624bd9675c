"""deploy/clickhouse: every task can be done with its role, and nothing else; who reads for one tenant sees no other.

The embedded ClickHouse takes no users by SQL. It takes the very same GRANT statements from its users file, though, and
its parser reads the others.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_driver.errors import ServerException
from pydantic import SecretStr

from agents.clickhouse import migrate
from agents.clickhouse.client import ACCESS_DENIED, connect
from agents.clickhouse.tables import TABLES
from agents.common.errors import Failure
from agents.doctor import grants
from agents.embedded import clickhouse as embedded
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import LOOPBACK, free_port
from agents.kafka.admin import topics
from agents.kafka.record_builder import build_record
from agents.learning import off_policy
from agents.reports import conversation, report
from agents.settings.model import Settings
from agents.sink.dead_letter_table import DEAD_LETTERS
from schemas.migrations import split_statements
from streams.outputs import Output
from tests.support.data.records import (
    alert_command,
    command,
    delivery,
    distal,
    point,
    rating,
    snapshot,
    workload,
)
from tests.support.data.warehouse import POINTS, ask, insert
from tests.support.sink import CODEC, count, eventually, outputs, publish, rated, running

pytestmark = pytest.mark.integration

GRANTS = Path(__file__).resolve().parents[2] / "deploy" / "clickhouse" / "grants.sql"
ONE_TENANT = GRANTS.with_name("one-tenant.sql")
ROWS = re.compile(r"CREATE ROW POLICY IF NOT EXISTS acme ON tenor\.(\w+) FOR SELECT USING (.+) TO acme_reader")
GRANT = re.compile(r"(?P<what>GRANT .* ON .*) TO (?P<role>\w+)", re.DOTALL)
LEARNED = [
    Output("distal_outcome", "d", distal()),
    Output("policy_command", "c", command()),
    Output("policy_snapshot", "s", snapshot()),
    Output("alert_command", "a", alert_command()),
    Output("alert_delivery", "e", delivery()),
    Output("team_workload", "t", workload()),
]
PASSWORD = "pass of the role"


def granted() -> dict[str, list[str]]:
    """GRANT statements of each role, without whom they are for."""
    found: dict[str, list[str]] = {}
    for statement in split_statements(GRANTS.read_text()):
        if match := GRANT.fullmatch(statement):
            found.setdefault(match["role"], []).append(" ".join(match["what"].split()))
    return found


def users() -> str:
    """A user of each role, as the users file has them."""
    login = f"<password>{PASSWORD}</password>"
    rights = {
        role: "<grants>" + "".join(f"<query>{one}</query>" for one in grants) + "</grants>"
        for role, grants in granted().items()
    }
    rights["acme_reader"] = rights["tenor_reader"] + filters()
    return "".join(embedded._USER.format(name=role, login=login, rights=own) for role, own in rights.items())


def policies() -> dict[str, str]:
    """Condition of each table's row policy."""
    return dict(ROWS.fullmatch(one).groups() for one in split_statements(ONE_TENANT.read_text()))  # type: ignore[union-attr]


def filters() -> str:
    """The row policies, as the users file has them."""
    tables = "".join(f"<{table}><filter>{rule}</filter></{table}>" for table, rule in policies().items())
    return f"<databases><tenor>{tables}</tenor></databases>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """A ClickHouse with a user of each role."""
    known = embedded._users
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "_users", lambda password: known(password) + users())
        one = ClickHouse.start(free_port(), free_port(), tmp_path_factory.mktemp("clickhouse"))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def base(server: ClickHouse, tansu: str) -> Settings:
    """Settings as the administrator's; the tables are made by who may."""
    settings = Settings(
        _env_file=None,
        clickhouse_host=LOOPBACK,
        clickhouse_port=server.tcp_port,
        clickhouse_http_port=server.http_port,
        brokers=tansu,
        topic_prefix="grants.",
        partitions=1,
        embedded=True,
        session_timeout_s=2.0,
        sink_wait_s=0.2,
    )
    assert migrate.migrate(as_role(settings, "tenor_migrate"))
    return settings


def as_role(settings: Settings, role: str) -> Settings:
    return settings.model_copy(update={"clickhouse_user": role, "clickhouse_password": SecretStr(PASSWORD)})


def refusal(settings: Settings, role: str, statement: str) -> int | None:
    """The code a role is refused a statement with; None when it may."""
    client = connect(as_role(settings, role))
    try:
        client.execute(statement)
    except ServerException as error:
        return int(error.code)
    finally:
        client.disconnect()
    return None


def test_the_file_is_read_by_clickhouse(base: Settings) -> None:
    for statement in split_statements(GRANTS.read_text()):
        assert ask(base, f"EXPLAIN AST {statement}")
    assert granted().keys() == {"tenor_migrate", "tenor_sink", "tenor_reader", "tenor_analyst"}


def test_every_table_of_the_sink_is_granted_by_name() -> None:
    named = {one.removeprefix("GRANT INSERT ON tenor.") for one in granted()["tenor_sink"] if "INSERT" in one}
    assert named == {table.name for table in TABLES.values()} | {"dead_letters"}


def test_migrate_again(base: Settings) -> None:
    assert migrate.migrate(as_role(base, "tenor_migrate")) == []


def test_the_sink_writes_over_both_protocols(base: Settings) -> None:
    settings = as_role(base, "tenor_sink")
    assert topics.apply(settings) == []
    ours = [*outputs(settings, range(20)), *(build_record(one, CODEC, settings.topics) for one in LEARNED)]
    publish(settings, [*ours, rated(settings, rating()), rated(settings, {"broken": 1})])
    stored = [f"{table.name} FINAL" for table in (*TABLES.values(), DEAD_LETTERS)]
    with running(settings):
        assert eventually(lambda: all(count(base, table) for table in stored))


def test_the_reader_reads(base: Settings) -> None:
    settings = as_role(base, "tenor_reader")
    assert report.report(settings, None)
    insert(base, POINTS, [point(conversation_id="told")])
    assert conversation.explain_conversation(settings, "told", None)


def test_who_reads_for_one_tenant_sees_no_other(base: Settings) -> None:
    insert(base, POINTS, [point(point_id=one, tenant=one) for one in ("acme", "another")])
    for name in ("trajectory_points", "trajectories"):
        query = f"SELECT DISTINCT tenant FROM {name}"
        assert {row["tenant"] for row in ask(as_role(base, "acme_reader"), query)} == {"acme"}
        assert {row["tenant"] for row in ask(as_role(base, "tenor_reader"), query)} > {"acme", "another"}


def test_every_table_has_a_row_policy_that_clickhouse_reads(base: Settings) -> None:
    tables = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    assert policies().keys() == {row["name"] for row in ask(base, tables)} - {"migrations"}
    for statement in split_statements(ONE_TENANT.read_text()):
        assert ask(base, f"EXPLAIN AST {statement}")


def test_the_analyst_stores_candidates(base: Settings) -> None:
    settings = as_role(base, "tenor_analyst")
    off_policy.store_probabilities(settings, "candidate", "default", {"d1": {"control": 1.0}})
    assert report.report(settings, None)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("tenor_sink", "SELECT * FROM decisions"),
        ("tenor_sink", "INSERT INTO candidate_policies (tenant) VALUES ('x')"),
        ("tenor_sink", "INSERT INTO migrations (number) VALUES (99)"),
        ("tenor_sink", "ALTER TABLE decisions DELETE WHERE 1"),
        ("tenor_sink", "DROP TABLE decisions"),
        ("tenor_reader", "INSERT INTO decisions (decision_id) VALUES ('x')"),
        ("tenor_reader", "DROP TABLE decisions"),
        ("tenor_reader", "ALTER TABLE decisions DELETE WHERE 1"),
        ("tenor_reader", "CREATE TABLE more (n Int8) ENGINE = Memory"),
        ("tenor_reader", "SELECT * FROM file('/etc/passwd', 'LineAsString')"),
        ("tenor_reader", "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')"),
        ("tenor_analyst", "INSERT INTO decisions (decision_id) VALUES ('x')"),
        ("tenor_migrate", "INSERT INTO decisions (decision_id) VALUES ('x')"),
        ("tenor_migrate", "DROP TABLE decisions"),
        ("tenor_migrate", "ALTER TABLE decisions DELETE WHERE 1"),
        ("tenor_migrate", "TRUNCATE TABLE decisions"),
        ("tenor_migrate", "DROP DATABASE tenor"),
        ("tenor_migrate", "CREATE DATABASE other"),
        ("tenor_migrate", "CREATE USER more"),
    ],
)
def test_what_a_role_may_not(base: Settings, role: str, statement: str) -> None:
    assert refusal(base, role, statement) == ACCESS_DENIED


def test_too_little_is_told(base: Settings) -> None:
    with pytest.raises(Failure, match="User tenor_sink lacks a grant") as found:
        report.report(as_role(base, "tenor_sink"), None)
    assert "deploy/clickhouse/grants.sql" in str(found.value.hint)


# --- what the doctor says of them ---


def test_the_doctor_knows_what_is_granted() -> None:
    """TABLE ENGINE is not among it: servers differ in whether they ask for it."""
    for role, rights in grants.NEEDED.items():
        told = [one.removeprefix("GRANT ").partition(" ON tenor.") for one in granted()[f"tenor_{role}"]]
        named = {(right, table) for rights_, _, table in told if table for right in rights_.split(", ")}
        assert named == set(rights)


@pytest.mark.parametrize("role", grants.NEEDED)
def test_the_doctor_tells_enough_from_too_little(base: Settings, role: str) -> None:
    settings = as_role(base, f"tenor_{role}")
    client = connect(settings)
    [enough] = grants.check_grants(settings, client, [role])
    assert enough.verdict == "ok"
    other = "sink" if role != "sink" else "reader"
    [lacking] = grants.check_grants(settings, client, [other])
    assert lacking.verdict == "failed"
    assert f"User tenor_{role} lacks grants of the role {other}: " in lacking.finding
    assert f"GRANT tenor_{other} TO tenor_{role}" in str(lacking.todo)
    [check] = grants.check_grants(settings, client, None)
    assert (check.verdict, role in check.finding, other in check.finding) == ("ok", True, False)
    client.disconnect()
