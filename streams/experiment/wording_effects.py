"""What wording goes with: the customer's next level change, regressed on how the answer before it was worded. Pure.

Least squares of ``level - level_before``, less what the text model concluded from the answer alone, on the features of
the answer: 1 where the answer has one, the binary logarithm of one plus the words for its length. Adjusted for the
level before (change scores regress to the mean) and for the stage of the conversation (log of the turn and steps of it,
and how far a level settles by then): questions stand at its beginning and thanks at its end, whatever they do.
Everything is kept as sums, so learning is additive and may stop and go on anywhere.

Intervals: sandwich, clustered by conversation, each residual scaled by its leverage (HC2; MacKinnon & White 1985).
Residuals are those under the coefficients at the end of the batch a row came in. A conversation is one cluster while it
is remembered; where it is forgotten in the middle, by a restart or among very many, its two halves count as two.

This is an association. Operators choose their words by what stands before them, and nobody drew them at random: what
adjustment leaves of that is in the coefficients. To prove an effect, make the wording an option of the policy.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from math import isfinite, log, log2
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.experiment.least_squares import Floats, determined, inverted, spread, student_95
from streams.signals.reply_style import FEATURES
from streams.text_model.model import REPLY_PART

Point = Mapping[str, Any]

# Raise it with every change of a feature, column or scale: sums of different ones cannot be added.
VERSION = 1
LENGTH = "wording.words"
STAGES = (3, 4, 5, 7, 10, 15)  # turns from which on the conversation is at another stage; ours
ADJUSTED = ("intercept", "turn", "level_before", "settling", *(f"stage.{turn}" for turn in STAGES))
COLUMNS = (*ADJUSTED, *FEATURES)
SIZE = len(COLUMNS)
# Ours: below these an effect is not told.
TURNS, CONVERSATIONS, OCCURRENCES = 200, 40, 20
REMEMBERED = 20_000  # conversations, and points


class Row(NamedTuple):
    """A customer turn after an answer.

    Attributes:
        conversation: where it was.
        turn: number of the turn.
        point_id: of the trajectory point.
        values: of ``COLUMNS``.
        change: how far the level moved, less what followed from the answer alone.
        event_time: of the turn, milliseconds.
    """

    conversation: str
    turn: int
    point_id: str
    values: tuple[float, ...]
    change: float
    event_time: int


class Effect(NamedTuple):
    """What one feature goes with; ``effect`` and its 95 % interval are None while they cannot be told."""

    feature: str
    present: int
    effect: float | None
    low: float | None
    high: float | None


class Sums(NamedTuple):
    """All that is learned; additive.

    Attributes:
        turns: rows.
        conversations: clusters.
        products: X'X.
        response: X'y.
        scores: sum over clusters of the outer product of their scores.
        present: rows in which each column was not zero.
    """

    turns: int
    conversations: int
    products: Floats
    response: Floats
    scores: Floats
    present: NDArray[np.int64]


def nothing() -> Sums:
    """Sums before anything was learned."""
    square = np.zeros((SIZE, SIZE))
    return Sums(0, 0, square, np.zeros(SIZE), square, np.zeros(SIZE, dtype=np.int64))


def row(point: Point) -> Row | None:
    """The row of a trajectory point; None where it says nothing: no answer before it, no turn before, no words read."""
    reply, before = point["reply"], point["level_before"]
    if reply is None or before is None or point["observation"] is None or not reply.keys() >= set(FEATURES):
        return None
    worded = [log2(1.0 + max(reply[name], 0.0)) if name == LENGTH else float(reply[name] > 0.0) for name in FEATURES]
    change = point["level"] - before - concluded(point["contributions"])
    if not isfinite(change) or not isfinite(sum(worded)) or point["turn"] < 1:
        return None
    values = (*adjusted(point["turn"], before), *worded)
    return Row(point["conversation_id"], point["turn"], point["point_id"], values, change, point["event_time"])


def adjusted(turn: int, before: float) -> tuple[float, ...]:
    """What is adjusted for. The level settles less the longer it has been known, hence the product."""
    stages = [float(turn >= first) for first in STAGES]
    return 1.0, log(turn), before, before * log(turn), *stages


def concluded(contributions: Iterable[Mapping[str, Any]]) -> float:
    """How far the text model moved the level for the answer's own sake: counting that would be circular."""
    return sum(float(one["share"]) for one in contributions if one["signal"] == REPLY_PART)


