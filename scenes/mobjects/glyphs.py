"""The outlines and widths of single characters, from which changing and aligned text is put together."""

from __future__ import annotations

import numpy as np
from manim import Typst, VMobject

# Typst's own fonts: Libertinus Serif for text, New Computer Modern Math for formulas. Digits are equally wide.
PREAMBLE = """\
#set text(font: "Libertinus Serif", number-width: "tabular", number-type: "lining")
#set par(leading: 0.5em)
#set math.mat(row-gap: 0.45em, column-gap: 0.8em)
#set math.vec(gap: 0.45em)"""


class Glyph:
    """The outline of one character at a font size of 1 unit to the em, its origin on the baseline.

    Attributes
    ----------
    curves : list of ndarray (K, 4, 2)
        Closed subpaths of cubic Bézier curves.
    advance : float
        How far the next character's origin is.
    bottom, top : float
        How far the outline reaches below (negative) and above the baseline.
    """

    def __init__(self, curves: list[np.ndarray], advance: float) -> None:
        self.curves = curves
        self.advance = advance
        heights = np.concatenate([np.zeros(0), *(piece[..., 1].ravel() for piece in curves)])
        self.bottom, self.top = (float(heights.min()), float(heights.max())) if len(heights) else (0.0, 0.0)


_GLYPHS: dict[tuple[str, bool], Glyph] = {}


def glyph(character: str, bold: bool = False) -> Glyph:
    """The glyph of one character."""
    if (character, bold) not in _GLYPHS:
        set_glyphs(character, bold)
    return _GLYPHS[character, bold]


def set_glyphs(text: str, bold: bool = False) -> None:
    """Set all characters of a text that have not been set yet, at once.

    Each is set between two H, whose feet are the baseline and whose distance is the character's width.
    """
    new = [character for character in dict.fromkeys(text) if (character, bold) not in _GLYPHS]
    if not new:
        return
    outlines = _set("H" + "".join(f"{_inline(character)}H" for character in new), bold)
    narrow, wide = _set("HH", bold), _set("H#h(1em)H", bold)
    advance_of_h = _left(narrow[1]) - _left(narrow[0])
    em = _left(wide[1]) - _left(wide[0]) - advance_of_h
    expected = 1 + sum(1 if character.isspace() else 2 for character in new)
    if len(outlines) != expected and len(new) > 1:
        # a character of no or of several outlines: which belongs to which is only clear one by one
        for character in new:
            set_glyphs(character, bold)
        return
    foot = outlines[0].get_bottom()[1]
    while new:
        character = new.pop(0)
        origin = np.array([_left(outlines.pop(0)) + advance_of_h, foot, 0.0])
        own = len(outlines) - 1 if not new else 0 if character.isspace() else 1
        curves = []
        for part in outlines[:own]:
            for start, end in part.get_subpath_split_indices_from_points(part.points):
                points = (part.points[int(start) : int(end)] - origin) / em
                curves.append(np.ascontiguousarray(points[:, :2]).reshape(-1, 4, 2))
        del outlines[:own]
        _GLYPHS[character, bold] = Glyph(curves, float(_left(outlines[0]) - origin[0]) / em)


def text_width(text: str) -> float:
    """The width of a line of text, in em."""
    return sum(glyph(character).advance for character in text)


def _set(body: str, bold: bool) -> list[VMobject]:
    preamble = f"{PREAMBLE}\n#set text(kerning: false, ligatures: false)"
    return list(Typst(f"#strong[{body}]" if bold else body, typst_preamble=preamble).submobjects)


def _left(mobject: VMobject) -> float:
    return float(mobject.get_left()[0])


def _inline(character: str) -> str:
    """Typst markup for one character as it is; a space keeps its width."""
    if character == " ":
        return "~"
    shown = character.replace("\\", "\\\\").replace('"', '\\"')
    return f'#box("{shown}")'
