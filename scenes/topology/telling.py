"""What the parts of the lesson share: marks, words, and the table of what layers do to space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup

from engine.analysis.topology import topology
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.writing import LEFT, RIGHT, number_text, written
from scenes.theme import TEXT, Theme, Zone

if TYPE_CHECKING:
    from engine.network import Network

ANSWERS = {True: "yes", False: "no", None: "not known"}
ROW = 0.42


def light_up(places: np.ndarray, radius: float, theme: Theme) -> PointCloud:
    """Rims about points that are on the wrong side; to be put behind them."""
    return PointCloud(places[:, :2], theme.loss, 1.9 * radius)


class Ledger(VGroup):
    """What each hidden layer does to space: its determinant, and whether it is a homeomorphism, and all together.

    Parameters
    ----------
    network : Network
        Of dense layers.
    zone : Zone
        Its upper left corner is where the table begins.

    Attributes
    ----------
    cells : list of list of str
        The rows below the head, the last of them for all layers together.
    rows : list of VGroup
        The head, then the rows.
    """

    def __init__(self, network: Network, zone: Zone, theme: Theme) -> None:
        found = topology(network)
        self.cells = [
            [str(each.layer + 1), "–" if each.determinant is None else number_text(each.determinant),
             ANSWERS[each.homeomorphic]]
            for each in found.layers
        ]  # fmt: skip
        self.cells.append(["all", "", ANSWERS[found.homeomorphic]])
        self.rows = []
        columns = (zone.left, zone.left + 1.9, zone.left + 2.3)
        for k, row in enumerate([["layer", "det W", "reversible"], *self.cells]):
            y = zone.top - ROW * k - (0.1 if k == len(self.cells) else 0.0)
            answer = {"yes": theme.accuracy, "no": theme.loss}.get(row[-1], theme.muted)
            colours = (theme.muted,) * 3 if k == 0 else (theme.text, theme.text, answer)
            edges = (LEFT, RIGHT, LEFT)
            texts = [written(text, (x, y), edge, TEXT.small if k == 0 else TEXT.label, colour)
                     for text, x, edge, colour in zip(row, columns, edges, colours, strict=True) if text]  # fmt: skip
            self.rows.append(VGroup(*texts))
        super().__init__(*self.rows)
