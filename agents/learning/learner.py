"""The learner: ratings into new weights of the text model, outcomes into the policy. A plain process, one a deployment.

It is no Faust agent. What it learns for the policy stands in ``policy_learner``; the rest here is the text model's.

New weights are published to tenor.text-model, then announced by a signal to every partition of tenor.signals, then the
ratings they were learned from are committed; each acknowledged before the next. So the moment of change stands in the
log, and a crash in between repeats what was not finished: at its start a learner announces the newest weights again,
which changes nothing where they are in use, and reads uncommitted ratings again. One may so be learned twice, or not at
all where its message is no longer known; neither matters much among many.
"""

import threading
import time
from collections import deque
from functools import cached_property
from typing import NamedTuple

import structlog

from agents.common import metrics
from agents.common.clock import now_ms
from agents.common.health import Health
from agents.kafka.admin import topics
from agents.kafka.consumed_record import ConsumedRecord
from agents.kafka.record_reader import decode_checked
from agents.learning.model_publisher import ModelPublisher
from agents.learning.policy_learner import PolicyLearner
from agents.learning.rating_consumer import RatingConsumer
from agents.learning.signal_reader import SignalReader
from agents.learning.text_models import TextModelStore
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.errors import Rejected
from schemas.records import Datum
from streams.text_model.labels import MessageLabel, label_rating
from streams.text_model.prequential import Prequential
from streams.text_model.pretrained import load_weights
from streams.text_model.turn_cache import TurnCache
from streams.text_model.weights import Weights

log = structlog.get_logger(__name__)

WAIT_S = 0.05


class PendingRating(NamedTuple):
    """A rating that waits for the message it judges; None where it says nothing of one."""

    since_s: float
    message: ConsumedRecord
    label: tuple[Datum, MessageLabel] | None


class Learner:
    """Learns until it is told to stop.

    Args:
        settings: of this deployment.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.health = Health(settings.stall_s)
        learner = settings.learner
        self._codec = codec_for(settings)
        self._turns = TurnCache(learner.conversations, learner.turns, round(settings.outcome.idle_s * 1000))
        self._waiting: deque[PendingRating] = deque()
        self._announcer = ModelPublisher(settings, self._codec)

    @cached_property
    def _prequential(self) -> Prequential:
        """Begun at the first use, when this is known to be the only learner: one that must leave announces nothing."""
        return Prequential(self.settings.learner, self._newest())

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set. ``Failure`` when Kafka cannot be used or another learner is running."""
        topics.require_all(self.settings)
        history = SignalReader(self.settings, self._codec, now_ms() - round(self.settings.learner.history_s * 1000))
        ratings = RatingConsumer(self.settings)
        policy: PolicyLearner | None = None
        try:
            while not stop.is_set():
                with self.health.working("learner"):
                    self._step(history, ratings)
                if ratings.owns_all:  # this is the only learner: what it publishes nobody contradicts
                    policy = policy or PolicyLearner(self.settings, self._codec)
                    with self.health.working("PolicyLearner"):
                        policy.step()
                self.health.set_ready(ratings.owns_all and history.caught_up and policy is not None)
        finally:
            self.health.set_ready(False)
            if policy is not None:
                policy.close()
            ratings.close()
            history.close()

    def _newest(self) -> Weights:
        """The weights learning goes on from. Announced again: whoever published them may have died before."""
        models = TextModelStore(self.settings)
        version = models.newest()
        if version is None:
            return load_weights()
        self._announcer.announce(version)
        return models(version).weights

    def _step(self, history: SignalReader, ratings: RatingConsumer) -> None:
        signals, more = history.take(WAIT_S)
        for signal in signals:
            self._turns.add(signal)
        now_s = time.monotonic()
        self._waiting.extend(PendingRating(now_s, one, self._label(one)) for one in ratings.take(WAIT_S))
        if ratings.owns_all and history.caught_up and not more:
            self._learn(ratings, now_s)

    def _label(self, message: ConsumedRecord) -> tuple[Datum, MessageLabel] | None:
        """What a rating says of a message; None for nothing. What cannot be read is the sink's to refuse."""
        try:
            rating = decode_checked(self._codec, "rating", message, self.settings.limits, now_ms())
        except Rejected:
            metrics.LABELS.labels("refused").inc()
            return None
        found = label_rating(rating)
        if found is None:
            metrics.LABELS.labels("silent").inc()
        return None if found is None else (rating, found)

    def _learn(self, ratings: RatingConsumer, now_s: float) -> None:
        """Learn from the ratings that have waited long enough, in the order they came."""
        while self._is_due(now_s):
            one = self._waiting.popleft()
            if one.label is not None:
                self._teach(*one.label)
            ratings.mark_done(one.message)
            if self._prequential.is_offer_due:
                self._offer()
                self._commit(ratings)
        self._commit(ratings)

    def _commit(self, ratings: RatingConsumer) -> None:
        """Commit what is settled, unless it was learned and is not in use yet."""
        if not self._prequential.has_learned:
            ratings.commit()

    def _is_due(self, now_s: float) -> bool:
        learner = self.settings.learner
        if len(self._waiting) > learner.pending:
            return True
        return bool(self._waiting) and now_s - self._waiting[0].since_s >= learner.wait_s

    def _teach(self, rating: Datum, said: MessageLabel) -> None:
        lesson = self._turns.match_rating(rating, said)
        if lesson is None:
            metrics.LABELS.labels("turn_unknown").inc()
            return
        self._prequential.learn(*lesson, weight=self.settings.learner.weak if said.weak else 1.0)
        metrics.LABELS.labels("weak" if said.weak else "learned").inc()

    def _offer(self) -> None:
        """Publish what was learned if it is no worse than what is in use."""
        losses = self._prequential.losses()
        for name, value in losses._asdict().items():
            metrics.LEARNER_LOSS.labels(name).set(value)
        found = self._prequential.offer_weights()
        if found is not None:
            self._announcer.publish(found)
            self._prequential.adopt(found)
        metrics.MODELS.labels("withheld" if found is None else "published").inc()
        log.info("weights offered", published=found and found.version, **losses._asdict())
