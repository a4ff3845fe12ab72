"""What the data ask of a network's output: how many units, which activation, and which loss."""

from __future__ import annotations

from collections.abc import Sequence

from engine.datasets.dataset import Dataset
from engine.errors import ConfigurationError
from engine.layers import Activation, Dense, Layer, Residual
from engine.layers.base import WeightedLayer
from engine.losses import get_loss
from engine.network import Network


def default_loss(layers: Sequence[Layer], data: Dataset) -> str:
    """Choose the loss for data: mse for a regression, for classes the cross-entropy that the last layer suits.

    Two classes take one sigmoid unit unless the layers already end in a softmax over two.
    """
    if data.task == "regression":
        return "mse"
    if len(data.class_names) > 2 or is_output(layers, "categorical_crossentropy", data, links=("softmax",)):
        return "categorical_crossentropy"
    return "binary_crossentropy"


def output_layer(loss: str, data: Dataset) -> Dense:
    """Make the last layer that this loss needs on these data."""
    activation = get_loss(loss).link or ("linear" if data.task == "regression" else "sigmoid")
    return Dense(_units(loss, data)[0], activation=activation)


def is_output(layers: Sequence[Layer], loss: str, data: Dataset, links: tuple[str, ...] | None = None) -> bool:
    """Say whether the last of these layers can be the output that the loss needs on these data.

    It can when it has weights (or is an activation), as many units as are needed and, for a cross-entropy, the
    activation that belongs to it (or none, for logits).
    """
    if not layers or not isinstance(layers[-1], (WeightedLayer, Residual, Activation)):
        return False
    network = Network(layers, data.input_shape)
    link = get_loss(loss).link
    allowed = links or ((link, "linear") if link else None)
    return network.output_shape in [(units,) for units in _units(loss, data)] and (
        allowed is None or network.output_activation in allowed
    )


def with_output(layers: Sequence[Layer], loss: str, data: Dataset) -> list[Layer]:
    """Give the layers as they are when they end in an output that fits, else with the output layer added."""
    return [*layers] if is_output(layers, loss, data) else [*layers, output_layer(loss, data)]


def hidden_layers(layers: Sequence[Layer], loss: str, data: Dataset) -> list[Layer]:
    """Give the layers without the output layer, where they have one."""
    return [*layers[:-1]] if is_output(layers, loss, data) else [*layers]


def _units(loss: str, data: Dataset) -> tuple[int, ...]:
    """Numbers of output units that do for this loss on these data, the preferred one first."""
    link = get_loss(loss).link
    if data.task == "regression":
        if link is not None:
            what = ", ".join(map(repr, data.target_names)) or "the target"
            raise ConfigurationError(
                f"loss {loss!r} needs classes, and {what} of {data.name!r} is a number: use the loss 'mse'"
            )
        return (data.y.shape[1],)
    classes = len(data.class_names)
    if classes > 2 or link == "softmax":
        return (classes,)
    return (1,) if link == "sigmoid" else (1, 2)
