"""The text model learns from marks while messages flow: whatever dies, the log says which weights counted."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.embedded.process import ChildProcess
from agents.kafka import topic_reader
from agents.learning.model_publisher import ModelPublisher
from agents.learning.text_models import TextModelStore
from agents.recordings import replay
from agents.schema_registry.client import codec_for
from schemas.records import record
from schemas.topics import Name
from streams.config.model import LearnerConfig
from streams.signals.extraction import model_signal
from streams.text_model.model import shipped_model
from streams.text_model.prior import expert_weights
from tests.end_to_end.test_crash import caught_up, settled
from tests.support.bus_events import NUMBERS, message, now_ms
from tests.support.deployment import Deployment, eventually

SIGNAL = record("signal")
START = now_ms() - 3_600_000
SECRET = "the purple elephant sits on my modem"  # nothing any lexicon knows
BLAND = "the parcel is on the table"
LABELS = 10
LEARNED = 'tenor_labels_total{what="learned"}'


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    learner = LearnerConfig(labels=LABELS, window=40, wait_s=0.5, inertia=1e-4)
    return new_deployment(poll_records=20, tick_s=4.0, learner=learner)


def says(deployment: Deployment, name: str, texts: list[str], at: int = START) -> list[dict[str, Any]]:
    """A customer's turns, a minute apart."""
    turns = [message(name, text, event_time=at + i * 60_000) for i, text in enumerate(texts)]
    deployment.send(Name.MESSAGES, *turns)
    return turns


def mark(turn: dict[str, Any], frustrated: bool | None) -> dict[str, Any]:
    """What an operator says of one message."""
    return {
        "event_id": f"r{next(NUMBERS)}",
        "conversation_id": turn["conversation_id"],
        "event_time": turn["event_time"] + 1000,
        "rater_id": "o1",
        "rater_role": "operator",
        "message_id": turn["event_id"],
        "frustrated": frustrated,
    }


def marks(deployment: Deployment, turn: dict[str, Any], frustrated: bool | None) -> None:
    deployment.send(Name.RATINGS, mark(turn, frustrated))


def lesson(deployment: Deployment, name: str, labels: int = LABELS) -> None:
    """Conversations in which one phrase is marked as frustrated and another as not, in turn."""
    texts = [SECRET if number % 2 == 0 else BLAND for number in range(labels)]
    turns = [message(f"{name}-{number}", text, event_time=START) for number, text in enumerate(texts)]
    deployment.send(Name.MESSAGES, *turns)
    deployment.send(Name.RATINGS, *(mark(turn, turn["text"] == SECRET) for turn in turns))


def kill(process: ChildProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: not process.alive, "it is dead")


def announced(deployment: Deployment) -> dict[str, set[int]]:
    """Versions in the signals log, with the partitions they were announced to."""
    found: dict[str, set[int]] = {}
    codec = codec_for(deployment.settings)
    for one in deployment.read(Name.SIGNALS):
        datum = codec.decode(SIGNAL, one.value, {})
        if datum["kind"] == "model":
            found.setdefault(datum["model_version"], set()).add(one.partition)
    return found


def everywhere(deployment: Deployment, versions: int) -> Callable[[], list[str] | None]:
    """The versions in the order they were published, once so many were told to every partition."""

    def found() -> list[str] | None:
        told, all_ = announced(deployment), set(range(deployment.settings.partitions))
        complete = [name for name in published(deployment) if told.get(name) == all_]
        return complete if len(complete) >= versions else None

    return found


def published(deployment: Deployment) -> list[str]:
    """Versions in the order they were published."""
    return [
        (one.key or b"").decode()
        for one in topic_reader.read(deployment.settings, [deployment.settings.topics.text_model])
    ]


@pytest.mark.reference
def test_a_phrase_that_is_marked_is_read_otherwise_from_then_on_and_the_log_says_from_when(
    deployment: Deployment,
) -> None:
    worker, _ = deployment.start_worker(), deployment.start("learner")
    says(deployment, "before", [SECRET])
    [before] = eventually(lambda: deployment.points("before"), "the point before")
    assert before["model_version"] == shipped_model().version
    lesson(deployment, "taught")
    [version, *_] = eventually(everywhere(deployment, 1), "new weights are announced")
    assert TextModelStore(deployment.settings)(version).version == version
    eventually(lambda: caught_up(deployment), "and taken on")
    kill(worker)
    for name, text in (("after", SECRET), ("calm", BLAND)):
        says(deployment, name, [text], START + 600_000)
    deployment.start_worker()
    [after] = eventually(lambda: deployment.points("after"), "the point after")
    [calm] = eventually(lambda: deployment.points("calm"), "the other point after")
    assert after["model_version"] == calm["model_version"] == version
    assert after["p_now"] > before["p_now"] + 0.1
    assert calm["p_now"] < after["p_now"] - 0.1
    verdict = settled(deployment)
    assert verdict.equal, verdict
    assert verdict.expected == verdict.published


