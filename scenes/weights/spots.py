"""How large the part of an image is that a neuron looks at, against the edges in an image."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from scenes.hope.anatomy import ROOM, Anatomy, Edges
from scenes.hope.choice import choose
from scenes.hope.pictures import EdgesPicture
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import in_rows, outlines
from scenes.mobjects.writing import CENTER, written
from scenes.numbers import cardinal, class_name, right_answers, share_text
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.weights.scene import Weights

PICTURE = Zone(2.6, SAFE.right, -0.5, 2.7)
HALF = 0.5  # of a neuron's squared weights
FAINT = 0.3  # how strongly the other edges are shown
LINE = 2.5


@dataclass(frozen=True)
class Spot:
    """A square of an image, cut where the image ends; places and sides are in pixels."""

    top: float
    left: float
    side: int

    def box(self, frame: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Where it lies in the picture, (4,), given where its image (h, w) does."""
        height, width = shape
        across, up = (frame[1] - frame[0]) / width, (frame[3] - frame[2]) / height
        high, wide = min(self.side, height), min(self.side, width)
        return np.array([frame[0] + self.left * across, frame[0] + (self.left + wide) * across,
                         frame[3] - (self.top + high) * up, frame[3] - self.top * up])  # fmt: skip


def smallest_spot(weights: np.ndarray, share: float = HALF) -> Spot:
    """The smallest square of an image (h, w) of weights that holds a share of the sum of their squares.

    Of several of one size it is the one that holds most.
    """
    power = np.asarray(weights, dtype=np.float64) ** 2
    sums = np.pad(power, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    for side in range(1, max(power.shape) + 1):
        high, wide = min(side, power.shape[0]), min(side, power.shape[1])
        held = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
        top, left = np.unravel_index(int(held.argmax()), held.shape)
        # the whole image holds all, whatever is lost in adding up
        if held[top, left] >= share * sums[-1, -1] or side == max(power.shape):
            return Spot(float(top), float(left), side)
    raise ValueError(f"an image of shape {power.shape} has no pixels")


def longest_edge(edges: Edges, scale: int) -> tuple[int, Spot]:
    """Which of the edges is the longest, up or across, and the square of whole pixels that it fits into.

    Parameters
    ----------
    edges : Edges
        At least one.
    scale : int
        How many of their pixels there are along one of the image's.
    """
    spans = []
    for mask in edges.masks:
        rows, columns = np.nonzero(mask)
        spans.append((rows.min(), rows.max() + 1, columns.min(), columns.max() + 1))
    top, bottom, left, right = np.array(spans, dtype=np.float64).T / scale - ROOM
    sides = np.maximum(bottom - top, right - left)
    k = int(sides.argmax())
    side = ceil(sides[k] - 1e-9)
    return k, Spot(float(top[k] + bottom[k] - side) / 2, float(left[k] + right[k] - side) / 2, side)


class SpotsPart:
    """An image's longest edge, and beside it the spot on each neuron's weights that holds half of them.

    Attributes
    ----------
    edge : Spot or None
        None where the image has no edges, as one of one pixel.
    spots : list of Spot
        Of each neuron that is shown.
    small : ndarray of bool
        Whether it is no larger than the longest edge.
    """

    def __init__(self, stage: Weights) -> None:
        self.stage = stage
        network = stage.recording.network(stage.epoch)
        self.specimen, _ = choose(network, stage.recording)
        self.anatomy: Anatomy = self.specimen.anatomy
        self.edges = self.anatomy.edges()
        self.longest, self.edge = -1, None
        if len(self.edges.masks):
            self.longest, self.edge = longest_edge(self.edges, self.anatomy.scale)
        self.spots = [smallest_spot(image) for image in stage.grid.tiles.values]
        self.small = np.array([self.edge is not None and spot.side <= self.edge.side for spot in self.spots])

    def tell(self) -> None:
        """The edge, the spots, and what follows from their sizes."""
        if self.edge is None:
            return
        self.show_edge(self.edge)
        self.show_spots()
        stage = self.stage
        stage.caption(self.found())
        self.colour()
        stage.read(TIMING.hold)
        for caption in self.conclusion():
            stage.caption(caption)
            stage.read(TIMING.slow)

    def show_edge(self, edge: Spot) -> None:
        """The edges of an image, the longest of them in its square."""
        stage, theme, shape = self.stage, self.stage.theme, self.anatomy.image.shape
        aspect = shape[1] / shape[0]
        name = class_name(stage.recording.data.class_names[self.specimen.label])
        whole = np.array([PICTURE.left, PICTURE.right, PICTURE.bottom, PICTURE.top])
        picture = EdgesPicture(self.anatomy, self.edges, whole, theme=theme)
        # where edges lie outside of the image there has to be room for them
        tall = min(PICTURE.height, PICTURE.width / aspect) * picture.fit
        frame = in_rows(1, 1, PICTURE, tall, aspect)[0]
        picture.set_box(frame)
        stage.caption(f"How large is a short edge? Those of {name}\nfit into {edge.side} × {edge.side} pixels.")
        stage.fade(picture)
        self.mark = Polylines(outlines(edge.box(frame, shape)[None]), theme.highlight, LINE, opacity=0.0)
        size = written(f"{edge.side} × {edge.side} pixels", (PICTURE.center[0], PICTURE.bottom - 0.35), CENTER,
                       TEXT.label, theme.highlight)  # fmt: skip
        stage.add(self.mark, size.set_opacity(0.0))
        others = [tile for k, tile in enumerate(picture.tiles) if k != self.longest]

        def point(share: float) -> None:
            for tile in others:
                tile.set_opacity(1 - (1 - FAINT) * share)
            self.mark.set_opacity(share)
            size.set_opacity(share)

        stage.play_clock(TIMING.beat, point, picture, self.mark, size)
        stage.read(TIMING.hold)

    def show_spots(self) -> None:
        """A square on each neuron's weights, one after the other."""
        stage = self.stage
        boxes = np.array([spot.box(box, stage.shape) for spot, box in zip(self.spots, stage.grid.boxes, strict=True)])
        self.squares = Polylines(outlines(boxes), np.tile([*rgb(stage.theme.text), 0.0], (len(boxes), 1)), LINE)
        stage.caption("On each neuron the smallest square with\nhalf of its weights, squared and added.")
        stage.add(self.squares)
        order = np.arange(len(boxes)) / len(boxes)

        def draw(share: float) -> None:
            self.set_colours(np.clip(4 * (share * 1.25 - order), 0.0, 1.0), 0.0)

        stage.play_clock(TIMING.slow, draw, self.squares)
        stage.read(TIMING.hold)

    def set_colours(self, strengths: np.ndarray, share: float) -> None:
        """How strong the squares are, and how far the small ones have taken the colour of the edge's square."""
        theme = self.stage.theme
        plain, marked = np.array(rgb(theme.text)), np.array(rgb(theme.highlight))
        mixed = plain + (marked - plain) * (share * self.small)[:, None]
        self.squares.set_colours(np.column_stack([mixed, strengths]))

    def colour(self) -> None:
        """Tell those that are no larger than the edge from the others."""
        self.stage.play_clock(
            TIMING.beat, lambda share: self.set_colours(1 - 0.5 * share * ~self.small, share), self.squares
        )

    def found(self) -> str:
        """How many are as small."""
        count, small = len(self.spots), int(self.small.sum())
        if small == 0:
            return f"Of these {count} none is as small as an edge.\nThey look at more of the image."
        if small == count:
            return "Each of them is as small as an edge."
        are = "is" if small == 1 else "are"
        rest = "The other one looks" if count - small == 1 else "The others look"
        return f"Of these {count}, {small} {are} as small as an edge.\n{rest} at more of the image."

    def conclusion(self) -> list[str]:
        """What that says about the hope, and what it does not."""
        if 2 * self.small.sum() >= len(self.spots):
            return ["As small as a short edge. But what\nis small need not be one."]
        right, count, held_out = right_answers(self.stage.recording, self.stage.epoch)
        which = "new images" if held_out else "the images"
        small = int(self.small.sum())
        if small == 0:
            so = "So none of them looks for a short edge:\nthe hope was only a hope."
        else:
            so = f"So most of them look for no short edge:\nthe hope may hold for {cardinal(small)} of them."
        return [so, f"All the same, {share_text(right / count)} of {which}\nare read right."]
