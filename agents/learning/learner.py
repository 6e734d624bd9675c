"""The learner: trains the text model on ratings and the policy on outcomes. A plain process, one per deployment.

``policy_learner`` learns the policy; this module learns the text model.

New weights are published to tenor.text-model, then announced by a signal in every partition of tenor.signals, then the
ratings they were learned from are committed; each step is acknowledged before the next. So the log says from when the
weights apply. After a crash the learner announces the newest weights again, which changes nothing where they are in
use, and reads uncommitted ratings again. So a rating may be learned twice, or not at all where its message is no longer
cached; among many ratings this hardly matters.
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
    """A rating that waits for the message it labels; ``label`` is None for a rating without one."""

    since_s: float
    consumed: ConsumedRecord
    label: tuple[Datum, MessageLabel] | None


class Learner:
    """Learns until it is stopped.

    Args:
        settings: the deployment's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.health = Health(settings.stall_s)
        learner = settings.learner
        self._codec = codec_for(settings)
        self._turns = TurnCache(learner.conversations, learner.turns, round(settings.outcome.idle_s * 1000))
        self._pending: deque[PendingRating] = deque()
        self._publisher = ModelPublisher(settings, self._codec)

    @cached_property
    def _prequential(self) -> Prequential:
        """Created at the first use, when no other learner is running: a second learner must announce nothing."""
        return Prequential(self.settings.learner, self._load_newest())

    def run(self, stop: threading.Event) -> None:
        """Run until ``stop`` is set. ``Failure`` when Kafka cannot be used or another learner is running."""
        topics.require_all(self.settings)
        history = SignalReader(self.settings, self._codec, now_ms() - round(self.settings.learner.history_s * 1000))
        ratings = RatingConsumer(self.settings)
        policy: PolicyLearner | None = None
        try:
            while not stop.is_set():
                with self.health.working("learner"):
                    self._step(history, ratings)
                if ratings.owns_all:  # no other learner is running and could publish, too
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

    def _load_newest(self) -> Weights:
        """The newest weights. Announced again: the process that published them may have crashed in between."""
        models = TextModelStore(self.settings)
        version = models.newest()
        if version is None:
            return load_weights()
        self._publisher.announce(version)
        return models(version).weights

    def _step(self, history: SignalReader, ratings: RatingConsumer) -> None:
        signals, more = history.poll(WAIT_S)
        for signal in signals:
            self._turns.add(signal)
        now_s = time.monotonic()
        self._pending.extend(PendingRating(now_s, consumed, self._label(consumed)) for consumed in ratings.take(WAIT_S))
        if ratings.owns_all and history.caught_up and not more:
            self._learn(ratings, now_s)

    def _label(self, consumed: ConsumedRecord) -> tuple[Datum, MessageLabel] | None:
        """The rating and its label of a message; None without one, or for an invalid rating, which the sink refuses."""
        try:
            rating = decode_checked(self._codec, "rating", consumed, self.settings.limits, now_ms())
        except Rejected:
            metrics.LABELS.labels("refused").inc()
            return None
        label = label_rating(rating)
        if label is None:
            metrics.LABELS.labels("silent").inc()
        return None if label is None else (rating, label)

    def _learn(self, ratings: RatingConsumer, now_s: float) -> None:
        """Learn from the ratings that have waited long enough, in the order of arrival."""
        while self._is_due(now_s):
            pending = self._pending.popleft()
            if pending.label is not None:
                self._learn_from(*pending.label)
            ratings.mark_done(pending.consumed)
            if self._prequential.is_offer_due:
                self._publish_if_better()
                self._commit(ratings)
        self._commit(ratings)

    def _commit(self, ratings: RatingConsumer) -> None:
        """Commit settled ratings, unless weights learned from them are not published yet."""
        if not self._prequential.has_learned:
            ratings.commit()

    def _is_due(self, now_s: float) -> bool:
        learner = self.settings.learner
        if len(self._pending) > learner.pending:
            return True
        return bool(self._pending) and now_s - self._pending[0].since_s >= learner.wait_s

    def _learn_from(self, rating: Datum, label: MessageLabel) -> None:
        example = self._turns.match_rating(rating, label)
        if example is None:
            metrics.LABELS.labels("turn_unknown").inc()
            return
        self._prequential.learn(*example, weight=self.settings.learner.weak if label.weak else 1.0)
        metrics.LABELS.labels("weak" if label.weak else "learned").inc()

    def _publish_if_better(self) -> None:
        """Publish the learned weights if they are no worse than those in use."""
        losses = self._prequential.losses()
        for name, value in losses._asdict().items():
            metrics.LEARNER_LOSS.labels(name).set(value)
        candidate = self._prequential.offer_weights()
        if candidate is not None:
            self._publisher.publish(candidate)
            self._prequential.adopt(candidate)
        metrics.MODELS.labels("withheld" if candidate is None else "published").inc()
        log.info("weights offered", published=candidate and candidate.version, **losses._asdict())
