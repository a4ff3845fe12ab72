"""One of the trainings that are compared, and the picture of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from scenes.mobjects.first_weights import FirstWeights
from scenes.mobjects.plane_panel import PlanePanel
from scenes.replay import Replay
from scenes.theme import Theme, Zone
from scenes.warp.material import grid_bounds

if TYPE_CHECKING:
    from engine.recording import Recording

MOST_POINTS = 1000
RADIUS = 0.0125  # of points, as a share of a picture's width
CLOSE = 0.6  # of their radius: at what distance most of a point lies under the next one
View = PlanePanel | FirstWeights


class Side(NamedTuple):
    """One of them: what it is called, how it is played, its picture, if it has one, and how its measure went."""

    name: str
    recording: Recording
    replay: Replay
    colour: str
    picture: View | None
    epochs: np.ndarray
    values: np.ndarray

    @property
    def result(self) -> float:
        """The measure at the end; NaN where training diverged."""
        return float("nan") if self.recording.state == "diverged" else float(self.values[-1])

    def value_at(self, moment: float) -> float:
        """The measure at a moment, in epochs; its result after its end."""
        return self.result if moment > self.epochs[-1] else float(np.interp(moment, self.epochs, self.values))

    def show(self, moment: float) -> None:
        """Show it as it is at a moment, in epochs; one that has ended stays."""
        if self.picture is not None:
            self.picture.set_network(self.replay.network_at(min(moment, self.replay.last)))


def picture_of(recording: Recording, replay: Replay, zone: Zone, theme: Theme) -> View | None:
    """What one network makes of the data, as far as that can be seen at a glance."""
    data, layers = recording.data, recording.network_config["layers"]
    if data.task == "classification" and data.x.shape[1:] == (2,):
        every = max(1, -(-len(data.x) // MOST_POINTS))
        network, examples = replay.network_at(replay.first), (data.x[::every], data.y[::every])
        radius = RADIUS * zone.width
        # the dark edges of points that lie close together would hide them
        width = np.ptp(grid_bounds(data.x)[:2])
        closest = cKDTree(examples[0]).query(examples[0], k=2)[0][:, -1] if len(examples[0]) > 1 else np.inf
        apart = bool(np.median(closest) * zone.width / width > CLOSE * radius)
        return PlanePanel(recording, zone, network, radius=radius, examples=examples, outlined=apart, theme=theme)
    first = next((k for k, layer in enumerate(layers) if layer["type"] != "flatten"), 0)
    shape = data.image_shape
    if shape is not None and (len(shape) == 2 or shape[2] == 1) and layers[first]["type"] == "dense":
        return FirstWeights(replay, f"{first}.weight", (shape[0], shape[1]), zone, theme)
    return None
