"""Settling: waiting until everything that was published has been worked through, stage by stage."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from agents.common.errors import Failure
from agents.kafka import client
from agents.settings.model import Settings
from schemas.topics import INGESTED, WITH_DEAD_LETTERS, Name, Topics

LOOK_S = 0.2
SUNK = (
    Name.TRAJECTORIES,
    Name.DECISIONS,
    Name.OUTCOMES,
    Name.DISTAL,
    Name.ALERTS,
    Name.RATINGS,
    Name.ALERT_COMMANDS,
    Name.DELIVERIES,
)

OnWait = Callable[[str, int], None]


class GroupTopics(NamedTuple):
    """A consumer group and the topics it must have read to the end."""

    name: str
    group: str
    topics: Sequence[str]


def stages(topics: Topics) -> list[GroupTopics]:
    """Every stage, each before those that read what it writes."""
    workers = {
        "ingest": INGESTED,
        "conversations": (Name.SIGNALS,),
        "profiles": (Name.CUSTOMERS,),
        "conversations, with their profiles": (Name.SIGNALS,),  # which call for no further profile
        "alerts": (Name.DECISIONS, Name.OUTCOMES),
    }
    dead_letters = [topics.dead_letters(name) for name in WITH_DEAD_LETTERS]
    return [
        *(GroupTopics(name, topics.worker_group, [topics.name(one) for one in read]) for name, read in workers.items()),
        GroupTopics("sink", topics.sink_group, [*map(topics.name, SUNK), *dead_letters]),
    ]


def settle(settings: Settings, timeout_s: float, on_wait: OnWait) -> None:
    """Wait until every stage has committed everything it reads.

    A stage commits after what it wrote is acknowledged, and stages are looked at in the order of the flow, so one
    look would do; a second guards against somebody who still publishes.

    Args:
        timeout_s: seconds to wait at most; then a ``Failure`` names the first stage that is behind.
        on_wait: told that stage and its lag in records, at every look that finds one.
    """
    deadline = time.monotonic() + timeout_s
    settled_looks = 0
    while settled_looks < 2:
        stage, lag = first_behind(settings)
        settled_looks = 0 if lag else settled_looks + 1
        if lag:
            on_wait(stage, lag)
            if time.monotonic() > deadline:
                raise behind(stage, lag, timeout_s)
        time.sleep(LOOK_S)


def pass_by(settings: Settings, stage: GroupTopics, timeout_s: float, on_wait: OnWait) -> None:
    """Wait until a stage has committed what its topics hold now, however much comes meanwhile.

    Args:
        timeout_s: seconds to wait at most; then a ``Failure``.
        on_wait: told the stage and its lag in records, at every look that finds one.
    """
    deadline = time.monotonic() + timeout_s
    ends = ends_of(settings, stage)
    while lag := lag_behind(settings, stage, ends):
        on_wait(stage.name, lag)
        if time.monotonic() > deadline:
            raise behind(stage.name, lag, timeout_s)
        time.sleep(LOOK_S)


def behind(stage: str, lag: int, timeout_s: float) -> Failure:
    return Failure(f"{stage} is {lag} records behind after {timeout_s:g} s", "are the worker and the sink running?")


def first_behind(settings: Settings) -> tuple[str, int]:
    """The first stage in the order of the flow that is behind, and its lag; nothing and 0 when none is."""
    for stage in stages(settings.topics):
        lag = lag_of(settings, stage)
        if lag:
            return stage.name, lag
    return "", 0


def lag_of(settings: Settings, stage: GroupTopics) -> int:
    """Records of a stage's topics that its group has not committed."""
    return lag_behind(settings, stage, ends_of(settings, stage))


def ends_of(settings: Settings, stage: GroupTopics) -> dict[client.Position, int]:
    """Present ends of the partitions a stage reads that ever held anything."""
    positions = client.partitions_of(settings, stage.topics)
    return {position: end for position, end in client.end_offsets(settings, positions).items() if end}


def lag_behind(settings: Settings, stage: GroupTopics, ends: Mapping[client.Position, int]) -> int:
    """Records before these ends that its group has not committed."""
    done = client.committed(settings, stage.group, list(ends)) if ends else {}
    return sum(max(0, end - done[position]) for position, end in ends.items())
