"""The loss over two parameters, and the recorded ways through their plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.analysis.isoline import Bounds
from engine.analysis.landscape import Landscape, Plane, landscape
from scenes.mobjects.terrain import ASIDE, Terrain
from scenes.mobjects.view import View
from scenes.replay import Replay
from scenes.theme import Zone

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

RESOLUTION = 61  # places along the longer side


# The eye goes to and fro, but stays on the side on which hills do not hide the valley: in seconds of a view's swing.
GLANCE, GLANCES, GLANCE_SECONDS = 13.5, 2.5, 20.0


def seen_terrain(stage: Stage, found: Landscape, zone: Zone, names: tuple[str, str] = ("", "")) -> Terrain:
    """A terrain that is seen from one side, by an eye that swings a little."""
    view = View(clock=lambda: GLANCE + GLANCES * math.sin(2 * math.pi * stage.now / GLANCE_SECONDS))
    times = (GLANCE - GLANCES, GLANCE, GLANCE + GLANCES)
    poses = [View(tilt=tilt, time=time) for tilt in (0.0, ASIDE) for time in times]
    return Terrain(found, zone, view, poses, names, theme=stage.theme)


def path_of(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """When there are snapshots, in epochs, (M,), and the two parameters then, (M, 2) float64."""
    replay = Replay(recording)
    places = [replay.network_at(float(moment)).parameters.astype(np.float64) for moment in replay.moments]
    return replay.moments, np.array(places)


def bounds_of(recordings: Sequence[Recording], least: Bounds, margin: float = 0.08) -> Bounds:
    """A rectangle of the plane of two parameters that holds all paths and `least`."""
    places = np.concatenate([path_of(recording)[1] for recording in recordings])
    low = np.minimum(places.min(axis=0), [least.left, least.bottom])
    high = np.maximum(places.max(axis=0), [least.right, least.top])
    room = margin * (high - low)
    return Bounds(low[0] - room[0], high[0] + room[0], low[1] - room[1], high[1] + room[1])


def losses_over(recording: Recording, bounds: Bounds, resolution: int = RESOLUTION) -> Landscape:
    """The loss on the training data over a rectangle of the plane of two parameters."""
    longer = max(bounds.right - bounds.left, bounds.top - bounds.bottom)
    columns = max(2, round(resolution * (bounds.right - bounds.left) / longer))
    rows = max(2, round(resolution * (bounds.top - bounds.bottom) / longer))
    a, b = np.linspace(bounds.left, bounds.right, columns), np.linspace(bounds.bottom, bounds.top, rows)
    plane = Plane(np.zeros(2), np.eye(2))
    return landscape(recording.network(), recording.data.x, recording.data.y, recording.training["loss"], plane, a, b)
