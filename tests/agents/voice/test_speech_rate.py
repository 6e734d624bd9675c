"""Syllable nuclei in contours whose peaks are known."""

import numpy as np
import pytest

from agents.voice.speech_rate import count_nuclei, find_sounding


def counted(*decibels: float, unvoiced: tuple[int, ...] = ()) -> int:
    contour = np.array(decibels)
    voiced = np.ones(len(contour), bool)
    voiced[list(unvoiced)] = False
    return count_nuclei(contour, voiced)


@pytest.mark.parametrize(
    ("contour", "count"),
    [
        ((60, 70, 60, 70, 60), 2),
        ((60, 70, 68, 70.5, 60), 2),  # a dip of 2 dB parts
        ((60, 70, 68.1, 70.5, 60), 1),  # and a smaller one does not
        ((69, 70, 60, 70, 69), 2),  # a syllable cut by the frame's edge after its peak
        ((70, 65, 60, 65, 70), 0),  # and before it, or in the frame before
        ((60, 70, 60, 44, 60), 1),
        ((60, 70, 40, 44, 40), 1),  # more than 25 dB below the loudest
        ((60, 70, 40, 46, 40), 2),
    ],
)
def test_peaks_that_are_loud_and_parted_count(contour: tuple[float, ...], count: int) -> None:
    assert counted(*contour) == count


def test_only_the_voicing_of_the_peak_itself_matters() -> None:
    assert counted(60, 70, 60, 70, 60, unvoiced=(0, 2, 4)) == 2
    assert counted(60, 70, 60, 70, 60, unvoiced=(1,)) == 1


def test_what_is_25_db_below_the_loudest_still_sounds() -> None:
    contour = np.array([70.0] * 10 + [45.0, 44.9])
    assert find_sounding(contour).tolist() == [True] * 11 + [False]
