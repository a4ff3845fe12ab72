"""The layers, and the registry from which networks, the command line and the tests take them."""

from __future__ import annotations

from typing import Any

from engine.layers.activation import Activation
from engine.layers.base import Layer, Operation, Parameter, Shape
from engine.layers.convolution import Conv2D
from engine.layers.dense import Dense
from engine.layers.gru import GRU
from engine.layers.lstm import LSTM
from engine.layers.pooling import AvgPool2D, MaxPool2D, UpSample2D
from engine.layers.recurrent import Recurrent
from engine.layers.regularization import BatchNorm, Dropout
from engine.layers.residual import Residual
from engine.layers.shape import Flatten, Reshape
from engine.layers.simple_rnn import SimpleRNN
from engine.registry import construct

LAYERS: dict[str, type[Layer]] = {
    layer.name: layer
    for layer in (
        Dense, Activation, Conv2D, MaxPool2D, AvgPool2D, UpSample2D, Flatten, Reshape, Dropout, BatchNorm, Residual,
        SimpleRNN, LSTM, GRU,
    )
}  # fmt: skip

__all__ = [
    "GRU",
    "LAYERS",
    "LSTM",
    "Activation",
    "AvgPool2D",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "MaxPool2D",
    "Operation",
    "Parameter",
    "Recurrent",
    "Reshape",
    "Residual",
    "Shape",
    "SimpleRNN",
    "UpSample2D",
    "layer_from_config",
]


def layer_from_config(config: dict[str, Any]) -> Layer:
    """Build a layer from its settings, such as ``{"type": "dense", "units": 2, "activation": "tanh"}``.

    Raises
    ------
    ConfigurationError
        For an unknown type (with the nearest known ones), or a setting that the layer does not have.
    """
    return construct("layer", LAYERS, config, key="type")
