"""Whether the numbers Tenor reports about effects can be trusted: five studies, written into docs/validation.md.

    python -m benchmarks.studies [SHARED]

Run it from the project's root. SHARED holds data/; the study that needs it says so where it does not exist. Everything
is seeded: the same code writes the same document.
"""

import sys
from pathlib import Path

from benchmarks.studies import coverage, document, esconv, peeking, rollback, simulator


def main(shared: Path = document.SHARED) -> None:
    coverage.study()
    peeking.study()
    rollback.study()
    simulator.study()
    esconv.study(shared=shared)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
