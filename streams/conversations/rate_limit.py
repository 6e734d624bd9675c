"""A limit of events per conversation: a token bucket each, filled by the log's own times.

No wall clock: the same records give the same verdicts, however late they are read and in whatever runs. A conversation
is known only while others are few: who was silent while ``KNOWN`` others spoke begins with a full bucket again, and
that is all that bounded memory changes, for a bucket is full again soon.
"""

from dataclasses import dataclass
from math import inf

KNOWN = 1_000  # conversations, twice: a bucket takes about 250 bytes


@dataclass(frozen=True)
class Rate:
    """How many events of one topic a conversation may bring; beyond, they are dead letters (``rate_limited``).

    No person gets there: a browser that reports the cursor ten times a second and voice in frames of a tenth of a
    second are a fifth of the rate, and what a page saved up offline for a quarter of an hour fits the burst. For a
    worker, the burst is about a second of work and the rate half a percent of it. Time is that of the records in
    Kafka: where producers are not trusted with it, have the brokers set it (message.timestamp.type=LogAppendTime).

    Attributes:
        per_s: events a second that a conversation may bring for ever; 0 for no limit.
        burst: events it may bring at once.
    """

    per_s: float = 50.0
    burst: int = 10_000


class TokenBucket:
    """What one conversation may still bring. ``newest``: the latest time it was heard from, milliseconds."""

    __slots__ = ("newest", "tokens")

    def __init__(self, tokens: float, newest: int) -> None:
        self.tokens, self.newest = tokens, newest


class RateLimit:
    """The buckets of one partition of one topic."""

    def __init__(self, rate: Rate) -> None:
        self._per_ms, self._burst = rate.per_s / 1000, float(rate.burst) if rate.per_s else inf
        self._lately: dict[str, TokenBucket] = {}
        self._before: dict[str, TokenBucket] = {}

    def admits(self, conversation: str, at: int) -> bool:
        """Whether an event may count; one that may not takes nothing from the next.

        Args:
            conversation: whose it is.
            at: time of the record, milliseconds. An earlier one than before counts as simultaneous: it cannot fill.
        """
        bucket = self._lately.get(conversation) or self._recalled(conversation, at)
        if at > bucket.newest:
            bucket.tokens = min(self._burst, bucket.tokens + (at - bucket.newest) * self._per_ms)
            bucket.newest = at
        if bucket.tokens < 1.0:
            return False
        bucket.tokens -= 1.0
        return True

    def _recalled(self, conversation: str, at: int) -> TokenBucket:
        """The bucket of a conversation that has not spoken lately; a full one where it is not known."""
        if len(self._lately) >= KNOWN:
            self._before, self._lately = self._lately, {}
        found = self._before.pop(conversation, None) or TokenBucket(self._burst, at)
        self._lately[conversation] = found
        return found
