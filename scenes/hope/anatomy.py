"""What an image of a sign can be taken apart into: loops, strokes, and short edges. Nothing is added: pieces add up.

It is one way of seeing it, found in the image alone, and says nothing about any network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from scenes.hope.skeleton import branches, pruned, rings, thin
from scenes.hope.strokes import bent, joined

SIDE = 112  # pixels along the longer side of the enlarged image in which lines are followed, about
ROOM = 2  # pixels of the image that are added all round
BLUR = 0.35  # of a pixel of the image
INK = 0.45  # share of the most from which on it counts
SPECK = 0.04  # components with a smaller share of the ink are none
HOLE = 0.004  # holes with a smaller share of the image are none
SHORTEST = 1.4  # stroke, in halves of the usual thickness


@dataclass(frozen=True, eq=False)
class Part:
    """One loop or stroke.

    Attributes
    ----------
    kind : {"loop", "stroke"}
    line : ndarray of float, (N, 2)
        Its middle line: rows and columns of the image; the middle of the first pixel is (0, 0).
    """

    kind: str
    line: np.ndarray


class Anatomy:
    """The parts of a grey image.

    Parameters
    ----------
    image : array (h, w)
        0 where there is nothing.

    Attributes
    ----------
    image : ndarray (h, w)
    parts : list of Part
        Loops first, then strokes, each the longest first; none in an empty image.
    thickness : float
        Of the strokes, usually, in pixels of the image.
    """

    def __init__(self, image: np.ndarray) -> None:
        self.image = np.asarray(image, dtype=np.float64)
        self.scale = max(1, round(SIDE / max(self.image.shape)))
        padded = np.pad(np.maximum(self.image, 0.0), ROOM)
        # the enlarged image is smooth, so that lines do not follow the corners of pixels
        self.enlarged = ndimage.zoom(padded, self.scale, order=3, mode="grid-constant", grid_mode=True)
        self.enlarged = ndimage.gaussian_filter(self.enlarged, BLUR * self.scale)
        self.parts: list[Part] = []
        self.thickness = 0.0
        if self.image.max(initial=0.0) > 0:
            self._take_apart()

    def _take_apart(self) -> None:
        shape = self._shape()
        reach = ndimage.distance_transform_edt(shape)
        raw = thin(shape)
        usual = float(np.median(reach[raw]))
        lines = pruned(raw, reach, 0.4 * self.scale + 2)
        found = rings(lines)
        rest = lines.copy()
        for ring in found:
            rest &= ~ring
        chains = [piece for chain in joined(branches(rest), usual) for piece in bent(chain, usual)]
        strokes = [chain for chain in chains if len(chain) > SHORTEST * usual]
        if not found and not strokes and chains:
            strokes = [max(chains, key=len)]  # a dot is all there is
        self.thickness = 2 * usual / self.scale
        self.parts = [Part("loop", self._in_image(np.argwhere(ring))) for ring in found]
        self.parts += [Part("stroke", self._in_image(np.array(chain))) for chain in sorted(strokes, key=len)[::-1]]

    def _shape(self) -> np.ndarray:
        """Where there is ink in the enlarged image, without specks and tiny holes."""
        ink = self.enlarged > INK * self.enlarged.max()
        labels, count = ndimage.label(ink, np.ones((3, 3)))
        sizes = ndimage.sum_labels(ink, labels, np.arange(1, count + 1))
        ink = np.isin(labels, np.flatnonzero(sizes >= SPECK * ink.sum()) + 1)
        holes, count = ndimage.label(~ink)
        sizes = ndimage.sum_labels(~ink, holes, np.arange(1, count + 1))
        tiny = np.flatnonzero(sizes < HOLE * self.image.size * self.scale**2) + 1
        return np.asarray(ink | np.isin(holes, tiny))

    def _in_image(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (N, 2) of the enlarged image in rows and columns of the image."""
        return np.asarray((pixels + 0.5) / self.scale - ROOM - 0.5)

    @property
    def loops(self) -> int:
        """How many loops there are."""
        return sum(part.kind == "loop" for part in self.parts)

    @property
    def strokes(self) -> int:
        """How many strokes there are."""
        return len(self.parts) - self.loops

    @cached_property
    def owners(self) -> np.ndarray:
        """Which part each pixel (h, w) belongs to: the one whose middle line is nearest."""
        return nearest(np.argwhere(np.ones(self.image.shape)), self.parts)[0].reshape(self.image.shape)

    @cached_property
    def pieces(self) -> np.ndarray:
        """The image of each part, (parts, h, w); together they are the image."""
        return np.where(self.owners == np.arange(len(self.parts))[:, None, None], self.image, 0.0)

    @cached_property
    def coverage(self) -> float:
        """The share of the ink that is no farther from the middle lines than the strokes are thick."""
        _, far = nearest(np.argwhere(np.ones(self.image.shape)), self.parts)
        ink = np.maximum(self.image, 0.0)
        return float(ink.ravel()[far <= self.thickness].sum() / max(ink.sum(), 1e-12))

    @cached_property
    def seam(self) -> float:
        """How much ink of different parts touches, in thicknesses: little where parts are easily told apart."""
        ink, owners = np.maximum(self.image, 0.0) / max(float(self.image.max(initial=0.0)), 1e-12), self.owners
        across = np.minimum(ink[:, 1:], ink[:, :-1])[owners[:, 1:] != owners[:, :-1]].sum()
        down = np.minimum(ink[1:], ink[:-1])[owners[1:] != owners[:-1]].sum()
        return float(across + down) / max(self.thickness, 1e-12)

    def edges(self, directions: int = 8, least: float = 0.25, smallest: float = 0.0008) -> Edges:
        """Where the image becomes brighter quickly, in short pieces each of about one direction.

        Parameters
        ----------
        directions : int
            So many that are told apart.
        least : float
            The share of the steepest slope from which on it is an edge.
        smallest : float
            Pieces with a smaller share of the image are left out.
        """
        down, across = np.gradient(self.enlarged)
        slope = np.hypot(down, across)
        sector = np.round(np.arctan2(down, across) / (2 * np.pi) * directions).astype(int) % directions
        rows, columns = self._in_image(np.argwhere(np.ones(slope.shape))).T
        owner = nearest(np.column_stack([rows, columns]), self.parts)[0].reshape(slope.shape)
        strong = slope >= least * max(float(slope.max()), 1e-12)
        found, owners = [], []
        for part in range(len(self.parts)):
            for direction in range(directions):
                labels, count = ndimage.label(strong & (owner == part) & (sector == direction))
                sizes = ndimage.sum_labels(np.ones(labels.shape), labels, np.arange(1, count + 1))
                for k in np.flatnonzero(sizes >= smallest * slope.size) + 1:
                    found.append(labels == k)
                    owners.append(part)
        shown = slope / max(float(slope.max()), 1e-12)
        masks = np.array(found, bool).reshape(-1, *slope.shape)
        return Edges(shown, masks, np.array(owners, np.int64), ROOM * self.scale)


@dataclass(frozen=True, eq=False)
class Edges:
    """Short edges of an image.

    Attributes
    ----------
    slope : ndarray (H, W)
        How steep the enlarged image is, from 0 to 1.
    masks : ndarray of bool, (E, H, W)
        Where each edge is.
    owners : ndarray of int, (E,)
        Which part each belongs to.
    border : int
        So much wider than the image, in pixels, the enlarged one is on each side.
    """

    slope: np.ndarray
    masks: np.ndarray
    owners: np.ndarray
    border: int


def nearest(places: np.ndarray, parts: list[Part]) -> tuple[np.ndarray, np.ndarray]:
    """Which part's middle line is nearest to each place (N, 2), and how far it is, (N,)."""
    from scipy.spatial import cKDTree

    if not parts:
        return np.zeros(len(places), np.int64), np.full(len(places), np.inf)
    owners = np.repeat(np.arange(len(parts)), [len(part.line) for part in parts])
    distance, which = cKDTree(np.concatenate([part.line for part in parts])).query(places)
    return np.asarray(owners[which]), np.asarray(distance)
