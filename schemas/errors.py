"""Why an event is refused. A refusal is data: it goes to the dead letter topic and never stops a worker."""

from enum import StrEnum


class Reason(StrEnum):
    """Machine-readable reason, the value of the header ``__connect.errors.reason``."""

    UNKNOWN_FORMAT = "unknown_format"
    UNKNOWN_SCHEMA = "unknown_schema"
    UNKNOWN_VERSION = "unknown_version"
    BROKEN_AVRO = "broken_avro"
    BROKEN_JSON = "broken_json"
    MISSING_FIELD = "missing_field"
    UNKNOWN_FIELD = "unknown_field"
    WRONG_TYPE = "wrong_type"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_RANGE = "out_of_range"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    MISSING_CONVERSATION = "missing_conversation"
    TOO_LARGE = "too_large"
    EMPTY = "empty"
    RATE_LIMITED = "rate_limited"
    UNKNOWN_DECISION = "unknown_decision"
    UNKNOWN_OPTION = "unknown_option"


class Rejected(Exception):
    """An event that cannot be accepted.

    Args:
        reason: the class of the refusal.
        detail: what is wrong and where, without quoting the payload.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
