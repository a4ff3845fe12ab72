"""Networks side by side, as areas: the scale goes on growing, and the small ones vanish."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject

from scenes.cost.networks import Counted, compared, large, times, title_of
from scenes.cost.squares import AreaKey, Squares, fill_colour, line_colour, meanings
from scenes.mobjects.glyphs import text_width
from scenes.mobjects.writing import LEFT, RIGHT, written
from scenes.numbers import share_text
from scenes.theme import SAFE, TEXT, TIMING, Theme

if TYPE_CHECKING:
    from scenes.stage import Stage

BASELINE = -0.75
LARGEST = 2.6  # side of the largest square that is shown, in scene units
LINE = 0.37
BELOW = 0.32  # from the baseline to the first line of words
KEY = 2.62  # height of the key and of what the colours mean
EM = 96  # points of letters in a scene unit
LEAST_STRIP = 0.34  # height of a strip in which there is room for words
UNSEEN = 0.02  # side of a square that is too small to be seen, in scene units


class Columns:
    """Squares with their words under them, and a scale that changes.

    Parameters
    ----------
    stage : Stage
    networks : sequence of Counted
    extra : sequence of str
        A further line under each; "" for none.
    """

    def __init__(self, stage: Stage, networks: Sequence[Counted], extra: Sequence[str]) -> None:
        self.stage, self.theme, self.networks = stage, stage.theme, list(networks)
        width = SAFE.width / len(self.networks)
        self.lefts = SAFE.left + width * np.arange(len(self.networks))
        self.squares = Squares(self.networks, self.lefts, BASELINE, self.theme)
        self.key = AreaKey(SAFE.right, KEY, self.theme)
        self.words = [
            words_under(each, more, x, width - 0.15, self.theme)
            for each, more, x in zip(self.networks, extra, self.lefts, strict=True)
        ]
        self.there = np.zeros(len(self.networks))
        self.labels: list[Mobject] = []

    def scale_for(self, number: int) -> float:
        """The scale on which a network's larger square is as large as may be."""
        each = self.networks[number]
        return float(LARGEST / np.sqrt(max(each.multiplications, each.parameters)))

    def set_scale(self, scale: float) -> None:
        """Draw everything on a scale."""
        self.scale = scale
        self.squares.set_scale(scale)
        self.key.set_scale(scale)

    def begin(self, number: int) -> None:
        """Show one of the networks alone."""
        self.set_scale(self.scale_for(number))
        self.squares.set_strengths(self.there)
        self.stage.add(self.squares)
        self.come(number)

    def add(self, number: int, seconds: float = TIMING.slow) -> None:
        """Let the scale become one on which a network fits, and then let it come."""
        before, after, labels = self.scale, min(self.scale, self.scale_for(number)), self.labels

        def zoom(share: float) -> None:
            # as much of the way in each moment: by ratios, not by differences
            self.set_scale(float(before * (after / before) ** share))
            for label in labels:
                label.set_opacity(max(0.0, 1 - 5 * share))

        self.stage.play_clock(seconds, zoom, self.squares, self.key, *labels)
        self.stage.remove(*labels)
        self.come(number)

    def come(self, number: int) -> None:
        """A network appears on the scale that there is, with its words and what its layers take."""
        self.labels = self.strip_labels(number)
        shown, old = [*self.words[number], *self.labels], self.there.copy()
        for text in shown:
            text.set_opacity(0.0)
            self.stage.add(text)

        def show(share: float) -> None:
            strengths = old.copy()
            strengths[number] = share
            self.squares.set_strengths(strengths)
            for text in shown:
                text.set_opacity(share)

        self.stage.play_clock(TIMING.quick, show, self.squares, *shown)
        self.there[number] = 1.0

    def strip_labels(self, number: int) -> list[Mobject]:
        """What stands in the strips of layers, where there is room."""
        costs, strips = self.networks[number].costs, self.squares.strips(number, self.scale)
        inks = (self.theme.background, self.theme.text)  # on a full colour, and on a lighter one
        return [
            # at the right, where no outline of parameters passes
            written(text, (right - 0.12, (low + high) / 2), RIGHT, TEXT.small, ink)
            for cost, (left, right, low, high), ink in zip(costs, strips, cycle(inks), strict=False)
            for text in [f"{title_of(cost)}: {large(cost.multiplications)}"]
            if high - low > LEAST_STRIP and text_width(text) * TEXT.small / EM < right - left - 0.2
        ]


def words_under(each: Counted, more: str, x: float, width: float, theme: Theme) -> list[Mobject]:
    """A network's name and its numbers, one under the other."""
    y = BASELINE - BELOW
    lines = [
        (each.name, theme.text, TEXT.label),
        (f"{each.multiplications:,} multiplications", fill_colour(theme), TEXT.small),
        (f"{each.parameters:,} parameters", line_colour(theme), TEXT.small),
        (more, theme.muted, TEXT.small),
    ]
    return [
        written(text, (x, y - LINE * k), LEFT, size, colour, widest=width)
        for k, (text, colour, size) in enumerate(lines)
        if text
    ]


class GrowPart:
    """One network after the other, from the cheapest to the dearest."""

    def __init__(self, stage: Stage, networks: Sequence[Counted]) -> None:
        self.stage, self.networks = stage, list(networks)
        right = [f"{share_text(each.right)} of new ones right" if each.right is not None else "" for each in networks]
        self.columns = Columns(stage, networks, right)

    def tell(self) -> None:
        """The squares come, and what they have brought is said."""
        stage, columns = self.stage, self.columns
        stage.heading("What it takes")
        colours = meanings(SAFE.left, KEY - 0.02, stage.theme)
        first = self.networks[0]
        stage.caption(f"Numbers as areas. The smallest network\nmultiplies {large(first.multiplications)} times.")
        columns.key.set_scale(columns.scale_for(0))
        stage.fade(columns.key, colours, seconds=TIMING.quick)
        columns.begin(0)
        stage.read(TIMING.beat)
        for number in range(1, len(self.networks)):
            self.grow(number)
        said = compared(self.networks)
        if said is not None:
            stage.caption(said)
            stage.read(TIMING.slow)

    def grow(self, number: int) -> None:
        """The next network, and what has become of the one before."""
        before, now = self.networks[number - 1], self.networks[number]
        ratio = times(now.multiplications / before.multiplications)
        side = self.columns.squares.sides(min(self.columns.scale, self.columns.scale_for(number)))[0][number - 1]
        what = "The one before can no longer be seen." if side < UNSEEN else f"{ratio} times as many."
        self.stage.caption(f"{now.name}: {large(now.multiplications)}.\n{what}")
        self.columns.add(number)
        self.stage.read(TIMING.slow)
