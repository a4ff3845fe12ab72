"""Turn a space of three dimensions until the last layer's flat cut lies level, and draw the cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear, smooth

from engine.analysis.geometry import Rotation
from scenes.animations.passing import PullBack
from scenes.mobjects.moving_plane import ROOM
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.sheet import Sheet
from scenes.mobjects.view import largest_unit
from scenes.stage import Clock
from scenes.theme import TIMING, rgb
from scenes.topology.turned_view import level

if TYPE_CHECKING:
    from scenes.topology.scene import Topology

LATTICE = 91  # places of the sheet along each side
MESH = 10  # of the lattice to a grid line
TINT = 0.62  # of a class's colour in its part of the sheet
SHARP = 5.0  # how much sharper the edge between the colours is than the network is sure
PANE = 0.22  # how opaque the cut is
HATCHES = 13  # lines across the cut
BEYOND = 1.04  # the cut reaches this much farther than what it cuts


class Levelling:
    """The turn that lays the cut of a network's last layer level, the first class above it.

    Parameters
    ----------
    stage : Topology
        Its plane is in the last hidden space, of which three dimensions are shown.
    """

    def __init__(self, stage: Topology) -> None:
        self.stage, plane = stage, stage.plane
        network, last = stage.passage.network, stage.passage.layers
        weight = np.asarray(network.weights[f"{last}.weight"], dtype=np.float64)
        bias = np.asarray(network.weights[f"{last}.bias"], dtype=np.float64)
        # of two outputs the difference decides
        normal, offset = (weight[:, 0], bias[0]) if weight.shape[1] == 1 else (weight @ [-1, 1], bias @ [-1, 1])
        projection = stage.passage.projections.get(last - 1)
        if projection is not None:
            normal, offset = projection.components @ normal, offset + projection.mean @ normal
        self.normal, self.offset = normal, float(offset)
        self.rotation: Rotation = level(normal, up=False)
        turned = self.rotation.power(1.0)
        there = plane.everything(last)
        ends = there @ turned.T
        self.center = turned.T @ ((ends.min(axis=0) + ends.max(axis=0)) / 2)
        self.turned = turned
        self.sheets: list[Sheet] = []
        self.settled = (there - self.center) @ turned.T
        unit = largest_unit(self.settled, 1.0, ROOM * plane.zone.width, ROOM * plane.zone.height)
        self.zoom = unit / plane.scales[last]

    def turn(self, share: float) -> None:
        """Turn the view by a share of the whole way, with the axes fading out."""
        stage = self.stage
        stage.view.turn = self.rotation.power(share)
        stage.view.center = share * self.center
        stage.plane.zoom = self.zoom**share
        stage.plane.axes.set_opacity(1 - share)

    def play(self, seconds: float = TIMING.slow + TIMING.beat) -> None:
        """Turn until the cut is level, with a sheet in place of the grid."""
        stage = self.stage
        self.sheets = stage.sheets = self.hang()
        for sheet in self.sheets:
            stage.add_behind(sheet)

        def follow(share: float) -> None:
            self.turn(share)
            for sheet in self.sheets:
                sheet.set_opacity(share)
                assert stage.plane.grid is not None
                stage.plane.grid.set_opacity(1 - share)
            stage.plane.refresh()

        stage.play_clock(seconds, follow, stage.plane, *self.sheets)

    def hang(self) -> list[Sheet]:
        """The input plane as it hangs in the last space, and what of it lies above the cut; nothing for a space."""
        stage = self.stage
        if stage.passage.widths[0] != 2:
            return []
        left, right, bottom, top = stage.bounds
        x, y = np.meshgrid(np.linspace(left, right, LATTICE), np.linspace(bottom, top, LATTICE))
        carried = stage.passage.carry(np.column_stack([x.ravel(), y.ravel()]))
        places = stage.passage.positions(carried, stage.passage.layers - 1).reshape(LATTICE, LATTICE, 3)
        ahead = -(places @ self.normal + self.offset)  # of the first class
        # the colour says which class is ahead; only the edge is soft, as facets are coarse
        sure = 1 / (1 + np.exp(-np.clip(SHARP * ahead, -50, 50)))
        corners = np.stack([sure[:-1, :-1], sure[:-1, 1:], sure[1:, 1:], sure[1:, :-1]])
        ground = np.array(rgb(stage.theme.background))
        first, second = (TINT * np.array(rgb(stage.theme.class_colour(k))) for k in (0, 1))
        share = corners.mean(axis=0)[..., None]
        colours = (1 - TINT) * ground + share * first + (1 - share) * second
        upper = trimmed(places, ahead)
        # the cut goes between the two, since it is seen from above
        return [Sheet(each, colours, MESH, stage.view, stage.theme, opacity=0.0) for each in (upper, places)]

    def cut(self) -> list[np.ndarray]:
        """The part of the cut that lies among the data, as an outline and lines across it, each (K, 3) in the space."""
        # a place q after the turn is on the cut where normal @ (turned.T @ q + center) + offset = 0
        height = (self.normal @ self.center + self.offset) / np.linalg.norm(self.normal)
        (left, right), (near, far) = (BEYOND * np.array([a.min(), a.max()]) for a in self.settled.T[:2])
        outline = [(left, near), (right, near), (right, far), (left, far), (left, near)]
        places = [np.array(outline)]
        places += [np.array([(left, y), (right, y)]) for y in np.linspace(near, far, HATCHES + 2)[1:-1]]
        level_ = [np.column_stack([line, np.full(len(line), height)]) for line in places]
        return [line @ self.turned + self.center for line in level_]

    def draw(self) -> Polylines:
        """Let the cut grow from its middle."""
        stage, lines = self.stage, self.cut()
        widths = np.array([3.5] + [1.0] * (len(lines) - 1))
        drawn = Polylines([np.zeros_like(line) for line in lines], stage.theme.text, widths, opacity=0.0)
        whole = np.concatenate(lines)
        positions = whole.copy()
        middle = lines[0][:4].mean(axis=0)
        corners = lines[0][[0, 1, 3, 2]].reshape(2, 2, 3)
        pane = Sheet(corners, stage.theme.muted, 0, stage.view, stage.theme, opacity=0.0, shading=False)
        stage.plane.riders.append((drawn, positions))
        for behind in (drawn, pane, *self.sheets[1:]):
            stage.add_behind(behind)
        stage.sheets = [*self.sheets, pane]

        def grow(share: float) -> None:
            positions[:] = middle + share * (whole - middle)
            pane.set_places(middle + share * (corners - middle))
            drawn.set_opacity(min(1.0, 3 * share) * 0.9)
            pane.set_opacity(PANE * min(1.0, 3 * share))
            stage.plane.refresh()

        stage.play_clock(TIMING.slow, grow, drawn, pane)
        self.pane = pane
        return drawn

    def leave(self) -> None:
        """Take the cut's inside away."""
        self.stage.play_clock(TIMING.quick, lambda share: self.pane.set_opacity(PANE * (1 - share)), self.pane)
        self.stage.remove(self.pane)
        self.stage.sheets = list(self.sheets)

    def carry_back(self, seconds: float) -> None:
        """Through the layers back to the input, while the view turns back as well."""
        stage = self.stage

        def unturn(share: float) -> None:
            self.turn(1 - smooth(min(1.0, 2 * share)))
            for sheet in self.sheets:
                sheet.set_opacity(max(0.0, 1 - 8 * share))
                assert stage.plane.grid is not None
                stage.plane.grid.set_opacity(min(1.0, 8 * share))

        stage.play(Clock(unturn, run_time=seconds, rate_func=linear), PullBack(stage.plane, seconds))
        stage.remove(*self.sheets)
        stage.sheets = []


def trimmed(places: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The part of a lattice on one side of a cut, (R, C, 3): what goes through the cut ends on it, the rest is NaN.

    Parameters
    ----------
    places : array (R, C, 3)
    ahead : array (R, C)
        How far each place is on the side that stays, in any unit; linear in the places.
    """
    rows, columns = ahead.shape
    around = np.pad(places, ((1, 1), (1, 1), (0, 0)))
    leads = np.pad(ahead, 1, constant_values=-1.0)
    ends, count = np.zeros_like(places), np.zeros((rows, columns))
    for i, j in np.ndindex(3, 3):
        other, lead = around[i : i + rows, j : j + columns], leads[i : i + rows, j : j + columns]
        crossing = (lead > 0) & (ahead <= 0)
        share = -ahead / np.where(crossing, lead - ahead, 1.0)
        ends += np.where(crossing[..., None], places + share[..., None] * (other - places), 0.0)
        count += crossing
    ends = np.where(count[..., None] > 0, ends / np.maximum(count, 1)[..., None], np.nan)
    return np.where(ahead[..., None] > 0, places, ends)
