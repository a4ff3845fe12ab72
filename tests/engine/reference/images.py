"""Reference layers of images: window after window, place after place, as in the definitions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tests.engine.reference.layers import Case, ReferenceLayer, Weights

Array = NDArray[np.float64]
Corner = tuple[int, int]


def _pair(setting: int | list[int] | tuple[int, int]) -> tuple[int, int]:
    return (setting, setting) if isinstance(setting, int) else (setting[0], setting[1])


def zeros_around(length: int, size: int, stride: int) -> tuple[int, int]:
    """How many zeros come before and after under "same" padding, as TensorFlow's documentation writes it."""
    total = max(size - stride, 0) if length % stride == 0 else max(size - length % stride, 0)
    return total // 2, total - total // 2


class Windowed(ReferenceLayer):
    """Base: `around` holds the zeros before and after along both axes."""

    size_setting: str

    def lay_out(self, x: Array) -> None:
        self.size, self.strides = _pair(self.settings[self.size_setting]), _pair(self.settings["strides"])
        self.around = [(0, 0), (0, 0)]
        if self.settings.get("padding") == "same":
            self.around = [zeros_around(*each) for each in zip(x.shape[1:3], self.size, self.strides, strict=True)]
        self.padded = np.pad(x, [(0, 0), *self.around, (0, 0)])
        self.counts = [
            len(range(0, length - size + 1, stride))
            for length, size, stride in zip(self.padded.shape[1:3], self.size, self.strides, strict=True)
        ]

    def windows(self) -> Iterator[tuple[Corner, tuple[slice, slice, slice]]]:
        """Each window's place in the output, and where it lies in the padded images."""
        for i in range(self.counts[0]):
            for j in range(self.counts[1]):
                top, left = i * self.strides[0], j * self.strides[1]
                yield (i, j), (slice(None), slice(top, top + self.size[0]), slice(left, left + self.size[1]))

    def without_zeros(self, padded: Array) -> Array:
        (top, _), (left, _) = self.around
        return padded[:, top : top + self.x.shape[1], left : left + self.x.shape[2]]


class Conv2D(Windowed):
    size_setting = "kernel_size"
    cases: list[Case] = [
        ({"filters": 2, "kernel_size": (2, 3)}, (4, 4, 2)),
        ({"filters": 3, "kernel_size": 3, "padding": "same"}, (4, 5, 1)),
        ({"filters": 3, "kernel_size": (4, 2), "strides": (3, 2), "padding": "same"}, (5, 7, 2)),
        ({"filters": 2, "kernel_size": 2, "strides": 3}, (6, 4, 3)),
        ({"filters": 1, "kernel_size": 2, "strides": (1, 2)}, (4, 5, 1)),
        ({"filters": 2, "kernel_size": (3, 2), "strides": (2, 1)}, (6, 3, 1)),
        ({"filters": 2, "kernel_size": 5, "padding": "same"}, (2, 3, 1)),
        ({"filters": 2, "kernel_size": 1}, (1, 1, 1)),
    ]

    def affine(self, x: Array) -> Array:
        self.lay_out(x)
        y = np.zeros((len(x), *self.counts, self.settings["filters"]))
        for (i, j), seen in self.windows():
            y[:, i, j] = np.einsum("nklc,klcf->nf", self.padded[seen], self.weights["weight"]) + self.weights["bias"]
        return y

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        dpadded, dweight = np.zeros_like(self.padded), np.zeros_like(self.weights["weight"])
        for (i, j), seen in self.windows():
            dweight += np.einsum("nklc,nf->klcf", self.padded[seen], dz[:, i, j])
            dpadded[seen] += np.einsum("nf,klcf->nklc", dz[:, i, j], self.weights["weight"])
        return self.without_zeros(dpadded), {"weight": dweight, "bias": dz.sum(axis=(0, 1, 2))}


class MaxPool2D(Windowed):
    size_setting = "pool_size"
    cases: list[Case] = [
        ({}, (4, 6, 2)),
        ({"pool_size": (3, 2), "strides": (1, 2)}, (5, 5, 1)),
        ({"pool_size": 2, "strides": 3}, (5, 6, 3)),
        ({"pool_size": 1}, (1, 1, 1)),
    ]

    def affine(self, x: Array) -> Array:
        self.lay_out(x)
        y = np.zeros((len(x), *self.counts, x.shape[3]))
        for (i, j), seen in self.windows():
            y[:, i, j] = self.padded[seen].max(axis=(1, 2))
        return y

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        dx = np.zeros_like(self.x)
        for (i, j), seen in self.windows():
            values = self.x[seen].reshape(len(dz), -1, dz.shape[3])
            first = np.arange(values.shape[1])[:, None] == values.argmax(axis=1)[:, None]
            dx[seen] += (first * dz[:, i, j][:, None]).reshape(self.x[seen].shape)
        return dx, {}


class AvgPool2D(Windowed):
    size_setting = "pool_size"
    cases = MaxPool2D.cases

    def affine(self, x: Array) -> Array:
        self.lay_out(x)
        y = np.zeros((len(x), *self.counts, x.shape[3]))
        for (i, j), seen in self.windows():
            y[:, i, j] = self.padded[seen].mean(axis=(1, 2))
        return y

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        dx = np.zeros_like(self.x)
        for (i, j), seen in self.windows():
            dx[seen] += dz[:, i : i + 1, j : j + 1] / (self.size[0] * self.size[1])
        return dx, {}


class UpSample2D(ReferenceLayer):
    cases: list[Case] = [({}, (2, 3, 2)), ({"size": (1, 3)}, (2, 2, 1))]

    def affine(self, x: Array) -> Array:
        down, right = _pair(self.settings["size"])
        return x.repeat(down, axis=1).repeat(right, axis=2)

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        down, right = _pair(self.settings["size"])
        return sum((dz[:, i::down, j::right] for i in range(down) for j in range(right)), np.zeros_like(self.x)), {}


class Flatten(ReferenceLayer):
    cases: list[Case] = [({}, (2, 3, 2)), ({}, (4,))]

    def affine(self, x: Array) -> Array:
        return np.stack([example.ravel() for example in x])

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        return dz.reshape(self.x.shape), {}


class Reshape(Flatten):
    cases: list[Case] = [({"shape": (3, 2, 2)}, (2, 6)), ({"shape": (-1, 3)}, (2, 3, 2)), ({"shape": (6,)}, (6,))]

    def affine(self, x: Array) -> Array:
        return np.stack([example.reshape(self.settings["shape"]) for example in x])


LAYERS: dict[str, type[ReferenceLayer]] = {
    "conv2d": Conv2D,
    "max_pool2d": MaxPool2D,
    "avg_pool2d": AvgPool2D,
    "upsample2d": UpSample2D,
    "flatten": Flatten,
    "reshape": Reshape,
}
