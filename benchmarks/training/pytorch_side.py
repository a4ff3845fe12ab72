"""PyTorch's side: eager, as its tutorials train."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.training.peers import Unsupported, Weights, supported
from benchmarks.training.workloads import Workload

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}
LINKS = {"binary_crossentropy": "sigmoid", "categorical_crossentropy": "softmax"}
LOSSES: dict[str, Callable[[], nn.Module]] = {
    "mse": nn.MSELoss,
    "binary_crossentropy": nn.BCEWithLogitsLoss,
    "categorical_crossentropy": nn.CrossEntropyLoss,
}
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda parameters, learning_rate: torch.optim.SGD(parameters, learning_rate),
    "adam": lambda parameters, learning_rate: torch.optim.Adam(parameters, learning_rate),
}


class LastStep(nn.Module):
    """The last step of a sequence."""

    def __init__(self, recurrent: nn.Module) -> None:
        super().__init__()
        self.recurrent = recurrent

    def forward(self, x: Tensor) -> Tensor:
        return self.recurrent(x)[0][:, -1]


class FlattenChannelsLast(nn.Module):
    """Images (N, channels, height, width) in the order of the engine, which has the channels last."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x.flatten(1)


def _copy(target: Tensor, values: NDArray[np.float32]) -> None:
    with torch.no_grad():
        target.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def _dense(settings: dict[str, Any], w: Weights) -> list[nn.Module]:
    layer = nn.Linear(*w["weight"].shape)
    _copy(layer.weight, w["weight"].T)
    _copy(layer.bias, w["bias"])
    return [layer]


def _conv2d(settings: dict[str, Any], w: Weights) -> list[nn.Module]:
    if settings.get("padding", "valid") != "valid":
        raise Unsupported("no translation of padding")
    height, width, channels, filters = w["weight"].shape
    layer = nn.Conv2d(channels, filters, (height, width), settings.get("strides", 1))
    _copy(layer.weight, w["weight"].transpose(3, 2, 0, 1))
    _copy(layer.bias, w["bias"])
    return [layer]


def _lstm(settings: dict[str, Any], w: Weights) -> list[nn.Module]:
    layer = nn.LSTM(w["weight"].shape[0], settings["units"], batch_first=True)
    _copy(layer.weight_ih_l0, w["weight"].T)
    _copy(layer.weight_hh_l0, w["recurrent_weight"].T)
    _copy(layer.bias_ih_l0, w["bias"])
    _copy(layer.bias_hh_l0, np.zeros_like(w["bias"]))
    return [LastStep(layer)]


LAYERS: dict[str, Callable[[dict[str, Any], Weights], list[nn.Module]]] = {
    "dense": _dense,
    "conv2d": _conv2d,
    "max_pool2d": lambda settings, w: [nn.MaxPool2d(settings.get("pool_size", 2))],
    "flatten": lambda settings, w: [FlattenChannelsLast()],
    "lstm": _lstm,
}


class PyTorch:
    def __init__(self, workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> None:
        modules: list[nn.Module] = []
        for index, layer in enumerate(workload.layers):
            prefix = f"{index}."
            own = {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}
            modules += supported(LAYERS, "layer", layer["type"])(dict(layer), own)
            activation = layer.get("activation", "linear")
            last = index == len(workload.layers) - 1
            if not (last and LINKS.get(workload.loss) == activation):
                modules.append(supported(ACTIVATIONS, "activation", activation)())
        self.model = nn.Sequential(*modules)
        self.measure = supported(LOSSES, "loss", workload.loss)()
        settings = dict(workload.optimizer)
        self.optimizer = supported(OPTIMIZERS, "optimizer", settings.pop("name"))(self.model.parameters(), **settings)
        self.batch_size = workload.batch_size
        self.x = torch.from_numpy(x)
        if x.ndim == 4:
            self.x = self.x.permute(0, 3, 1, 2).contiguous()
        self.y = torch.from_numpy(y)
        if workload.loss == "binary_crossentropy":
            self.y = self.y.float().reshape(-1, 1)

    def loss(self) -> float:
        with torch.no_grad():
            return float(self.measure(self.model(self.x), self.y))

    def train(self, after_epoch: Callable[[], bool]) -> None:
        while True:
            order, total = torch.randperm(len(self.x)), 0.0
            for start in range(0, len(order), self.batch_size):
                batch = order[start : start + self.batch_size]
                loss = self.measure(self.model(self.x[batch]), self.y[batch])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                total += loss.item() * len(batch)
            if not after_epoch():
                return


def make(workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> PyTorch:
    return PyTorch(workload, weights, x, y)
