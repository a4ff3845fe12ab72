"""The backward pass laid open: the gradient of the loss with respect to everything on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine import machine
from engine.analysis.anatomy import Values, anatomy, entered
from engine.errors import ConfigurationError
from engine.losses import Loss, get_loss
from engine.network import Network
from engine.objective import build_objective, prepare_data

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Gradients:
    """The forward and the backward pass of a batch, by the names of the network's parts (see `anatomy`).

    All gradients are those of the mean loss over the batch, in the network's dtype.

    Attributes
    ----------
    loss : float
        The mean over the batch.
    x, inputs : ndarray, shape (N, *input_shape)
        The data, and the gradient with respect to them.
    values : dict of str to ndarray, shape (N, *output_shape)
        What each layer gives, after its activation.
    outputs : dict of str to ndarray, shape (N, *output_shape)
        The gradient with respect to that. It has no entry for a last layer whose loss is measured on its logits, such
        as softmax with the cross-entropy: the way back begins before the activation.
    sums : dict of str to ndarray, shape (N, *output_shape)
        The gradient with respect to each layer's output before its activation: the δ of a layer of neurons.
    weights : dict of str to ndarray
        The gradient with respect to each array in ``network.weights``, under the same names.
    """

    loss: float
    x: NDArray[Any]
    inputs: NDArray[Any]
    values: Arrays
    outputs: Arrays
    sums: Arrays
    weights: Arrays


def gradients(network: Network, x: ArrayLike, y: ArrayLike, loss: str | Loss) -> Gradients:
    """Run a batch forward and back, by the engine's own kernels, and keep everything.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, *network.input_shape)
        A few examples; they are taken as one batch. Layers are as in prediction: dropout drops nothing.
    y : array_like
        Labels (N,) or targets (N, *network.output_shape).
    loss : str or Loss
        A name in LOSSES.

    Raises
    ------
    ConfigurationError
        When an activation function on the way has no slope, or the loss cannot follow the network's output.
    DataError
        When `x` or `y` does not fit the network.
    """
    loss = get_loss(loss)
    data, answers = prepare_data(network, x, y, loss)
    objective = build_objective(network, loss, answers)
    flat = network.flat_activation(objective.operations)
    if flat is not None:
        raise ConfigurationError(
            f"layer {flat[0]} has the activation {flat[1]!r}, whose slope is 0 everywhere: no gradient passes it, so "
            "use another activation"
        )
    examples, last = len(data.x), objective.operations
    program = entered(network)
    objective = objective._replace(operations=last + 1)
    space = machine.workspace(program, examples, network.dtype)
    run, totals, flat_gradient = network.new_run(), np.zeros(3), np.zeros_like(network.parameters)
    run[machine.BATCH] = examples
    machine.gather(data, np.arange(examples), 0, examples, space)
    machine.forward_pass(program, 0, len(program.forward), run, network.parameters, space)
    machine.measure(program, objective, run, space, totals)
    machine.backward_pass(program, 0, last + 1, run, network.parameters, space, flat_gradient)
    passed = Values(network, program, space)
    parts = anatomy(network)
    weights = {slot.name: flat_gradient[slot.start : slot.stop].reshape(slot.shape) for slot in network.layout}
    return Gradients(
        float(totals[0]) / examples,
        passed.after(0, network.input_shape),
        passed.gradients_after(0, network.input_shape),
        {part.name: passed.after(part.end, part.output_shape) for part in parts},
        {part.name: passed.gradients_after(part.end, part.output_shape) for part in parts if part.end <= last},
        {part.name: passed.gradients_after(part.before, part.output_shape) for part in parts if part.before <= last},
        weights,
    )
