"""What a network's settings must be: the shape of its inputs, its seed and its dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.errors import ConfigurationError
from engine.layers.base import Shape

DTYPES = ("float32", "float64")


def check_shape(shape: Sequence[int]) -> Shape:
    """Raise ConfigurationError unless a shape holds whole numbers of at least 1."""
    try:
        checked = tuple(int(size) for size in shape)
    except TypeError:
        raise ConfigurationError(f"input_shape={shape!r} must be a tuple such as (2,) or (28, 28, 1)") from None
    if not checked or any(size < 1 for size in checked):
        raise ConfigurationError(f"input_shape={shape!r} must hold whole numbers of at least 1")
    return checked


def check_seed(seed: int) -> int:
    """Raise ConfigurationError unless a seed is a whole number from 0 to 2**63 - 1."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**63:
        raise ConfigurationError(f"seed={seed!r} must be a whole number from 0 to 2**63 - 1")
    return int(seed)


def check_dtype(dtype: str | np.dtype[Any]) -> np.dtype[Any]:
    """Raise ConfigurationError unless a dtype is one of DTYPES."""
    try:
        checked = np.dtype(dtype)
    except TypeError:
        checked = None
    if checked is None or checked.name not in DTYPES:
        raise ConfigurationError(f"dtype={dtype!r} must be one of {', '.join(DTYPES)}")
    return checked
