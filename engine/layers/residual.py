"""The residual block: layers with a way round them (He et al., 2016).

The block becomes `branch`, the inner layers' operations, and `merge`. Branch passes its input on and leaves on the
tape what goes the other way: the input itself, or its projection where the shapes differ. Merge shares that tape and
adds it to what the layers made. Backwards, merge leaves its gradient there for branch to add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from math import prod
from typing import Any, ClassVar

import numpy as np

from engine.activations import get_activation
from engine.errors import ConfigurationError
from engine.jit import kernel, like
from engine.layers.activation import activation_operations
from engine.layers.base import EXAMPLES, Layer, Operation, Parameter, Shape

# What a value that goes round costs, in multiplications (see `Operation.work`).
WORK = 10


@kernel
def branch_forward(run, dims, constants, theta, x, y, tape):
    """y = x, and tape = x."""
    y[:] = x
    tape[:] = x


@kernel
def branch_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dx = dy + tape, where merge left its gradient."""
    for i in range(dx.size):
        dx[i] = dy[i] + tape[i]


@kernel
def project_forward(run, dims, constants, theta, x, y, tape):
    """y = x, and tape = x P at every `stride`-th place, with P (in_channels, out_channels)."""
    y[:] = x
    tape[:] = like(theta[0], 0)
    height, width, in_channels, out_height, out_width, out_channels, down, right = dims[:8]
    for n in range(run[0]):
        for h in range(out_height):
            for w in range(out_width):
                source = ((n * height + h * down) * width + w * right) * in_channels
                target = ((n * out_height + h) * out_width + w) * out_channels
                for i in range(in_channels):
                    for o in range(out_channels):
                        tape[target + o] += x[source + i] * theta[i * out_channels + o]


@kernel
def project_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dP = Σ xᵀ tape over examples and places; dx = dy, plus tape Pᵀ at every `stride`-th place."""
    dtheta[:] = like(theta[0], 0)
    dx[:] = dy[: dx.size]
    height, width, in_channels, out_height, out_width, out_channels, down, right = dims[:8]
    for n in range(run[0]):
        for h in range(out_height):
            for w in range(out_width):
                source = ((n * height + h * down) * width + w * right) * in_channels
                target = ((n * out_height + h) * out_width + w) * out_channels
                for i in range(in_channels):
                    total = like(theta[0], 0)
                    for o in range(out_channels):
                        dtheta[i * out_channels + o] += x[source + i] * tape[target + o]
                        total += theta[i * out_channels + o] * tape[target + o]
                    if dx.size > 0:
                        dx[source + i] += total


@kernel
def merge_forward(run, dims, constants, theta, x, y, tape):
    """y = x + tape."""
    for i in range(x.size):
        y[i] = x[i] + tape[i]


@kernel
def merge_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dx = dy, and tape = dy for branch."""
    dx[:] = dy
    tape[:] = dy


@dataclass(frozen=True)
class Residual(Layer):
    """Layers with a way round them: ``outputs = activation(layers(inputs) + inputs)``  (He et al., 2016).

    Where the layers change the shape, the way round is a trained linear projection: a matrix for rows of features, a
    1×1 convolution, with strides where the layers shrink the image, for images and sequences.

    Parameters
    ----------
    layers : sequence of Layer
        At least one; settings such as ``{"type": "dense", "units": 8}`` are made into layers.
    activation : str
        A name in ACTIVATIONS, applied after the sum.
    """

    layers: Sequence[Layer | dict[str, Any]]
    activation: str = "linear"

    name: ClassVar[str] = "residual"
    summary: ClassVar[str] = "layers with a way round them: activation(layers(inputs) + inputs)"

    def __post_init__(self) -> None:
        from engine.layers import layer_from_config  # the registry holds this class: importing it above is a circle

        get_activation(self.activation)
        if isinstance(self.layers, (str, dict, Layer)) or not self.layers:
            raise ConfigurationError(f"Residual: layers={self.layers!r} must be a list of at least one layer")
        made = [each if isinstance(each, Layer) else layer_from_config(each) for each in self.layers]
        if not self.trainable:
            made = [replace(layer, trainable=False) for layer in made]
        object.__setattr__(self, "layers", tuple(made))

    def parameters(self, input_shape: Shape) -> list[Parameter]:
        parameters, shape = [], input_shape
        for index, layer in enumerate(self._made()):
            parameters += [replace(each, name=f"{index}.{each.name}") for each in layer.parameters(shape)]
            shape = layer.output_shape(shape)
        if shape != input_shape:
            self._strides(input_shape, shape)
            channels = (input_shape[-1], shape[-1])
            parameters.append(Parameter("projection", channels, "glorot_uniform", *channels, self.trainable))
        return parameters

    def operations(self, input_shape: Shape) -> list[Operation]:
        inner, shape, start = [], input_shape, 0
        for layer in self._made():
            for each in layer.operations(shape):
                inner.append(replace(each, parameters=(start + each.parameters[0], start + each.parameters[1])))
            start += sum(each.size for each in layer.parameters(shape))
            shape = layer.output_shape(shape)
        around = prod(shape)
        work = WORK * prod(input_shape)
        branch = Operation(
            _branch_kernels, input_shape, tape_per_example=around, kind="branch", cut=EXAMPLES, work=work
        )
        if shape != input_shape:
            dims = (*_image(input_shape), *_image(shape), *self._strides(input_shape, shape))
            stop = start + input_shape[-1] * shape[-1]
            work = WORK * around * input_shape[-1]
            branch = replace(
                branch, kernels=_project_kernels, dims=dims, parameters=(start, stop), kind="project", work=work
            )
        merge = Operation(_merge_kernels, shape, tape_of=len(inner) + 1, kind="merge", cut=EXAMPLES, work=WORK * around)
        return [branch, *inner, merge, *activation_operations(self.activation, shape)]

    def config(self) -> dict[str, Any]:
        settings = {each.name: getattr(self, each.name) for each in fields(self)}
        return {"type": self.name, **settings, "layers": [layer.config() for layer in self._made()]}

    def _made(self) -> list[Layer]:
        return [layer for layer in self.layers if isinstance(layer, Layer)]

    def _strides(self, input_shape: Shape, output_shape: Shape) -> tuple[int, int]:
        """How many places the way round moves down and right for each place of the output."""
        height, width, _ = _image(input_shape)
        out_height, out_width, _ = _image(output_shape)
        down, right = -(-height // out_height), -(-width // out_width)
        same = len(input_shape) == len(output_shape)
        if not same or -(-height // down) != out_height or -(-width // right) != out_width:
            raise ConfigurationError(
                f"Residual: its layers turn the shape {input_shape} into {output_shape}, which no projection with "
                f"strides can add to: keep the size, or divide it by a whole number"
            )
        return down, right


def _image(shape: Shape) -> tuple[int, int, int]:
    """A shape as height, width and channels: a row of features is one place, a sequence one column."""
    if len(shape) > 3:
        raise ConfigurationError(f"Residual takes features, sequences or images, not the shape {shape}")
    padded = (1,) * (3 - len(shape)) + shape if len(shape) < 2 else (shape[0], *(1,) * (3 - len(shape)), *shape[1:])
    return padded[0], padded[1], padded[2]


def _branch_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return branch_forward, branch_backward


def _project_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return project_forward, project_backward


def _merge_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return merge_forward, merge_backward
