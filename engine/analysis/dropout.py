"""Which units dropout had switched off: the masks of a training, drawn again long after it.

A mask is a function of the training's seed, the optimisation step and the place of the layer (see `engine.random`), so
nothing has to be recorded for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import machine
from engine.errors import ConfigurationError
from engine.layers.regularization import dropout_forward
from engine.network import Network
from engine.network_settings import check_seed
from engine.validation import as_count


def dropout_mask(
    network: Network, step: int, examples: int = 1, layer: int | None = None, seed: int | None = None
) -> NDArray[np.bool_]:
    """The mask that a dropout layer drew in one optimisation step, made by its own kernel.

    Parameters
    ----------
    network : Network
    step : int
        Optimisation step, counted from 1 over the whole training.
    examples : int
        For how many examples of the step's batch; `examples_of_step` says which these are.
    layer : int, optional
        Number of the layer, from 0; the first one with dropout in it by default.
    seed : int, optional
        The training's, as in ``Recording.training["seed"]``; the network's by default, as in training.

    Returns
    -------
    ndarray of bool, shape (examples, *shape of the layer's inputs)
        True where the input passed.

    Raises
    ------
    ConfigurationError
        When there is no dropout, or not in that layer.

    Examples
    --------
    >>> run = Recording("runs/overfit-dropout")
    >>> mask = dropout_mask(run.network(), step=100, examples=32, seed=run.training["seed"])
    >>> x = run.data.x[examples_of_step(run.training, len(run.data.x), step=100)]
    """
    step, examples = as_count("step", step), as_count("examples", examples)
    number, shape = _find(network, layer)
    run = network.new_run()
    run[machine.BATCH], run[machine.TRAINING], run[machine.STEP] = examples, 1, step
    if seed is not None:
        run[machine.SEED] = check_seed(seed)
    program, empty = network.program, np.zeros(0, network.dtype)
    ones = np.ones(examples * int(np.prod(shape)), network.dtype)
    passed = np.empty_like(ones)
    dropout_forward(run, program.dims[number], program.constants[number], empty, ones, passed, empty)
    return (passed > 0).reshape(examples, *shape)


def examples_of_step(training: Mapping[str, Any], examples: int, step: int) -> NDArray[np.int64]:
    """Which examples were the batch of an optimisation step.

    Parameters
    ----------
    training : mapping
        The training's settings, as `Trainer.config` and ``Recording.training`` have them: ``batch_size``, ``shuffle``
        and ``seed`` count.
    examples : int
        How many there are in the training data.
    step : int
        Optimisation step, counted from 1 over the whole training.

    Returns
    -------
    ndarray of int64, shape (batch,)
        Their numbers in the training data, in the order of the batch.
    """
    step, examples = as_count("step", step), as_count("examples", examples)
    size = min(training["batch_size"] or examples, examples)
    epoch, batch = divmod(step - 1, -(-examples // size))
    order = np.empty(examples, np.int64)
    machine.lay_out_epoch(order, check_seed(training["seed"]), epoch + 1, bool(training["shuffle"]))
    return order[batch * size : (batch + 1) * size]


def _find(network: Network, layer: int | None) -> tuple[int, tuple[int, ...]]:
    """The number of the operation that drops, and the shape of one example's inputs to it."""
    start, shape, found = 0, network.input_shape, {}
    for index, each in enumerate(network.layers):
        operations = each.operations(shape)
        dropping = [
            k for k, operation in enumerate(operations) if operation.kernels(network.dtype)[0] is dropout_forward
        ]
        if len(dropping) == 1:
            found[index] = (start + dropping[0], operations[dropping[0]].output_shape)
        elif dropping and layer == index:
            raise ConfigurationError(f"layer {index} ({each}) drops in {len(dropping)} places: masks are read of one")
        start, shape = start + len(operations), network.layer_shapes[index]
    if not found:
        raise ConfigurationError(f"{network!r} has no dropout layer, whose mask could be drawn")
    if layer is None:
        return found[min(found)]
    if layer not in found:
        raise ConfigurationError(
            f"layer={layer!r} is not a dropout layer of {network!r}: choose {' or '.join(map(str, found))}"
        )
    return found[layer]
