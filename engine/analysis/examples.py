"""The loss of each example by itself, and whether the answer to it is right."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine import machine
from engine.jit import call, kernel, part
from engine.losses import Loss, get_loss
from engine.machine import BATCH, Y_SIZE, Y_START
from engine.network import Network
from engine.objective import build_objective, prepare_data


class ExampleLosses(NamedTuple):
    """What a network makes of each example.

    Attributes
    ----------
    losses : ndarray of float64, shape (N,)
        Their mean is what `Network.evaluate` calls the loss.
    right : ndarray of float64, shape (N,), or None
        1 for a right answer, 0 for a wrong one, a share where an example has several answers; their mean is the
        accuracy. None in a regression.
    """

    losses: NDArray[np.float64]
    right: NDArray[np.float64] | None


@kernel
def measure_each(program: Any, objective: Any, run: Any, space: Any, wide: Any, losses: Any, right: Any) -> None:
    """The loss and the right answers of each example of the batch, by the loss's own kernel on that example alone.

    `wide` is the number of targets that an example has.
    """
    at = program.layout[objective.operations - 1]
    batch, size = run[BATCH], at[Y_SIZE]
    start = at[Y_START] * space.capacity
    totals = np.zeros(3)
    run[BATCH] = 1
    for n in range(batch):
        totals[:] = 0.0
        outputs = part(space.values, start + n * size, size)
        doutputs = part(space.dvalues, start + n * size, size)
        targets = part(space.targets, n * wide, wide)
        weights = part(space.weights, n, 1)
        arguments = (run, objective.dims, objective.constants, outputs, targets, weights, doutputs, totals)
        call(objective.loss, arguments)
        call(objective.accuracy, (run, objective.dims, objective.constants, outputs, targets, totals))
        losses[n], right[n] = totals[0], totals[1]
    run[BATCH] = batch


def example_losses(network: Network, x: ArrayLike, y: ArrayLike, loss: str | Loss) -> ExampleLosses:
    """The loss of each example, and whether the answer to it is right.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, *network.input_shape)
    y : array_like
        Integer labels (N,), or targets (N, *network.output_shape).
    loss : str or Loss

    Returns
    -------
    ExampleLosses

    Raises
    ------
    DataError, ConfigurationError
        As `Network.evaluate` does.
    """
    data, answers = prepare_data(network, x, y, get_loss(loss))
    objective = build_objective(network, get_loss(loss), answers)
    examples = data.x.shape[0]
    space, run = network.workspace(network.chunk(examples)), network.new_run()
    losses, right, order = np.zeros(examples), np.zeros(examples), np.arange(examples)
    for start in range(0, examples, space.capacity):
        stop = min(start + space.capacity, examples)
        run[BATCH] = stop - start
        machine.gather(data, order, start, stop - start, space)
        machine.forward_pass(network.program, 0, objective.operations, run, network.parameters, space)
        found = losses[start:stop], right[start:stop]
        measure_each(network.program, objective, run, space, data.y.shape[1], *found)
    return ExampleLosses(losses, right if answers else None)
