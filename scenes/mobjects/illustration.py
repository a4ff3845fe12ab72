"""The mark of what is no data."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.writing import RIGHT, written
from scenes.theme import DARK, SAFE, TEXT, Theme

ROOM = (0.16, 0.2)  # between the word and its frame, across and up from its middle


class IllustrationMark(VGroup):
    """A small framed word that says that something on screen is an illustration, at the top right.

    It is there as long as anything is that was not measured, recorded or computed by a network.
    """

    def __init__(self, right: float = SAFE.right, top: float = SAFE.top, theme: Theme = DARK) -> None:
        y = top - ROOM[1]
        self.word = written("illustration", (right - ROOM[0], y), RIGHT, TEXT.small, theme.muted)
        box = [float(self.word.get_left()[0]) - ROOM[0], right, y - ROOM[1], top]
        self.frame = Polylines(outlines(np.array([box])), theme.muted, 1.5)
        super().__init__(self.frame, self.word)
