"""The loss around a recorded network, on a part of its examples and a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from engine.analysis.landscape import Landscape, Plane, landscape
from engine.network import Network
from scenes.mobjects.terrain import Terrain, TurningView
from scenes.theme import Zone

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

RESOLUTION, MOST_EXAMPLES = 41, 512
# of networks that are more than dense layers, each look takes long
FEW_PLACES, FEW_EXAMPLES = 31, 128
SMALLEST = 1e-9  # loss that is shown
MOST_LEVELS = 14
TILT, HEIGHT = 0.58, 0.27  # from high above, and flat: one must see into the depths


class Measured:
    """Losses of a recording's networks, in doublings: heights are logarithms to base 2.

    Attributes
    ----------
    x, y : ndarray
        The examples on which losses are measured.
    resolution : int
        Places along each side of a plane.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        dense = all(layer["type"] in ("dense", "dropout") for layer in recording.network_config["layers"])
        count = MOST_EXAMPLES if dense else FEW_EXAMPLES
        self.resolution = RESOLUTION if dense else FEW_PLACES
        data = recording.data
        chosen = np.unique(np.linspace(0, len(data.x) - 1, min(count, len(data.x))).round().astype(int))
        self.x, self.y = data.x[chosen], data.y[chosen]
        self.loss = str(recording.training["loss"])
        self.network: Network = recording.network()

    def of_epoch(self, epoch: int) -> float:
        """The loss of an epoch's network, in doublings."""
        self.network.parameters[:] = self.recording.parameters(epoch)
        return doublings(self.network.evaluate(self.x, self.y, self.loss)["loss"])

    def over(self, plane: Plane, a: ArrayLike, b: ArrayLike) -> Landscape:
        """Losses over a plane, in doublings; NaN where they are not finite."""
        found = landscape(self.network, self.x, self.y, self.loss, plane, a, b)
        heights = np.array([[doublings(value) for value in row] for row in found.losses])
        return Landscape(found.a, found.b, heights)


def doublings(loss: float) -> float:
    """The logarithm to base 2 of a loss; NaN where it is not finite."""
    return math.log2(max(loss, SMALLEST)) if math.isfinite(loss) else math.nan


def turning_terrain(
    stage: Stage, found: Landscape, zone: Zone, angle: Callable[[], float], angles: Sequence[float]
) -> tuple[Terrain, int]:
    """A terrain that is seen from an angle of one's own, and how many doublings lie between its contours.

    From all of `angles` it fits into the zone.
    """
    low, high = float(np.nanmin(found.losses)), float(np.nanmax(found.losses))
    step = 1
    while (high - low) / step > MOST_LEVELS:
        step *= 2
    levels = [float(k) for k in range(math.ceil(low), math.floor(high) + 1) if k % step == 0]
    poses = [TurningView(tilt=TILT, angle=partial(float, each)) for each in angles]
    view = TurningView(tilt=TILT, angle=angle)
    return Terrain(found, zone, view, poses, levels=levels, height=HEIGHT, theme=stage.theme), step


def shown(share: float) -> str:
    """A share in per cent, as exactly as it is worth; never 0% of what is there."""
    if 0 < share < 0.001:
        return "less than 0.1%"
    return f"{share:.1%}" if share < 0.1 or share > 0.995 else f"{share:.0%}"
