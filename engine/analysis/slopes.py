"""Activation functions and their slopes, over numbers of one's choice."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.activations import get_activation
from engine.errors import ConfigurationError


def values_and_slopes(name: str, z: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What an activation function makes of sums, and its derivative there, by the kernels that networks run.

    Parameters
    ----------
    name : str
        An activation function of single numbers: one of ACTIVATIONS but softmax.
    z : array_like, shape (N,)

    Returns
    -------
    values, slopes : ndarray of float64, shape (N,)

    Raises
    ------
    ConfigurationError
        When the name is unknown, or the function is one of whole rows.
    """
    activation = get_activation(name)
    if activation.rows is not None:
        raise ConfigurationError(f"activation {name!r} takes whole rows of numbers: it has no slope at a single one")
    x = np.array(z, np.float64).reshape(-1)
    forward, backward = activation.kernels(x.dtype)
    run, dims, empty = np.zeros(5, np.int64), np.zeros(1, np.int64), np.zeros(0)
    values, slopes = np.empty_like(x), np.empty_like(x)
    forward(run, dims, empty, empty, x, values, empty)
    backward(run, dims, empty, empty, x, values, empty, np.ones_like(x), slopes, empty)
    return values, slopes
