"""Parts of a data set: some of its samples, and its classes put together anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.arrays import read_only
from engine.datasets.dataset import Dataset
from engine.errors import DataError, nearest


def select_samples(data: Dataset, first: int, last: int) -> Dataset:
    """Give the samples from number `first` to number `last`, both included; DataError where there are not so many."""
    if last >= len(data):
        raise DataError(f"{data.name} has the samples 0 to {len(data) - 1}: samples={first}-{last} reaches beyond them")
    return _taken(data, np.arange(first, last + 1))


def group_classes(data: Dataset, groups: Mapping[str, Sequence[str]]) -> Dataset:
    """Give the samples of some classes, put together to new ones.

    Parameters
    ----------
    data : Dataset
        Of a classification.
    groups : mapping of str to sequence of str
        The new classes, in their order, each with the names of those that become it. Samples of classes in no group
        are left out.

    Returns
    -------
    Dataset
        What the classes were is kept as its `labels`.

    Raises
    ------
    ConfigurationError
        For a class that there is not, with the nearest that there are.
    DataError
        Where there are no classes, or no sample is left.
    """
    if data.task != "classification":
        raise DataError(f"{data.name} has no classes that groups={dict(groups)!r} could put together")
    becomes = np.full(len(data.class_names), -1)
    for number, names in enumerate(groups.values()):
        for name in names:
            if name not in data.class_names:
                raise nearest(f"class of {data.name}", name, data.class_names)
            becomes[data.class_names.index(name)] = number
    kept = _taken(data, np.flatnonzero(becomes[data.y] >= 0))
    return replace(
        kept,
        y=read_only(becomes[kept.y]),
        class_names=tuple(groups),
        labels=kept.y,
        label_names=data.class_names,
        parameters={**data.parameters, "groups": {name: list(classes) for name, classes in groups.items()}},
    )


def _taken(data: Dataset, rows: NDArray[np.integer[Any]]) -> Dataset:
    """Some rows, standardised by themselves where all were."""
    return data.take(rows) if data.mean is None else data.take(rows).standardised()
