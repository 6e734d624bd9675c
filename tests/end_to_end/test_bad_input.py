"""Bad input never stops a worker, never disappears, never guesses."""

from collections.abc import Callable
from itertools import chain

import pytest

from agents.schema_registry.client import codec_for
from agents.verification.verify import verify
from schemas.records import record
from schemas.topics import Name
from tests.support.bad_events import BAD, avro
from tests.support.bus_events import burst, message
from tests.support.deployment import Deployment, eventually


@pytest.fixture(scope="module")
def published(running: Deployment) -> dict[str, bytes | None]:
    """Every bad event, each followed by a good one of its own conversation; the values as published."""
    values = {case: make() for case, (_, make, _, _) in BAD.items()}
    for_each = [
        [
            (name, case, values[case], {"origin": b"test", **headers}),
            (Name.MESSAGES, f"after {case}", avro("message", message(f"after {case}")), {}),
        ]
        for case, (name, _, headers, _) in BAD.items()
    ]
    running.produce(chain.from_iterable(for_each))
    return values


@pytest.mark.parametrize("case", BAD)
def test_bad_input_lands_in_the_dead_letter_queue_and_the_flow_goes_on(
    running: Deployment, published: dict[str, bytes | None], case: str
) -> None:
    name, _, _, reason = BAD[case]
    [letter] = eventually(
        lambda: [letter for letter in running.dead_letters(name) if letter.key == case.encode()], "a dead letter"
    )
    assert letter.value == published[case]
    assert letter.header("origin") == "test"
    assert letter.header("__connect.errors.reason") == reason
    assert letter.header("__connect.errors.topic") == running.settings.topics.name(name)
    assert letter.header("__connect.errors.stage") == "ingest"
    assert letter.header("__connect.errors.exception.message")
    assert eventually(lambda: running.points(f"after {case}"), "the event after it")
    assert all(worker.alive for worker in running.workers)


def test_a_record_that_is_no_signal_is_refused_by_the_conversations_agent(
    new_deployment: Callable[..., Deployment],
) -> None:
    deployment = new_deployment()
    deployment.start_worker()
    deployment.produce([(Name.SIGNALS, "poison", b"not a signal", {})])
    deployment.send(Name.MESSAGES, message("after poison"))
    eventually(lambda: deployment.dead_letters(Name.SIGNALS), "a dead letter")
    assert eventually(lambda: deployment.points("after poison"), "the event after it")
    verdict = verify(deployment.settings)
    assert verdict.equal
    assert verdict.unreadable == 1


def test_a_requeued_dead_letter_is_tried_again(running: Deployment) -> None:
    from agents.kafka.admin import dead_letters

    running.produce([(Name.MESSAGES, "requeued", b"", {"note": b"kept"})])
    running.produce([(Name.MESSAGES, "requeued", avro("message", message("requeued")), {"tenor-version": b"2"})])
    before = eventually(
        lambda: [d for d in running.dead_letters(Name.MESSAGES) if d.key == b"requeued"], "dead letters"
    )
    target = dead_letters.requeue(running.settings, before[0])
    assert target == running.settings.topics.name(Name.MESSAGES)
    eventually(
        lambda: len([d for d in running.dead_letters(Name.MESSAGES) if d.key == b"requeued"]) >= 3,
        "the requeued letter refused again, from its new place",
    )


def test_consent_withheld_is_no_error_but_nothing_is_read(running: Deployment) -> None:
    running.send(Name.KEYSTROKES, burst("no-consent", consent=False))
    signals = eventually(
        lambda: [s for s in running.decoded(Name.SIGNALS) if s["conversation_id"] == "no-consent"], "the signal"
    )
    assert signals[0]["keystroke_consent"] is False
    assert set(signals[0]["features"].values()) == {None}
    assert set(signals[0]["reasons"].values()) == {"no_consent"}


def test_the_codec_of_the_deployment_reads_what_ours_writes(running: Deployment) -> None:
    event = message("codec")
    assert codec_for(running.settings).decode(record("message"), avro("message", event), {}) == event


def test_what_is_no_output_is_told_by_verify_and_does_not_stop_it(new_deployment: Callable[..., Deployment]) -> None:
    deployment = new_deployment()
    deployment.produce([(Name.OUTCOMES, "any", b"no record of ours", {})])
    verdict = verify(deployment.settings)
    assert not verdict.equal
    assert verdict.unexpected == ["outcome "]
    assert verdict.other_config == set()
