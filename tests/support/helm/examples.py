"""Golden examples: what the chart makes of ``examples/*/values.yaml``, a file for each template.

``make helm-examples`` writes them; a test fails while what is committed is not what the chart makes.
"""

import shutil
from collections import defaultdict
from pathlib import Path

from tests.support.helm.chart import EXAMPLES, template

SOURCE = "# Source: tenor/templates/"


def made(values: Path) -> dict[str, str]:
    """Rendered templates by file name."""
    result = template("--values", str(values), "--kube-version", "1.33.0")
    assert result.returncode == 0, result.stderr
    parts: dict[str, str] = defaultdict(str)
    for document in result.stdout.split("---\n"):
        if SOURCE in document:
            name = document.split(SOURCE, 1)[1].split("\n", 1)[0]
            parts[name.replace("/", "-")] += f"---\n{document.rstrip()}\n"
    return dict(parts)


def committed(values: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (values.parent / "rendered").glob("*")}


def write(values: Path) -> None:
    directory = values.parent / "rendered"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    for name, text in made(values).items():
        (directory / name).write_text(text)


if __name__ == "__main__":
    for path in EXAMPLES:
        write(path)
