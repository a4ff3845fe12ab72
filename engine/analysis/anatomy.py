"""What a network consists of, layer by layer, those inside residual blocks too, with the values of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine import machine
from engine.layers import Dropout, Layer, Residual
from engine.layers.base import Shape
from engine.network import Network
from engine.plan import make_plan


@dataclass(frozen=True)
class Part:
    """One layer where it stands in a network.

    Attributes
    ----------
    name : str
        What its parameters' names begin with: ``"3"`` for layer 3, ``"3.1"`` for the layer numbered 1 inside it.
    layer : Layer
    input_shape, output_shape : tuple of int
        Of one example.
    start, end : int
        The numbers of the network's operations before it, and up to its output.
    before : int
        The number of operations up to its output before its activation function; `end` where it has none.
    depth : int
        How many residual blocks it is inside of.
    """

    name: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    start: int
    before: int
    end: int
    depth: int = 0


def anatomy(network: Network) -> list[Part]:
    """All layers of a network in the order in which they compute; a residual block comes after those inside it."""
    return parts_of(network.layers, network.input_shape)


def parts_of(layers: Sequence[Layer], input_shape: Shape) -> list[Part]:
    """The same for layers of which no network has been made."""
    return _parts(layers, input_shape, 0, "", 0)


def _parts(layers: Sequence[Layer], shape: Shape, start: int, prefix: str, depth: int) -> list[Part]:
    found: list[Part] = []
    for index, layer in enumerate(layers):
        operations, name = layer.operations(shape), f"{prefix}{index}"
        if isinstance(layer, Residual):
            inner = [each for each in layer.layers if isinstance(each, Layer)]
            # the block's first operation keeps the input for the way round
            found += _parts(inner, shape, start + 1, f"{name}.", depth + 1)
        end = start + len(operations)
        # a layer that is nothing but an activation function gets its input from the one before
        before = end - (len(operations) > 1 and operations[-1].activation is not None)
        output_shape = layer.output_shape(shape)
        found.append(Part(name, layer, shape, output_shape, start, before, end, depth))
        shape, start = output_shape, end
    return found


class Values:
    """The values of a network's operations for a batch of examples, by the number of operations done.

    Parameters
    ----------
    network : Network
    program : machine.Program
        The network's, behind one more operation that hands the data on.
    space : machine.Workspace
        After a pass.
    """

    def __init__(self, network: Network, program: machine.Program, space: machine.Workspace) -> None:
        self.network, self._program, self._space = network, program, space

    def after(self, operations: int, shape: Shape) -> NDArray[Any]:
        """The values (N, *shape) after so many of the network's operations; 0 gives the data."""
        return self._cut(self._space.values, operations, shape)

    def gradients_after(self, operations: int, shape: Shape) -> NDArray[Any]:
        """The gradients with respect to the values after so many operations, (N, *shape), once they are known."""
        return self._cut(self._space.dvalues, operations, shape)

    def _cut(self, buffer: NDArray[Any], operations: int, shape: Shape) -> NDArray[Any]:
        examples = self._space.capacity
        first = int(self._program.layout[operations][machine.Y_START]) * examples
        return buffer[first : first + examples * prod(shape)].reshape(examples, *shape).copy()


def entered(network: Network) -> machine.Program:
    """A network's program behind an operation that hands the data on unchanged.

    The machine tells the first operation that its input needs no gradient. Here the network's first is not the first.
    """
    plan = make_plan(network.layers, network.input_shape)
    handed_on = Dropout(0.0).operations(network.input_shape)  # outside training it changes nothing
    return machine.assemble(
        [*handed_on, *plan.operations], [(0, 0), *plan.spans], network.input_shape, network.dtype
    )  # fmt: skip


def part_values(network: Network, x: ArrayLike) -> dict[str, NDArray[Any]]:
    """What every layer gives for a few examples, those inside residual blocks too.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, *network.input_shape)

    Returns
    -------
    dict of str to ndarray, shape (N, *output_shape)
        After its activation, by the `name` of its part. `Network.activations` gives the outer layers' alone, for any
        number of examples.

    Raises
    ------
    DataError
        When `x` does not fit the network.
    """
    values = run_forward(network, x)
    return {part.name: values.after(part.end, part.output_shape) for part in anatomy(network)}


def run_forward(network: Network, x: ArrayLike) -> Values:
    """Run all operations on a batch that is taken as one."""
    inputs = network.check_inputs(x)
    program = entered(network)
    space = machine.workspace(program, max(len(inputs), 1), network.dtype)
    run = network.new_run()
    run[machine.BATCH] = len(inputs)
    space.values[: inputs.size] = inputs.reshape(-1)
    machine.forward_pass(program, 0, len(program.forward), run, network.parameters, space)
    return Values(network, program, space)


def mean_response(network: Network, part: Part, values: NDArray[Any]) -> NDArray[Any]:
    """What each input channel of a convolution adds to each of its feature maps, on the mean over the map.

    Parameters
    ----------
    network : Network
    part : Part
        Of a Conv2D.
    values : ndarray, shape (height, width, channels)
        Its input for one example.

    Returns
    -------
    ndarray, shape (channels, filters)
        The columns add up to the mean of each map before bias and activation.
    """
    channels = part.input_shape[-1]
    bare = replace(part.layer, activation="linear")  # type: ignore[call-arg]
    alone = Network([bare], part.input_shape, dtype=network.dtype)
    alone.weights["0.weight"][...] = network.weights[f"{part.name}.weight"]
    alone.weights["0.bias"][...] = 0
    single = np.asarray(values)[None] * np.eye(channels)[:, None, None, :]
    return np.asarray(alone.predict(single).mean(axis=(1, 2)), np.float64)
