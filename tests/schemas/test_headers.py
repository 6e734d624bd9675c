"""Headers of what we publish and of what we refuse."""

from schemas.errors import Reason, Rejected
from schemas.headers import ERROR_PREFIX, cloud_event_headers, dead_letter_headers, without_errors
from schemas.records import record

REFUSAL = Rejected(Reason.OUT_OF_RANGE, "clarity must be 1 to 5, é")
POSITION = ("conversation.ratings", 3, 17)


def test_a_published_record_is_a_cloud_event() -> None:
    assert cloud_event_headers(record("decision"), "d-1", 1_772_442_845_007, "tenor") == [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"d-1"),
        ("ce_type", b"tenor.Decision"),
        ("ce_source", b"tenor"),
        ("ce_time", b"2026-03-02T09:14:05.007+00:00"),
        ("content-type", b"application/avro"),
        ("tenor-version", b"1"),
    ]


def test_a_dead_letter_keeps_its_headers_and_says_why_and_where() -> None:
    original = [("trace", b"\xff\x00"), ("trace", b"again"), ("empty", None)]
    assert dead_letter_headers(original, REFUSAL, POSITION, "ingest") == [
        *original,
        ("__connect.errors.topic", b"conversation.ratings"),
        ("__connect.errors.partition", b"3"),
        ("__connect.errors.offset", b"17"),
        ("__connect.errors.stage", b"ingest"),
        ("__connect.errors.reason", b"out_of_range"),
        ("__connect.errors.exception.class.name", b"tenor.Rejected"),
        ("__connect.errors.exception.message", "clarity must be 1 to 5, é".encode()),
    ]


def test_refused_again_it_says_the_last_reason_only() -> None:
    once = dead_letter_headers([("trace", b"1")], REFUSAL, POSITION, "ingest")
    again = dead_letter_headers(once, Rejected(Reason.EMPTY, "no value"), ("other", 0, 0), "sink")
    assert again[0] == ("trace", b"1")
    assert len(again) == len(once)
    assert dict(again)[ERROR_PREFIX + "reason"] == b"empty"
    assert without_errors(again) == [("trace", b"1")]


def test_a_refusal_reads_as_reason_and_detail() -> None:
    assert str(REFUSAL) == "out_of_range: clarity must be 1 to 5, é"
