"""What an answer costs: how often layers multiply a value by a weight for one example, counted from their shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from engine.analysis.anatomy import parts_of
from engine.errors import ConfigurationError
from engine.layers import BatchNorm, Conv2D, Dense, Layer, Recurrent, Residual
from engine.layers.base import Shape
from engine.layers.windows import windows

# Values are multiplied by what is a matrix or larger, and by this of a batch norm; the rest is added.
SCALE = "scale"


@dataclass(frozen=True)
class LayerCost:
    """One layer's share of the work.

    Attributes
    ----------
    name : str
        As its parameters' names begin: ``"3"``, or ``"3.1"`` inside a residual block.
    layer : Layer
    input_shape, output_shape : tuple of int
        Of one example.
    parameters : int
        Its own; those of the layers inside a residual block are theirs.
    weights : int
        Those of them that values are multiplied by, without biases and the like.
    uses : int
        How often each weight is used for one example: once in a dense layer, at every place in a convolution, in every
        step of a recurrent layer.
    """

    name: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    parameters: int
    weights: int
    uses: int

    @property
    def multiplications(self) -> int:
        """Multiplications of a value by a weight; as many additions go with them, give or take one an output."""
        return self.weights * self.uses


def layer_costs(layers: Sequence[Layer], input_shape: Shape) -> list[LayerCost]:
    """What each layer has to do for one example, forwards, outside training.

    Counted are multiplications of a value by a weight, as a textbook loop does them: zeros around an image are
    multiplied like other values. Activation functions, pooling, and what the gates of a recurrent layer multiply with
    one another are left out. No network is built, so that layers can be counted that no memory would hold.

    Parameters
    ----------
    layers : sequence of Layer
    input_shape : tuple of int
        Of one example.

    Returns
    -------
    list of LayerCost
        In the order in which they compute; a residual block, which multiplies by its projection if it has one, comes
        after the layers inside it.

    Raises
    ------
    ConfigurationError
        When the layers do not fit each other or the input.
    """
    found = []
    for part in parts_of(layers, tuple(input_shape)):
        own = part.layer.parameters(part.input_shape)
        if isinstance(part.layer, Residual):
            own = [each for each in own if each.name == "projection"]
        weights = [each.size for each in own if len(each.shape) > 1 or each.name == SCALE]
        uses = uses_of(part.layer, part.input_shape, part.output_shape) if weights else 0
        total = sum(each.size for each in own)
        found.append(LayerCost(part.name, part.layer, part.input_shape, part.output_shape, total, sum(weights), uses))
    return found


def uses_of(layer: Layer, input_shape: Shape, output_shape: Shape) -> int:
    """How often a layer uses each of its weights for one example."""
    if isinstance(layer, Dense):
        return 1
    if isinstance(layer, Conv2D):
        size, strides = _pair(layer.kernel_size), _pair(layer.strides)
        return prod(windows(layer, "kernel_size", input_shape, size, strides, layer.padding).counts)
    if isinstance(layer, Recurrent):
        return input_shape[0]
    if isinstance(layer, (BatchNorm, Residual)):
        return prod(output_shape[:-1])
    raise ConfigurationError(f"{layer} has weights, and it is not known how often it uses them")


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    return size if isinstance(size, tuple) else (size, size)
