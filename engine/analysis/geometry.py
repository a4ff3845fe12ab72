"""How a dense layer moves space: a path that never tears, and what the movement does on the way.

A dense layer maps ``x`` to ``activation(x @ weight + bias)``. A straight blend of the identity and ``weight`` can pass
through a singular matrix, and a film of it would show a tear that is not there. Here the weight is split by its polar
decomposition into a turn and a stretch along perpendicular axes; the turn is a rotation, the stretch interpolates the
logarithm of the singular values, so every matrix on the way is invertible where the weight is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import schur

from engine.errors import ConfigurationError

if TYPE_CHECKING:
    from engine.network import Network

Array = NDArray[np.float64]

ODD_ACTIVATIONS = frozenset({"linear", "tanh"})  # f(-z) = -f(z): a unit's sign is free
FOLDING_ACTIVATIONS = frozenset({"relu", "step"})  # flat parts: different points land on one
RISING_ACTIVATIONS = frozenset({"linear", "sigmoid", "tanh", "leaky_relu", "elu", "softplus"})  # invertible, each unit


class Progress(NamedTuple):
    """How far a layer's movement has come, each part from 0 to 1, in the order in which they are shown."""

    turn: float = 0.0
    stretch: float = 0.0
    shift: float = 0.0
    activate: float = 0.0


START = Progress()
END = Progress(1.0, 1.0, 1.0, 1.0)


class Rotation:
    """The powers of a rotation, any number of dimensions.

    Parameters
    ----------
    matrix : array_like, (n, n)
        Orthogonal with determinant 1.

    Notes
    -----
    The real Schur form of an orthogonal matrix is block diagonal: 1, -1, and rotations of a plane. Each plane's angle
    is scaled; eigenvalues -1 come in pairs and make a plane turned by 180 degrees (Golub and Van Loan, Matrix
    Computations, 4th ed., 7.4).
    """

    def __init__(self, matrix: ArrayLike) -> None:
        blocks, self.basis = schur(np.asarray(matrix, dtype=np.float64), output="real")
        planes: list[tuple[int, int, float]] = []
        halves: list[int] = []
        k, n = 0, len(blocks)
        while k < n:
            if k + 1 < n and abs(blocks[k + 1, k]) > 1e-12:
                planes.append((k, k + 1, float(np.arctan2(blocks[k + 1, k], blocks[k, k]))))
                k += 2
                continue
            if blocks[k, k] < 0:
                halves.append(k)
            k += 1
        planes += [(i, j, np.pi) for i, j in zip(halves[::2], halves[1::2], strict=True)]
        self.planes = tuple(planes)

    @property
    def angle(self) -> float:
        """The largest angle by which a plane turns, in radians, 0 to pi."""
        return max((abs(angle) for _, _, angle in self.planes), default=0.0)

    def power(self, t: float) -> Array:
        """The rotation by `t` times every angle, (n, n) float64."""
        blocks = np.eye(len(self.basis))
        for i, j, angle in self.planes:
            c, s = np.cos(t * angle), np.sin(t * angle)
            blocks[i, i] = blocks[j, j] = c
            blocks[i, j], blocks[j, i] = -s, s
        power: Array = self.basis @ blocks @ self.basis.T
        return power


def rank_of(singular_values: Array, size: int) -> int:
    """How many singular values, in falling order, of a matrix whose larger side is `size` are not 0 in float32."""
    if not singular_values.size:
        return 0
    return int((singular_values > singular_values[0] * size * np.finfo(np.float32).eps).sum())


