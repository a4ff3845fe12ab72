"""More data sets that are computed: rings and tori in space, a checkerboard, a noisy curve, and who passes a class.

As in `generators`, the same seed gives the same data, and classes have half of the samples each where nothing else is
said; what is drawn lies in about [-1, 1] along every axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.dataset import Dataset
from engine.errors import ConfigurationError
from engine.validation import check_finite, check_whole

LECTURES, HOURS = 10, 10.0  # the most that a student attends, and works
ENOUGH = 10.0  # what lectures and hours together must exceed to pass


def linked_rings(n: int = 400, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Two circles in space, each through the middle of the other: no deformation of space pulls them apart.

    Both have radius 2/3; the first lies in the plane of x and y, the second in that of x and z. Samples are evenly
    spaced, one ring after the other. After C. Olah, "Neural Networks, Manifolds, and Topology" (2014).

    Parameters
    ----------
    n : int
        Number of samples of both rings together.
    noise : float
        Standard deviation of the normal noise on each coordinate.
    seed : int
        Seed of the noise.
    """
    _check("linked_rings", n=n, noise=noise, seed=seed)
    angles = [np.linspace(0.0, 2 * np.pi, count, endpoint=False) for count in (n - n // 2, n // 2)]
    x = _link([np.column_stack([np.cos(angle), np.sin(angle), 0 * angle]) for angle in angles], 2 / 3)
    x += np.random.default_rng(seed).normal(0.0, noise, x.shape)
    return _in_space("linked_rings", x, {"n": n, "noise": noise, "seed": seed})


def tori(n: int = 600, tube: float = 0.15, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Two linked tori, evenly filled: the rings of `linked_rings` with a body.

    Parameters
    ----------
    n : int
        Number of samples of both tori together.
    tube : float
        Radius of the body around each ring, above 0 and up to 0.25; the tori touch at 0.25, and reach from -1 to 1.
    noise : float
        Standard deviation of the normal noise on each coordinate.
    seed : int
        Seed of the samples and the noise.
    """
    _check("tori", n=n, tube=tube, noise=noise, seed=seed)
    if not 0 < tube <= 0.25:
        raise ConfigurationError(f"dataset 'tori': tube={tube!r} must be a number above 0 and up to 0.25")
    rng, radius = np.random.default_rng(seed), 2 / 3 * (1 - tube)
    x = _link([_solid_torus(count, tube / radius, rng) for count in (n - n // 2, n // 2)], radius)
    x += rng.normal(0.0, noise, x.shape)
    return _in_space("tori", x, {"n": n, "tube": tube, "noise": noise, "seed": seed})


def checkerboard(n: int = 800, cells: int = 4, noise: float = 0.0, seed: int = 0) -> Dataset:
    """The plane from -1 to 1 in squares, `cells` along each side, of two classes in turn, evenly filled.

    Parameters
    ----------
    n : int
        Number of samples of both classes together.
    cells : int
        Squares along a side, from 2 to 64.
    noise : float
        Standard deviation of the normal noise on both coordinates.
    seed : int
        Seed of the samples and the noise.
    """
    _check("checkerboard", n=n, noise=noise, seed=seed)
    check_whole("dataset 'checkerboard': cells", cells, 2, 64)
    rng, places = np.random.default_rng(seed), np.indices((cells, cells)).reshape(2, -1).T
    labels = np.repeat([0, 1], [n - n // 2, n // 2])
    corners = np.empty((n, 2))
    for label in (0, 1):
        of_class = places[places.sum(axis=1) % 2 == label]
        corners[labels == label] = rng.choice(of_class, np.count_nonzero(labels == label))
    x: NDArray[Any] = 2 * (corners + rng.uniform(0.0, 1.0, (n, 2))) / cells - 1 + rng.normal(0.0, noise, (n, 2))
    given = {"n": n, "cells": cells, "noise": noise, "seed": seed}
    return Dataset("checkerboard", x, labels, "classification", ("x", "y"), ("dark", "light"), given)


def curve(n: int = 100, waves: float = 1.0, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Points along ``y = sin(pi * waves * x)`` for x between -1 and 1, with noise on y: a regression.

    Parameters
    ----------
    n : int
        Number of samples, at random places.
    waves : float
        Whole waves between -1 and 1, above 0.
    noise : float
        Standard deviation of the normal noise on y.
    seed : int
        Seed of the places and the noise.
    """
    _check("curve", n=n, waves=waves, noise=noise, seed=seed)
    rng = np.random.default_rng(seed)
    x: NDArray[Any] = rng.uniform(-1.0, 1.0, (n, 1))
    y = np.sin(np.pi * waves * x) + rng.normal(0.0, noise, (n, 1))
    given = {"n": n, "waves": waves, "noise": noise, "seed": seed}
    return Dataset("curve", x, y, "regression", ("x",), (), given, target_names=("y",))


def lectures(n: int = 200, noise: float = 1.0, seed: int = 0) -> Dataset:
    """Lectures attended and hours on the project: who passes the class?

    A student attends 0 to 10 lectures and works 0 to 10 hours. Lectures and hours together, and some luck, must exceed
    10. The features are standardised; ``x * scale + mean`` are lectures and hours. A classroom example; the data are
    made up.

    Parameters
    ----------
    n : int
        Number of students.
    noise : float
        How much luck counts: its standard deviation, in hours.
    seed : int
        Seed of the students and their luck.
    """
    _check("lectures", n=n, noise=noise, seed=seed)
    rng = np.random.default_rng(seed)
    attended = rng.integers(0, LECTURES + 1, n).astype(np.float64)
    worked = rng.uniform(0.0, HOURS, n).round(1)
    passed = attended + worked + rng.normal(0.0, noise, n) > ENOUGH
    return Dataset(
        "lectures",
        np.column_stack([attended, worked]),
        passed.astype(np.int64),
        "classification",
        ("lectures attended", "hours on the project"),
        ("fail", "pass"),
        {"n": n, "noise": noise, "seed": seed},
    ).standardised()


def _link(rings: list[NDArray[np.float64]], radius: float) -> NDArray[np.float64]:
    """Scale two rings of radius 1 around the z axis; tip the second over, and move each into the other's middle."""
    first, second = (radius * ring for ring in rings)
    shift = np.array([radius / 2, 0.0, 0.0])
    return np.concatenate([first - shift, second[:, [0, 2, 1]] + shift])


def _solid_torus(count: int, tube: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Points evenly within `tube` of the circle of radius 1 around the z axis."""
    points = np.empty((0, 3))
    while len(points) < count:
        along, around = rng.uniform(0.0, 2 * np.pi, (2, 2 * count))
        depth = tube * np.sqrt(rng.uniform(0.0, 1.0, 2 * count))
        distance = 1 + depth * np.cos(around)
        # a ring further out is longer, and has more points
        kept = rng.uniform(0.0, 1 + tube, 2 * count) < distance
        new = np.column_stack([distance * np.cos(along), distance * np.sin(along), depth * np.sin(around)])
        points = np.concatenate([points, new[kept]])
    return points[:count]


def _in_space(name: str, x: NDArray[Any], given: dict[str, Any]) -> Dataset:
    labels = np.repeat([0, 1], [len(x) - len(x) // 2, len(x) // 2])
    return Dataset(name, x, labels, "classification", ("x", "y", "z"), ("A", "B"), given)


def _check(name: str, **values: float) -> None:
    """Hold the parameters that these data sets share to their rules."""
    for key, value in values.items():
        where = f"dataset {name!r}: {key}"
        if key == "n":
            check_whole(where, value, 4, 10_000_000)
        elif key == "seed":
            check_whole(where, value, 0, 2**32 - 1)
        else:
            check_finite(where, value, positive=key in ("waves", "tube"))
