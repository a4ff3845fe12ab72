"""Text and formulas, set with Typst and the fonts that it brings along: the same picture on every machine."""

from __future__ import annotations

import re
from typing import Any

from manim import MathTypst, Typst

from scenes.mobjects.glyphs import PREAMBLE, glyph, set_glyphs
from scenes.theme import DARK, TEXT

__all__ = ["PREAMBLE", "Formula", "Label", "escape"]


def escape(text: str) -> str:
    """Typst markup that shows `text` as it is, whatever characters it has; line breaks stay line breaks."""
    lines = []
    for line in text.split("\n"):
        shown = typographic(line).replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'#"{shown}"')
    return " \\ ".join(lines)


def typographic(line: str) -> str:
    """A line with opening and closing quotation marks in place of straight single ones."""
    return re.sub(r"(^|[\s(\[“])'", "\\1‘", line).replace("'", "’")


class Label(Typst):
    """Plain text, which may come from the user: nothing in it is taken for markup.

    Parameters
    ----------
    text : str
        One or more lines.
    size : float
        Font size in manim's points.
    color : str
    align : {"left", "center", "right"}
        How lines stand to each other.
    bold, italic : bool
    """

    def __init__(
        self,
        text: str,
        size: float = TEXT.label,
        color: str = DARK.text,
        align: str = "left",
        bold: bool = False,
        italic: bool = False,
        **kwargs: Any,
    ) -> None:
        self.text = text
        body = escape(text)
        if bold:
            body = f"#strong[{body}]"
        if italic:
            body = f"#emph[{body}]"
        preamble = f"{PREAMBLE}\n#set align({align})"
        super().__init__(body, font_size=size, color=color, typst_preamble=preamble, **kwargs)
        self.size, self.bold = size, bold

    @property
    def baseline(self) -> float:
        """The height of the first line's baseline; only for text that has not been turned or scaled."""
        line = typographic(self.text.split("\n")[0])
        set_glyphs(line, self.bold)
        return float(self.get_top()[1]) - max(glyph(c, self.bold).top for c in line or "x") * self.size / 96

    def stand_on(self, x: float, y: float, align: str = "left") -> Label:
        """Put the left end, centre or right end at `x` and the first line's baseline at `y`.

        Lines that are placed by their outlines jump about with what letters they have.
        """
        edge = {"left": self.get_left(), "center": self.get_center(), "right": self.get_right()}[align]
        self.shift([x - edge[0], y - self.baseline, 0.0])
        return self


class Formula(MathTypst):
    """A formula in Typst's mathematical notation, such as ``y = sigma(W x + b)``.

    Text within it that is not ours must go through `escape`.
    """

    def __init__(self, formula: str, size: float = TEXT.label, color: str = DARK.text, **kwargs: Any) -> None:
        super().__init__(formula, font_size=size, color=color, typst_preamble=PREAMBLE, **kwargs)
