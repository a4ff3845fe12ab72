"""Text and formulas, set with Typst and the fonts that it brings along: the same picture on every machine."""

from __future__ import annotations

import re
from typing import Any

from manim import MathTypst, Typst

from scenes.theme import DARK, TEXT

# Typst's own fonts: Libertinus Serif for text, New Computer Modern Math for formulas. Digits are equally wide.
PREAMBLE = """\
#set text(font: "Libertinus Serif", number-width: "tabular", number-type: "lining")
#set par(leading: 0.5em)"""


def escape(text: str) -> str:
    """Typst markup that shows `text` as it is, whatever characters it has; line breaks stay line breaks."""
    lines = []
    for line in text.split("\n"):
        shown = re.sub(r"(^|[\s(\[“])'", "\\1‘", line).replace("'", "’")
        shown = shown.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'#"{shown}"')
    return " \\ ".join(lines)


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


class Formula(MathTypst):
    """A formula in Typst's mathematical notation, such as ``y = sigma(W x + b)``.

    Text within it that is not ours must go through `escape`.
    """

    def __init__(self, formula: str, size: float = TEXT.label, color: str = DARK.text, **kwargs: Any) -> None:
        super().__init__(formula, font_size=size, color=color, typst_preamble=PREAMBLE, **kwargs)
