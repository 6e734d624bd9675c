"""Lag of the pipeline's consumer groups, and waiting until they have processed everything."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from agents.common.errors import Failure
from agents.kafka import client
from agents.settings.model import Settings
from schemas.topics import INGESTED, WITH_DEAD_LETTERS, Name, Topics

POLL_S = 0.2
SINK_TOPICS = (
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


def pipeline_stages(topics: Topics) -> list[GroupTopics]:
    """Every stage, each before the stages that read its output."""
    workers = {
        "ingest": INGESTED,
        "conversations": (Name.SIGNALS,),
        "profiles": (Name.CUSTOMERS,),
        "conversations, with their profiles": (Name.SIGNALS,),  # profiles cause signals, but those no more profiles
        "alerts": (Name.DECISIONS, Name.OUTCOMES),
    }
    dead_letters = [topics.dead_letters(name) for name in WITH_DEAD_LETTERS]
    return [
        *(
            GroupTopics(name, topics.worker_group, [topics.name(topic) for topic in read])
            for name, read in workers.items()
        ),
        GroupTopics("sink", topics.sink_group, [*map(topics.name, SINK_TOPICS), *dead_letters]),
    ]


def wait_for_pipeline(settings: Settings, timeout_s: float, on_wait: OnWait) -> None:
    """Wait until every stage has committed everything it reads.

    A stage commits after its output is acknowledged, and stages are checked in the order of the flow, so one check
    would do; the second one guards against somebody who still publishes.

    Args:
        timeout_s: seconds to wait at most; then a ``Failure`` names the first stage that is behind.
        on_wait: called with the stage and its lag in records whenever a stage is behind.
    """
    deadline = time.monotonic() + timeout_s
    clean_checks = 0
    while clean_checks < 2:
        stage, lag = first_lagging_stage(settings)
        clean_checks = 0 if lag else clean_checks + 1
        if lag:
            on_wait(stage, lag)
            if time.monotonic() > deadline:
                raise lag_failure(stage, lag, timeout_s)
        time.sleep(POLL_S)


def wait_for_stage(settings: Settings, stage: GroupTopics, timeout_s: float, on_wait: OnWait) -> None:
    """Wait until a stage has committed what its topics hold now; later records do not count.

    Args:
        timeout_s: seconds to wait at most; then a ``Failure``.
        on_wait: called with the stage and its lag in records while it is behind.
    """
    deadline = time.monotonic() + timeout_s
    ends = stage_end_offsets(settings, stage)
    while lag := lag_before(settings, stage, ends):
        on_wait(stage.name, lag)
        if time.monotonic() > deadline:
            raise lag_failure(stage.name, lag, timeout_s)
        time.sleep(POLL_S)


def lag_failure(stage: str, lag: int, timeout_s: float) -> Failure:
    return Failure(f"{stage} is {lag} records behind after {timeout_s:g} s", "are the worker and the sink running?")


def first_lagging_stage(settings: Settings) -> tuple[str, int]:
    """The first stage in the order of the flow that is behind, and its lag in records; ``"", 0`` when none is."""
    for stage in pipeline_stages(settings.topics):
        lag = stage_lag(settings, stage)
        if lag:
            return stage.name, lag
    return "", 0


def stage_lag(settings: Settings, stage: GroupTopics) -> int:
    """Records of a stage's topics that its group has not committed."""
    return lag_before(settings, stage, stage_end_offsets(settings, stage))


def stage_end_offsets(settings: Settings, stage: GroupTopics) -> dict[client.Position, int]:
    """Present end offsets of the partitions a stage reads, without those that never held a record."""
    positions = client.partitions_of(settings, stage.topics)
    return {position: end for position, end in client.end_offsets(settings, positions).items() if end}


def lag_before(settings: Settings, stage: GroupTopics, ends: Mapping[client.Position, int]) -> int:
    """Records before these offsets that the stage's group has not committed."""
    done = client.committed_offsets(settings, stage.group, list(ends)) if ends else {}
    return sum(max(0, end - done[position]) for position, end in ends.items())
