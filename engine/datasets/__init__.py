"""Data to train on: made here, shipped with scikit-learn, or the user's own tables."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.datasets import generators, sequences, shapes
from engine.datasets.dataset import Dataset
from engine.datasets.mnist import load_mnist
from engine.datasets.tables import read_table
from engine.errors import ConfigurationError, nearest

__all__ = ["DATASETS", "Dataset", "DatasetEntry", "load_dataset", "read_table"]


@dataclass(frozen=True)
class DatasetEntry:
    """How a data set is made, and one line about it.

    Parameters
    ----------
    make : callable
        Gives the Dataset; every parameter has a default, whose type (int or float) is the parameter's.
    summary : str
        One line for lists.
    test : callable, optional
        Gives the test part that comes with the data set, which its authors have set apart.
    """

    make: Callable[..., Dataset]
    summary: str
    test: Callable[[], Dataset] | None = None

    @property
    def defaults(self) -> dict[str, Any]:
        """The parameters and their default values."""
        return {name: parameter.default for name, parameter in inspect.signature(self.make).parameters.items()}


def _published(name: str, summary: str) -> DatasetEntry:
    """The entry of a data set in MNIST's format."""

    def make(n: int = 0) -> Dataset:
        return load_mnist(name, "train", n)

    return DatasetEntry(make, summary, lambda: load_mnist(name, "test"))


DATASETS: dict[str, DatasetEntry] = {
    "two_curves": DatasetEntry(generators.two_curves, "two waves, one bulging into the other"),
    "spirals": DatasetEntry(generators.spirals, "two spiral arms wound into each other"),
    "bullseye": DatasetEntry(generators.bullseye, "a disc inside a ring"),
    "interval": DatasetEntry(generators.interval, "an interval between two others on a line: the bullseye in 1-D"),
    "xor": DatasetEntry(generators.xor, "four squares, opposite ones of one class"),
    "moons": DatasetEntry(generators.moons, "two half circles that reach into each other"),
    "circles": DatasetEntry(generators.circles, "a circle around a smaller one"),
    "blobs": DatasetEntry(generators.blobs, "round clouds of points, one for each of several classes"),
    "checkerboard": DatasetEntry(shapes.checkerboard, "the plane in squares, dark and light in turn"),
    "lectures": DatasetEntry(shapes.lectures, "lectures attended, hours on the project, and who passes the class"),
    "linked_rings": DatasetEntry(shapes.linked_rings, "two circles in space, each through the other"),
    "tori": DatasetEntry(shapes.tori, "two linked tori in space"),
    "curve": DatasetEntry(shapes.curve, "noisy points along a sine curve, to draw a curve through"),
    "digits": DatasetEntry(generators.digits, "1797 real handwritten digits of 8x8 pixels, shipped with scikit-learn"),
    "mnist": _published("mnist", "70,000 handwritten digits of 28x28 pixels, 10,000 of them for testing"),
    "fashion_mnist": _published("fashion_mnist", "the same with pieces of clothing"),
    "sine": DatasetEntry(sequences.sine, "pieces of a sine wave, and the value that comes next"),
    "lorenz": DatasetEntry(sequences.lorenz, "pieces of the chaotic Lorenz system, and the state that comes next"),
    "adding": DatasetEntry(sequences.adding, "rows of numbers, two of them marked, and the sum of those two"),
    "delayed_recall": DatasetEntry(sequences.delayed_recall, "a symbol to remember through a stretch of noise"),
}


def load_dataset(name: str, **parameters: Any) -> Dataset:
    """Make the data set of this name.

    Parameters
    ----------
    name : str
        One of ``DATASETS``.
    **parameters
        The data set's own, such as ``n``, ``noise`` or ``seed``; ``DATASETS[name].defaults`` has them all.

    Raises
    ------
    ConfigurationError
        When the name or a parameter is unknown (with the nearest known), or a value breaks its rule.
    """
    return entry(name).make(**checked_parameters(name, parameters))


def entry(name: str) -> DatasetEntry:
    """Find the registered data set, or raise ConfigurationError with the nearest known names."""
    if name not in DATASETS:
        raise nearest("dataset", name, DATASETS)
    return DATASETS[name]


def checked_parameters(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Hold the parameters of a data set to its names and types; whole numbers do for floats."""
    defaults, checked = entry(name).defaults, {}
    for key, value in parameters.items():
        if key not in defaults:
            if not defaults:
                raise ConfigurationError(f"dataset {name!r} takes no parameters, and {key}={value!r} was given")
            raise nearest(f"parameter of dataset {name!r}", key, defaults)
        wanted = type(defaults[key])
        if isinstance(value, bool) or not isinstance(value, (int, wanted)):
            rule = "a whole number" if wanted is int else "a number"
            raise ConfigurationError(f"dataset {name!r}: {key}={value!r} must be {rule}")
        checked[key] = wanted(value)
    return checked
