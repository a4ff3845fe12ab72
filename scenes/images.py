"""What scenes about networks of images share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import RenderError
from engine.network import Network

if TYPE_CHECKING:
    from engine.recording import Recording

SURE, FEW = 0.9, 20


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
    first = next((kind for kind in kinds if kind not in ("flatten", "reshape")), None)
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


def sure_example(network: Network, recording: Recording, label: int | None = None) -> int:
    """The number of an image that a network is right and sure about, of those held out if there are some.

    Of the first few such images it is the one with the most edges, since there is more to be seen in it.

    Parameters
    ----------
    network : Network
    recording : Recording
        Of a classification.
    label : int, optional
        The class that it is to be of; by default any.

    Raises
    ------
    RenderError
        When there is no image of that class.
    """
    x, y = recording.data.unseen
    answers = class_probabilities(network, x)
    wanted = np.ones(len(y), dtype=bool) if label is None else y == label
    if not wanted.any():
        names = recording.data.class_names
        raise RenderError(f"label={label!r} must be the number of a class that has images, 0 to {len(names) - 1}")
    right = answers.argmax(axis=1) == y
    sure = answers.max(axis=1)
    for candidates in (wanted & right & (sure > SURE), wanted & right):
        if candidates.any():
            few = np.flatnonzero(candidates)[:FEW]
            return int(few[edges(x[few].reshape(len(few), *(recording.data.image_shape or (1, -1))[:2])).argmax()])
    return int(np.flatnonzero(wanted)[answers[wanted, y[wanted]].argmax()])


def edges(images: np.ndarray) -> np.ndarray:
    """How much neighbouring pixels of images (N, h, w) differ in all, (N,)."""
    across, down = np.abs(np.diff(images, axis=2)), np.abs(np.diff(images, axis=1))
    return np.asarray(across.sum(axis=(1, 2)) + down.sum(axis=(1, 2)), dtype=np.float64)


def typical(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which images (N, h, w) are more like the mean of their class than half of it, (N,) of bool."""
    flat = images.reshape(len(images), -1).astype(np.float64)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    found = np.zeros(len(images), bool)
    for label in np.unique(labels):
        own = labels == label
        alike = flat[own] @ flat[own].mean(axis=0)
        found[own] = alike >= np.median(alike)
    return found


def class_probabilities(network: Network, x: np.ndarray) -> np.ndarray:
    """How likely each class is, (N, K), also for a single output."""
    answers = np.asarray(network.predict(x), dtype=np.float64)
    return np.column_stack([1 - answers[:, 0], answers[:, 0]]) if answers.shape[1] == 1 else answers
