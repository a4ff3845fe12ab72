"""Data sets that are computed or shipped: curves, spirals, discs and rings, blobs, and scikit-learn's small digits.

Every generator gives about half of its samples to each class, is the same for the same seed, and lies in about
[-1, 1] along every axis, so that pictures of different data sets share one scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.dataset import Dataset
from engine.datasets.kept import made_by_sklearn
from engine.errors import ConfigurationError
from engine.validation import check_finite, check_share, check_whole


def two_curves(n: int = 400, height: float = 0.4, gap: float = 0.5, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Two parallel waves, one above the other; the lower one bulges into the upper one, so that no line parts them.

    Both run along ``y = height * cos(pi * x)`` for x from -1 to 1, shifted by ``± gap / 2``. They interleave, and a
    straight line fails, once ``2 * height > gap``. After C. Olah, "Neural Networks, Manifolds, and Topology" (2014).

    Parameters
    ----------
    n : int
        Number of samples of both classes together.
    height : float
        Half the wave's height.
    gap : float
        Vertical distance of the curves.
    noise : float
        Standard deviation of the normal noise on both coordinates.
    seed : int
        Seed of the noise.
    """
    _check("two_curves", n=n, height=height, gap=gap, noise=noise, seed=seed)
    parts, y = [], _labels(n)
    for side, count in zip((1.0, -1.0), _halves(n), strict=True):
        along = np.linspace(-1.0, 1.0, count)
        parts.append(np.column_stack([along, height * np.cos(np.pi * along) + side * gap / 2]))
    return _two_classes(
        "two_curves",
        parts,
        y,
        noise,
        seed,
        ("upper", "lower"),
        {"n": n, "height": height, "gap": gap, "noise": noise, "seed": seed},
    )


def spirals(n: int = 400, turns: float = 1.0, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Two spiral arms wound into each other, the second one the first turned by half a circle.

    Each arm is Archimedean, its radius growing evenly with its angle from 0.1 to 1 over the given turns. The samples
    are evenly spaced along the arm and come in order from the centre outwards, arm after arm.

    Parameters
    ----------
    n : int
        Number of samples of both arms together.
    turns : float
        Full turns of each arm.
    noise : float
        Standard deviation of the normal noise on both coordinates.
    seed : int
        Seed of the noise.
    """
    _check("spirals", n=n, turns=turns, noise=noise, seed=seed)
    parts = []
    for start, count in zip((0.0, np.pi), _halves(n), strict=True):
        along = _even_along_spiral(count, turns)
        radius, angle = 0.1 + 0.9 * along, start + 2 * np.pi * turns * along
        parts.append(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    return _two_classes(
        "spirals", parts, _labels(n), noise, seed, ("A", "B"), {"n": n, "turns": turns, "noise": noise, "seed": seed}
    )


def bullseye(n: int = 400, inner: float = 1 / 3, outer: float = 2 / 3, noise: float = 0.0, seed: int = 0) -> Dataset:
    """A disc inside a ring, evenly filled: radius up to ``inner``, and from ``outer`` to 1.

    Layers of width 2 that neither fold nor tear the plane cannot part them by a line. After C. Olah, "Neural
    Networks, Manifolds, and Topology" (2014).
    """
    _check("bullseye", n=n, noise=noise, seed=seed)
    _check_radii("bullseye", inner, outer)
    rng, parts = np.random.default_rng(seed), []
    for (low, high), count in zip(((0.0, inner), (outer, 1.0)), _halves(n), strict=True):
        # the square root makes equal areas equally likely
        radius, angle = np.sqrt(rng.uniform(low**2, high**2, count)), rng.uniform(0.0, 2 * np.pi, count)
        parts.append(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    return _two_classes(
        "bullseye",
        parts,
        _labels(n),
        noise,
        rng,
        ("disc", "ring"),
        {"n": n, "inner": inner, "outer": outer, "noise": noise, "seed": seed},
    )


def interval(n: int = 200, inner: float = 1 / 3, outer: float = 2 / 3, noise: float = 0.0, seed: int = 0) -> Dataset:
    """The bullseye on a line: an interval around 0 between two others, ``|x|`` up to ``inner`` or from ``outer`` to 1.

    Samples have one feature: x has shape (n, 1).
    """
    _check("interval", n=n, noise=noise, seed=seed)
    _check_radii("interval", inner, outer)
    rng, (inside, outside) = np.random.default_rng(seed), _halves(n)
    right = outside - outside // 2
    parts = [
        rng.uniform(-inner, inner, (inside, 1)),
        np.concatenate([rng.uniform(outer, 1.0, (right, 1)), rng.uniform(-1.0, -outer, (outside - right, 1))]),
    ]
    return _two_classes(
        "interval",
        parts,
        _labels(n),
        noise,
        rng,
        ("inside", "outside"),
        {"n": n, "inner": inner, "outer": outer, "noise": noise, "seed": seed},
    )


def xor(n: int = 400, gap: float = 0.1, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Four squares of points, one in each quadrant; the class says whether the coordinates' signs are the same.

    ``gap`` is the distance of the squares from the axes.
    """
    _check("xor", n=n, gap=gap, noise=noise, seed=seed)
    rng, parts = np.random.default_rng(seed), []
    for first, second, count in zip(((1, 1), (1, -1)), ((-1, -1), (-1, 1)), _halves(n), strict=True):
        signs = np.where(np.arange(count)[:, None] % 2 == 0, first, second)
        parts.append(signs * rng.uniform(gap, 1.0, (count, 2)))
    return _two_classes(
        "xor",
        parts,
        _labels(n),
        noise,
        rng,
        ("same sign", "different signs"),
        {"n": n, "gap": gap, "noise": noise, "seed": seed},
    )


def moons(n: int = 400, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two half circles that reach into each other: scikit-learn's ``make_moons``, centred and scaled by 2/3.

    ``noise`` is in scikit-learn's units, half circles of radius 1.
    """
    _check("moons", n=n, noise=noise, seed=seed)
    x, y = made_by_sklearn("make_moons", n_samples=_halves(n), noise=noise, random_state=seed)
    return Dataset(
        "moons",
        ((x - [0.5, 0.25]) / 1.5).astype(np.float32),
        y,
        "classification",
        ("x", "y"),
        ("upper", "lower"),
        {"n": n, "noise": noise, "seed": seed},
    )


def circles(n: int = 400, factor: float = 0.5, noise: float = 0.05, seed: int = 0) -> Dataset:
    """A circle of radius 1 around one of radius ``factor``: scikit-learn's ``make_circles``."""
    _check("circles", n=n, factor=factor, noise=noise, seed=seed)
    x, y = made_by_sklearn("make_circles", n_samples=_halves(n), factor=factor, noise=noise, random_state=seed)
    return Dataset(
        "circles",
        x,
        y,
        "classification",
        ("x", "y"),
        ("outer", "inner"),
        {"n": n, "factor": factor, "noise": noise, "seed": seed},
    )


def blobs(n: int = 400, classes: int = 4, spread: float = 0.12, seed: int = 0) -> Dataset:
    """Round clouds of points, one a class, their centres evenly spaced on a circle: scikit-learn's ``make_blobs``.

    ``spread`` is the standard deviation of a cloud along each axis; the circle has radius 0.7.
    """
    _check("blobs", n=n, seed=seed, spread=spread)
    check_whole("dataset 'blobs': classes", classes, 2, min(n, 26))
    angle = 2 * np.pi * np.arange(classes) / classes + np.pi / 4
    centres = 0.7 * np.column_stack([np.cos(angle), np.sin(angle)])
    x, y = made_by_sklearn("make_blobs", n_samples=n, centers=centres.tolist(), cluster_std=spread, random_state=seed)
    return Dataset(
        "blobs",
        x,
        y,
        "classification",
        ("x", "y"),
        tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:classes]),
        {"n": n, "classes": classes, "spread": spread, "seed": seed},
    )


