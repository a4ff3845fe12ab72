"""Text and formulas, set with Typst and the fonts that it brings along: the same picture on every machine."""

from __future__ import annotations

import re

from scenes.mobjects.typesetting import PREAMBLE, Typeset, split_parts
from scenes.theme import DARK, TEXT

__all__ = ["PREAMBLE", "Formula", "Label", "Typeset", "escape"]


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


class Label(Typeset):
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
    ) -> None:
        self.text = text
        body = escape(text)
        if bold:
            body = f"#strong[{body}]"
        if italic:
            body = f"#emph[{body}]"
        super().__init__(body, size, color, f"#set align({align})")


class Formula(Typeset):
    """A formula in Typst's mathematical notation, such as ``y = sigma({{ W : weight }} x + b)``.

    Parts in double braces can be selected, by name or by number. Text in it that is not ours must go through
    `escape`.
    """

    def __init__(self, formula: str, size: float = TEXT.label, color: str = DARK.text) -> None:
        coloured, labels = split_parts(formula)
        preamble = "#let part(key, body) = text(fill: rgb(key), body)"
        super().__init__(f"$ {coloured} $", size, color, preamble, labels)