class AffinePath:
    """The affine part of a dense layer as a path from the identity to ``x @ weight + bias``.

    Layers that change the number of dimensions are shown in the larger one, with zeros where a coordinate is missing.

    Parameters
    ----------
    weight : array_like, (in_features, out_features)
    bias : array_like, (out_features,), optional

    Attributes
    ----------
    dimension : int
        Number of dimensions of the path: the larger of the two sizes, plus one where the layer mirrors.
    singular_values : ndarray, (min(in_features, out_features),) float64
    rank : int
    determinant : float or None
        ``det(weight)``; None where the layer changes the number of dimensions.
    mirrors : bool
        True where ``det(weight) < 0``: no path of invertible matrices leads there within the dimensions of the layer,
        so the space is turned over through one dimension more.
    collapses : bool
        True where the weight has less than `in_features` independent rows: the layer flattens space.
    """

    def __init__(self, weight: ArrayLike, bias: ArrayLike | None = None) -> None:
        w = np.asarray(weight, dtype=np.float64)
        if w.ndim != 2 or not np.isfinite(w).all():
            raise ConfigurationError(f"weight of shape {w.shape}: a layer's path needs a finite matrix")
        self.in_features, self.out_features = w.shape
        b = np.zeros(self.out_features) if bias is None else np.asarray(bias, dtype=np.float64)
        if b.shape != (self.out_features,):
            raise ConfigurationError(f"bias of shape {b.shape}: weight {w.shape} needs ({self.out_features},)")

        u, s, vt = np.linalg.svd(w, full_matrices=True)
        self.singular_values: Array = s
        self.rank = rank_of(s, max(w.shape))
        self.determinant = float(np.linalg.det(w)) if self.in_features == self.out_features else None
        self.collapses = self.rank < self.in_features

        # Square it up: directions that only one side has are paired with the other side's missing coordinates.
        size = max(w.shape)
        left, right = np.eye(size), np.eye(size)
        left[: self.in_features, : self.in_features] = u
        right[: self.out_features, : self.out_features] = vt.T
        stretch = np.ones(size)
        stretch[: s.size] = s
        flat = np.zeros(size, dtype=bool)  # directions that carry data and end in nothing
        flat[: self.in_features] = True
        flat[: self.rank] = False
        self.mirrors = False
        if np.linalg.det(left) * np.linalg.det(right) < 0:
            if size > self.rank:
                left[:, -1] *= -1  # a spare direction: its sign changes nothing
            else:
                self.mirrors = True
                size += 1
                left, right = _bordered(left, 1.0), _bordered(right, -1.0)
                stretch, flat = np.append(stretch, 1.0), np.append(flat, False)
        self.dimension = size
        self._turn = Rotation(left @ right.T)
        self._axes = right
        self._stretch, self._flat = np.where(flat, 1.0, stretch), flat
        self.weight: Array = np.zeros((size, size))
        self.weight[: self.in_features, : self.out_features] = w
        self.bias: Array = np.append(b, np.zeros(size - b.size))

    @property
    def angle(self) -> float:
        """The angle of the turn in radians."""
        return self._turn.angle

    @property
    def keeps_plane(self) -> bool:
        """True where the affine part is invertible on all of its input: nothing torn, nothing glued."""
        return not self.collapses

    def matrix(self, turn: float, stretch: float) -> Array:
        """The matrix of the path, (dimension, dimension) float64.

        Its determinant is positive for every `turn` and every ``stretch < 1``, and at ``stretch = 1`` too unless the
        layer collapses. At (1, 1) its rows for real inputs are the layer's weight.
        """
        scale = np.where(self._flat, 1.0 - stretch, self._stretch**stretch)
        path: Array = self._turn.power(turn) @ (self._axes * scale) @ self._axes.T
        return path

    def embed(self, x: ArrayLike) -> Array:
        """Points (N, in_features) or (N, dimension) as (N, dimension) float64, missing coordinates 0."""
        points = np.asarray(x, dtype=np.float64)
        return embed(points, self.dimension)

    def positions(self, x: ArrayLike, turn: float, stretch: float, shift: float) -> Array:
        """Where the points are: (N, in_features) to (N, dimension) float64."""
        positions: Array = self.embed(x) @ self.matrix(turn, stretch) + shift * self.bias
        return positions


def embed(points: ArrayLike, dimension: int) -> Array:
    """Points (N, k) as (N, dimension) float64: zeros are added, or surplus coordinates dropped."""
    given = np.asarray(points, dtype=np.float64)
    if given.shape[1] == dimension:
        return given
    out = np.zeros((len(given), dimension))
    shared = min(given.shape[1], dimension)
    out[:, :shared] = given[:, :shared]
    return out


def _bordered(matrix: Array, corner: float) -> Array:
    """The matrix with one row and column more, zero but for the corner."""
    out = np.zeros((len(matrix) + 1, len(matrix) + 1))
    out[:-1, :-1] = matrix
    out[-1, -1] = corner
    return out


