"""The outlines and widths of single characters, from which changing text is put together."""

from __future__ import annotations

import numpy as np

from scenes.mobjects.typesetting import PREAMBLE, typeset

SINGLY = "#set text(kerning: false, ligatures: false)"


class Glyph:
    """The outline of one character at a font size of 1 unit to the em, its origin on the baseline.

    Attributes
    ----------
    curves : ndarray (K, 4, 2)
        Closed subpaths of cubic Bézier curves, one after the other.
    advance : float
        How far the next character's origin is.
    """

    def __init__(self, curves: np.ndarray, advance: float) -> None:
        self.curves = curves
        self.advance = advance


_GLYPHS: dict[str, Glyph] = {}


def glyph(character: str) -> Glyph:
    """The glyph of one character."""
    if character not in _GLYPHS:
        _set(character)
    return _GLYPHS[character]


def _set(character: str) -> None:
    """Set a character between two H, whose distance is its width and theirs."""
    shown = character.replace("\\", "\\\\").replace('"', '\\"').replace(" ", "\u00a0")
    first, *own, last = typeset(f'{PREAMBLE}\n{SINGLY}\n#"H{shown}H"')
    near, far = typeset(f'{PREAMBLE}\n{SINGLY}\n#"HH"')
    origin = first.x + far.x - near.x
    points = [mark.points[:, :2] - (origin, mark.baseline) for mark in own if len(mark.points)]
    curves = np.concatenate(points).reshape(-1, 4, 2) if points else np.zeros((0, 4, 2))
    _GLYPHS[character] = Glyph(curves, last.x - origin)


def text_width(text: str) -> float:
    """The width of a line of text, in em."""
    return sum(glyph(character).advance for character in text)
