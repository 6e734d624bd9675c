"""What the tests of the command line share: an empty broker and ClickHouse."""

import pytest

from agents.settings.loader import environment
from agents.settings.model import Settings


@pytest.fixture
def env(settings: Settings) -> dict[str, str]:
    """Variables that reach a broker and a ClickHouse in which nothing is created yet."""
    return environment(settings)
