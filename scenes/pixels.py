"""Scene `pixels`: what an image is to a program, and why pixels alone do not tell what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject

from engine.errors import RenderError
from scenes.images import image_fault
from scenes.mobjects.field import ramp_between
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.number_tiles import NumberTiles
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.writing import written
from scenes.numbers import class_name
from scenes.stage import Stage
from scenes.theme import TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording

LARGE = Zone(-2.3, 2.3, -2.2, 2.4)
LEFT_HALF, RIGHT_HALF = Zone(-5.5, -0.9, -2.2, 2.4), Zone(0.9, 5.5, -2.2, 2.4)
THIRDS = tuple(Zone(x, x + 3.9, -1.75, 2.15) for x in (-6.2, -1.95, 2.3))
PATCH = 6  # pixels to a side that are read as numbers
MOST_IMAGES = 3000  # that are searched for examples
INK = (0.75, 1.3)  # how many bright pixels images may have that are shown: shares of what is usual in their class
BRIGHT = 0.5  # share of the brightest from which on a pixel belongs to a stroke


class Pixels(Stage):
    """An image as numbers; images of one class that share few pixels, and one of another class that shares more.

    Options: ``label`` is the class to show, by its number; by default the one whose images agree least.
    """

    OPTIONS = ("label",)

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        if (fault := image_fault("pixels", recording)) is not None:
            return fault
        data = recording.data
        if data.task != "classification" or len(data.class_names) < 2:
            return f"pixels shows images of several classes: {recording.name} has one, or none"
        return None

    def construct(self) -> None:
        self.build()
        self.one_image()
        self.numbers()
        self.three_images()
        self.another_class()

    def build(self) -> None:
        """Choose the images."""
        data = self.recording.data
        assert data.image_shape is not None
        self.images = np.asarray(data.x[:MOST_IMAGES]).reshape(-1, *data.image_shape[:2])
        self.labels = np.asarray(data.y[:MOST_IMAGES])
        self.low, self.high = min(0.0, float(self.images.min())), float(self.images.max())
        level = self.low + BRIGHT * (self.high - self.low)
        self.strokes = self.images > level
        self.label, self.three, self.other = choose(self.strokes, self.labels, self.options.get("label"))
        self.name = class_name(data.class_names[self.label])

    def panel(self, number: int, zone: Zone) -> ImagePanel:
        """One of the images."""
        return ImagePanel(self.images[number], zone, self.low, self.high, self.theme)

    def one_image(self) -> None:
        """What a person sees at once."""
        height, width = self.images.shape[1:]
        self.first = self.panel(self.three[0], LARGE)
        self.heading("An image")
        self.caption("What is this?")
        self.fade(self.first)
        self.wait(TIMING.hold)
        self.caption(f"{self.name[0].upper()}{self.name[1:]}, of course. To a program,\n"
                     f"{height} × {width} pixels: {height * width:,} numbers.")  # fmt: skip
        self.wait(TIMING.slow)

    def numbers(self) -> None:
        """A part of the image, with the numbers that it is made of."""
        image = self.images[self.three[0]]
        top, left = richest_patch(image, min(PATCH, *image.shape))
        size = min(PATCH, *image.shape)
        patch = image[top : top + size, left : left + size]
        moved = self.panel(self.three[0], LEFT_HALF).box[0]
        start = self.first.box[0].copy()
        self.play_clock(TIMING.beat, lambda share: self.first.set_box(start + (moved - start) * share), self.first)
        box = patch_box(moved, image.shape, top, left, size)
        mark = Polylines(outlines(box[None]), self.theme.highlight, 3.0)
        zone = RIGHT_HALF
        home = np.array([zone.left, zone.right, zone.bottom, zone.top])
        self.patch = NumberTiles(patch, home, brightness_ramp(self.theme), self.low, self.high, theme=self.theme)
        frame = Polylines(outlines(home[None]), self.theme.highlight, 3.0)
        self.caption("Each says how strong its pixel is:\n0 is nothing, 1 is the strongest.")
        self.fade(mark, self.patch, frame)
        self.wait(TIMING.slow + TIMING.beat)
        self.fade(leaving=(mark, self.patch, frame, self.first), seconds=TIMING.quick)

    def three_images(self) -> None:
        """Three of one class, and the pixels that all of them share."""
        panels = [self.panel(number, zone) for number, zone in zip(self.three, THIRDS, strict=True)]
        plural = "" if self.name.startswith(("a ", "an ")) else " of one class"
        self.heading("The same, and not the same")
        self.caption(f"Three images{plural}. Each of them is\n{self.name}: how much do they share?")
        for panel in panels:
            self.fade(panel, seconds=TIMING.quick)
        self.wait(TIMING.slow)
        strokes = self.strokes[list(self.three)]
        shared = np.asarray(strokes.all(axis=0))
        self.shared, self.bright = int(shared.sum()), int(strokes.any(axis=0).sum())
        marks = [self.marked(shared, panel) for panel in panels]
        self.caption(f"Of {self.bright:,} pixels that are set in one,\n{self.shared:,} are set in all of them.")
        self.fade(*marks)
        self.wait(TIMING.slow + TIMING.beat)
        self.panels: list[Mobject] = [*panels]
        self.fade(leaving=(*marks, *panels[1:]), seconds=TIMING.quick)

    def marked(self, chosen: np.ndarray, panel: ImagePanel) -> Tiles:
        """Pixels (h, w) bool of an image in the colour of the highlight."""
        ramp = ramp_between([(0.0, self.theme.highlight, 0.0), (1.0, self.theme.highlight, 0.9)])
        return Tiles(chosen[None].astype(np.float64), panel.box, ramp, 0.0, 1.0)

    def another_class(self) -> None:
        """An image of another class that agrees better with the first one than the others of its own do."""
        first, second = self.three[0], self.three[1]
        zones = (THIRDS[0], THIRDS[1], THIRDS[2])
        panels = [self.panel(second, zones[1]), self.panel(self.other, zones[2])]
        self.agree = [int((self.strokes[first] & self.strokes[number]).sum()) for number in (second, self.other)]
        self.other_name = class_name(self.recording.data.class_names[int(self.labels[self.other])])
        names = [
            written(f"{count:,} pixels in common", (zone.center[0], zone.bottom - 0.3), size=TEXT.label,
                    color=self.theme.highlight)
            for count, zone in zip(self.agree, zones[1:], strict=True)
        ]  # fmt: skip
        marks = [
            self.marked(self.strokes[first] & self.strokes[number], panel)
            for number, panel in zip((second, self.other), panels, strict=True)
        ]
        self.caption("The first and the second\nhave this in common.")
        self.fade(panels[0])
        self.fade(marks[0], names[0])
        self.wait(TIMING.beat)
        if self.agree[1] > self.agree[0]:
            self.caption(f"But this one has more in common,\nand it is {self.other_name}.")
        else:
            self.caption(f"And this one is {self.other_name}.")
        self.fade(panels[1])
        self.fade(marks[1], names[1])
        self.wait(TIMING.slow)
        self.caption("Write a program for that.\nOr let one learn it.")
        self.wait(TIMING.slow + TIMING.quick)


def choose(strokes: np.ndarray, labels: np.ndarray, label: int | None = None) -> tuple[int, tuple[int, int, int], int]:
    """Images that show how little pixels tell.

    Parameters
    ----------
    strokes : ndarray of bool, (N, h, w)
        Which pixels are bright.
    labels : ndarray of int, (N,)
    label : int, optional
        The class of the three.

    Returns
    -------
    label : int
    three : tuple of int
        The first is a typical one of its class, the others agree little with it and with each other.
    other : int
        Of another class, the one that agrees best with the first.
    """
    flat = strokes.reshape(len(strokes), -1).astype(np.float64)
    ink = flat.sum(axis=1)
    usual = np.array([np.median(ink[labels == each]) for each in labels])
    # neither blots nor scratches
    readable = (ink >= INK[0] * usual) & (ink <= INK[1] * usual) & (ink > 0)
    found = []
    for each in np.unique(labels) if label is None else [label]:
        of_class = np.flatnonzero((labels == each) & readable)
        others = np.flatnonzero((labels != each) & readable)
        if len(of_class) < 3 or not len(others):
            continue
        first = int(of_class[np.argmax(flat[of_class] @ flat[of_class].mean(axis=0) / np.sqrt(ink[of_class]))])
        common = flat[of_class] @ flat[first]
        second = int(of_class[np.argmin(np.where(of_class == first, np.inf, common))])
        both = flat[of_class] @ (flat[first] + flat[second])
        third = int(of_class[np.argmin(np.where(np.isin(of_class, (first, second)), np.inf, both))])
        other = int(others[np.argmax(flat[others] @ flat[first])])
        gain = flat[other] @ flat[first] - flat[second] @ flat[first]
        found.append((float(gain), int(each), (first, second, third), other))
    if not found:
        which = "there is no class" if label is None else f"label={label!r} is no class"
        raise RenderError(f"{which} with three images that can be compared, and one of another class")
    return max(found)[1:]


def richest_patch(image: np.ndarray, size: int) -> tuple[int, int]:
    """Where the square of `size` pixels begins that has dark, bright and grey ones: row and column."""
    share = (image - image.min()) / max(float(np.ptp(image)), 1e-12)
    windows = np.lib.stride_tricks.sliding_window_view(share, (size, size))
    grey = (windows * (1 - windows)).mean(axis=(2, 3))
    scores = windows.std(axis=(2, 3)) + 4 * grey
    row, column = np.unravel_index(int(scores.argmax()), scores.shape)
    return int(row), int(column)


def patch_box(box: np.ndarray, shape: tuple[int, ...], top: int, left: int, size: int) -> np.ndarray:
    """Where a square of pixels lies in the frame, (4,), given where its image does."""
    height, width = shape
    across, up = (box[1] - box[0]) / width, (box[3] - box[2]) / height
    return np.array([box[0] + left * across, box[0] + (left + size) * across,
                     box[3] - (top + size) * up, box[3] - top * up])  # fmt: skip
