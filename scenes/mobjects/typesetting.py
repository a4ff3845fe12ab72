"""Text and formulas set by Typst, as outlines.

Manim's own `Typst` mobjects go through files and copy every glyph several times; for a film with many captions that
takes longer than drawing it. Here each glyph is read once, and a text is one path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
import svgelements  # type: ignore[import-untyped]
import typst
from manim import VGroup, VMobject

from engine.errors import RenderError
from scenes.theme import DARK, TEXT

# Typst's own fonts: Libertinus Serif for text, New Computer Modern Math for formulas. Digits are equally wide.
PREAMBLE = """\
#set text(font: "Libertinus Serif", number-width: "tabular", number-type: "lining")
#set par(leading: 0.5em)
#set math.mat(row-gap: 0.45em, column-gap: 0.8em)
#set math.vec(gap: 0.45em)"""
# Points to the em while setting; Typst rounds outlines to hundredths of a point.
EM = 20.0
PAGE = f"#set page(width: auto, height: auto, margin: 0pt, fill: none)\n#set text(size: {EM}pt)\n"
_LABEL = re.compile(r"^(.*)\s*:\s*([a-zA-Z_][a-zA-Z0-9_-]*)\s*$", re.DOTALL)


@dataclass(frozen=True)
class Mark:
    """One glyph or rule.

    Attributes
    ----------
    points : ndarray (4 K, 3)
        Cubic Bézier curves as manim has them, in em, upwards from the top-left corner of the page.
    fill : str
        ``#rrggbb``
    x, baseline : float
        The glyph's origin, in em.
    """

    points: np.ndarray
    fill: str
    x: float
    baseline: float


@lru_cache(maxsize=4096)
def typeset(source: str) -> tuple[Mark, ...]:
    """Set Typst markup, and give what it draws from left to right as it comes.

    Raises
    ------
    RenderError
        If it is not valid markup.
    """
    # only for scripts that Typst's own fonts lack are the system's asked, so that pictures are alike everywhere
    foreign = any(c >= "\u0600" and not "\u1e00" <= c <= "\u2bff" for c in source)
    try:
        svg = typst.compile((PAGE + source).encode(), format="svg", ignore_system_fonts=not foreign)
    except typst.TypstError as error:
        raise RenderError(f"the text {source!r} cannot be set: {error}") from error
    assert isinstance(svg, bytes)
    root = ElementTree.fromstring(svg)
    symbols = {element.get("id"): element for element in root.iter() if element.tag.endswith("symbol")}
    marks: list[Mark] = []
    _collect(root, np.eye(3), symbols, marks)
    return tuple(marks)


def _collect(parent: Any, matrix: np.ndarray, symbols: dict[Any, Any], marks: list[Mark]) -> None:
    """Add what an SVG element draws; `matrix` (3, 3) takes its coordinates to the page's."""
    for element in parent:
        tag = element.tag.rpartition("}")[2]
        if tag == "defs":
            continue
        own = matrix @ _matrix(element.get("transform"))
        if tag == "use":
            reference = next(value for key, value in element.items() if key.endswith("href"))
            own = own @ _translation(float(element.get("x", 0)), float(element.get("y", 0)))
            for path in symbols[reference.removeprefix("#")]:
                if path.tag.endswith("path"):
                    _add(_outline(path.get("d", "")), own, element.get("fill", "#000000"), marks)
        elif tag == "path":
            curves = _outline(element.get("d", ""))
            if element.get("stroke", "none") != "none":
                curves = _rules(curves, float(element.get("stroke-width", 1)))
                _add(curves, own, element.get("stroke", "#000000"), marks)
            elif element.get("fill", "none") != "none":
                _add(curves, own, element.get("fill", "#000000"), marks)
        else:
            _collect(element, own, symbols, marks)


def _add(curves: np.ndarray, matrix: np.ndarray, fill: str, marks: list[Mark]) -> None:
    points = np.zeros((len(curves) * 4, 3))
    points[:, :2] = (curves.reshape(-1, 2) @ matrix[:2, :2].T + matrix[:2, 2]) / EM * (1, -1)
    marks.append(Mark(points, fill[:7], matrix[0, 2] / EM, -matrix[1, 2] / EM))


def _translation(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])


def _matrix(transform: str | None) -> np.ndarray:
    """An SVG transform as a matrix (3, 3)."""
    if not transform:
        return np.eye(3)
    m = svgelements.Matrix(transform)
    return np.array([[m.a, m.c, m.e], [m.b, m.d, m.f], [0, 0, 1]])


@cache
def _outline(d: str) -> np.ndarray:
    """The cubic Bézier curves (K, 4, 2) of an SVG path."""
    curves: list[list[complex]] = []
    for segment in svgelements.Path(d):
        if isinstance(segment, svgelements.Move):
            continue
        start, end = complex(segment.start), complex(segment.end)
        if isinstance(segment, svgelements.CubicBezier):
            curves.append([start, complex(segment.control1), complex(segment.control2), end])
        elif isinstance(segment, svgelements.QuadraticBezier):
            control = complex(segment.control)
            curves.append([start, (start + 2 * control) / 3, (2 * control + end) / 3, end])
        elif start != end:
            curves.append([start, (2 * start + end) / 3, (start + 2 * end) / 3, end])
    flat = np.array(curves, dtype=complex).reshape(-1, 4)
    return np.stack([flat.real, flat.imag], axis=-1)


