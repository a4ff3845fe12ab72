"""What one filter of a convolution makes of one image, by the engine's own kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.layers import Conv2D
from engine.layers.windows import windows
from engine.network import Network


class Filtering:
    """One filter over one grey image.

    Parameters
    ----------
    image : array (H, W)
    weight : array (kernel height, kernel width)
    bias : float
    strides : (int, int)
    padding : {"valid", "same"}
    activation : str

    Attributes
    ----------
    padded : ndarray, (H + zeros, W + zeros) float64
        The image with the zeros around it that windows reach.
    before : (int, int)
        Rows of zeros above and columns of zeros to the left.
    sums, results : ndarray, (h, w) float64
        What the windows give before and after the activation function.
    """

    def __init__(
        self, image: np.ndarray, weight: np.ndarray, bias: float, strides: tuple[int, int] = (1, 1),
        padding: str = "valid", activation: str = "linear", dtype: Any = "float32",
    ) -> None:  # fmt: skip
        self.image = np.asarray(image, dtype=np.float64)
        self.weight, self.bias = np.asarray(weight, dtype=np.float64), float(bias)
        self.strides, self.padding, self.activation = strides, padding, activation
        size = (int(weight.shape[0]), int(weight.shape[1]))
        layer = Conv2D(1, size, strides=strides, padding=padding, activation=activation)
        network = Network([layer], (*image.shape, 1), dtype=dtype)
        network.weights["0.weight"][...] = np.asarray(weight)[:, :, None, None]
        network.weights["0.bias"][...] = bias
        example = np.asarray(image)[None, :, :, None]
        self.sums = network.pre_activations(example)[0][0, :, :, 0].astype(np.float64)
        self.results = network.predict(example)[0, :, :, 0].astype(np.float64)
        laid = windows(layer, "kernel_size", (*image.shape, 1), size, strides, padding)
        height, width, top, left = laid.dims[9:13]
        self.before = (int(top), int(left))
        self.padded = np.zeros((int(height), int(width)))
        self.padded[top : top + image.shape[0], left : left + image.shape[1]] = self.image

    @classmethod
    def of(cls, network: Network, layer: int, number: int, image: np.ndarray) -> Filtering:
        """Filter `number` of a network's convolution that takes the image itself, (H, W)."""
        settings = network.layers[layer]
        assert isinstance(settings, Conv2D)
        strides = settings.strides if isinstance(settings.strides, tuple) else (settings.strides,) * 2
        weight = network.weights[f"{layer}.weight"][:, :, 0, number]
        bias = float(network.weights[f"{layer}.bias"][number])
        return cls(image, weight, bias, strides, settings.padding, settings.activation, network.dtype)

    @property
    def shape(self) -> tuple[int, int]:
        """How many windows there are, down and right."""
        return self.sums.shape[0], self.sums.shape[1]

    def window(self, row: int, column: int) -> np.ndarray:
        """What one window sees, (kernel height, kernel width)."""
        top, left = row * self.strides[0], column * self.strides[1]
        height, width = self.weight.shape
        return self.padded[top : top + height, left : left + width]

    def box(self, row: int, column: int, picture: np.ndarray) -> np.ndarray:
        """Where one window is on a picture of the image in the frame: left, right, bottom, top.

        Parameters
        ----------
        picture : array (4,)
            The box of the picture of the image without zeros around it.
        """
        left, right, _, top = picture
        pixel = (right - left) / self.image.shape[1]
        x = left + pixel * (column * self.strides[1] - self.before[1])
        y = top - pixel * (row * self.strides[0] - self.before[0])
        height, width = self.weight.shape
        return np.array([x, x + pixel * width, y - pixel * height, y])

    def place(self, number: int) -> tuple[int, int]:
        """Row and column of a window, counted row by row."""
        return number // self.shape[1], number % self.shape[1]

    def filled(self, count: int) -> np.ndarray:
        """The sums of the first `count` windows, (h, w), NaN for the others."""
        shown = np.full(self.sums.size, np.nan)
        shown[:count] = self.sums.ravel()[:count]
        return shown.reshape(self.sums.shape)
