"""Speech rate: syllable nuclei, after de Jong & Wempe (Behavior Research Methods 2009).

A nucleus is a peak of intensity that is voiced, no more than 25 dB below the loudest (the .99 quantile), and parted
from the next by a dip of at least 2 dB. Unstressed syllables are sometimes overlooked; the person's own rate is
compared with itself, so that does not matter. Against hand counts the authors report correlations of .71 to .88.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

LOUDEST_QUANTILE = 0.99
SOUNDING_DB = 25.0
DIP_DB = 2.0

Contour = NDArray[np.float64]


def sounding(intensity_db: Contour) -> NDArray[np.bool_]:
    """Where somebody may be speaking, by moment of the contour."""
    heard: NDArray[np.bool_] = intensity_db >= np.quantile(intensity_db, LOUDEST_QUANTILE) - SOUNDING_DB
    return heard


def nuclei(intensity_db: Contour, voiced: NDArray[np.bool_]) -> int:
    """Syllables in a contour.

    Args:
        intensity_db: intensity, dB, evenly spaced.
        voiced: whether there is a pitch at that moment.
    """
    floor = intensity_db.min() - 2 * DIP_DB
    walled = np.concatenate(([floor], intensity_db, [floor]))  # a syllable may be cut by the frame's edge
    peaks, _ = find_peaks(walled, prominence=DIP_DB)
    peaks -= 1
    whole = peaks[(peaks > 0) & (peaks < len(intensity_db) - 1)]  # at the edge itself it only falls: no peak of ours
    return int(np.count_nonzero(voiced[whole] & sounding(intensity_db)[whole]))
