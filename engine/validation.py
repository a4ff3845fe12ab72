"""Rules that values from files and command lines are held to; each gives one sentence with key, value and rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigurationError, nearest


def check_keys(where: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise for the first key that is not known, with the nearest ones that are."""
    known = list(known)
    for key in table:
        if key not in known:
            raise nearest(f"key of {where}", key, known)


def check_table(key: str, value: Any) -> dict[str, Any]:
    """Hold a value to being a table."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{key}={value!r} must be a table of keys and values")
    return dict(value)


def check_text(key: str, value: Any) -> str:
    """Hold a value to being text."""
    if not isinstance(value, str):
        raise ConfigurationError(f"{key}={value!r} must be text in quotes")
    return value


def check_whole(key: str, value: Any, least: int, most: int | None = None) -> int:
    """Hold a value to being a whole number from ``least`` to ``most``; not one of NumPy's, which JSON and TOML lack."""
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        raise ConfigurationError(f"{key}={value!r} must be a whole number {bounds}")
    return value


def as_count(key: str, value: Any) -> int:
    """Give a whole number of at least 1, of Python's or NumPy's, as one of Python's."""
    return check_whole(key, int(value) if isinstance(value, np.integer) else value, 1)


def check_share(key: str, value: Any) -> float:
    """Hold a value to 0 <= value < 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ConfigurationError(f"{key}={value!r} must be a number from 0 up to but not including 1")
    return float(value)


def check_finite(key: str, value: Any, *, positive: bool = False) -> float:
    """Hold a value to being a finite number of at least 0, or above 0."""
    wrong = isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)
    if wrong or value < 0 or (positive and value == 0):
        rule = "above 0" if positive else "of at least 0"
        raise ConfigurationError(f"{key}={value!r} must be a finite number {rule}")
    return float(value)


def check_choice(key: str, value: Any, choices: Iterable[str]) -> str:
    """Hold a value to being one of a few words."""
    choices = list(choices)
    if value not in choices:
        raise ConfigurationError(f"{key}={value!r} must be one of {', '.join(map(repr, choices))}")
    return str(value)


def all_finite(values: NDArray[np.floating[Any]]) -> bool:
    """Whether none of the numbers is NaN or infinite: mostly told by their sum, which takes no memory."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()) or np.isfinite(values).all())  # finite numbers can have an infinite sum
