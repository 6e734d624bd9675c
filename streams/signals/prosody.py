"""Prosody: acoustic measures of a frame, carried as they are. The fold does not weigh them yet.

Features, units as in the contract: prosody.f0_semitones, .f0_sd_semitones, .speech_rate, .jitter, .shimmer,
.hnr_db, .loudness_db.
"""

from collections.abc import Mapping
from typing import Any

from streams.signals import Extract

FEATURES = ("f0_semitones", "f0_sd_semitones", "speech_rate", "jitter", "shimmer", "hnr_db", "loudness_db")


def extract(event: Mapping[str, Any]) -> Extract:
    """Read one frame, as in the contract."""
    features = {f"prosody.{name}": event[name] for name in FEATURES}
    return Extract(features, [], {name: "not_measured" for name, value in features.items() if value is None})
