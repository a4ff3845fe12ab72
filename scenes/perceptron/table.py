"""One correction in numbers."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.mobjects.readout import Readout
from scenes.mobjects.still import Still
from scenes.mobjects.writing import LEFT, RIGHT, written
from scenes.perceptron.story import Story
from scenes.theme import DARK, TEXT, Theme, Zone

EDGES = (0.36, 0.68, 1.0)  # right edges of the columns, as shares of the zone's width
NAME_WIDTH = 1.4
SIZE = 36


class CorrectionTable(VGroup):
    """The weights and the bias, what one correction adds to them or takes away, and what they become.

    Parameters
    ----------
    story : Story
    zone : Zone

    Attributes
    ----------
    columns : dict of str to list of mobjects
        ``"weight"``, with the names of the rows, ``"change"`` and ``"new"``, so that they can come and go.
    """

    def __init__(self, story: Story, zone: Zone, theme: Theme = DARK) -> None:
        self.story, self.theme = story, theme
        names = [*story.feature_names, "bias"]
        row = zone.height / (len(names) + 1)
        heights = zone.top - row * (np.arange(len(names) + 1) + 0.5)
        rights = [zone.left + zone.width * share for share in EDGES]
        every = np.abs(story.found.parameters)
        # a correction has to be seen, however small the learning rate is
        digits = int(np.clip(1 - np.floor(np.log10(story.rate)), 2, 4))
        self.style, widest = f".{digits}f", -max(8.88, float(every.max()))
        signs = {"add": f"+ {story.rate:g} × point", "take": f"− {story.rate:g} × point"}
        heads = {
            key: written(text, (x, heights[0]), RIGHT, TEXT.label, theme.muted)
            for key, text, x in (
                ("weight", "weight", rights[0]), ("add", signs["add"], rights[1]), ("take", signs["take"], rights[1]),
                ("new", "new weight", rights[2]),
            )
        }  # fmt: skip
        self.heads: dict[str, Still] = heads
        labels = [written(name, (zone.left, y), LEFT, TEXT.label, theme.muted, widest=NAME_WIDTH) for name, y in
                  zip(names, heights[1:], strict=True)]  # fmt: skip
        self.numbers = {
            key: [self._number(x, y, widest) for y in heights[1:]]
            for key, x in zip(("weight", "change", "new"), rights, strict=True)
        }
        self.columns = {
            "weight": [heads["weight"], *labels, *self.numbers["weight"]],
            "change": [heads["add"], *self.numbers["change"]],
            "new": [heads["new"], *self.numbers["new"]],
        }
        super().__init__(*labels, *heads.values(), *(number for each in self.numbers.values() for number in each))
        self.settle(0.0)

    def _number(self, right: float, y: float, widest: float) -> Readout:
        readout = Readout("", 0.0, self.style, widest, SIZE, self.theme.text)
        readout.move_to([right, y, 0.0], aligned_edge=np.array([1, 0, 0]))
        return readout

    def settle(self, corrections: float) -> CorrectionTable:
        """Show the weights after so many corrections."""
        self._fill("weight", self.story.parameters(corrections))
        return self

    def show(self, k: int) -> CorrectionTable:
        """Show correction number k, from 0."""
        story = self.story
        example = int(story.found.examples[k])
        adds = bool(story.y[example] == 1)
        self.settle(k)
        # the bias is corrected as the weight of an input that is always 1
        self._fill("change", story.rate * np.array([*story.x[example], 1.0]))
        self._fill("new", story.parameters(k + 1))
        self.columns["change"][0] = self.heads["add" if adds else "take"]
        return self

    def _fill(self, column: str, values: np.ndarray) -> None:
        theme = self.theme
        for readout, value in zip(self.numbers[column], values, strict=True):
            readout.set_value(float(value))
            if column != "change":
                readout.number_color = theme.positive if value >= 0 else theme.negative
