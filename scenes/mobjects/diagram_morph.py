"""One network's diagram on its way to becoming another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from manim import Mobject, VGroup

from scenes.mobjects.diagram_matching import Match, match
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.tiles import Tiles
from scenes.theme import rgb

FADE = 0.4  # share of the way in which what cannot be matched, such as names, leaves, and again comes
SPECK = 0.02  # side of an image that appears or vanishes


@dataclass
class Course:
    """Numbers on their way from one diagram to the other, an array each."""

    start: np.ndarray
    end: np.ndarray

    def at(self, share: float) -> np.ndarray:
        """Where they are when a share of the way is done."""
        return np.asarray(self.start + (self.end - self.start) * share)


class DiagramMorph(VGroup):
    """A diagram that becomes another: layers and neurons that match move and change, others grow out of them.

    Inputs become inputs, outputs outputs, the layers between those that stand nearest, of their kind if they can.
    Connections between what matches change their weights' colours, others fade. Everything is a function of the
    share of the way, so that it can be played forwards, backwards and stopped; see the animation `MorphDiagram`.

    Parameters
    ----------
    first, second : NetworkDiagram
        As they look at the moment; they stay as they are.
    """

    def __init__(self, first: NetworkDiagram, second: NetworkDiagram) -> None:
        self.first, self.second = first, second
        self.there, self.back = match(first.plan.columns, second.plan.columns)
        self._make_edges()
        self._make_discs()
        self.images: list[tuple[Tiles, Course, bool]] = []
        self._make_images(first, second, self.there, False)
        self._make_images(second, first, self.back, True)
        boxes = [course.start for _, course, _ in self.images]
        lines = outlines(np.concatenate(boxes)) if boxes else np.zeros((0, 5, 2))
        self.frames = Polylines(lines, np.tile([*rgb(first.theme.muted), 0.8], (len(lines), 1)), 1.3)
        self.leaving, self.entering = _rest_of(first), _rest_of(second)
        parts: list[Mobject] = [self.edges, *self.leaving, *self.entering]
        parts += [tiles for tiles, _, _ in self.images]
        parts += [self.frames, self.rings, self.cores]
        super().__init__(*(part for part in parts if len(part.points)))
        self.set_share(0.0)

    def set_share(self, share: float) -> DiagramMorph:
        """Show it when a share of the way is done, 0 to 1."""
        self.share = share
        self.edges.set_lines(self.edge_ends.at(share))
        self.edges.set_colours(self.edge_colours.at(share))
        self.edges.widths = self.edge_widths.at(share)
        for cloud, thinner in ((self.rings, 0.0), (self.cores, 1.0)):
            cloud.set_positions(self.disc_places.at(share))
            cloud.radius = np.maximum(self.disc_radii.at(share) - thinner * self.rims.at(share), 0.0)
        self.rings.set_colours(self.ring_colours.at(share))
        self.cores.set_colours(self.core_colours.at(share))
        boxes = [np.zeros((0, 4))]
        for tiles, course, comes in self.images:
            boxes.append(course.at(share))
            tiles.set_boxes(boxes[-1])
            # what comes lies over what leaves, so that both together stay opaque
            tiles.set_opacity(min(1.0, 2 * share) if comes else 1.0 - max(0.0, 2 * share - 1))
        if len(boxes) > 1:
            self.frames.set_lines(outlines(np.concatenate(boxes)))
            colours = np.tile([*rgb(self.first.theme.muted), 0.8], (len(self.frames.widths), 1))
            self.frames.set_colours(colours)
        for mobject in self.leaving:
            mobject.set_opacity(max(0.0, 1 - share / FADE))
        for mobject in self.entering:
            mobject.set_opacity(max(0.0, 1 - (1 - share) / FADE))
        return self

    # --- connections ----------------------------------------------------------------------------------------------

    def _make_edges(self) -> None:
        """Connections of both; those between neurons that match in both ends are one."""
        first, second = self.first, self.second
        there, partner = _carried_edges(first, second, self.there)
        back, _ = _carried_edges(second, first, self.back)
        alone = np.setdiff1d(np.arange(len(second.ends)), partner[partner >= 0])
        joined = partner >= 0
        colours, widths = np.array(first.edges.colours), first.edges.widths
        others, other_widths = np.array(second.edges.colours), second.edges.widths
        ends, end_colours, end_widths = there.copy(), colours * [1, 1, 1, 0], widths.copy()
        ends[joined] = second.ends[partner[joined]]
        end_colours[joined], end_widths[joined] = others[partner[joined]], other_widths[partner[joined]]
        self.edge_ends = Course(
            np.concatenate([first.ends, back[alone]]), np.concatenate([ends, second.ends[alone]])
        )  # fmt: skip
        self.edge_colours = Course(
            np.concatenate([colours, others[alone] * [1, 1, 1, 0]]), np.concatenate([end_colours, others[alone]])
        )
        self.edge_widths = Course(
            np.concatenate([widths, other_widths[alone]]), np.concatenate([end_widths, other_widths[alone]])
        )
        self.edges = Polylines(self.edge_ends.start, self.edge_colours.start, self.edge_widths.start)

    # --- neurons --------------------------------------------------------------------------------------------------

    def _make_discs(self) -> None:
        """Neurons of both; those that match are one."""
        first, second = self.first, self.second
        starts, ends = [_Discs.none()], [_Discs.none()]
        own, others = _discs_of(first), _discs_of(second)
        for k in first.discs:
            partner, nodes, paired = self.there.columns[k], self.there.nodes[k], self.there.paired[k]
            target = _positions(second, partner)[nodes]
            gone = own[k].shrunk_to(target)
            if partner in others:
                same = others[partner].taken(nodes)
                gone = gone.replaced(same, paired)
            starts.append(own[k])
            ends.append(gone)
        for k in second.discs:
            partner, nodes, paired = self.back.columns[k], self.back.nodes[k], self.back.paired[k]
            new = ~paired if partner in own else np.ones(len(nodes), np.bool_)
            target = _positions(first, partner)[nodes]
            starts.append(others[k].shrunk_to(target).taken(np.flatnonzero(new)))
            ends.append(others[k].taken(np.flatnonzero(new)))
        start, end = _Discs.joined(starts), _Discs.joined(ends)
        self.disc_places, self.disc_radii = Course(start.places, end.places), Course(start.radii, end.radii)
        self.rims = Course(start.rims, end.rims)
        self.ring_colours, self.core_colours = Course(start.rings, end.rings), Course(start.cores, end.cores)
        self.rings = PointCloud(start.places, start.rings, start.radii)
        self.cores = PointCloud(start.places, start.cores, start.radii)

    # --- images ---------------------------------------------------------------------------------------------------

    def _make_images(self, own: NetworkDiagram, other: NetworkDiagram, matched: Match, comes: bool) -> None:
        """Copies of a diagram's images, each on its way to or from its place in the other."""
        for k, tiles in own.images.items():
            partner = matched.columns[k]
            if other.plan.columns[partner].kind != "neurons":
                boxes = other.layout.boxes[partner]
                which = matched.nodes[k] if len(own.layout.boxes[k]) == len(matched.nodes[k]) else np.zeros(1, int)
                which = np.minimum(which, len(boxes) - 1)
                sharing = len(which) == 1 or bool(matched.paired[k].all())
                away = boxes[which] if sharing else np.where(
                    matched.paired[k][:, None], boxes[which], _specks(boxes[which])
                )  # fmt: skip
            else:
                nodes = matched.nodes[k] if len(own.layout.boxes[k]) == len(matched.nodes[k]) else matched.nodes[k][:1]
                away = _around(other.places[partner][nodes], other.radius)
            course = Course(away, own.layout.boxes[k]) if comes else Course(own.layout.boxes[k], away)
            self.images.append((tiles.copy(), course, comes))