class Study:
    """Learns from rows, batch by batch; within a batch their order makes no difference.

    Args:
        sums: what was learned before.
    """

    def __init__(self, sums: Sums | None = None) -> None:
        self.sums = sums or nothing()
        self._scores: OrderedDict[str, Floats] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def learn(self, rows: Iterable[Row]) -> int:
        """Learn from rows that were not learned from before, as far as is remembered; how many these were."""
        fresh = sorted({one.point_id: one for one in rows if one.point_id not in self._seen}.values())
        if not fresh:
            return 0
        self._seen.update(dict.fromkeys(one.point_id for one in fresh))
        x, y = np.array([one.values for one in fresh]), np.array([one.change for one in fresh])
        present = self.sums.present + np.count_nonzero(x, axis=0)
        turns, products, response = self.sums.turns + len(fresh), self.sums.products + x.T @ x, self.sums.response
        response = response + x.T @ y
        scores, new = self._clustered(fresh, x * spread(x, y, products, response)[:, None])
        self.sums = Sums(turns, self.sums.conversations + new, products, response, scores, present)
        forget(self._scores)
        forget(self._seen)
        return len(fresh)

    def _clustered(self, rows: Sequence[Row], scores: Floats) -> tuple[Floats, int]:
        """The sum of outer products with these rows' scores added to their conversations', and new conversations."""
        total, new = self.sums.scores.copy(), 0
        for conversation, places in groupby(range(len(rows)), lambda i: rows[i].conversation):
            before = self._scores.pop(conversation, None)
            after = scores[list(places)].sum(axis=0) + (0.0 if before is None else before)
            total += np.outer(after, after) - (0.0 if before is None else np.outer(before, before))
            self._scores[conversation] = after
            new += before is None
        return total, new


def forget(remembered: OrderedDict[str, Any]) -> None:
    """Drop what has not been used for longest, beyond ``REMEMBERED``."""
    while len(remembered) > REMEMBERED:
        remembered.popitem(last=False)


def effects(sums: Sums) -> list[Effect]:
    """What each feature goes with, in the order of ``FEATURES``."""
    known = estimated(sums) if sums.turns >= TURNS and sums.conversations >= CONVERSATIONS else {}
    unknown = (None, None, None)
    return [
        Effect(name, int(sums.present[place]), *known.get(place, unknown))
        for place, name in enumerate(COLUMNS)
        if name in FEATURES
    ]


def estimated(sums: Sums) -> dict[int, tuple[float, float, float]]:
    """Coefficient and 95 % interval of each column that can be told, by its place."""
    places = varied(sums)
    square = np.ix_(places, places)
    products = sums.products[square]
    inverse = inverted(products)
    found = inverse @ sums.response[places]
    freedom = sums.conversations - len(places)  # a feature that lasts the conversation has no more than that
    variances = np.diag(inverse @ sums.scores[square] @ inverse) * sums.conversations / freedom
    told = determined(products)
    margins = student_95(freedom) * np.sqrt(np.maximum(variances, 0.0))
    return {
        place: (float(one), float(one - margin), float(one + margin))
        for place, one, margin, tell in zip(places, found, margins, told, strict=True)
        if tell
    }


def varied(sums: Sums) -> list[int]:
    """Places of what is adjusted for, and of features that enough answers have and enough have not."""
    flags = range(len(ADJUSTED), SIZE)
    least = np.minimum(sums.present, sums.turns - sums.present)
    return [*range(len(ADJUSTED)), *(i for i in flags if COLUMNS[i] == LENGTH or least[i] >= OCCURRENCES)]