def digits() -> Dataset:
    """1797 handwritten digits of 8×8 pixels, shipped with scikit-learn; brightness from 0 to 1, shape (1797, 64).

    From the UCI "Optical Recognition of Handwritten Digits" data set (Alpaydin and Kaynak, 1998), its test part.
    """
    x, y = made_by_sklearn("load_digits", return_X_y=True)
    names = tuple(f"pixel {row},{column}" for row in range(8) for column in range(8))
    brightness = (x / 16.0).astype(np.float32)
    return Dataset("digits", brightness, y, "classification", names, tuple("0123456789"), image_shape=(8, 8))


def _even_along_spiral(count: int, turns: float) -> NDArray[np.float64]:
    """Places from 0 to 1 along the arm, at equal distances as the curve runs."""
    fine = np.linspace(0.0, 1.0, 4097)
    speed = np.hypot(0.9, (0.1 + 0.9 * fine) * 2 * np.pi * turns)
    length = np.concatenate([[0.0], np.cumsum((speed[1:] + speed[:-1]) / 2)])
    return np.interp(np.linspace(0.0, length[-1], count), length, fine)


def _halves(n: int) -> tuple[int, int]:
    return n - n // 2, n // 2


def _labels(n: int) -> NDArray[np.int64]:
    return np.repeat(np.arange(2), _halves(n))


def _two_classes(
    name: str,
    parts: list[NDArray[np.float64]],
    y: NDArray[np.int64],
    noise: float,
    seed: int | np.random.Generator,
    class_names: tuple[str, str],
    parameters: dict[str, Any],
) -> Dataset:
    """Join the two classes and add the noise."""
    points = np.concatenate(parts)
    if noise > 0:
        points += np.random.default_rng(seed).normal(0.0, noise, points.shape)
    x = points.astype(np.float32)
    return Dataset(name, x, y, "classification", ("x", "y")[: x.shape[1]], class_names, parameters)


def _check_radii(name: str, inner: float, outer: float) -> None:
    if not 0 < inner < outer < 1:
        raise ConfigurationError(
            f"dataset {name!r}: inner={inner} and outer={outer} must satisfy 0 < inner < outer < 1"
        )


def _check(name: str, **values: float) -> None:
    """Hold the parameters that generators share to their rules; the name of the parameter is the rule's."""
    for key, value in values.items():
        where = f"dataset {name!r}: {key}"
        if key == "n":
            check_whole(where, value, 4, 10_000_000)
        elif key == "seed":
            check_whole(where, value, 0, 2**32 - 1)
        elif key in ("gap", "factor") and name in ("xor", "circles"):
            check_share(where, value)
        else:
            check_finite(where, value, positive=key in ("turns", "gap"))
