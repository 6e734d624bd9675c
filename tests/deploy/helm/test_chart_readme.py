"""What the documents tell a newcomer to type works as it stands there."""

import re
import shlex

import pytest
import yaml

from tests.support.helm.chart import CHART, ROOT, container, environment, helm, merged, objects, with_values

pytestmark = pytest.mark.helm
README = (CHART / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^\$ (helm upgrade --install (?:[^\n]*\\\n)*[^\n]*)$", re.MULTILINE)
LEAST = yaml.safe_load(README.partition("```yaml\n")[2].partition("```")[0])


def test_the_least_values() -> None:
    assert environment(container(with_values(LEAST, objects), "worker"))["TENOR_PARTITIONS"] == "24"


def test_the_command_of_the_operations_page() -> None:
    (command,) = COMMAND.findall(OPERATIONS)
    release, chart, *options = shlex.split(command.replace("\\\n", ""))[3:]
    found = helm("template", release, str(ROOT / chart), *options)
    assert found.returncode == 0, found.stderr
    assert 'value: "kafka-1:9092,kafka-2:9092"' in found.stdout


def test_the_keys_of_the_secret_are_those_that_are_mounted() -> None:
    told = set(re.findall(r"^\| `([a-z-]+)` \|", README.partition("| Key |")[2].partition("\n\n")[0], re.MULTILINE))
    registry = {"registry": {"url": "https://registry.example", "username": "tenor"}}
    kafka = {"brokers": ["kafka:9093"], "tls": {"enabled": True}}
    scram = {"sasl": {"mechanism": "SCRAM-SHA-512", "username": "tenor"}}
    token = {"sasl": {"mechanism": "OAUTHBEARER", "clientId": "a", "tokenUrl": "https://idp.example"}}
    mounted = set()
    for login in (scram, token):
        for one in with_values(merged(LEAST, {**registry, "kafka": {**kafka, **login}}), objects):
            spec = one.get("spec", {}).get("template", {}).get("spec", {})
            sources = [
                each for volume in spec.get("volumes", []) for each in volume.get("projected", {}).get("sources", [])
            ]
            mounted |= {item["key"] for each in sources for item in each["secret"]["items"]}
    assert mounted == told
