"""Tenor's own processes: killed, told to stop, joined by others, paused."""

from tests.faults.case import case
from tests.faults.field import Field
from tests.faults.recording import MIXED

KILLS = 20


@case("nothing happens", 1)
def undisturbed(field: Field) -> None:
    """The run that all others are held against: the checks hold, and the calm run is what a calm run gives."""
    field.sleep(10)


@case("a worker killed", 1, smoke=True)
def worker_killed(field: Field) -> None:
    for _ in field.times(KILLS, short=6):
        field.sleep(0.5, 5.0)
        field.kill(field.random.choice(field.names("worker")))


@case("the learner killed", 1, kinds=MIXED)
def learner_killed(field: Field) -> None:
    for _ in range(5):
        field.sleep(3.0, 8.0)
        field.kill("learner")


@case("the sink killed", 1, kinds=MIXED)
def sink_killed(field: Field) -> None:
    for _ in range(10):
        field.sleep(1.0, 4.0)
        field.kill("sink")


@case("all killed at once", 1, smoke=True, kinds=MIXED)
def all_killed(field: Field) -> None:
    for _ in field.times(3, short=1):
        field.sleep(8.0, 12.0)
        field.note("SIGKILL all at once")
        for name in list(field.crew):
            field.kill(name, "of them")
        del field.faults["of them"]


@case("rolling restart of all workers", 2)
def rolling_restart(field: Field) -> None:
    for name in field.names("worker"):
        field.sleep(2.0)
        field.terminate(name)


@case("scaled from 1 to 4 to 2 workers", 2, crew=("worker-1", "sink", "learner"))
def scaled(field: Field) -> None:
    field.note("scaled 1 → 4 → 2")
    field.sleep(3.0)
    field.man("worker-2", "worker-3", "worker-4")
    field.sleep(5.0)
    for name in ("worker-1", "worker-3"):
        field.terminate(name, stay_down=True)
        field.sleep(2.0)
    del field.faults["SIGTERM worker"]


@case("a worker paused past its session, then continued", 5, smoke=True)
def worker_paused(field: Field) -> None:
    """Ten moments at which the paused one may have been writing."""
    for _ in field.times(10, short=3):
        field.sleep(0.5, 2.0)
        field.pause(field.random.choice(field.names("worker")), 9.0)


@case("the learner paused past its session while another takes over", 5, kinds=MIXED)
def learner_paused(field: Field) -> None:
    """Two cannot be: the second leaves at once, and is started again, until the first is silent for a session."""
    field.man_without_waiting("learner-2")
    for _ in range(3):
        field.sleep(4.0, 6.0)
        field.pause(field.random.choice(field.names("learner")), 12.0)
