"""The golden examples are what the chart makes."""

from collections import Counter
from pathlib import Path

import pytest

from tests.support.helm.chart import EXAMPLES
from tests.support.helm.examples import committed, made

pytestmark = pytest.mark.helm


@pytest.mark.parametrize("values", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_is_current(values: Path, seen: Counter[str]) -> None:
    wanted = made(values)
    assert committed(values) == wanted, "run: make helm-examples"
    seen["golden files compared"] += len(wanted)
