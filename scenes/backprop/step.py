"""One step of gradient descent on one example, by the engine's own kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.analysis.backward import Gradients, gradients
from engine.analysis.examples import example_losses
from engine.network import Network

RATES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
LEAST_FALL = 0.1  # of the loss, as a share


@dataclass(frozen=True)
class OneStep:
    """What a step of plain gradient descent does to a network.

    Attributes
    ----------
    network, stepped : Network
        Before and after: each parameter has become ``θ - rate ∂loss/∂θ``.
    x : ndarray
        The example, of the input's shape.
    y : int or ndarray
        Its label or target.
    loss : str
    rate : float
        The learning rate.
    before, after : Gradients
        The passes of both networks.
    """

    network: Network
    stepped: Network
    x: np.ndarray
    y: Any
    loss: str
    rate: float
    before: Gradients
    after: Gradients

    @property
    def target(self) -> np.ndarray:
        """What the outputs should be, flat."""
        outputs = int(np.prod(self.network.output_shape))
        if np.ndim(self.y) == 0 and outputs > 1:
            return np.eye(outputs)[int(self.y)]
        return np.atleast_1d(np.asarray(self.y, dtype=np.float64)).ravel()

    def outputs(self, found: Gradients) -> np.ndarray:
        """What the network gives out, flat."""
        last = list(found.values.values())[-1]
        return np.asarray(last[0], dtype=np.float64).ravel()


def take_step(network: Network, x: np.ndarray, y: Any, loss: str, rate: float | None = None) -> OneStep:
    """Take one step on one example.

    Parameters
    ----------
    network : Network
        It is left as it is.
    x : array of the input's shape
    y : int or array
        The label or target.
    loss : str
    rate : float, optional
        The learning rate; by default a round one after which the loss of the example is clearly lower.
    """
    before = gradients(network, x[None], np.asarray(y)[None], loss)
    _, gradient = network.gradient(x[None], np.asarray(y)[None], loss)
    stepped = Network.from_config(network.config())
    chosen = RATES if rate is None else (rate,)
    for each in chosen:
        stepped.parameters[:] = network.parameters - network.dtype.type(each) * gradient
        after = gradients(stepped, x[None], np.asarray(y)[None], loss)
        if after.loss < (1 - LEAST_FALL) * before.loss:
            break
    # where none is clearly better, the smallest is the one that is shown
    return OneStep(network, stepped, x, y, loss, float(each), before, after)


def worst_example(network: Network, x: np.ndarray, y: np.ndarray, loss: str) -> int:
    """The number of the example with the largest loss."""
    return int(example_losses(network, x, y, loss).losses.argmax())
