"""What goes on inside a recurrent layer while it reads a sequence: gates, cell state, hidden state, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine import machine
from engine.errors import ConfigurationError
from engine.layers import Recurrent
from engine.network import Network


def gates(network: Network, x: ArrayLike, layer: int | None = None) -> dict[str, NDArray[Any]]:
    """The values of a recurrent layer's gates and states over time, as its own kernel computes them.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, *network.input_shape)
        Sequences.
    layer : int, optional
        Number of the recurrent layer, from 0; the first one by default.

    Returns
    -------
    dict of str to ndarray, shape (N, steps, units), in the network's dtype
        For an LSTM ``input_gate``, ``forget_gate``, ``cell_gate`` (the candidate), ``output_gate``, ``cell_state`` and
        ``hidden_state``; for a GRU ``reset_gate``, ``update_gate``, ``candidate`` and ``hidden_state``; for a
        SimpleRNN ``hidden_state``. Values at step t are those after x_t has been read.

    Raises
    ------
    ConfigurationError
        When there is no recurrent layer, or not at that place.
    DataError
        When `x` does not fit the network.

    Examples
    --------
    >>> gates(net, x)["forget_gate"][0].mean(axis=1)  # how much the first example's cells keep at each step
    """
    index = _recurrent_layer(network, layer)
    recurrent = network.layers[index]
    assert isinstance(recurrent, Recurrent)
    inputs: ArrayLike = network.check_inputs(x).reshape(-1, *network.input_shape)
    shape = network.input_shape
    if index > 0:
        inputs, shape = network.activations(x)[index - 1], network.layer_shapes[index - 1]
    alone = Network([recurrent], shape, dtype=network.dtype)
    start, stop = network.layer_spans[index]
    alone.parameters[:] = network.parameters[start:stop]
    examples = alone.check_inputs(inputs)
    count = examples.shape[0]
    space, run = machine.workspace(alone.program, count, alone.dtype), alone.new_run()
    run[machine.BATCH] = count
    space.values[: examples.size] = examples.reshape(-1)
    together = alone.program._replace(work=np.zeros_like(alone.program.work))  # not in shares, as the tape is then read
    machine.forward_pass(together, 0, 1, run, alone.parameters, space)
    return recurrent.states(space.tape, count, shape)


def _recurrent_layer(network: Network, layer: int | None) -> int:
    """The number of the layer to look into."""
    found = [index for index, each in enumerate(network.layers) if isinstance(each, Recurrent)]
    if not found:
        raise ConfigurationError(f"{network!r} has no recurrent layer, whose gates could be read")
    if layer is None:
        return found[0]
    if layer not in found:
        raise ConfigurationError(
            f"layer={layer!r} is not a recurrent layer of {network!r}: choose {' or '.join(map(str, found))}"
        )
    return layer
