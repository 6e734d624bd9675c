"""What was looked at, told at the end: a run that looked at nothing would pass, too."""

from collections import Counter
from collections.abc import Iterator

import pytest

SEEN: Counter[str] = Counter()


@pytest.fixture
def seen() -> Counter[str]:
    """What a test counts."""
    return SEEN


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if request.node.get_closest_marker("helm"):
        SEEN["tests"] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SEEN:
        terminalreporter.section("chart")
        for what, number in sorted(SEEN.items()):
            terminalreporter.write_line(f"{number:6,} {what}")
