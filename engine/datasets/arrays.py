"""Arrays of numbers: checked, standardised, shared out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError
from engine.validation import all_finite

LARGEST = float(np.finfo(np.float32).max)


def check_numbers(file: str, key: str, values: NDArray[Any]) -> None:
    """Raise DataError, with the place, unless all values are real numbers that float32 can hold."""
    if values.dtype.kind not in "fiub":
        raise DataError(f"{file}: {key} is of type {values.dtype}, and real numbers are needed")
    if values.dtype == np.float32 and all_finite(values):
        return  # without the copies below, which large data would feel
    bad = np.argwhere(~(np.abs(values.astype(np.float64, copy=False)) <= LARGEST))
    if len(bad):
        index = tuple(int(i) for i in bad[0])
        rule = "is too large for float32" if np.isfinite(values[index]) else "is not finite"
        raise DataError(f"{file}: {key}[{', '.join(map(str, index))}] = {values[index]} {rule}")


def copy_numbers(name: str, key: str, values: Any) -> NDArray[np.float32]:
    """Check numbers and give them as float32 in C order, copied unless nobody can change them."""
    given = np.asarray(values)
    check_numbers(name, key, given)
    if given.dtype == np.float32 and given.flags.c_contiguous and given.base is None and not given.flags.writeable:
        return given
    return np.array(given, dtype=np.float32, order="C")


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Give up the right to write to an array, so that a Dataset can hold it without a copy."""
    array.flags.writeable = False
    return array


def standardise(
    values: NDArray[np.floating[Any]],
    mean: NDArray[np.float64] | None = None,
    scale: NDArray[np.float64] | None = None,
    given: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Bring the last axis of ``values`` to mean 0 and standard deviation 1, computed in float64.

    Parameters
    ----------
    values : ndarray, shape (N, ..., features)
    mean, scale : ndarray, shape (features,), optional
        What the values have already been shifted and divided by.
    given : (mean, scale), optional
        Measures in original units to use in place of the values' own.

    Returns
    -------
    values, mean, scale : ndarray
        float32 values, and the float64 measures in original units. A constant feature has scale 1.
    """
    old_mean = np.zeros(values.shape[-1]) if mean is None else mean
    old_scale = np.ones(values.shape[-1]) if scale is None else scale
    wide = values.astype(np.float64)
    if given is not None:
        new_mean, new_scale = given
        return ((wide * old_scale + (old_mean - new_mean)) / new_scale).astype(np.float32), new_mean, new_scale
    axes = tuple(range(values.ndim - 1))
    shift, spread = wide.mean(axis=axes), wide.std(axis=axes)
    # the rounded mean leaves a constant feature a spread of a few ulp, which must not be blown up to 1
    spread = np.where(spread > 1e-12 * np.abs(wide).max(axis=axes), spread, 1.0)
    return ((wide - shift) / spread).astype(np.float32), old_mean + old_scale * shift, old_scale * spread


def allot(total: int, counts: NDArray[np.integer[Any]]) -> list[int]:
    """Share ``total`` out in proportion to ``counts`` by largest remainder, emptying no group while it can."""
    exact = total * counts / counts.sum()
    shares = np.floor(exact).astype(int)
    empties = shares + 1 >= counts
    for group in np.lexsort((-(exact - shares), empties))[: total - shares.sum()]:
        shares[group] += 1
    return [int(share) for share in shares]
