"""What a network's outputs say of each class, whatever it was trained with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.losses import get_loss

if TYPE_CHECKING:
    from engine.losses import Loss
    from engine.network import Network
    from engine.recording import Recording

PROBABILITY, OUTPUT, SUM = "probability", "output", "sum"


class Scores:
    """One number for each class, the greatest of which is the answer that the accuracy counts.

    Parameters
    ----------
    recording : Recording
        Of a classification.

    Attributes
    ----------
    kind : {"probability", "output", "sum"}
        What the numbers are: probabilities where the loss makes them so, else the outputs as they are, or what a step
        is taken of.
    """

    def __init__(self, recording: Recording) -> None:
        network = recording.build_network()
        self.loss: Loss = get_loss(str(recording.training["loss"]))
        self.from_logits = self.loss.from_logits(network.output_activation)
        self.kind = {None: OUTPUT, "step": SUM}.get(self.loss.link, PROBABILITY)

    def of(self, network: Network, x: np.ndarray) -> np.ndarray:
        """The numbers of all classes, (N, K) float64; with a single output, the first class's mirrors the second's."""
        if not self.from_logits:
            found = np.asarray(network.predict(x), dtype=np.float64)
            middle = 2 * self.loss.threshold
        elif self.kind == PROBABILITY and network.output_activation != "linear":
            found, middle = np.asarray(network.predict(x), dtype=np.float64), 1.0
        else:
            found, middle = self._of_logits(np.asarray(network.logits(x), dtype=np.float64))
        return np.column_stack([middle - found[:, 0], found[:, 0]]) if found.shape[1] == 1 else found

    def _of_logits(self, z: np.ndarray) -> tuple[np.ndarray, float]:
        """The numbers of logits (N, K), and twice the one from which on a single output means the second class."""
        if self.kind == SUM:
            return z, 0.0
        if self.loss.link == "sigmoid":
            return 0.5 * (1 + np.tanh(z / 2)), 1.0
        powers = np.exp(z - z.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True), 1.0

    def text(self, value: float) -> str:
        """A number of a class in a sentence: probabilities in per cent, never rounded up to certainty."""
        if self.kind != PROBABILITY:
            return f"{self.kind} {value:.2f}".replace("-", "−")
        return "over 99.9%" if value >= 0.9995 else f"{value:.1%}" if value >= 0.99 else f"{value:.0%}"
