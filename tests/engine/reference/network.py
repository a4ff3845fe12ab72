"""The reference network: layers one after another, a loss at the end, and the chain rule back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.network import Network
from tests.engine.reference.activations import ACTIVATIONS
from tests.engine.reference.layers import backward_through, make_layers
from tests.engine.reference.losses import LOSSES

Array = NDArray[np.float64]


class ReferenceNetwork:
    """A float64 copy of an engine network, taken from its configuration and its named weights.

    Parameters
    ----------
    network : Network
        Its weights are copied: later changes on either side do not reach the other.
    training : bool
        Whether the layers act as in training, where that is different.
    """

    def __init__(self, network: Network, training: bool = False) -> None:
        config = network.config()
        self.layout = list(network.layout)
        self.weights = {name: value.astype(np.float64) for name, value in network.weights.items()}
        self.layers = make_layers(config["layers"], self.weights, training)

    @property
    def parameters(self) -> Array:
        """All weights, flat, in the engine's order (a copy)."""
        return np.concatenate([self.weights[slot.name].ravel() for slot in self.layout])

    def set_parameters(self, values: Array) -> None:
        for slot in self.layout:
            self.weights[slot.name][...] = values[slot.start : slot.stop].reshape(slot.shape)

    def forward(self, x: Array) -> list[Array]:
        """Every layer's output."""
        outputs = [np.asarray(x, np.float64)]
        for layer in self.layers:
            outputs.append(layer.forward(outputs[-1]))
        return outputs[1:]

    def losses(self, x: Array, targets: Array, loss: str) -> Array:
        """Each example's loss, (N,)."""
        self.forward(x)
        return LOSSES[loss].value(self._answers(loss)[0], _rows(targets))

    def loss(self, x: Array, targets: Array, loss: str, weights: Array | None = None) -> float:
        """The mean over the examples of weight × loss."""
        losses = self.losses(x, targets, loss)
        return float(np.mean(losses if weights is None else weights * losses))

    def gradient(self, x: Array, targets: Array, loss: str, weights: Array | None = None) -> Array:
        """The gradient of `loss`, flat, in the engine's order of parameters."""
        self.forward(x)
        answers, skipped, added = self._answers(loss)
        counts = np.ones(len(answers)) if weights is None else np.asarray(weights)
        d = LOSSES[loss].gradient(answers, _rows(targets)) * counts[:, None] / len(answers)
        if added is not None:
            d = ACTIVATIONS[added].backward(_rows(self.layers[-1].output), d)
        d = d.reshape(self.layers[-1].output.shape)
        gradients: dict[str, Array] = {}
        backward_through(self.layers, d, gradients, skip_last_activation=skipped)
        return np.concatenate([gradients[slot.name].ravel() for slot in self.layout]) if self.layout else np.empty(0)

    def _answers(self, loss: str) -> tuple[Array, bool, str | None]:
        """What the loss compares with the targets, (N, K), after `forward`.

        The second value says whether that is before the last activation, the third names an activation that the
        network leaves to the loss, because it ends in logits.
        """
        last, rule = self.layers[-1], LOSSES[loss]
        if rule.link is None or last.settings.get("activation", "linear") == rule.link:
            skipped = rule.of_logits
            return _rows(last.pre_activation if skipped else last.output), skipped, None
        if rule.of_logits:
            return _rows(last.output), False, None
        return np.asarray(ACTIVATIONS[rule.link].value(_rows(last.output))), False, rule.link


def _rows(values: Array) -> Array:
    return np.asarray(values, np.float64).reshape(len(values), -1)
