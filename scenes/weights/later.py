"""The weights of the layers after the first, as matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup

from scenes.mobjects.matrix import Matrix
from scenes.mobjects.still import Still
from scenes.mobjects.weight_grid import WeightGrid, weight_matrix
from scenes.mobjects.writing import RIGHT, written
from scenes.numbers import counted
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from scenes.weights.scene import Weights

MATRIX, NUMBERS = Zone(-5.6, -0.6, -1.75, 2.2), Zone(0.4, 6.1, -1.75, 2.2)
KEY = Zone(4.3, SAFE.right, 2.5, 3.5)
MOST_LAYERS = 3


class LaterPart:
    """Layer after layer, each a matrix of colours beside one of numbers."""

    def __init__(self, stage: Weights) -> None:
        self.stage = stage

    def tell(self) -> None:
        """All of them, up to `MOST_LAYERS`."""
        stage = self.stage
        network = stage.recording.network(stage.epoch)
        later = stage.dense[1:][:MOST_LAYERS]
        before: tuple[VGroup | Still, ...] = ()
        if not later:
            stage.heading(None)
            stage.caption(None)
        for k, layer in enumerate(later):
            weight = network.weights[f"{layer}.weight"]
            largest = max(float(np.abs(weight).max()), 1e-9)
            picture = WeightGrid(weight_matrix(weight), largest, MATRIX, theme=stage.theme)
            numbers = Matrix(weight.T, NUMBERS, size=TEXT.readout, theme=stage.theme)
            key = stage.scale_legend(KEY, largest)
            left, right, bottom, _ = picture.boxes[0]
            inputs, outputs = weight.shape
            size = f"rows: {counted(outputs, 'neuron')}, columns: {counted(inputs, 'input')}"
            below = written(size, ((left + right) / 2, bottom - 0.3), color=stage.theme.muted, widest=5.8)
            names = [*self.row_names(weight, picture), below]
            stage.heading(f"The {stage.layer_name(k + 1)} layer")
            if k == 0:
                stage.caption("Later layers see neurons, not pixels:\ntheir weights are a matrix.")
            elif layer == stage.dense[-1]:
                stage.caption("The last one has a row of weights\nfor each answer.")
            shown = (picture, numbers, key, *names)
            if before:
                stage.fade(leaving=before, seconds=TIMING.quick)
            stage.fade(*shown, seconds=TIMING.quick)
            stage.wait(TIMING.slow + TIMING.beat)
            before = shown

    def row_names(self, weight: np.ndarray, picture: WeightGrid) -> list[Still]:
        """The classes beside the rows of the last layer's matrix, where there is room for them."""
        names = self.stage.recording.data.class_names
        left, _, bottom, top = picture.boxes[0]
        row = (top - bottom) / weight.shape[1]
        if weight.shape[1] != len(names) or row < 0.28:
            return []
        widest, color = left - 0.2 - SAFE.left, self.stage.theme.muted
        return [written(name, (left - 0.2, top - row * (j + 0.5)), RIGHT, color=color, widest=widest)
                for j, name in enumerate(names)]  # fmt: skip
