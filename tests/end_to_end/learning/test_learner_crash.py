"""A learner of the text model is killed, or a second one starts; no label is lost or learned twice."""

from collections.abc import Callable

import pytest

from streams.config.model import LearnerConfig
from streams.text_model.model import shipped_model
from tests.support.deployment import Deployment, eventually
from tests.support.text_model_lessons import (
    BLAND,
    LABELS,
    SECRET,
    START,
    everywhere,
    kill,
    lesson,
    marks,
    published,
    says,
)
from tests.support.verification import verify_once_caught_up

LEARNED = 'tenor_labels_total{what="learned"}'


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    learner = LearnerConfig(labels=LABELS, window=40, wait_s=0.5, inertia=1e-4)
    return new_deployment(poll_records=20, tick_s=4.0, learner=learner)


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
    verdict = verify_once_caught_up(deployment)
    assert verdict.equal, verdict
    assert verdict.expected == verdict.published
    used = {point["model_version"] for point in deployment.points()}
    assert after["model_version"] == versions[-1]
    assert used <= {shipped_model().version, *versions}
    assert len(used) > 2


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
    assert verify_once_caught_up(deployment).equal
