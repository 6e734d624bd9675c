"""``tenor alerts``."""

import json
from pathlib import Path

import pytest

from tests.support.data.command_line import assert_failure, succeeded, tenor
from tests.support.servers.alert_receivers import SECRET, http

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("line", ["alerts", "alerts test"])
def test_alerts_without_routes_or_with_broken_ones(tmp_path: Path, line: str) -> None:
    assert_failure(tenor(tmp_path, line), "TENOR_ALERT_ROUTES is not set", "docs/alerts.md")
    (tmp_path / "routes.yaml").write_text("teams: [{name: a, apprise: [x], at_mots: 3}]\nroutes: [{team: a}]")
    told = tenor(tmp_path, line, TENOR_ALERT_ROUTES="routes.yaml")
    assert_failure(told, "routes.yaml: unknown field team a: at_mots; did you mean at_most?")


def test_a_command_about_alerts_that_makes_no_sense(tmp_path: Path) -> None:
    assert_failure(
        tenor(tmp_path, "alerts snooze"),
        "Neither a conversation nor a team is given",
        "Give CONVERSATION, --team, or both",
    )
    assert_failure(tenor(tmp_path, "alerts snooze c1 --for soon"), 'Invalid duration "soon"; use 30m, 2h or 1d.')


def test_a_test_alert_is_delivered_or_said_to_be_not(tmp_path: Path) -> None:
    with http() as hook:
        team = {"name": "support", "webhooks": [{"url": hook.url, "secret": "${HOOK_SECRET}"}]}
        routes = {"teams": [team], "routes": [{"team": "support", "at_least": "critical"}]}
        (tmp_path / "routes.yaml").write_text(json.dumps(routes))
        env = {"TENOR_ALERT_ROUTES": "routes.yaml", "TENOR_CONSOLE_URL": "https://tenor.example", "HOOK_SECRET": SECRET}
        assert "delivered" in succeeded(tenor(tmp_path, "alerts test", **env))
        assert [(body["kind"], body["severity"]) for body in hook.bodies] == [("test", "warning")]
        refused = tenor(tmp_path, "alerts test", **env | {"HOOK_SECRET": "another secret, also long"})
        assert refused.returncode == 1
        assert "not delivered: HTTP 401" in refused.stdout
        assert_failure(tenor(tmp_path, "alerts test --team nobody", **env), 'Unknown team "nobody"', "support")


def test_the_delivery_of_alerts_is_served_beyond_loopback_with_a_token(tmp_path: Path, env: dict[str, str]) -> None:
    team = {"name": "support", "webhooks": [{"url": "http://127.0.0.1:1", "secret": SECRET}]}
    (tmp_path / "routes.yaml").write_text(json.dumps({"teams": [team], "routes": [{"team": "support"}]}))
    beyond = {**env, "TENOR_HTTP_HOST": "0.0.0.0", "TENOR_ALERT_ROUTES": "routes.yaml"}
    assert_failure(tenor(tmp_path, "alerts", **beyond), "requires a token")
    assert_failure(tenor(tmp_path, "alerts", **beyond, TENOR_HTTP_TOKEN="0" * 32), "topics are missing")
