"""neurofilm's engine: networks whose passes are compiled kernels, and recordings of how they learn.

>>> from engine import Dense, Network
>>> net = Network([Dense(16, "tanh"), Dense(1, "sigmoid")], input_shape=(2,))
>>> net.fit(x, y, loss="binary_crossentropy", epochs=100, record="runs/mine")
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Names are imported when they are first used, so that `import engine` does not wait for Numba.
_HOMES = {
    "Network": "engine.network",
    "LAYERS": "engine.layers",
    "Dense": "engine.layers",
    "ACTIVATIONS": "engine.activations",
    "INITIALIZERS": "engine.initializers",
    "LOSSES": "engine.losses",
    "OPTIMIZERS": "engine.optimizers",
    "SGD": "engine.optimizers",
    "Momentum": "engine.optimizers",
    "Adam": "engine.optimizers",
    "Trainer": "engine.trainer",
    "EarlyStopping": "engine.stopping",
    "SCHEDULES": "engine.schedules",
    "Activation": "engine.layers",
    "Conv2D": "engine.layers",
    "MaxPool2D": "engine.layers",
    "AvgPool2D": "engine.layers",
    "UpSample2D": "engine.layers",
    "Flatten": "engine.layers",
    "Reshape": "engine.layers",
    "BatchNorm": "engine.layers",
    "Dropout": "engine.layers",
    "Residual": "engine.layers",
    "SimpleRNN": "engine.layers",
    "LSTM": "engine.layers",
    "GRU": "engine.layers",
    "History": "engine.training",
    "fit": "engine.training",
    "Recorder": "engine.recording",
    "Recording": "engine.recording",
    "Dataset": "engine.datasets",
    "DATASETS": "engine.datasets",
    "load_dataset": "engine.datasets",
    "Experiment": "engine.experiment",
    "NeurofilmError": "engine.errors",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
