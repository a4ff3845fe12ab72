"""Numbers as areas, on a scale that can go on changing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from scenes.cost.networks import Counted
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import Rectangles, outlines
from scenes.mobjects.writing import LEFT, written
from scenes.theme import TEXT, Theme, rgb

LIGHTER = 0.62  # every second layer's strength, so that they can be told apart
STROKE = 3.0
KEY_SIDE = 0.36  # of the square that says how large the scale is
WIDEST_NUMBER = "888,888,888"
WIDEST = 1e4  # of a square in scene units, which is far outside the frame


class Squares(VGroup):
    """For each network the multiplications as a filled square, a strip for each layer, and the parameters as an outline
    that begins at the same corner.

    Parameters
    ----------
    networks : sequence of Counted
    places : array (N,)
        The left edges of the squares.
    baseline : float
        On which they stand.
    """

    def __init__(self, networks: Sequence[Counted], places: np.ndarray, baseline: float, theme: Theme) -> None:
        self.networks, self.places, self.baseline, self.theme = list(networks), np.asarray(places), baseline, theme
        self.owners = np.repeat(np.arange(len(networks)), [max(len(each.costs), 1) for each in networks])
        shares, bottoms, strong = [], [], []
        for each in self.networks:
            # the first layer is at the top
            own = np.array([cost.multiplications for cost in each.costs] or [1], dtype=np.float64)
            share = own / own.sum()
            shares.append(share)
            bottoms.append(1 - np.cumsum(share))
            strong.append(np.where(np.arange(len(own)) % 2, LIGHTER, 1.0))
        self.shares, self.bottoms = np.concatenate(shares), np.concatenate(bottoms)
        self.strong = np.concatenate(strong)
        self.strengths = np.zeros(len(self.networks))
        self.filled = Rectangles(np.zeros((len(self.owners), 4)), np.zeros((len(self.owners), 4)))
        self.outlined = Polylines(np.zeros((len(self.networks), 5, 2)), np.zeros((len(self.networks), 4)), STROKE)
        super().__init__(self.filled, self.outlined)
        self.set_scale(1.0)

    def sides(self, scale: float) -> tuple[np.ndarray, np.ndarray]:
        """The sides of the squares of multiplications and of parameters, in scene units."""
        found = [
            np.minimum(scale * np.sqrt([getattr(each, what) for each in self.networks]), WIDEST)
            for what in ("multiplications", "parameters")
        ]
        return found[0], found[1]

    def strips(self, number: int, scale: float) -> np.ndarray:
        """Left, right, bottom and top of each layer's strip of a network, (L, 4)."""
        own = self.owners == number
        side = self.sides(scale)[0][number]
        left, low = np.full(own.sum(), self.places[number]), self.baseline + side * self.bottoms[own]
        return np.column_stack([left, left + side, low, low + side * self.shares[own]])

    def set_scale(self, scale: float) -> Squares:
        """Draw all on a scale: the side of one multiplication, or one parameter, in scene units."""
        self.scale_now = scale
        self.filled.set_boxes(np.concatenate([self.strips(k, scale) for k in range(len(self.networks))]))
        outlined = self.sides(scale)[1]
        boxes = np.column_stack([self.places, self.places + outlined, np.full(len(outlined), self.baseline),
                                 self.baseline + outlined])  # fmt: skip
        self.outlined.set_lines(outlines(boxes))
        return self.set_strengths(self.strengths)

    def set_strengths(self, strengths: np.ndarray) -> Squares:
        """Set how visible each network is, (N,) from 0 to 1."""
        self.strengths = np.asarray(strengths, dtype=np.float64)
        colours = np.empty((len(self.owners), 4))
        colours[:, :3] = rgb(fill_colour(self.theme))
        colours[:, 3] = self.strengths[self.owners] * self.strong
        self.filled.set_colours(colours)
        lines = np.empty((len(self.networks), 4))
        lines[:, :3], lines[:, 3] = rgb(line_colour(self.theme)), self.strengths
        self.outlined.set_colours(lines)
        return self


def fill_colour(theme: Theme) -> str:
    """Of multiplications."""
    return theme.grid[1]


def line_colour(theme: Theme) -> str:
    """Of parameters."""
    return theme.grid[0]


class AreaKey(VGroup):
    """A small square that stays as it is, and how many it stands for on the scale of the moment.

    Parameters
    ----------
    right, y : float
        Its right edge and its middle.
    """

    def __init__(self, right: float, y: float, theme: Theme) -> None:
        left = right - KEY_SIDE
        box = np.array([[left, right, y - KEY_SIDE / 2, y + KEY_SIDE / 2]])
        self.square = Rectangles(box, np.array([rgb(theme.muted)]))
        equals = written("=", (left - 0.28, y), size=TEXT.label, color=theme.muted)
        self.readout = Readout("", "", widest=WIDEST_NUMBER, size=TEXT.label, color=theme.text)
        self.readout.move_to([left - 0.5, y, 0], aligned_edge=np.array([1, 0, 0]))
        super().__init__(self.square, equals, self.readout)
        self.shown = 0.0

    def set_scale(self, scale: float) -> AreaKey:
        """Say how many it is on a scale, in two digits."""
        self.shown = (KEY_SIDE / scale) ** 2
        digits = int(np.floor(np.log10(self.shown))) - 1
        rounded = round(self.shown, -digits)
        self.readout.set_value(f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:.2g}")
        return self


def meanings(left: float, y: float, theme: Theme) -> VGroup:
    """What filled squares and outlines stand for, in a line."""
    side = 0.26
    first = written("multiplications for one answer", (left + side + 0.14, y), LEFT, TEXT.small, fill_colour(theme))
    second = float(first.get_right()[0]) + 0.55
    boxes = np.array([[x, x + side, y - side / 2, y + side / 2] for x in (left, second)])
    return VGroup(
        Rectangles(boxes[:1], np.array([rgb(fill_colour(theme))])),
        first,
        Polylines(outlines(boxes[1:]), line_colour(theme), 2.5),
        written("parameters", (second + side + 0.14, y), LEFT, TEXT.small, line_colour(theme)),
    )