@dataclass
class _Discs:
    """Neurons: their middles (S, 2), radii (S,), how much smaller their cores are, and the colours (S, 4) of both."""

    places: np.ndarray
    radii: np.ndarray
    rims: np.ndarray
    rings: np.ndarray
    cores: np.ndarray

    @classmethod
    def none(cls) -> _Discs:
        return cls(np.zeros((0, 2)), np.zeros(0), np.zeros(0), np.zeros((0, 4)), np.zeros((0, 4)))

    @classmethod
    def joined(cls, parts: list[_Discs]) -> _Discs:
        return cls(*(np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])))

    def taken(self, which: np.ndarray) -> _Discs:
        return _Discs(*(values[which] for values in vars(self).values()))

    def shrunk_to(self, places: np.ndarray) -> _Discs:
        return _Discs(places, np.zeros(len(self.radii)), self.rims * 0, self.rings, self.cores)

    def replaced(self, others: _Discs, where: np.ndarray) -> _Discs:
        """The same with others where `where` is true."""
        found = []
        for mine, theirs in zip(vars(self).values(), vars(others).values(), strict=True):
            found.append(np.where(where if mine.ndim == 1 else where[:, None], theirs, mine))
        return _Discs(*found)


def _discs_of(diagram: NetworkDiagram) -> dict[int, _Discs]:
    """The neurons of a diagram as they are drawn, by column."""
    found, first = {}, 0
    rim = diagram.rings.radius - diagram.cores.radius
    for k in diagram.discs:
        at = slice(first, first + len(diagram.places[k]))
        found[k] = _Discs(
            diagram.places[k], diagram.rings.radius[at], rim[at], np.array(diagram.rings.colours)[at],
            np.array(diagram.cores.colours)[at],
        )  # fmt: skip
        first = at.stop
    return found


