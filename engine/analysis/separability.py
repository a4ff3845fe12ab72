"""Whether a straight cut can part two classes at all, whatever a training has found."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def is_separable(x: ArrayLike, labels: ArrayLike) -> bool:
    """Whether some line (plane, hyperplane) has all examples of one class on one side and all others on the other.

    It is a linear programme: are there weights and a bias with ``s (w x + b) >= 1`` for every example, where s is 1 in
    one class and -1 in the other?

    Parameters
    ----------
    x : array_like, shape (N, n)
    labels : array_like of int, shape (N,)
        0 or 1.

    Examples
    --------
    >>> is_separable([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])  # and
    True
    >>> is_separable([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])  # exclusive or
    False
    """
    from scipy.optimize import linprog  # which takes a while to import, and few need

    points = np.asarray(x, dtype=np.float64)
    signs = np.where(np.asarray(labels) == 1, 1.0, -1.0)
    # the same scale along all features keeps the programme well posed
    scaled = points / np.maximum(np.abs(points).max(axis=0, initial=0.0), 1e-300)
    sides = -signs[:, None] * np.column_stack([scaled, np.ones(len(points))])
    found = linprog(np.zeros(sides.shape[1]), A_ub=sides, b_ub=-np.ones(len(points)), bounds=(None, None))
    return bool(found.status == 0)
