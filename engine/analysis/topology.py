"""Whether a network of dense layers only bends space, or also glues parts of it together, and where it does.

A layer that bends is a homeomorphism from its input space onto what it makes of it: continuous, and no two points
become one. What is linked stays linked under such layers, however many there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.analysis.geometry import RISING_ACTIVATIONS, AffinePath, LayerPath, layer_paths, rank_of
from engine.threads import one_blas_thread

if TYPE_CHECKING:
    from engine.network import Network

Array = NDArray[np.float64]

DIRECTIONS = 4096  # in which a ReLU layer is searched for folds; fewer where ranks are expensive
WORK = 5e8  # multiplications for that

# What the layers before have made of the input space: the whole of the next space, an open part of it, or a part with
# fewer dimensions than the space has.
Image = Literal["whole", "open", "thin"]


@dataclass(frozen=True, eq=False)
class LayerTopology:
    """What one dense layer does to space.

    Attributes
    ----------
    layer : int
        From 0.
    in_features, out_features, rank : int
    singular_values : ndarray of float64
        Of the weight, in falling order: by how much it stretches along perpendicular axes.
    determinant : float or None
        By how much it scales areas or volumes; None where the number of dimensions changes.
    orientation : {"kept", "mirrored"} or None
        The sign of the determinant; None where there is none or it is 0.
    activation : str
    homeomorphic : bool or None
        Of the layer alone, on the whole of its input space, onto its image. None where that is not decided here.
    so_far : bool or None
        Of all layers up to this one together, on the whole input space of the network.
    reason : str
        Why `homeomorphic` is not True, a clause; empty where it is.
    flattened : float or None
        With examples, for ReLU: the share of them around which too few units are active for all directions to count.
    """

    layer: int
    in_features: int
    out_features: int
    rank: int
    singular_values: Array
    determinant: float | None
    orientation: Literal["kept", "mirrored"] | None
    activation: str
    homeomorphic: bool | None
    so_far: bool | None
    reason: str
    flattened: float | None


@dataclass(frozen=True, eq=False)
class NetworkTopology:
    """What the layers of a network do to space, one after another.

    Attributes
    ----------
    layers : tuple of LayerTopology
    """

    layers: tuple[LayerTopology, ...]

    @property
    def homeomorphic(self) -> bool | None:
        """Whether all layers together only bend space; None where that is not decided."""
        return self.layers[-1].so_far

    @property
    def fails_at(self) -> LayerTopology | None:
        """The first layer that is known to glue points of the input space together."""
        return next((layer for layer in self.layers if layer.so_far is False), None)

    @property
    def doubtful_at(self) -> LayerTopology | None:
        """The first layer that may glue points of the input space together."""
        return next((layer for layer in self.layers if layer.so_far is None), None)

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.homeomorphic:
            return "the layers are a homeomorphism: they bend space and glue nothing together"
        if self.fails_at is not None:
            return f"the layers are not a homeomorphism: layer {self.fails_at.layer} {self.fails_at.reason}"
        doubtful = self.doubtful_at
        assert doubtful is not None
        return f"the layers may not be a homeomorphism: layer {doubtful.layer} {doubtful.reason}"

    def summary(self) -> str:
        """A table of the layers, and the verdict below it."""
        rows = [("layer", "size", "rank", "determinant", "orientation", "stretches", "activation", "homeomorphic")]
        for each in self.layers:
            stretches = f"{each.singular_values.min():.3g} to {each.singular_values.max():.3g}"
            determinant = "" if each.determinant is None else f"{each.determinant:.3g}"
            size = f"{each.in_features}→{each.out_features}"
            answer = {True: "yes", False: "no", None: "not known"}[each.homeomorphic]
            rows.append(
                (f"{each.layer}", size, f"{each.rank}", determinant, each.orientation or "")
                + (stretches, each.activation, answer)
            )
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        return "\n".join([*lines, self.verdict])


def topology(network: Network, x: ArrayLike | None = None, *, last: bool = False) -> NetworkTopology:
    """Find out what the layers of a network of dense layers do to space.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, in_features), optional
        Examples, around which ReLU layers are watched: they show folds that cannot be told from the weights alone.
    last : bool
        Whether the last layer counts too. It draws the line between the classes, mostly in fewer dimensions, so the
        question is what the layers before it do.

    Returns
    -------
    NetworkTopology

    Raises
    ------
    ConfigurationError
        When a layer is not dense.

    Notes
    -----
    For exact arithmetic: where a sigmoid has run into its limit, numbers are equal whose exact values are not. That
    fewer dimensions never hold what more did without gluing is the invariance of domain (Brouwer, 1912).
    """
    paths = layer_paths(network)
    shown = paths if last or len(paths) == 1 else paths[:-1]
    before = [None] * len(paths) if x is None else network.pre_activations(x)
    dimensions = shown[0].affine.in_features
    reports: list[LayerTopology] = []
    so_far: bool | None = True
    image: Image = "whole"
    for k, (path, z) in enumerate(zip(shown, before, strict=False)):
        affine = path.affine
        alone, reason, linear = _alone(path)
        flattened = None if z is None or path.activation != "relu" else _flattened_share(affine, np.asarray(z))
        if alone is None and flattened:
            alone = False
            reason = "folds: around some of the examples too few of its units are active to keep points apart"
        if so_far is not False and alone is not True:
            certain = (
                affine.rank < dimensions
                or path.activation == "step"
                or (alone is False and (image == "whole" or (image == "open" and (linear or bool(flattened)))))
            )
            so_far = False if certain else None
        reports.append(
            LayerTopology(
                k,
                affine.in_features,
                affine.out_features,
                affine.rank,
                affine.singular_values,
                affine.determinant,
                _orientation(affine),
                path.activation,
                alone,
                so_far,
                reason,
                flattened,
            )
        )
        image = _image(image, path)
    return NetworkTopology(tuple(reports))


def _alone(path: LayerPath) -> tuple[bool | None, str, bool]:
    """Whether a layer is a homeomorphism of its whole input space, why not, and whether every open part shows that."""
    affine, name = path.affine, path.activation
    n, m = affine.in_features, affine.out_features
    if affine.collapses:
        return False, f"flattens space: {n} dimensions become {affine.rank}", True
    if name in RISING_ACTIVATIONS:
        return True, "", False
    if name == "step":
        return False, "glues whole regions together: a step has two values", True
    if name == "softmax":
        weight = affine.weight[:n, :m]
        seen: Array = np.linalg.svd(weight - weight.mean(axis=1, keepdims=True), compute_uv=False)
        if rank_of(seen, max(n, m)) < n:
            return False, "glues lines together: softmax does not see what is added to all units alike", True
        return True, "", False
    if name == "relu":
        if m < 2 * n:
            return False, f"folds: ReLU needs at least {2 * n} units to keep {n} dimensions apart, and has {m}", False
        folds = _relu_folds(affine)
        if folds is False:
            return True, "", False
        if folds:
            return False, "folds: in some places too few of its units are active to keep points apart", False
        return None, "may fold: ReLU has flat parts, and no fold was found", False
    if m == n:
        return False, f"folds: {name} falls and then rises, and gives one output for two values", False
    return None, f"may fold: {name} falls and then rises", False


def _relu_folds(affine: AffinePath) -> bool | None:
    """Whether a ReLU layer folds; None where no fold was found among some directions, which proves nothing.

    Far out along a direction v the units with w·v > 0 are active, and only what they see is kept; so at least n of
    them have to be independent in every direction, and as many in the opposite one (Puthawala et al., 2022).
    """
    n, m = affine.in_features, affine.out_features
    weight = affine.weight[:n, :m]
    if n == 1:
        # each unit is flat on one side of its kink: nothing is folded where no place is on the flat side of all
        w, b = weight[0], affine.bias[:m]
        kinks = -b[w != 0] / w[w != 0]
        right, left = kinks[w[w != 0] > 0], kinks[w[w != 0] < 0]
        return not (right.size and left.size and right.min() <= left.max())
    affordable = int(WORK / (n * n * m))
    directions = np.random.default_rng(0).normal(size=(min(DIRECTIONS, max(64, affordable)), n))
    return True if _flattened_share(affine, directions @ weight) > 0 else None


def _flattened_share(affine: AffinePath, z: NDArray) -> float:
    """Share of the points with pre-activations z (N, units) around which a ReLU layer loses a dimension."""
    weight = affine.weight[: affine.in_features, : affine.out_features]
    n, size = affine.in_features, max(weight.shape)
    # at its kink a unit counts as active: only what is certainly flat is lost
    patterns, counts = np.unique(z >= 0, axis=0, return_counts=True)
    lost = patterns.sum(axis=1) < n
    with one_blas_thread():
        for k in np.flatnonzero(~lost):
            active = weight[:, patterns[k]]
            squares = np.linalg.eigvalsh(active @ active.T)[::-1]  # of the singular values, cheaper than those
            lost[k] = rank_of(np.sqrt(np.maximum(squares, 0.0)), size) < n
    return float(counts[lost].sum() / counts.sum())


def _image(image: Image, path: LayerPath) -> Image:
    """What a layer makes of the part of space that is left by those before it."""
    affine = path.affine
    if image == "thin" or affine.in_features != affine.out_features or affine.collapses:
        return "thin"
    if path.activation not in RISING_ACTIVATIONS:
        return "thin"
    return image if path.activation in ("linear", "leaky_relu") else "open"


def _orientation(affine: AffinePath) -> Literal["kept", "mirrored"] | None:
    if affine.determinant is None or affine.collapses:
        return None
    return "kept" if affine.determinant > 0 else "mirrored"