def _rules(curves: np.ndarray, width: float) -> np.ndarray:
    """Straight strokes as filled rectangles, which stay as wide as they should when they are scaled."""
    sides = []
    for curve in curves:
        start, end = curve[0], curve[3]
        across = np.array([start[1] - end[1], end[0] - start[0]]) / max(np.hypot(*(end - start)), 1e-9) * width / 2
        corners = [start + across, end + across, end - across, start - across]
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
            sides.append([a, (2 * a + b) / 3, (a + 2 * b) / 3, b])
    return np.array(sides).reshape(-1, 4, 2)


class Typeset(VGroup):
    """What Typst makes of markup: one outline for each colour and for each part that can be selected.

    Parameters
    ----------
    markup : str
        Typst markup; text that is not ours must go through `scenes.mobjects.text.escape`.
    size : float
        Font size in manim's points (48 is half a unit to the em).
    color : str
        Of what the markup does not colour.
    preamble : str
        Rules before the markup, after the project's own.
    labels : dict of str to tuple of str, optional
        By ``#rrggbb``: which parts what is set in this colour belongs to. It is not shown in this colour.
    """

    def __init__(
        self,
        markup: str,
        size: float = TEXT.label,
        color: str = DARK.text,
        preamble: str = "",
        labels: dict[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__()
        self.markup, self.size = markup, size
        self.parts: dict[str, VGroup] = {}
        marks = typeset(f"{PREAMBLE}\n{preamble}\n{markup}")
        em = size / 96
        runs: list[tuple[str, list[np.ndarray]]] = []
        for mark in marks:
            if not runs or runs[-1][0] != mark.fill:
                runs.append((mark.fill, []))
            runs[-1][1].append(mark.points)
        for fill, points in runs:
            names = (labels or {}).get(fill, ())
            shown = color if fill == "#000000" or names else fill
            run = VMobject(stroke_width=0, fill_color=shown, fill_opacity=1)
            run.points = np.concatenate(points) * em
            self.add(run)
            for name in names:
                self.parts.setdefault(name, VGroup()).add(run)
        if len(self.submobjects):
            self._drop = (self.get_top()[1] - marks[0].baseline * em) / max(self.height, 1e-9)
            self.center()
        else:
            self._drop = 0.0

    @property
    def baseline(self) -> float:
        """The height of the first glyph's baseline; for text that has not been turned."""
        return float(self.get_top()[1] - self._drop * self.height)

    def stand_on(self, x: float, y: float, align: str = "left") -> Typeset:
        """Put the left end, centre or right end at `x` and the baseline of the first line at `y`.

        Lines that are placed by their outlines jump about with what letters they have.
        """
        edge = {"left": self.get_left(), "center": self.get_center(), "right": self.get_right()}[align]
        self.shift([x - edge[0], y - self.baseline, 0.0])
        return self

    def select(self, name: str | int) -> VGroup:
        """The part of a formula that was given a name, or its number if it was given none."""
        key = f"_{name}" if isinstance(name, int) else name
        if key not in self.parts:
            raise KeyError(f"no part is called {name}; there are {', '.join(self.parts) or 'none'}")
        return self.parts[key]


def split_parts(formula: str) -> tuple[str, dict[str, tuple[str, ...]]]:
    """Turn ``{{ content : name }}`` into colours that stand for the parts, which leave the layout as it is.

    Returns
    -------
    formula : str
        In which each part is set in a colour of its own.
    labels : dict
        As for `Typeset`: parts within parts belong to all of them.
    """
    labels: dict[str, tuple[str, ...]] = {}
    unnamed = 0

    def convert(text: str, outer: tuple[str, ...]) -> str:
        nonlocal unnamed
        result, position = "", 0
        while (start := text.find("{{", position)) >= 0:
            depth, end = 1, start + 2
            while depth:
                step = re.compile(r"\{\{|\}\}").search(text, end)
                if step is None:
                    raise RenderError(f"the formula {formula!r} has a '{{{{' without a '}}}}'")
                depth += 1 if step.group() == "{{" else -1
                end = step.end()
            content = text[start + 2 : end - 2]
            match = _LABEL.match(content)
            if match:
                content, name = match.group(1), match.group(2)
            else:
                name, unnamed = f"_{unnamed}", unnamed + 1
            names = (*outer, name)
            colour = f"#0000{len(labels) + 1:02x}"
            labels[colour] = names
            result += f'{text[position:start]} part("{colour}", {convert(content.strip(), names)}) '
            position = end
        return result + text[position:]

    return convert(formula, ()), labels
