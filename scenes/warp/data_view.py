"""The data where they are, and what a network that is being trained makes of the space around them."""

from __future__ import annotations

import numpy as np
from manim import VMobject

from engine.analysis.boundary import pull_back_places
from engine.analysis.geometry import embed
from engine.network import Network
from scenes.mobjects.decision_field import decision_field
from scenes.mobjects.moving_plane import ROOM, fitting_radius
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.space_axes import SpaceAxes
from scenes.mobjects.view import View, largest_unit
from scenes.theme import SAFE, Theme, Zone
from scenes.warp.material import grid_bounds

INPUT = Zone(1.95, SAFE.right, -2.4, 2.0)
MOST_BORDERS = 24  # places on a line where the class changes
BORDER = 0.11  # radius of their dots


class DataView:
    """The data in the input: on a line with the places where the class changes, in a plane with the regions, in space.

    Parameters
    ----------
    x : ndarray (N, 1), (N, 2) or (N, 3)
    labels : ndarray (N,)
    network : Network
        As it is at first.
    theme : Theme

    Attributes
    ----------
    below, above : list of VMobject
        What is to be drawn before and after other things.
    cloud : PointCloud
    effect : str
        What training does here while it moves the points of the hidden space, in words.
    """

    def __init__(self, x: np.ndarray, labels: np.ndarray, network: Network, theme: Theme) -> None:
        self.dimensions = x.shape[1]
        self.bounds = grid_bounds(x)
        self.places = embed(x, 3)
        self.view = View(INPUT.center[:2].copy(), tilt=float(self.dimensions == 3))
        self.view.unit = ROOM * INPUT.height / (self.bounds.right - self.bounds.left)
        if self.dimensions == 3:
            self.view.unit = largest_unit(self.places, 1.0, ROOM * INPUT.width, ROOM * INPUT.height)
        self.colours = theme.class_colours(labels)
        radius = fitting_radius(self.view.unit * x)
        self.cloud = PointCloud(self.view.look(self.places), self.colours, radius)
        self.below: list[VMobject] = []
        self.above: list[VMobject] = [self.cloud]
        self.effect = "the data stay as they are"
        if self.dimensions == 1:
            ends = np.array([[self.bounds.left, 0.0], [self.bounds.right, 0.0]])
            self.below.append(Polylines(self.view.look(ends)[None], theme.grid[0], 2.5))
            self.borders = PointCloud(np.full((MOST_BORDERS, 2), np.nan), theme.text, BORDER)
            self.above.append(self.borders)
            self.effect = "that moves the borders"
        elif self.dimensions == 2:
            zone = Zone(*(self.view.unit * np.array(self.bounds) + np.repeat(self.view.origin, 2)))
            self.regions = decision_field(network, self.bounds, zone, line_width=3.5, theme=theme)
            self.below.append(self.regions)
            several = len(set(labels.tolist())) > 2
            self.effect = "that moves the borders" if several else "that bends the boundary"
        else:
            self.axes = SpaceAxes((INPUT.width / 2, INPUT.height / 2), True, theme)
            self.below.append(self.axes)

    def show_network(self, network: Network, now: float) -> None:
        """Show what a network makes of it, `now` seconds after the beginning."""
        if self.dimensions == 1:
            places = pull_back_places(network, self.bounds.left, self.bounds.right)[:MOST_BORDERS]
            self.borders.points[:] = np.nan
            if len(places):
                at = np.column_stack([places, np.zeros(len(places))])
                self.borders.points[: len(places)] = np.column_stack([self.view.look(at), np.zeros(len(places))])
        elif self.dimensions == 2:
            self.regions.set_network(network)
        else:
            self.view.time = now
            order = np.argsort(self.view.depths(self.places), kind="stable")
            self.cloud.set_positions(self.view.look(self.places[order])).set_colours(self.colours[order])
            self.axes.place(self.view, 0.0)
