"""Early stopping: end training when a measurement no longer improves, and keep the best epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigurationError, nearest
from engine.validation import check_whole


@dataclass(frozen=True)
class EarlyStopping:
    """When to stop (Prechelt, 1998).

    Parameters
    ----------
    monitor : str
        The measurement to watch: "val_loss" or "loss" (should fall), "val_accuracy" or "accuracy" (should rise).
    patience : int
        How many epochs without improvement are waited for.
    min_delta : float
        By how much the measurement must improve to count.
    restore_best : bool
        Whether the network gets the parameters of its best epoch back at the end.
    """

    monitor: str = "val_loss"
    patience: int = 10
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        known = ("val_loss", "loss", "val_accuracy", "accuracy")
        if self.monitor not in known:
            raise nearest("measurement for early stopping", self.monitor, known)
        check_whole("early stopping: patience", self.patience, 1)
        if not isinstance(self.min_delta, (int, float)) or not 0 <= self.min_delta < np.inf:
            raise ConfigurationError(f"early stopping: min_delta={self.min_delta!r} must be a number of at least 0")

    def config(self) -> dict[str, Any]:
        """The settings as a JSON-able dict."""
        return asdict(self)


class BestEpoch:
    """The best epoch so far, as early stopping sees it.

    Parameters
    ----------
    rule : EarlyStopping
    parameters : ndarray
        The network's flat parameters, of which copies are kept.
    """

    def __init__(self, rule: EarlyStopping, parameters: NDArray[Any]) -> None:
        self.rule = rule
        self.parameters = parameters.copy()
        self.epoch = 0
        self.waited = 0
        self._best = np.inf

    def observe(self, epoch: int, metrics: Mapping[str, Any], parameters: NDArray[Any]) -> bool:
        """Take in an epoch; True when patience is at an end.

        Raises ConfigurationError when the epoch lacks the measurement that is watched.
        """
        if self.rule.monitor not in metrics:
            raise ConfigurationError(
                f"early stopping watches {self.rule.monitor!r}, which is not measured: give validation data, or watch "
                f"one of {', '.join(name for name in ('loss', 'accuracy') if name in metrics)}"
            )
        value = float(metrics[self.rule.monitor])
        value = -value if "accuracy" in self.rule.monitor else value
        if value < self._best - self.rule.min_delta:
            self._best, self.epoch, self.waited = value, epoch, 0
            self.parameters[:] = parameters
        else:
            self.waited += 1
        return self.waited >= self.rule.patience

    def checkpoint(self) -> dict[str, NDArray[Any]]:
        """What is needed to go on."""
        return {
            "best": np.array([self._best, self.epoch, self.waited], np.float64),
            "best_parameters": self.parameters,
        }

    def restore(self, checkpoint: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a checkpoint."""
        if "best" not in checkpoint:
            raise ConfigurationError("this run was recorded without early stopping: go on with it without it too")
        best = checkpoint["best"]
        self._best, self.epoch, self.waited = float(best[0]), int(best[1]), int(best[2])
        self.parameters[:] = checkpoint["best_parameters"]
