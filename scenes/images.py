"""What scenes about networks of images share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from engine.network import Network

if TYPE_CHECKING:
    from engine.recording import Recording


def image_fault(scene: str, recording: Recording) -> str | None:
    """None if a recording is of grey images, else a sentence that says what it is of."""
    shape = recording.data.image_shape
    if shape is not None and (len(shape) == 2 or shape[2] == 1):
        return None
    kind = "rows of numbers" if shape is None else "colour images"
    return f"{scene} shows networks of grey images: {recording.name} was trained on {kind}"


def first_layer_fault(scene: str, recording: Recording) -> str | None:
    """None if the first layer that does something is dense, else a sentence that says what it is."""
    kinds = [layer["type"] for layer in recording.network_config["layers"]]
    first = next((kind for kind in kinds if kind != "flatten"), None)
    if first == "dense":
        return None
    return f"{scene} shows a first layer that is dense: that of {recording.name} is {first!r}"


def dense_layers(recording: Recording) -> list[int]:
    """The numbers of a network's dense layers."""
    return [k for k, layer in enumerate(recording.network_config["layers"]) if layer["type"] == "dense"]


def most_excited(network: Network, layer: int, x: np.ndarray, neurons: Iterable[int] | None = None) -> tuple[int, int]:
    """The neuron that tells examples apart most, by its input's standard deviation, and what excites it most.

    Parameters
    ----------
    network : Network
    layer : int
    x : array (N, *input_shape)
    neurons : iterable of int, optional
        Those to choose from; by default all.

    Returns
    -------
    neuron, example : int
    """
    before = network.pre_activations(x)[layer]
    choice = np.arange(before.shape[1]) if neurons is None else np.array(list(neurons))
    neuron = int(choice[before[:, choice].std(axis=0).argmax()])
    return neuron, int(before[:, neuron].argmax())
