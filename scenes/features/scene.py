"""What the parts of the scene share: the network, its layers that can be looked at, and the images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.chapters import Chapters
from scenes.features.attribution import attribution
from scenes.features.filters import filters
from scenes.features.unit import one_unit
from scenes.features.units import classes, units
from scenes.images import image_fault
from scenes.replay import Replay

if TYPE_CHECKING:
    from engine.analysis.attribution import Attribution
    from engine.recording import Recording
    from scenes.features.unit import Extremes
    from scenes.features.units import UnitGrid
    from scenes.mobjects.weight_grid import WeightGrid

PARTS = {"filters": filters, "unit": one_unit, "units": units, "classes": classes, "attribution": attribution}
KNOWN = (
    "conv2d", "dense", "max_pool2d", "avg_pool2d", "upsample2d", "residual", "flatten", "reshape", "dropout",
    "batch_norm", "activation",
)  # fmt: skip
MOST_CLASSES = 16
MOST_IMAGES = 6000  # that are searched for those that excite a unit most


class Features(Chapters):
    """What each layer looks for: its filters, the images that excite its units most, and which pixels decided.

    Options: ``parts`` is a selection of ``"filters"`` (the weights of the first layers), ``"unit"`` (one of the first
    layer's units: what excites it most and least), ``"units"`` (the pieces of images that excite the units of each
    layer most), ``"classes"`` (the same for the outputs) and ``"attribution"`` (how the pixels were weighed, for a
    right and a wrong answer); ``label`` is the number of the class that the right answer is to be of; ``epochs`` is a
    pair of the first and last epoch, either of them None: the last one is shown.
    """

    OPTIONS = ("epochs", "label")
    parts = PARTS
    # what the parts have shown
    first_filters: WeightGrid
    later_filters: WeightGrid
    unit: int
    unit_extremes: tuple[Extremes, Extremes]
    grids: list[UnitGrid]
    class_grid: UnitGrid
    explained: dict[str, Attribution]  # "right", and "lead" of a wrong answer over the right one
    mistake: int | None

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        data, name = recording.data, recording.name
        if data.task != "classification":
            return f"features shows how images are told apart: {name} is trained for {data.task}"
        if (fault := image_fault("features", recording)) is not None:
            return fault
        layers = recording.network_config["layers"]
        other = next((layer["type"] for layer in layers if layer["type"] not in KNOWN), None)
        if other is not None:
            return f"features shows networks of convolutions and dense layers: {name} has one of type {other!r}"
        if layers[-1]["type"] != "dense":
            return f"features shows a last layer that is dense: that of {name} is {layers[-1]['type']!r}"
        if any(layer.get("activation") == "step" for layer in layers):
            return f"features follows slopes back to the pixels: {name} has a step function, whose slope is 0"
        if len(data.class_names) > MOST_CLASSES:
            return f"features has room for {MOST_CLASSES} classes: {name} has {len(data.class_names)}"
        return None

    def build(self) -> None:
        """Read the network and find its layers."""
        recording, data = self.recording, self.recording.data
        assert data.image_shape is not None
        self.shape = (int(data.image_shape[0]), int(data.image_shape[1]))
        replay = Replay(recording, self.options.get("epochs"))
        self.net = recording.network(replay.epoch_at(replay.last))
        kinds = [layer.name for layer in self.net.layers]
        last = len(kinds) - 1
        self.hidden = [k for k, kind in enumerate(kinds) if kind in ("conv2d", "residual", "dense") and k < last]
        x, y = recording.data.unseen
        self.x, self.y = x[:MOST_IMAGES], y[:MOST_IMAGES]
        self.low, self.high = min(0.0, float(data.x.min())), float(data.x.max())

    def images(self, numbers: np.ndarray) -> np.ndarray:
        """Some of the images, (N, H, W)."""
        return self.x[numbers].reshape(-1, *self.shape).astype(np.float64)