@dataclass(frozen=True)
class LayerPath:
    """One dense layer's whole movement: turn, stretch, shift, activation.

    Parameters
    ----------
    affine : AffinePath
    activation : str
        Its name in ``engine.activations.ACTIVATIONS``.
    """

    affine: AffinePath
    activation: str

    @property
    def dimension(self) -> int:
        return self.affine.dimension

    @property
    def folds(self) -> bool:
        """True where the activation has flat parts, on which different points become one."""
        return self.activation in FOLDING_ACTIVATIONS

    @property
    def homeomorphic(self) -> bool:
        """True where the layer bends space and neither tears nor glues it."""
        return self.activation in RISING_ACTIVATIONS and not self.affine.collapses

    def positions(self, x: ArrayLike, z: ArrayLike, h: ArrayLike, progress: Progress) -> Array:
        """Where the points are on their way through the layer.

        Parameters
        ----------
        x, z, h : array_like, (N, in_features), (N, out_features), (N, out_features)
            The layer's input, its values before and after the activation, all three from the engine.
        progress : Progress

        Returns
        -------
        ndarray, (N, dimension) float64
            `x`, `z` and `h` themselves (with zeros for missing coordinates) where a part has just ended.
            The blend ``(1 - a) z + a h`` keeps the order of any two values where the activation rises, so that it is
            invertible at every ``a`` for tanh and sigmoid.
        """
        if progress.activate > 0.0:
            before, after = self.affine.embed(z), self.affine.embed(h)
            blend: Array = before + progress.activate * (after - before)
            return blend
        if progress.shift >= 1.0 and progress.turn >= 1.0 and progress.stretch >= 1.0:
            return self.affine.embed(z)
        return self.affine.positions(x, progress.turn, progress.stretch, progress.shift)


def flat_units(z: ArrayLike) -> Array:
    """Share of the points on the flat part of each ReLU unit: (N, units) pre-activations to (units,) float64."""
    return np.asarray((np.asarray(z) <= 0).mean(axis=0), dtype=np.float64)


class Oriented(NamedTuple):
    """A network that computes the same function, turned so that it can be drawn without mirrors.

    Attributes
    ----------
    network : Network
    flipped : tuple of tuple of int
        For each layer the units whose sign was turned.
    """

    network: Network
    flipped: tuple[tuple[int, ...], ...]


def orient(network: Network, layers: Collection[int] | None = None) -> Oriented:
    """Turn the signs of units where a layer mirrors, so that its determinant becomes positive.

    An odd activation leaves a unit's sign free: with its incoming weights, its bias and its outgoing weights negated
    the network computes the same function. Of the units of a mirroring layer the one is flipped that leaves the
    smallest turn. Layers whose activation is not odd, and the last layer, stay as they are.

    Parameters
    ----------
    network : Network
        Of dense layers.
    layers : collection of int, optional
        Which layers may be turned; all by default.

    Returns
    -------
    Oriented
    """
    from engine.network import Network

    turned = Network.from_config(network.config())
    turned.parameters[:] = network.parameters
    weights = turned.weights
    settings = network.config()["layers"]
    flipped: list[tuple[int, ...]] = []
    for k, layer in enumerate(settings[:-1]):
        weight = weights[f"{k}.weight"]
        unit = None
        allowed = layer["activation"] in ODD_ACTIVATIONS and (layers is None or k in layers)
        if allowed and AffinePath(weight).mirrors:
            unit = min(range(weight.shape[1]), key=lambda j: _angle_when_flipped(weight, j))
            weight[:, unit] *= -1
            weights[f"{k}.bias"][unit] *= -1
            weights[f"{k + 1}.weight"][unit] *= -1
        flipped.append(() if unit is None else (unit,))
    return Oriented(turned, (*flipped, ()))


def _angle_when_flipped(weight: NDArray, unit: int) -> float:
    signs = np.ones(weight.shape[1])
    signs[unit] = -1
    return AffinePath(weight * signs).angle


def layer_paths(network: Network) -> list[LayerPath]:
    """The movement of every layer of a network of dense layers, the last one included."""
    paths = []
    for k, layer in enumerate(network.config()["layers"]):
        if layer["type"] != "dense":
            raise ConfigurationError(f"layer {k + 1} is {layer['type']!r}: only dense layers have a path to show")
        affine = AffinePath(network.weights[f"{k}.weight"], network.weights[f"{k}.bias"])
        paths.append(LayerPath(affine, layer["activation"]))
    return paths
