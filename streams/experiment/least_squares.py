"""Least squares from sums: X'X and X'y. Columns may be zero, or combinations of others."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NORMAL_95 = 1.959964
LEAST_SPREAD = 0.05  # a row the fit passes through exactly says nothing of the spread
NEGLIGIBLE = 1e-9
LEAST_SIZE = 1e-100  # of a column; what is smaller is zero


def spread(x: Floats, y: Floats, products: Floats, response: Floats) -> Floats:
    """Residuals of rows under these sums, scaled by their leverage."""
    inverse = inverted(products)
    left = 1.0 - ((x @ inverse) * x).sum(axis=1)
    residuals = y - x @ (inverse @ response)
    return np.where(left > LEAST_SPREAD, residuals / np.sqrt(np.maximum(left, LEAST_SPREAD)), 0.0)


def inverted(products: Floats) -> Floats:
    """Pseudo-inverse of X'X, scaled to a unit diagonal on the way."""
    scale = scales(products)
    found = np.linalg.pinv(products * np.outer(scale, scale), rcond=NEGLIGIBLE, hermitian=True)
    return np.asarray(found * np.outer(scale, scale), dtype=np.float64)


def scales(products: Floats) -> Floats:
    """What makes the diagonal 1, of each column; 0 of one that is zero."""
    size = np.sqrt(np.diag(products))
    return np.divide(1.0, size, out=np.zeros_like(size), where=size > LEAST_SIZE)


def determined(products: Floats) -> list[bool]:
    """Which columns are no combination of the others."""
    scale = scales(products)
    values, vectors = np.linalg.eigh(products * np.outer(scale, scale))
    idle = vectors[:, values <= NEGLIGIBLE * len(values)]
    return [bool(one) for one in (idle**2).sum(axis=1) < sqrt(NEGLIGIBLE)]


def student_95(freedom: int) -> float:
    """Two-sided 95 % quantile of Student's t (Cornish-Fisher), within .001 from 15 degrees of freedom on."""
    z = NORMAL_95
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
