"""The plan of a network: what its layers, one after another, make of an input shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.activations import get_activation
from engine.errors import ConfigurationError
from engine.layers.base import Layer, Operation, Parameter, Shape


@dataclass(frozen=True)
class Slot:
    """Where one named array lies in the flat parameter vector."""

    name: str
    shape: Shape
    start: int
    stop: int
    trainable: bool = True
    l1: float = 0.0
    l2: float = 0.0


@dataclass
class Plan:
    """What a network consists of, once the shapes are known.

    Attributes
    ----------
    layer_shapes : list of tuple of int
        Shape of each layer's output.
    layer_spans : list of (int, int)
        Where each layer's parameters start and stop in the flat vector.
    layer_ends : list of int
        For each layer, the number of operations up to its output.
    slots : list of Slot
        The named arrays of the flat vector, and in `parameters`, in the same order, how they start.
    operations : list of Operation
        All layers' operations in the order in which they run, and in `spans` where the parameters of each lie.
    """

    layer_shapes: list[Shape] = field(default_factory=list)
    layer_spans: list[tuple[int, int]] = field(default_factory=list)
    layer_ends: list[int] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)

    @property
    def parameter_count(self) -> int:
        return self.layer_spans[-1][1]

    def flat_activation(self, count: int) -> tuple[int, str] | None:
        """The first layer, among `count` operations, with an activation that has no slope, and that activation."""
        for k, operation in enumerate(self.operations[:count]):
            if operation.activation is not None and not get_activation(operation.activation).slope:
                return next(index for index, end in enumerate(self.layer_ends) if k < end), operation.activation
        return None


def make_plan(layers: Sequence[Layer], input_shape: Shape) -> Plan:
    """Infer the shapes, lay out the parameters, collect the operations.

    Raises
    ------
    ConfigurationError
        When there is no layer, or one cannot take what the one before it gives; the message numbers it.
    """
    if not layers:
        raise ConfigurationError("a network needs at least one layer, such as Dense(1)")
    plan, shape, start = Plan(), input_shape, 0
    for index, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise ConfigurationError(f"layer {index} is {layer!r}: give a layer such as Dense(16, 'tanh')")
        try:
            parameters, operations = layer.parameters(shape), layer.operations(shape)
            shape = layer.output_shape(shape)
        except ConfigurationError as error:
            raise ConfigurationError(f"layer {index}: {error}") from None
        first = start
        for each in parameters:
            name, stop = f"{index}.{each.name}", start + each.size
            trainable = each.trainable and layer.trainable
            plan.slots.append(Slot(name, each.shape, start, stop, trainable, each.l1, each.l2))
            plan.parameters.append(each)
            start = stop
        for operation in operations:
            plan.operations.append(operation)
            plan.spans.append((first + operation.parameters[0], first + operation.parameters[1]))
        plan.layer_shapes.append(shape)
        plan.layer_spans.append((first, start))
        plan.layer_ends.append(len(plan.operations))
    return plan
