"""How much the examples of each class count: rare ones more, so that training does not pass over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import ConfigurationError, DataError

ClassWeights = Mapping[int, float] | Mapping[str, float] | Literal["balanced"]

BALANCED = "balanced"
LARGEST = 1e30  # weight of a class; sums of weighted losses stay finite in float32


def check_class_weights(key: str, given: Any) -> str | dict[str, float]:
    """Hold class weights to their rule, and give them as JSON and TOML can keep them: with the classes as text.

    Parameters
    ----------
    key : str
        What they are called, for the message.
    given : "balanced", or mapping of class to number
        The classes as whole numbers, or as such in text, which is how the keys of JSON and TOML are written.

    Raises
    ------
    ConfigurationError
    """
    if isinstance(given, str) and given == BALANCED:
        return BALANCED
    if not isinstance(given, Mapping) or not given:
        raise ConfigurationError(
            f"{key}={given!r} must be 'balanced', or weights of classes such as {{0: 1.0, 1: 3.0}}"
        )
    weights: dict[int, float] = {}
    for name, weight in given.items():
        number = int(name) if isinstance(name, str) and name.isdecimal() and name.isascii() else name
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 0:
            raise ConfigurationError(f"{key}: {name!r} must be the number of a class, counted from 0")
        wrong = isinstance(weight, bool) or not isinstance(weight, (int, float, np.integer, np.floating))
        if wrong or not 0 <= weight <= LARGEST:
            raise ConfigurationError(
                f"{key}: the weight {weight!r} of class {number} must be a number from 0 to {LARGEST:g}"
            )
        if int(number) in weights:
            raise ConfigurationError(f"{key}: class {number} has two weights")
        weights[int(number)] = float(weight)
    return {str(number): weights[number] for number in sorted(weights)}


def example_weights(given: ClassWeights, y: ArrayLike, classes: int) -> NDArray[np.float64]:
    """How much each example counts, by its class.

    Parameters
    ----------
    given : "balanced", or mapping of class to number
        A class that the mapping does not name counts 1. "balanced" gives every class that occurs the same sum and all
        examples together the mean 1: N / (classes that occur · examples of the class), after King and Zeng (2001).
    y : array_like of int, shape (N,)
        Labels.
    classes : int
        How many classes there are.

    Returns
    -------
    ndarray of float64, shape (N,)

    Raises
    ------
    ConfigurationError
        For weights that break their rule or name a class that there is not.
    DataError
        When `y` does not hold labels, or no example is left that counts.
    """
    checked = check_class_weights("class_weights", given)
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.dtype.kind not in "iub":
        raise DataError(
            f"class_weights weighs classes, and y has the shape {labels.shape} and dtype {labels.dtype}: give labels "
            f"({len(labels) if labels.ndim else 'N'},) of whole numbers"
        )
    counts = np.bincount(labels.astype(np.int64), minlength=classes)
    per_class = np.ones(classes)
    if isinstance(checked, str):
        per_class[:] = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    else:
        for name, weight in checked.items():
            if int(name) >= classes:
                raise ConfigurationError(
                    f"class_weights has a weight for class {name}: there are {classes} classes, numbered 0 to "
                    f"{classes - 1}"
                )
            per_class[int(name)] = weight
    if not per_class[counts > 0].any():
        raise DataError("class_weights leaves nothing to learn from: all classes that occur in y have the weight 0")
    return per_class[labels.astype(np.int64)]
