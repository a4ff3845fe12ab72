"""scikit-learn's side: MLPClassifier, an epoch for each call of `partial_fit`, for dense networks that classify."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from benchmarks.training.peers import Unsupported, Weights, supported
from benchmarks.training.workloads import Workload

ACTIVATIONS = {"linear": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}
# It has momentum where nothing else is said. Adam's own defaults are those of everyone else.
OPTIMIZERS: Mapping[str, dict[str, Any]] = {"sgd": {"solver": "sgd", "momentum": 0.0}, "adam": {"solver": "adam"}}
# The loss follows from the data: these are the outputs that it gives them.
OUTPUTS = {"binary_crossentropy": "sigmoid", "categorical_crossentropy": "softmax"}


class ScikitLearn:
    def __init__(self, workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> None:
        *hidden, last = workload.layers
        names = {layer.get("activation") for layer in hidden}
        if any(layer["type"] != "dense" for layer in workload.layers) or len(names) != 1:
            raise Unsupported("MLPClassifier has dense layers alone, whose activation is the same")
        if last["activation"] != supported(OUTPUTS, "loss", workload.loss):
            raise Unsupported(f"no {workload.loss} of the activation {last['activation']!r}")
        settings = dict(workload.optimizer)
        self.x, self.y = x, y
        self.classes = np.arange(max(last["units"], 2))
        self.model = MLPClassifier(
            [layer["units"] for layer in hidden],
            supported(ACTIVATIONS, "activation", names.pop()),
            **supported(OPTIMIZERS, "optimizer", settings.pop("name")),
            learning_rate_init=settings.pop("learning_rate"),
            batch_size=min(workload.batch_size, len(x)),
            alpha=0.0,
            random_state=np.random.RandomState(0),  # as a state it goes on: a number would give every epoch one order
        )
        if settings:
            raise Unsupported(f"no translation of {', '.join(settings)}")
        # Its arrays are there once it has seen a batch, which counts as a step of Adam; then they get our weights.
        self.model.partial_fit(x[: workload.batch_size], y[: workload.batch_size], classes=self.classes)
        for index, (own, bias) in enumerate(zip(self.model.coefs_, self.model.intercepts_, strict=True)):
            own[...], bias[...] = weights[f"{index}.weight"], weights[f"{index}.bias"]

    def loss(self) -> float:
        shares = self.model.predict_proba(self.x).astype(np.float64)  # whose float32 sums `log_loss` would warn of
        return float(log_loss(self.y, shares / shares.sum(axis=1, keepdims=True), labels=self.classes))

    def train(self, after_epoch: Callable[[], bool]) -> None:
        while True:
            self.model.partial_fit(self.x, self.y)
            if not after_epoch():
                return


def make(workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> ScikitLearn:
    return ScikitLearn(workload, weights, x, y)
