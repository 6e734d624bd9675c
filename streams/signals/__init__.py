"""The signals, one file each: what is measured at ingest (``extract``) and what the fold makes of it (``observe``).

The belief that an observation moves is in `streams/belief`.

``extract`` sees one input event and nothing else; it runs where the text still is. ``observe`` sees the numbers
and the conversation's own baselines; it runs in the fold.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Extract(NamedTuple):
    """What ingest extracted from one event.

    Attributes:
        features: numbers by name; None when one could not be measured.
        cues: names of the cues that were found.
        reasons: why a feature is None, by its name.
        terms: hashed words and pairs of words of a message; empty for everything else.
    """

    features: dict[str, float | None]
    cues: list[str]
    reasons: dict[str, str]
    terms: Sequence[int] = ()


def unknown(reason: str, *features: str) -> Extract:
    """An extract with every feature None, for one reason."""
    return Extract(dict.fromkeys(features), [], dict.fromkeys(features, reason))
