"""Least squares from sums: X'X and X'y, with clustered intervals. Columns may be zero, or sums of others. Pure."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
Estimate = tuple[float, float, float]

NEGLIGIBLE = 1e-9
LEAST_SIZE = 1e-100  # of a column; what is smaller is zero


def coefficients(products: Floats, response: Floats) -> Floats:
    """Least squares coefficients of X'X and X'y; the shortest where several fit alike."""
    return np.asarray(inverted(products) @ response, dtype=np.float64)


def estimates(products: Floats, response: Floats, scores: Floats, clusters: int) -> list[Estimate | None]:
    """Coefficient and 95 % interval of each column; None for a combination of other columns, or with too few clusters.

    The variance is the sandwich clustered by group (Liang & Zeger 1986), with ``clusters / freedom`` for few of them.
    A column that is constant within clusters is known no better than by their number: hence Student's t with
    ``freedom``, clusters less columns.

    Args:
        products: X'X, columns by columns.
        response: X'y.
        scores: sum over clusters of s s', where s is the sum of x times its residual over the rows of a cluster.
        clusters: number of them.
    """
    freedom = clusters - len(response)
    if freedom < 1:
        return [None] * len(response)
    inverse = inverted(products)
    variances = np.diag(inverse @ scores @ inverse) * clusters / freedom
    margins = stdtrit(freedom, 0.975) * np.sqrt(np.maximum(variances, 0.0))
    triples = np.stack([middle := coefficients(products, response), middle - margins, middle + margins], axis=1)
    known = determined(products)
    return [tuple(triple) if tell else None for triple, tell in zip(triples.tolist(), known, strict=True)]


def inverted(products: Floats) -> Floats:
    """Pseudo-inverse of X'X, scaled to a unit diagonal on the way."""
    scale = scales(products)
    inverse = np.linalg.pinv(products * np.outer(scale, scale), rcond=NEGLIGIBLE, hermitian=True)
    return np.asarray(inverse * np.outer(scale, scale), dtype=np.float64)


def scales(products: Floats) -> Floats:
    """What makes the diagonal 1, of each column; 0 of one that is zero."""
    size = np.sqrt(np.diag(products))
    return np.divide(1.0, size, out=np.zeros_like(size), where=size > LEAST_SIZE)


def determined(products: Floats) -> list[bool]:
    """Which columns are no combination of the others."""
    scale = scales(products)
    values, vectors = np.linalg.eigh(products * np.outer(scale, scale))
    idle = vectors[:, values <= NEGLIGIBLE * len(values)]
    return [bool(weight < sqrt(NEGLIGIBLE)) for weight in (idle**2).sum(axis=1)]
