"""What verify says of input events: each is folded once, or refused."""

from collections import Counter

import pytest

from agents.verification.result import VerificationResult
from agents.verification.verify import TRANSIENT_REASONS, Refused, Source, check_events
from schemas.errors import Reason

HERE: Source = ("conversation.messages", 0, 7)


def held(refused: Refused, folded: int) -> VerificationResult:
    verdict = VerificationResult()
    check_events([HERE], refused, Counter({HERE: folded} if folded else {}), verdict)
    return verdict


def test_an_event_in_neither_place_is_lost() -> None:
    verdict = held({}, 0)
    assert verdict.lost == ["conversation.messages/0/7"] and not verdict.equal


def test_an_event_that_was_folded_twice_is_told() -> None:
    assert held({}, 2).folded_twice == 1 and not held({}, 2).equal


def test_an_event_in_one_place_is_well() -> None:
    assert held({}, 1).equal and held({HERE: {"broken_avro"}}, 0).equal


@pytest.mark.parametrize("reason", sorted(set(Reason) - TRANSIENT_REASONS))
def test_an_event_cannot_be_folded_and_refused_for_a_reason_that_stays(reason: Reason) -> None:
    verdict = held({HERE: {str(reason), str(Reason.RATE_LIMITED)}}, 1)
    assert verdict.folded_and_refused == ["conversation.messages/0/7"] and not verdict.equal


@pytest.mark.parametrize("reason", sorted(TRANSIENT_REASONS))
def test_a_reason_that_passes_may_have_passed_when_the_event_was_read_again(reason: str) -> None:
    verdict = held({HERE: {reason}}, 1)
    assert (verdict.refused, verdict.folded) == (1, 1) and verdict.equal