def _positions(diagram: NetworkDiagram, column: int) -> np.ndarray:
    return diagram.places[column]


def _carried_edges(own: NetworkDiagram, other: NetworkDiagram, matched: Match) -> tuple[np.ndarray, np.ndarray]:
    """Where the ends (E, 2, 2) of each connection go in the other, and the connection it becomes there, else -1."""
    ends, partner, first = np.zeros_like(own.ends), np.full(len(own.ends), -1), 0
    firsts = np.concatenate([[0], np.cumsum(other.sizes)]).astype(int)
    for k, link in enumerate(own.plan.links):
        a, b = link.pairs[:, 0], link.pairs[:, 1]
        start, stop = matched.columns[k], matched.columns[k + 1]
        at = slice(first, first + len(link.pairs))
        first = at.stop
        ends[at, 0] = other.places[start][matched.nodes[k][a]]
        ends[at, 1] = other.places[stop][matched.nodes[k + 1][b]]
        if stop != start + 1:
            continue
        numbers = {(int(i), int(j)): n for n, (i, j) in enumerate(other.plan.links[start].pairs)}
        both = matched.paired[k][a] & matched.paired[k + 1][b]
        for n in np.flatnonzero(both):
            pair = (int(matched.nodes[k][a[n]]), int(matched.nodes[k + 1][b[n]]))
            partner[at.start + n] = firsts[start] + numbers[pair] if pair in numbers else -1
    return ends, partner


def _specks(boxes: np.ndarray) -> np.ndarray:
    """Very small boxes in the middle of others."""
    return _around(np.column_stack([boxes[:, :2].mean(axis=1), boxes[:, 2:].mean(axis=1)]), SPECK / 2)


def _around(places: np.ndarray, reach: float) -> np.ndarray:
    """Boxes (N, 4) that reach so far around places."""
    x, y = places[:, 0], places[:, 1]
    return np.column_stack([x - reach, x + reach, y - reach, y + reach])


def _rest_of(diagram: NetworkDiagram) -> list[Mobject]:
    """Copies of what has no match: arcs, loops, bars, dots and words."""
    parts = [diagram.arcs, diagram.loops, diagram.bars, diagram.dots, *diagram.names]
    parts += [diagram.key] if diagram.key is not None else []
    return [part.copy() for part in parts if len(part.points)]
