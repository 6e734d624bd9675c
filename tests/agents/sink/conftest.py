"""Topics and tables for a sink."""

import pytest

from agents.clickhouse.migrate import migrate
from agents.kafka.admin import topics
from agents.settings.model import Settings
from tests.support.servers.shared_engines import ClickHousePorts


@pytest.fixture
def ready(settings: Settings, clickhouse: ClickHousePorts) -> Settings:
    """Settings whose topics and tables exist."""
    migrate(settings)
    assert topics.apply(settings) == []
    return settings.model_copy(update={"clickhouse_http_port": clickhouse.http_port})
