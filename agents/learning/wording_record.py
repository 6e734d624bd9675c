"""A study of wording as a record of tenor.wording, and back. Pure."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from streams.experiment import wording_effects
from streams.experiment.wording_effects import SIZE, Sums

Datum = dict[str, Any]


def datum(tenant: str, sums: Sums, event_time: int, positions: Mapping[tuple[str, int], int], config: str) -> Datum:
    """The record of a study.

    Args:
        tenant: whose it is.
        sums: what it has learned.
        event_time: of the last turn learned from, milliseconds.
        positions: offset of the first record of each partition it has not learned from.
        config: digest of the settings.
    """
    return {
        "tenant": tenant,
        "event_time": event_time,
        "turns": sums.turns,
        "conversations": sums.conversations,
        "effects": [one._asdict() for one in wording_effects.effects(sums)],
        "size": SIZE,
        "products": sums.products.ravel().tolist(),
        "response": sums.response.tolist(),
        "scores": sums.scores.ravel().tolist(),
        "present": sums.present.tolist(),
        "version": wording_effects.VERSION,
        "positions": [
            {"topic": topic, "partition": number, "offset": offset}
            for (topic, number), offset in sorted(positions.items())
        ],
        "config_version": config,
    }


def restored(found: Datum) -> Sums | None:
    """The sums in a record; None when they are of other features, or broken."""
    shapes = {"products": (SIZE, SIZE), "response": (SIZE,), "scores": (SIZE, SIZE), "present": (SIZE,)}
    if found["version"] != wording_effects.VERSION or found["size"] != SIZE:
        return None
    if any(len(found[name]) != np.prod(shape) or not np.isfinite(found[name]).all() for name, shape in shapes.items()):
        return None
    arrays = {name: np.array(found[name]).reshape(shape) for name, shape in shapes.items()}
    return Sums(found["turns"], found["conversations"], **arrays)
