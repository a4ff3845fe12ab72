"""Distortions of images, to see how much of what a network learned survives them.

Each takes a batch (N, height, width) or (N, height, width, channels), leaves it as it is, and gives a new one of the
same shape and dtype. Values in between pixels are linear blends; what comes in from outside the picture is `fill`.
A data set's flat rows become a batch by ``x.reshape(-1, *image_shape)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigurationError, DataError
from engine.validation import check_choice, check_finite, check_whole

ANCHORS = {"centre": (0.5, 0.5), "top": (0.0, 0.5), "bottom": (1.0, 0.5), "left": (0.5, 0.0), "right": (0.5, 1.0)}


def shift(images: NDArray[Any], down: float = 0.0, right: float = 0.0, *, fill: float = 0.0) -> NDArray[Any]:
    """Move every picture.

    Parameters
    ----------
    images : ndarray, shape (N, height, width) or (N, height, width, channels), floats
    down, right : float
        By how many pixels; negative ones move up and left, and parts of pixels are allowed.
    fill : float
        What comes in.

    Raises
    ------
    DataError
        When it is no batch of images.
    ConfigurationError
        When a parameter breaks its rule.
    """
    _check_number("shift", down=down, right=right, fill=fill)
    return _transform(images, np.eye(2), -np.array([down, right], np.float64), fill)


def squeeze(
    images: NDArray[Any], height: float = 1.0, width: float = 1.0, *, towards: str = "centre", fill: float = 0.0
) -> NDArray[Any]:
    """Make every picture smaller within its frame.

    Parameters
    ----------
    images : ndarray, shape (N, height, width) or (N, height, width, channels), floats
    height, width : float
        Share of the frame's height and width that the picture takes, above 0; above 1 it is cropped.
    towards : {"centre", "top", "bottom", "left", "right"}
        Where in the frame it lies: ``squeeze(images, height=0.5, towards="bottom")`` fills the lower half.
    fill : float
        What is around it.
    """
    check_finite("squeeze: height", height, positive=True)
    check_finite("squeeze: width", width, positive=True)
    check_choice("squeeze: towards", towards, ANCHORS)
    _check_number("squeeze", fill=fill)
    share = np.array([height, width], np.float64)
    sides = np.array(_batch(images).shape[1:3])
    # measured from the frame's edge, pixel i reaches from i to i + 1, with its value at i + 1/2
    start = sides * (1 - share) * ANCHORS[towards]
    return _transform(images, np.diag(1 / share), (0.5 - start) / share - 0.5, fill)


def rotate(images: NDArray[Any], degrees: float, *, fill: float = 0.0) -> NDArray[Any]:
    """Turn every picture around its centre, counter-clockwise.

    Parameters
    ----------
    images : ndarray, shape (N, height, width) or (N, height, width, channels), floats
    degrees : float
    fill : float
        What comes in at the corners.
    """
    _check_number("rotate", degrees=degrees, fill=fill)
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.array([[cos, sin], [-sin, cos]])  # of (row, column): rows count downwards
    centre = (np.array(_batch(images).shape[1:3]) - 1) / 2
    return _transform(images, matrix, centre - matrix @ centre, fill)


def noise(images: NDArray[Any], deviation: float, seed: int = 0) -> NDArray[Any]:
    """Add normal noise to every value and cut what leaves [0, 1].

    Parameters
    ----------
    images : ndarray, shape (N, height, width) or (N, height, width, channels), floats
    deviation : float
        Standard deviation, at least 0.
    seed : int
        Seed of the noise.
    """
    check_finite("noise: deviation", deviation)
    check_whole("noise: seed", seed, 0, 2**32 - 1)
    given = _batch(images)
    drawn = np.random.default_rng(seed).standard_normal(given.shape, np.float32)
    return np.clip(given + deviation * drawn, 0.0, 1.0).astype(given.dtype)


DISTORTIONS: dict[str, Callable[..., NDArray[Any]]] = {
    "shift": shift, "squeeze": squeeze, "rotate": rotate, "noise": noise,
}  # fmt: skip


def _batch(images: NDArray[Any]) -> NDArray[Any]:
    given = np.asarray(images)
    if given.ndim not in (3, 4) or given.dtype.kind != "f" or given.size == 0:
        raise DataError(
            f"images of shape {given.shape} and type {given.dtype}: floats of shape (N, height, width) or "
            "(N, height, width, channels) are needed"
        )
    return given


def _transform(
    images: NDArray[Any], matrix: NDArray[np.float64], offset: NDArray[np.float64], fill: float
) -> NDArray[Any]:
    """Give pictures whose value at p is the old value at ``matrix @ p + offset``, p being (row, column)."""
    from scipy import ndimage  # here, since few programs distort

    given = _batch(images)
    # channels first, so that each plane is one call
    planes = np.moveaxis(given, -1, 1) if given.ndim == 4 else given
    planes = np.ascontiguousarray(planes).reshape(-1, *given.shape[1:3])
    moved = np.empty_like(planes)
    for before, after in zip(planes, moved, strict=True):
        ndimage.affine_transform(
            before, matrix, offset, output=after, order=1, mode="grid-constant", cval=fill, prefilter=False
        )
    if given.ndim == 3:
        return moved
    return np.ascontiguousarray(np.moveaxis(moved.reshape(len(given), given.shape[3], *given.shape[1:3]), 1, -1))


def _check_number(where: str, **values: float) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
            raise ConfigurationError(f"{where}: {name}={value!r} must be a finite number")
