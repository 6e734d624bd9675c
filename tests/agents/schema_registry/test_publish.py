"""``tenor schemas publish``: what is missing is registered, once, and nothing where one record could not be read."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.common.errors import Failure
from agents.doctor import schema_registry as doctor
from agents.schema_registry.client import codec_for
from agents.schema_registry.publish import publish, subject_statuses
from agents.settings.model import Settings
from schemas.records import record, records
from tests.support.data.command_line import succeeded, tenor
from tests.support.data.records import rating
from tests.support.servers.fake_schema_registry import Registry, schema_registry

RATING = record("rating")


@pytest.fixture
def registry() -> Iterator[Registry]:
    with schema_registry() as registry:
        yield registry


def settings(registry: Registry) -> Settings:
    return Settings(_env_file=None, registry_url=registry.url)


def with_field(published: dict[str, Any], **field: Any) -> dict[str, Any]:
    changed = copy.deepcopy(published)
    changed["fields"].append(field)
    return changed


def without_last_field(published: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(published)
    changed["fields"].pop()
    return changed


def test_all_are_published_once_and_then_a_codec_finds_them(registry: Registry) -> None:
    own = settings(registry)
    with pytest.raises(Failure, match="has no schema of"):
        codec_for(own).encode(RATING, rating())
    before = subject_statuses(own)
    assert {status.schema_id for status in before} == {None}
    after = publish(own, before)
    assert sorted(status.schema_id or 0 for status in after) == list(range(1, len(records()) + 1))
    assert registry.posts == [record.full_name for record in records().values()]
    assert publish(own, subject_statuses(own)) == after
    assert len(registry.posts) == len(records())
    assert codec_for(own).encode(RATING, rating())[:1] == b"\0"


def test_an_older_version_that_can_be_read_gets_a_newer_one(registry: Registry) -> None:
    registry.register(RATING.full_name, without_last_field(RATING.published))
    after = {status.subject: status for status in publish(settings(registry), subject_statuses(settings(registry)))}
    assert after[RATING.full_name].versions == 2
    assert registry.subjects[RATING.full_name][-1] == RATING.published


def test_where_one_could_not_be_read_nothing_is_published(registry: Registry) -> None:
    changed = without_last_field(RATING.published)
    changed["fields"][0]["type"] = "boolean"
    registry.register(RATING.full_name, changed)
    registry.register(record("alert").full_name, {"type": "string"})
    before = subject_statuses(settings(registry))
    wrong = {status.subject: status.wrong for status in before if status.wrong}
    assert wrong.keys() == {RATING.full_name, record("alert").full_name}
    assert "cannot read version 1: type_mismatch" in wrong[RATING.full_name][0]
    assert wrong[record("alert").full_name] == ("cannot read version 1: it is not an Avro record",)
    assert publish(settings(registry), before) == before
    assert registry.posts == []


def test_a_registry_that_refuses(registry: Registry) -> None:
    registry.strict = True
    with pytest.raises(Failure, match=r"rejected .*: the schema violates its compatibility level") as raised:
        publish(settings(registry), subject_statuses(settings(registry)))
    assert "BACKWARD" in str(raised.value.hint)


def test_without_a_registry() -> None:
    with pytest.raises(Failure, match="TENOR_REGISTRY_URL is not set"):
        subject_statuses(Settings(_env_file=None))


def test_one_that_does_not_answer() -> None:
    with pytest.raises(Failure, match="The request to the schema registry failed"):
        subject_statuses(Settings(_env_file=None, registry_url="http://127.0.0.1:1"))


def test_what_the_doctor_says(registry: Registry) -> None:
    [missing] = doctor.check_schema_registry(settings(registry))
    assert (missing.verdict, missing.todo) == ("failed", "Run: tenor schemas publish")
    assert f"{len(records())} of {len(records())} schemas are not registered" in missing.finding
    publish(settings(registry), subject_statuses(settings(registry)))
    assert [check.verdict for check in doctor.check_schema_registry(settings(registry))] == ["ok"]
    del registry.subjects[RATING.full_name]
    registry.register(RATING.full_name, {"type": "string"})
    [wrong] = doctor.check_schema_registry(settings(registry))
    assert wrong.verdict == "failed"
    assert "not an Avro record" in wrong.finding
    assert [check.verdict for check in doctor.check_schema_registry(Settings(_env_file=None))] == ["ok"]


def test_the_doctor_tells_no_login_that_stands_in_the_url(registry: Registry) -> None:
    own = Settings(_env_file=None, registry_url=registry.url.replace("://", "://me:hunter2@"))
    publish(own, subject_statuses(own))
    [check] = doctor.check_schema_registry(own)
    assert (check.verdict, registry.url in check.finding) == ("ok", True)
    assert "hunter2" not in str(check)


def test_what_is_no_url_is_not_told() -> None:
    with pytest.raises(Failure, match="TENOR_REGISTRY_URL is wrong") as raised:
        subject_statuses(Settings(_env_file=None, registry_url="me:hunter2@registry"))
    assert "hunter2" not in raised.value.message


def test_the_command(registry: Registry, tmp_path: Path) -> None:
    env = {"TENOR_REGISTRY_URL": registry.url, "COLUMNS": "200"}
    output = succeeded(tenor(tmp_path, "schemas publish --dry-run", **env))
    assert output.count("to be published") == len(records())
    assert registry.subjects == {}
    assert succeeded(tenor(tmp_path, "schemas publish", **env)).count(" published") == len(records())
