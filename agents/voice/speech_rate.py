"""Speech rate: syllable nuclei, after de Jong & Wempe (Behavior Research Methods 2009).

A nucleus is a voiced peak of intensity, no more than 25 dB below the loudest (the .99 quantile), and separated from
the next by a dip of at least 2 dB. Unstressed syllables are sometimes missed; that does not matter, because a person's
rate is compared with their own. The authors report correlations of .71 to .88 with hand counts.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

LOUDEST_QUANTILE = 0.99
SOUNDING_DB = 25.0
DIP_DB = 2.0

Contour = NDArray[np.float64]


def find_sounding(intensity_db: Contour) -> NDArray[np.bool_]:
    """Which moments of the contour may be speech."""
    sounding: NDArray[np.bool_] = intensity_db >= np.quantile(intensity_db, LOUDEST_QUANTILE) - SOUNDING_DB
    return sounding


def count_nuclei(intensity_db: Contour, voiced: NDArray[np.bool_]) -> int:
    """Number of syllables in a contour.

    Args:
        intensity_db: intensity at equal intervals, dB.
        voiced: whether there is a pitch at each moment.
    """
    floor = intensity_db.min() - 2 * DIP_DB
    padded = np.concatenate(([floor], intensity_db, [floor]))  # the frame's edge may cut a syllable
    peaks, _ = find_peaks(padded, prominence=DIP_DB)
    peaks -= 1
    inner = peaks[(peaks > 0) & (peaks < len(intensity_db) - 1)]  # a maximum at the edge is no peak
    return int(np.count_nonzero(voiced[inner] & find_sounding(intensity_db)[inner]))
