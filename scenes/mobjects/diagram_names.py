"""What is written at the columns of a network's diagram."""

from __future__ import annotations

from collections.abc import Sequence

from manim import Typst

from scenes.mobjects.diagram_places import Places
from scenes.mobjects.diagram_plan import Column, Plan
from scenes.mobjects.still import Still
from scenes.mobjects.text import PREAMBLE, Label, escape
from scenes.mobjects.writing import written
from scenes.theme import FRAME_WIDTH, MARGIN, TEXT, Theme, Zone

LINE = 0.34  # between lines
BETWEEN = 0.18  # between the names of neighbours, at least
SHORT = {"convolution": "conv", "max pooling": "pool", "mean pooling": "pool", "upsampling": "up"}


def how_many(column: Column, noun: str, brevity: int) -> str:
    """The count of a column with its noun, and how many are drawn where that is not all of them.

    At brevity 1 it is a number of neurons, or of maps and their size, at 2 without it.
    """
    shown = f"{len(column.numbers)} of " if column.is_cut and not brevity else ""
    if column.kind != "neurons":
        if brevity == 2 and column.count > 1 and column.kind == "maps":
            return f"{column.count:,} maps"
        tall, wide = column.size
        maps = "" if column.count == 1 or column.kind == "pixels" else f"{shown}{column.count} × "
        return f"{maps}{wide}×{tall}"
    steps = f"{column.shape[0]:,} steps" if len(column.shape) == 2 and column.part is None else ""
    if brevity:
        return steps or f"{column.count:,}"
    count = f"{shown}{column.count:,} {noun if column.count == 1 else f'{noun}s'}"
    return f"{count}, {steps}" if steps else count


def lines_of(column: Column, noun: str, brevity: int = 0) -> list[str]:
    """The lines under a column."""
    title = SHORT.get(column.title, column.title) if brevity else column.title
    return [title, how_many(column, noun, brevity), *column.marks]


def most_lines(plan: Plan) -> int:
    """How many lines the column with the most to say has."""
    return max(2 + len(column.marks) for column in plan.columns)


def names_below(
    plan: Plan, places: Places, zone: Zone, nouns: Sequence[str], titles: bool, theme: Theme
) -> list[Still]:
    """The names under the columns, as long as there is room for; none where there is not.

    Parameters
    ----------
    plan, places
    zone : Zone
        Of the whole diagram; names stand at its bottom.
    nouns : sequence of str
        What the neurons of each column are called.
    titles : bool
        Whether it is said what the layers are.
    """
    centers = [(left + right) / 2 for left, right, _, _ in places.extents]
    for titled, brevity in ((True, 0), (True, 1), (True, 2), (False, 0), (False, 1), (False, 2)):
        if titled and not titles:
            continue
        lines = [lines_of(c, noun, brevity) for c, noun in zip(plan.columns, nouns, strict=True)]
        if not titled:
            lines = [own[1:2] for own in lines]
        widths = [max(Label(text, size=TEXT.small).width for text in own) for own in lines]
        # at the edges of the frame names move inwards
        limits = [max(FRAME_WIDTH / 2 - MARGIN - width / 2, 0.0) for width in widths]
        moved = [min(max(x, -limit), limit) for x, limit in zip(centers, limits, strict=True)]
        ends = [(x - width / 2, x + width / 2) for x, width in zip(moved, widths, strict=True)]
        if all(second[0] - first[1] >= BETWEEN for first, second in zip(ends, ends[1:], strict=False)):
            break
    else:
        return []
    count, found = max(len(own) for own in lines), []
    for x, own in zip(moved, lines, strict=True):
        for row, text in enumerate(own):
            at = (x, zone.bottom + 0.12 + LINE * (count - 1 - row))
            found.append(written(text, at, color=theme.text if titled and row == 0 else theme.muted))
    return found


def weight_key(theme: Theme) -> Typst:
    """The words that say which colour is which sign, in those colours."""
    colours = {"weights": theme.muted, "positive": theme.positive, "negative": theme.negative}
    words = "  ".join(f'#text(fill: rgb("{colour}"))[{escape(word)}]' for word, colour in colours.items())
    return Typst(words, font_size=TEXT.small, color=theme.muted, typst_preamble=PREAMBLE)
