"""How much each input of an example counts for an output: gradients with respect to the data.

Training never asks for them; here the engine's own kernels are asked (see `engine.analysis.anatomy.entered`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine import machine
from engine.analysis.anatomy import entered
from engine.errors import ConfigurationError, DataError
from engine.network import CHUNK, CHUNK_VALUES, Network
from engine.plan import make_plan
from engine.validation import as_count

Output = int | tuple[int, ...] | NDArray[np.integer] | None


@dataclass(frozen=True)
class Attribution:
    """What each input contributed to an output.

    Attributes
    ----------
    values : ndarray, shape (N, *input_shape), in the network's dtype
        Positive where the input speaks for the output, negative where it speaks against it.
    outputs : ndarray of int64, shape (N,)
        Which output was explained, counted through the flattened outputs of an example.
    output : ndarray of float64, shape (N,)
        Its value.
    baseline_output : ndarray of float64, shape (N,), or None
        Its value at the baseline, for integrated gradients.
    """

    values: NDArray[Any]
    outputs: NDArray[np.int64]
    output: NDArray[np.float64]
    baseline_output: NDArray[np.float64] | None = None

    @property
    def shortfall(self) -> NDArray[np.float64]:
        """What the values lack to add up to the change of the output from the baseline, (N,) float64.

        Integrated gradients are complete: without rounding and with enough steps it is 0. Gradient times input has
        no baseline and need not be complete; it is measured against an output of 0.
        """
        change = self.output - (0.0 if self.baseline_output is None else self.baseline_output)
        added = self.values.reshape(len(self.values), -1).sum(axis=1, dtype=np.float64)
        return np.asarray(change - added, np.float64)


class InputGradient:
    """Gradients of a network's outputs with respect to its inputs, by the engine's own kernels.

    Parameters
    ----------
    network : Network
        Its parameters are read whenever a gradient is asked for.
    logits : bool
        Whether the outputs are taken before the last activation function, as is usual: probabilities near 0 or 1
        hardly change, whatever the input does.

    Raises
    ------
    ConfigurationError
        When an activation function on the way has no slope.
    """

    def __init__(self, network: Network, *, logits: bool = True) -> None:
        plan = make_plan(network.layers, network.input_shape)
        count = len(plan.operations) - (logits and network.output_activation != "linear")
        flat = network.flat_activation(count)
        if flat is not None:
            raise ConfigurationError(
                f"layer {flat[0]} has the activation {flat[1]!r}, whose slope is 0 everywhere: no gradient reaches the "
                "inputs, so use another activation"
            )
        self.network = network
        self._count = 1 + count
        self._program = entered(network)

    def __call__(self, x: ArrayLike, output: Output = None) -> Attribution:
        """The plain gradient of one output for each example; see `gradient_times_input` for the parameters."""
        network, inputs = self.network, self.network.check_inputs(x)
        examples, features = inputs.shape
        chosen = None if output is None else _as_indices(network, output, examples)
        values, tape, _ = machine.values_per_example(self._program.layout)
        capacity = max(1, min(CHUNK, CHUNK_VALUES // (2 * values + tape), examples))
        space = machine.workspace(self._program, capacity, network.dtype)
        unused = np.zeros_like(network.parameters)
        first, last = self._program.layout[1], self._program.layout[self._count - 1]
        size = int(last[machine.Y_SIZE])
        gradients = np.empty((examples, features), network.dtype)
        found, reached = np.zeros(examples, np.int64), np.zeros(examples)
        run = network.new_run()
        for start in range(0, examples, capacity):
            stop = min(start + capacity, examples)
            batch = stop - start
            run[machine.BATCH] = batch
            space.values[: batch * features] = inputs[start:stop].reshape(-1)
            machine.forward_pass(self._program, 0, self._count, run, network.parameters, space)
            at = int(last[machine.Y_START]) * capacity
            outputs = space.values[at : at + batch * size].reshape(batch, size)
            picked = outputs.argmax(axis=1) if chosen is None else chosen[start:stop]
            seed = space.dvalues[at : at + batch * size].reshape(batch, size)
            seed[...] = 0
            seed[np.arange(batch), picked] = 1
            machine.backward_pass(self._program, 0, self._count, run, network.parameters, space, unused)
            at = int(first[machine.X_START]) * capacity
            gradients[start:stop] = space.dvalues[at : at + batch * features].reshape(batch, features)
            found[start:stop], reached[start:stop] = picked, outputs[np.arange(batch), picked]
        return Attribution(gradients.reshape(examples, *network.input_shape), found, reached)


def input_gradient(network: Network, x: ArrayLike, output: Output = None, *, logits: bool = True) -> Attribution:
    """The gradient of one output with respect to the inputs (a saliency map: Simonyan et al., 2014).

    Parameters and errors are those of `gradient_times_input`.
    """
    return InputGradient(network, logits=logits)(x, output)


def gradient_times_input(network: Network, x: ArrayLike, output: Output = None, *, logits: bool = True) -> Attribution:
    """How much each input counts, to first order: the gradient of one output times the input (Shrikumar et al., 2016).

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, *network.input_shape)
    output : int, tuple of int or array of int (N,), optional
        The output to explain: its number, its place where an example's output has several axes, or one number an
        example. By default the largest output of each example: the class that it is taken for.
    logits : bool
        Whether outputs are taken before the last activation function.

    Returns
    -------
    Attribution

    Raises
    ------
    ConfigurationError
        When the network has no such output, or a step function on the way.
    DataError
        When `x` does not fit the network.
    """
    plain = input_gradient(network, x, output, logits=logits)
    return Attribution(plain.values * np.asarray(x, network.dtype), plain.outputs, plain.output)


def integrated_gradients(
    network: Network,
    x: ArrayLike,
    output: Output = None,
    *,
    baseline: ArrayLike = 0.0,
    steps: int = 64,
    logits: bool = True,
) -> Attribution:
    """How much each input counts, summed on the straight way from a baseline (Sundararajan et al., 2017).

    ``(x - x₀) ∫₀¹ ∂F/∂x (x₀ + α (x - x₀)) dα``, by Gauss-Legendre quadrature. The values of an example add up to
    ``F(x) - F(x₀)``; `Attribution.shortfall` says what is missing.

    Parameters
    ----------
    network, x, output, logits
        As for `gradient_times_input`. By default the output that is largest at `x` is followed all the way.
    baseline : array_like
        The example x₀ that means "nothing there", broadcast to the shape of `x`; black images by default.
    steps : int
        Points of the quadrature on the way. Where a network has kinks (ReLU), more steps come closer.

    Returns
    -------
    Attribution
        With `baseline_output`.
    """
    steps = as_count("steps", steps)
    end = network.check_inputs(x).reshape(-1, *network.input_shape)
    start = _as_baseline(network, baseline, end.shape)
    gradient = InputGradient(network, logits=logits)
    reached = gradient(end, output)
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    mean = np.zeros(end.shape)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        between = start + network.dtype.type(node) * (end - start)
        mean += weight * gradient(between, reached.outputs).values
    values = ((end - start) * mean).astype(network.dtype)
    return Attribution(values, reached.outputs, reached.output, gradient(start, reached.outputs).output)


def _as_indices(network: Network, output: Any, examples: int) -> NDArray[np.int64]:
    """The number of the explained output in the flattened outputs, for each example."""
    shape, size = network.output_shape, prod(network.output_shape)
    if isinstance(output, tuple):
        inside = len(output) == len(shape) and all(0 <= i < n for i, n in zip(output, shape, strict=True))
        if not inside:
            raise ConfigurationError(f"output={output!r} is not a place in an output of the shape {shape}")
        output = int(np.ravel_multi_index(output, shape))
    array = np.asarray(output)
    if array.dtype.kind not in "iu" or array.shape not in ((), (examples,)):
        raise ConfigurationError(f"output={output!r} must be the number of an output, or {examples} numbers, one each")
    if ((array < 0) | (array >= size)).any():
        wrong = int(array[(array < 0) | (array >= size)].flat[0])
        raise ConfigurationError(f"output={wrong} does not exist: the network has {size}, numbered 0 to {size - 1}")
    return np.broadcast_to(array, (examples,)).astype(np.int64)


def _as_baseline(network: Network, baseline: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        spread = np.broadcast_to(np.asarray(baseline, network.dtype), shape)
    except ValueError:
        raise DataError(f"baseline cannot be spread over examples of the shape {shape}") from None
    return network.check_inputs(spread).reshape(shape)
