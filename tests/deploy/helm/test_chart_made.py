"""What of the chart is made is current: schema, table of values, copies. And it says what the code says."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from agents.settings.loader import known_variables
from agents.settings.model import Settings
from agents.settings.secret_source import nested_secret_names, secret_names
from deploy.helm.chart_files import settings
from deploy.helm.chart_files.commented import values
from deploy.helm.chart_files.made import CHART, made
from deploy.helm.chart_files.schema import schema
from streams import state
from streams.customers import profile

VALUES = values((CHART / "values.yaml").read_text(encoding="utf-8"))
CHART_FILE = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
TEMPLATES = "\n".join(path.read_text(encoding="utf-8") for path in sorted(CHART.glob("templates/**/*.*")))


@pytest.mark.parametrize("path", made(), ids=lambda path: path.name)
def test_what_is_made_is_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == made()[path], "run: make chart"


def test_every_value_is_explained_and_used() -> None:
    assert [one.name for one in VALUES if not one.about] == []
    keys = {one.path[-1] for one in VALUES}
    assert {key for key in keys if not re.search(rf"\b{key}\b", TEMPLATES)} == set()


def test_a_value_without_a_comment_is_found() -> None:
    found = values("a:\n  # -- About b.\n  b: {c: 1}\n  d: 2\ne: {}\n")
    assert [(one.name, one.default, one.about) for one in found] == [
        ("a.b", {"c": 1}, "About b."),
        ("a.d", 2, ""),
        ("e", {}, ""),
    ]


def test_a_kind_nobody_wrote_down_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"kinds\.py does not say"):
        schema(values("# -- What?\nthings: []\n"))


def test_the_schema_is_one_and_takes_the_defaults() -> None:
    found = yaml.safe_load(schema(VALUES))
    jsonschema.Draft202012Validator.check_schema(found)
    jsonschema.validate(yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8")), found)


def test_the_schema_is_closed_but_for_what_kubernetes_defines() -> None:
    """Below ``global``, and where an object is passed on as it is, and nowhere else."""

    def open_objects(node: object, path: str) -> list[str]:
        if isinstance(node, list):
            return [found for one in node for found in open_objects(one, path)]
        if not isinstance(node, dict):
            return []
        here = [path] if node.get("type") == "object" and node.get("additionalProperties", True) is True else []
        return here + [found for key, one in node.items() for found in open_objects(one, f"{path}.{key}")]

    found = yaml.safe_load(schema(VALUES))
    passed_on = {
        "global", "affinity", "topologySpreadConstraints", "tolerations", "podSecurityContext", "securityContext",
        "updateStrategy", "extraEnv", "extraEnvFrom", "extraVolumes", "extraVolumeMounts", "extraContainers",
        "initContainers", "metricRelabelings", "metricsFrom", "consoleFrom", "kafkaTo", "clickhouseTo",
        "alertsTo", "extraEgress",
    }  # fmt: skip
    assert {name for name in open_objects(found, "") if not passed_on & set(name.split("."))} == set()


def test_the_templates_write_settings_and_every_one_that_is_theirs() -> None:
    """Any other is allowed under ``settings``, by the schema: a new one has its place after ``make chart``."""
    written = set(re.findall(r"\bTENOR_[A-Z_]+[A-Z]\b", TEMPLATES))
    assert written <= set(known_variables())
    assert settings.owned() <= written


def test_every_secret_has_a_place_of_its_own() -> None:
    """A new one needs a section with an existingSecret: under ``settings`` it would stand in clear."""
    assert set(secret_names(Settings)) <= settings.OURS
    assert set(nested_secret_names(Settings)) <= settings.OURS_NESTED


def test_newer_settings_are_among_those_that_may_be_set() -> None:
    known = yaml.safe_load(schema(VALUES))["properties"]["settings"]["properties"]
    assert {"rate_per_s", "rate_burst", "fetch_bytes"} <= known.keys()
    assert {"least", "hostile_share", "breaks_missed"} <= known["workload"]["properties"].keys()


def test_the_chart_says_which_state_its_workers_read() -> None:
    said = CHART_FILE["annotations"]["tenor/state-format"]
    assert said == f"conversations-{state.FORMAT}.profiles-{profile.FORMAT}"


def test_the_chart_is_for_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', (CHART.parents[2] / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert version is not None
    assert CHART_FILE["appVersion"] == version[1]
