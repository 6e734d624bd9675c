"""Tenor's own processes: killed, told to stop, joined by others, paused."""

from tests.faults.case import case
from tests.faults.field import Field
from tests.faults.recording import MIXED

KILLS = 20


@case("nothing happens", 1, smoke=True)
def undisturbed(field: Field) -> None:
    """The run that all others are held against: the checks hold, and the calm run is what a calm run gives."""
    field.sleep(10)


@case("a worker killed", 1, smoke=True)
def worker_killed(field: Field) -> None:
    for _ in range(KILLS):
        field.sleep(0.5, 5.0)
        field.kill(field.random.choice(field.names("worker")))