@pytest.mark.faults
@pytest.mark.reference
def test_workers_and_learner_killed_over_and_over_change_nothing_about_what_the_log_says(
    deployment: Deployment,
) -> None:
    versions: list[str] = []
    for number in range(3):
        learner, worker = deployment.start("learner"), deployment.start_worker()
        lesson(deployment, f"taught-{number}")
        versions = eventually(everywhere(deployment, len(versions) + 1), "new weights", 60)
        for process in (learner, worker):
            kill(process)
    deployment.start_worker()
    says(deployment, "after", [SECRET], START + 600_000)
    [after] = eventually(lambda: deployment.points("after"), "the point after")
    verdict = settled(deployment)
    assert verdict.equal, verdict
    assert verdict.expected == verdict.published
    used = {point["model_version"] for point in deployment.points()}
    assert after["model_version"] == versions[-1]
    assert used <= {shipped_model().version, *versions}
    assert len(used) > 2


@pytest.mark.reference
def test_a_model_that_is_nowhere_stops_the_worker_rather_than_being_guessed(deployment: Deployment) -> None:
    worker = deployment.start_worker()
    value = codec_for(deployment.settings).encode(SIGNAL, model_signal("0123456789abcdef", START))
    deployment.produce([(Name.SIGNALS, "any", value, {})])
    eventually(lambda: not worker.alive, "the worker gives up", 60)
    assert "uses text model 0123456789abcdef" in worker.log_tail(80)


@pytest.mark.reference
def test_a_second_learner_leaves_and_the_first_goes_on(deployment: Deployment) -> None:
    deployment.start_worker()
    first = deployment.start("learner")
    second = deployment.start("learner", wait=False)
    eventually(lambda: not second.alive, "the second leaves", 60)
    assert second.exit_code == 1
    said = second.log_tail(2)
    assert "error: Another learner is running in this deployment; only one can.\nStop one of them." in said
    assert first.alive
    lesson(deployment, "taught")
    assert eventually(everywhere(deployment, 1), "new weights are announced", 60)


@pytest.mark.reference
def test_nothing_is_learned_from_what_says_nothing(deployment: Deployment) -> None:
    deployment.start_worker()
    deployment.start("learner")
    turns = says(deployment, "silent", [SECRET] * LABELS)
    unknown = [turn | {"event_id": "another"} for turn in turns]
    said = [*(mark(turn, None) for turn in turns), *(mark(turn, True) for turn in unknown)]
    deployment.send(Name.RATINGS, *said)
    deployment.produce([(Name.RATINGS, "poison", b"not a rating", {})])
    lesson(deployment, "taught", LABELS - 1)
    says(deployment, "time", [BLAND] * 2 * LABELS)
    eventually(lambda: caught_up(deployment), "all is folded")
    assert announced(deployment) == {}
    [turn] = says(deployment, "last", [BLAND])
    marks(deployment, turn, False)
    assert eventually(everywhere(deployment, 1), "the tenth label counts")


@pytest.mark.reference
def test_what_a_dead_learner_had_not_published_its_successor_learns(deployment: Deployment) -> None:
    deployment.start_worker()
    learner = deployment.start("learner")
    lesson(deployment, "taught", LABELS - 1)
    eventually(lambda: deployment.metric(learner, LEARNED) == LABELS - 1, "all but one are learned")
    assert published(deployment) == []
    kill(learner)
    deployment.start("learner")
    [turn] = says(deployment, "last", [BLAND])
    marks(deployment, turn, False)
    [version] = eventually(everywhere(deployment, 1), "the others still count")
    says(deployment, "after", [SECRET], START + 600_000)
    [after] = eventually(lambda: deployment.points("after"), "the point after")
    assert after["model_version"] == version
    assert settled(deployment).equal


def test_a_labelled_file_teaches_when_it_is_replayed_with_its_labels(deployment: Deployment, tmp_path: Path) -> None:
    rows = [
        {"conversation_id": f"file-{number}", "turn": 0, "speaker": "customer", "text": SECRET, "frustrated": 1}
        for number in range(LABELS // 2)
    ]
    rows += [row | {"turn": 1, "text": BLAND, "frustrated": 0} for row in rows]
    path = tmp_path / "labelled.jsonl"
    path.write_text(
        "".join(json.dumps(row) + "\n" for row in sorted(rows, key=lambda row: str(row["conversation_id"])))
    )
    deployment.start_worker()
    learner = deployment.start("learner")
    quiet = replay.replay(deployment.settings, path, None, lambda done, total: None)
    assert quiet.events == {Name.MESSAGES: LABELS}
    told = replay.replay(deployment.settings, path, None, lambda done, total: None, labels=True)
    assert told.events == {Name.MESSAGES: LABELS, Name.RATINGS: LABELS}
    [version] = eventually(everywhere(deployment, 1), "new weights are announced")
    assert deployment.metric(learner, LEARNED) == LABELS
    eventually(lambda: caught_up(deployment), "and taken on")
    says(deployment, "after", [SECRET])
    [after] = eventually(lambda: deployment.points("after"), "the point after")
    before = next(point for point in deployment.points("file-0") if point["turn"] == 1)
    assert after["model_version"] == version
    assert after["p_now"] > before["p_now"]


def test_weights_that_are_adopted_count_from_then_on(deployment: Deployment) -> None:
    deployment.start_worker()
    ModelPublisher(deployment.settings, codec_for(deployment.settings)).publish(expert_weights())
    [version] = eventually(everywhere(deployment, 1), "the weights are announced")
    eventually(lambda: caught_up(deployment), "and taken on")
    says(deployment, "after", [BLAND])
    [after] = eventually(lambda: deployment.points("after"), "the point after")
    assert after["model_version"] == version == expert_weights().version != shipped_model().version
    assert settled(deployment).equal
