"""How weights start: each rule draws an array of the given shape from a NumPy generator.

To add one: write the rule and give it a line in INITIALIZERS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from engine.registry import look_up

Draw = Callable[[np.random.Generator, tuple[int, ...], int, int], NDArray[np.float64]]


@dataclass(frozen=True)
class Initializer:
    """A rule that draws starting values: ``draw(generator, shape, fan_in, fan_out)`` gives float64."""

    name: str
    summary: str
    draw: Draw


def _uniform(limit_of: Callable[[int, int], float]) -> Draw:
    def draw(generator: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> NDArray[np.float64]:
        limit = limit_of(fan_in, fan_out)
        return generator.uniform(-limit, limit, shape)

    return draw


def _normal(deviation_of: Callable[[int, int], float]) -> Draw:
    def draw(generator: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> NDArray[np.float64]:
        return generator.normal(0.0, deviation_of(fan_in, fan_out), shape)

    return draw


def _orthogonal(
    generator: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> NDArray[np.float64]:
    """Orthonormal rows or columns, whichever are fewer, of the array as a matrix with its last axis for columns.

    The signs of R's diagonal make the QR decomposition unique, and Q uniform among all orthogonal matrices (Mezzadri,
    2007).
    """
    rows, columns = prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(generator.normal(size=(max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))
    return (q if rows >= columns else q.T).reshape(shape)


INITIALIZERS: dict[str, Initializer] = {
    entry.name: entry
    for entry in (
        Initializer("zeros", "all 0", lambda generator, shape, fan_in, fan_out: np.zeros(shape)),
        Initializer("ones", "all 1", lambda generator, shape, fan_in, fan_out: np.ones(shape)),
        Initializer("normal", "normal, deviation 1", _normal(lambda fan_in, fan_out: 1.0)),
        Initializer("uniform", "uniform in ±1", _uniform(lambda fan_in, fan_out: 1.0)),
        Initializer(
            "glorot_uniform",
            "uniform in ±√(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)",
            _uniform(lambda fan_in, fan_out: (6.0 / (fan_in + fan_out)) ** 0.5),
        ),
        Initializer(
            "glorot_normal",
            "normal, deviation √(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010)",
            _normal(lambda fan_in, fan_out: (2.0 / (fan_in + fan_out)) ** 0.5),
        ),
        Initializer(
            "he_uniform",
            "uniform in ±√(6 / fan_in), for relu (He et al., 2015)",
            _uniform(lambda fan_in, fan_out: (6.0 / fan_in) ** 0.5),
        ),
        Initializer(
            "he_normal",
            "normal, deviation √(2 / fan_in), for relu (He et al., 2015)",
            _normal(lambda fan_in, fan_out: (2.0 / fan_in) ** 0.5),
        ),
        Initializer(
            "lecun_normal",
            "normal, deviation √(1 / fan_in) (LeCun et al., 1998)",
            _normal(lambda fan_in, fan_out: (1.0 / fan_in) ** 0.5),
        ),
        Initializer("orthogonal", "orthonormal rows or columns (Saxe et al., 2014)", _orthogonal),
    )
}


def get_initializer(name: str | Initializer) -> Initializer:
    """Look an initializer up by name; an unknown name raises ConfigurationError with the nearest known ones.

    One that a layer made itself is given back as it is.
    """
    if isinstance(name, Initializer):
        return name
    return look_up("initializer", INITIALIZERS, name)
