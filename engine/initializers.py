"""How weights start: each rule draws an array of the given shape from a NumPy generator.

To add one: write the rule and give it a line in INITIALIZERS.

Three of them take a number after a colon, which is 1 where none is told: ``"constant:0.5"`` starts every weight at 0.5,
``"normal:0.01"`` draws with the deviation 0.01, ``"uniform:0.05"`` between -0.05 and 0.05.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigurationError
from engine.registry import look_up

LARGEST = 1e30  # number after a colon; values drawn by it are finite in float32

Draw = Callable[[np.random.Generator, tuple[int, ...], int, int], NDArray[np.float64]]


@dataclass(frozen=True)
class Initializer:
    """A rule that draws starting values: ``draw(generator, shape, fan_in, fan_out)`` gives float64.

    Attributes
    ----------
    with_number : callable, optional
        Makes the rule for the number that may follow the name, which has to be `least` or more.
    """

    name: str
    summary: str
    draw: Draw
    with_number: Callable[[float], Draw] | None = None
    least: float = -LARGEST


def _uniform(limit_of: Callable[[int, int], float]) -> Draw:
    def draw(generator: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> NDArray[np.float64]:
        limit = limit_of(fan_in, fan_out)
        return generator.uniform(-limit, limit, shape)

    return draw


def _normal(deviation_of: Callable[[int, int], float]) -> Draw:
    def draw(generator: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> NDArray[np.float64]:
        return generator.normal(0.0, deviation_of(fan_in, fan_out), shape)

    return draw


def _constant(value: float) -> Draw:
    return lambda generator, shape, fan_in, fan_out: np.full(shape, value)


def _uniform_within(limit: float) -> Draw:
    return _uniform(lambda fan_in, fan_out: limit)


def _normal_of(deviation: float) -> Draw:
    return _normal(lambda fan_in, fan_out: deviation)


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
        Initializer("zeros", "all 0", _constant(0.0)),
        Initializer("ones", "all 1", _constant(1.0)),
        Initializer("constant", "all 1, or the number of constant:0.5", _constant(1.0), _constant),
        Initializer("normal", "normal, deviation 1, or that of normal:0.01", _normal_of(1.0), _normal_of, least=0.0),
        Initializer("uniform", "uniform in ±1, or in that of uniform:0.05", _uniform_within(1.0), _uniform_within, 0.0),
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
            "lecun_uniform",
            "uniform in ±√(3 / fan_in) (LeCun et al., 1998)",
            _uniform(lambda fan_in, fan_out: (3.0 / fan_in) ** 0.5),
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

    One that a layer made itself is given back as it is. A number may follow the name, such as ``"constant:0.5"``, where
    the initializer takes one; ConfigurationError where it does not, or where the number breaks its rule.
    """
    if isinstance(name, Initializer):
        return name
    if not isinstance(name, str) or ":" not in name:
        return look_up("initializer", INITIALIZERS, name)
    kind, _, text = name.partition(":")
    entry = look_up("initializer", INITIALIZERS, kind)
    if entry.with_number is None:
        takers = ", ".join(each.name for each in INITIALIZERS.values() if each.with_number is not None)
        raise ConfigurationError(f"initializer {name!r}: {kind} takes no number; these do: {takers}")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not entry.least <= number <= LARGEST:
        raise ConfigurationError(
            f"initializer {name!r}: what follows the colon must be a number from {entry.least:g} to {LARGEST:g}"
        )
    return replace(entry, name=name, draw=entry.with_number(number))
