"""The HTTP API beside its description: requests that fit it and requests that do not, against a real console.

    make fuzz-http       or, with schemathesis on the path,
    python -m pytest tests/agents/console/fuzz_http.py

No answer may be an error of ours, of a status or form that is not described, or let in who has no token. Streams never
end: of theirs the first event is read, by requests of the same making.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as bounded
from pydantic import SecretStr

from agents.common.health import Health, serve
from agents.embedded.process import LOOPBACK
from agents.settings.model import Settings
from tests.agents.console.serving import served, talk
from tests.support.data.records import alert
from tests.support.data.warehouse import ALERTS, POINTS, insert

TOKEN = "a token of thirty-two letters :-)"
EXAMPLES = int(os.environ.get("FUZZ_HTTP_EXAMPLES", "60"))
PATIENCE_S = 30.0
BEARER = {"Authorization": f"Bearer {TOKEN}"}
DESCRIPTION = schemathesis.openapi.from_path(Path(__file__).resolve().parents[3] / "schemas" / "console.openapi.yaml")
STREAMS = "/events/"

few = bounded(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)


@pytest.fixture(scope="module")
def url(deployment: Settings) -> Iterator[str]:
    """A console with something to show that asks for a token."""
    insert(deployment, POINTS, talk("fuzz", "0", [0.1, 0.9]))
    insert(deployment, ALERTS, [alert(1, tenant="fuzz", conversation_id="0")])
    with served(deployment.model_copy(update={"http_token": SecretStr(TOKEN)})) as found:
        yield found


@pytest.fixture(scope="module")
def health_url() -> str:
    """Where a worker that has recovered answers."""
    health = Health(30.0)
    health.set_ready(True)
    return f"http://{LOOPBACK}:{serve(health, LOOPBACK, 0, SecretStr(TOKEN))}"


@DESCRIPTION.exclude(path_regex=f"^{STREAMS}").parametrize()
@few
def test_what_is_answered_is_what_is_described(case: schemathesis.Case, url: str) -> None:
    case.call_and_validate(base_url=url, headers=BEARER, timeout=PATIENCE_S, allow_redirects=False)


@DESCRIPTION.include(tag="machines").parametrize()
@few
def test_every_process_answers_machines_as_described(case: schemathesis.Case, health_url: str) -> None:
    case.call_and_validate(base_url=health_url, headers=BEARER, timeout=PATIENCE_S)


@DESCRIPTION.include(path_regex=f"^{STREAMS}").parametrize()
@few
def test_a_stream_begins_with_everything_whatever_is_asked(case: schemathesis.Case, url: str) -> None:
    asked = case.as_transport_kwargs(base_url=url)
    asked["headers"] = {**dict(asked.get("headers") or {}), **BEARER}
    with requests.request(**asked, stream=True, timeout=PATIENCE_S) as answer:
        if case.method != "GET":
            assert answer.status_code == 405
            return
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = next(line for line in answer.iter_lines() if line.startswith(b"data: "))
        assert json.loads(told.removeprefix(b"data: "))["status"]["trouble"] is None
