"""The text model learns from labels while messages flow; the signals log says which weights were in use."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.learning.model_publisher import ModelPublisher
from agents.learning.text_models import TextModelStore
from agents.recordings import replay
from agents.schema_registry.client import codec_for
from schemas.topics import Name
from streams.config.model import LearnerConfig
from streams.signals.extraction import model_signal
from streams.text_model.model import shipped_model
from streams.text_model.prior import expert_weights
from tests.support.deployment import Deployment, eventually
from tests.support.text_model_lessons import (
    BLAND,
    LABELS,
    SECRET,
    SIGNAL,
    START,
    announced,
    everywhere,
    kill,
    lesson,
    mark,
    marks,
    says,
)
from tests.support.verification import caught_up, verify_once_caught_up

LEARNED = 'tenor_labels_total{what="learned"}'


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    learner = LearnerConfig(labels=LABELS, window=40, wait_s=0.5, inertia=1e-4)
    return new_deployment(poll_records=20, tick_s=4.0, learner=learner)


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
    verdict = verify_once_caught_up(deployment)
    assert verdict.equal, verdict
    assert verdict.expected == verdict.published


@pytest.mark.reference
def test_a_model_that_is_nowhere_stops_the_worker_rather_than_being_guessed(deployment: Deployment) -> None:
    worker = deployment.start_worker()
    value = codec_for(deployment.settings).encode(SIGNAL, model_signal("0123456789abcdef", START))
    deployment.produce([(Name.SIGNALS, "any", value, {})])
    eventually(lambda: not worker.alive, "the worker gives up", 60)
    assert "uses text model 0123456789abcdef" in worker.log_tail(80)


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
    assert verify_once_caught_up(deployment).equal
