"""An autoencoder of images that was recorded: its code, its decoder, its errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from engine.analysis.passage import tail
from scenes.images import image_fault
from scenes.replay import epochs_shown

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recording

DEEP, LINEAR = "autoencoder-deep", "autoencoder-linear"
CODE = 2  # numbers that an image is squeezed through
POINTS = 1200  # images of a map


def role(recording: Recording) -> str | None:
    """The experiment in whose place a recording can stand, or None."""
    if fault(recording) is not None:
        return None
    bent = any(layer["activation"] != "linear" for layer in recording.network_config["layers"])
    if not bent and len(recording.network_config["layers"]) != 2:
        return None
    return DEEP if bent else LINEAR


def fault(recording: Recording) -> str | None:
    """None if a recording is of an autoencoder of grey images with a code of two numbers, else why it is not."""
    other = image_fault("code", recording)
    if other is not None:
        return other
    network, name = recording.network_config, recording.name
    kind = next((layer["type"] for layer in network["layers"] if layer["type"] != "dense"), None)
    if kind is not None:
        return f"code shows autoencoders of dense layers: {name} has one of type {kind!r}"
    widths = [layer["units"] for layer in network["layers"]]
    if tuple(network["input_shape"]) != (widths[-1],) or recording.data.task == "classification":
        return f"code shows networks that rebuild their input: {name} makes {widths[-1]} numbers of something else"
    if min(widths) != CODE or widths.count(CODE) != 1:
        return f"code needs one layer of {CODE} units, and none smaller: the layers of {name} have {widths}"
    return None


def by_role(recordings: Mapping[str, Recording]) -> dict[str, Recording]:
    """The recordings by the experiment that they stand for; of several for one, the first."""
    found: dict[str, Recording] = {}
    for recording in recordings.values():
        known = role(recording)
        if known is not None:
            found.setdefault(known, recording)
    return found


class Autoencoder:
    """What an autoencoder makes of its images at one epoch.

    Parameters
    ----------
    recording : Recording
    epochs : tuple of int or None
        The last of those between the first and the last that are asked for is looked at.

    Attributes
    ----------
    network, decoder : Network
        The decoder is what comes after the layer of two units.
    layer : int
        The number of that layer, from 0.
    x : array (N, pixels)
        Images that were held out if there are some, else those it has learned from.
    labels : array (N,) or None
        What they show; the network was never told.
    shape : tuple of int
        Height and width of an image.
    """

    def __init__(self, recording: Recording, epochs: tuple[int | None, int | None] | None = None) -> None:
        data = recording.data
        self.recording = recording
        self.epoch = epochs_shown(recording, epochs)[-1]
        self.network: Network = recording.network(self.epoch)
        widths = [layer["units"] for layer in recording.network_config["layers"]]
        self.layer = widths.index(CODE)
        self.decoder = tail(self.network, self.layer + 1)
        assert data.image_shape is not None
        self.held_out = data.holds_out
        self.x = np.asarray(data.unseen[0])
        self.labels = data.labels_validation if self.held_out else data.labels
        self.names = data.label_names
        self.shape: tuple[int, int] = (data.image_shape[0], data.image_shape[1])
        self.low, self.high = min(0.0, float(data.x.min())), float(data.x.max())

    def codes(self, x: np.ndarray, network: Network | None = None) -> np.ndarray:
        """The two numbers of each image, (N, 2) float64."""
        return np.asarray((network or self.network).activations(x)[self.layer], dtype=np.float64)

    def rebuilt(self, codes: np.ndarray) -> np.ndarray:
        """The images that the decoder makes of codes (N, 2), (N, height, width)."""
        images = self.decoder.predict(np.asarray(codes, dtype=self.network.dtype))
        return np.asarray(images).reshape(-1, *self.shape)

    def error(self) -> float:
        """The mean squared error of the images, over all their pixels."""
        return float(((self.network.predict(self.x) - self.x) ** 2).mean(dtype=np.float64))

    def examples(self) -> list[int]:
        """The numbers of one image of each kind, that which is rebuilt best; without labels, a few."""
        lost = ((self.network.predict(self.x) - self.x) ** 2).mean(axis=1)
        if self.labels is None:
            return [int(k) for k in np.argsort(lost[:100], kind="stable")[:8]]
        return [int(np.flatnonzero(self.labels == k)[lost[self.labels == k].argmin()]) for k in np.unique(self.labels)]
