"""What one layer does, with its real numbers."""

from __future__ import annotations

from collections.abc import Mapping

from manim import DOWN, LEFT, UP, VGroup, VMobject

from engine.analysis.geometry import AffinePath, LayerPath
from scenes.mobjects.layer_course import ACTIVATE, SHIFT, STRETCH, TURN, LayerCourse
from scenes.mobjects.still import Still
from scenes.mobjects.text import Formula, Label
from scenes.mobjects.writing import number_text
from scenes.theme import DARK, TEXT, Theme, Zone

GAP = 0.3
NAMES = {"relu": "ReLU", "elu": "ELU", "gelu": "GELU", "silu": "SiLU"}
MOST_ENTRIES = 3  # rows and columns of a matrix that is written out
VERBS = {"tanh": "squash with tanh", "sigmoid": "squash with the sigmoid", "relu": "fold with ReLU", "step": "cut"}


class LayerCard(VGroup):
    """A layer's formula, its weight matrix and bias, and the determinant; the part at work is highlighted.

    Parameters
    ----------
    path : LayerPath
    number : int
        Of the layer, from 1.
    zone : Zone
        Where it stands: at the left, from the top down.
    flat : float
        Share of the points that lie on the flat part of a unit.
    note : str
        A last line, such as which unit's sign was turned.
    """

    def __init__(
        self,
        path: LayerPath,
        number: int,
        zone: Zone,
        flat: float = 0.0,
        note: str = "",
        theme: Theme = DARK,
        size: float = TEXT.readout,
    ) -> None:
        self.formulas = formulas(path, number)
        rows = [Formula(text, size=size, color=theme.text) for text in self.formulas]
        notes = [Label(text, size=TEXT.small, color=theme.muted) for text in (remarks(path, flat), note) if text]
        block = VGroup(*rows).arrange(DOWN, buff=GAP, aligned_edge=LEFT)
        below = VGroup(*notes).arrange(DOWN, buff=0.7 * GAP, aligned_edge=LEFT)
        # a large matrix gets smaller, the notes stay legible
        room = zone.height - (below.height + GAP if notes else 0.0)
        block.scale(min(1.0, zone.width / block.width, room / block.height))
        block.move_to([zone.left, zone.top, 0], aligned_edge=UP + LEFT)
        below.next_to(block, DOWN, buff=GAP, aligned_edge=LEFT)
        self.base = Still(VGroup(*(row.copy() for row in rows), *notes))
        self.highlights: dict[str, Still] = {}
        for name, label in ((STRETCH, "W"), (SHIFT, "b"), (ACTIVATE, "f")):
            selected = [member for row in rows for member in _select(row, label)]
            if selected:
                group = VGroup(*(member.copy() for member in selected)).set_color(theme.highlight)
                self.highlights[name] = Still(group)
        super().__init__(self.base, *self.highlights.values())
        self.light(0.0)

    def light(self, opacity: float, at_work: Mapping[str, float] | None = None) -> LayerCard:
        """Set how visible the card is, and how much each part (``"stretch"``, ``"shift"``, …) is at work."""
        self.at_work = {name: (at_work or {}).get(name, 0.0) for name in (STRETCH, SHIFT, ACTIVATE)}
        self.base.set_opacity(opacity)
        for name, still in self.highlights.items():
            still.set_opacity(opacity * self.at_work[name])
        return self

    def follow(self, course: LayerCourse, share: float, opacity: float = 1.0) -> LayerCard:
        """Show what is at work when `share` of the course has passed."""
        at_work = {name: course.presence(name, share=share) for name in (SHIFT, ACTIVATE)}
        return self.light(opacity, {STRETCH: course.presence(TURN, STRETCH, share=share), **at_work})


def formulas(path: LayerPath, number: int) -> list[str]:
    """The layer as lines of Typst mathematics, with its weight matrix and bias.

    Vectors are columns here, as readers know them: the matrix is the transpose of the engine's weight.
    """
    before = "bold(x)" if number == 1 else f"bold(h)_{number - 1}"
    name = NAMES.get(path.activation, path.activation)
    function = {"linear": "", "sigmoid": "sigma"}.get(path.activation, f'op("{name}")')
    inner = f"{{{{ bold(W) : W }}}} {before} + {{{{ bold(b) : b }}}}"
    affine = path.affine
    rows, columns = affine.out_features, affine.in_features
    first = f"bold(h)_{number} = " + (f"{{{{ {function} : f }}}} ({inner})" if function else inner)
    if max(rows, columns) > MOST_ENTRIES:
        return [first, f"bold(W) in RR^({rows} times {columns}) , quad bold(b) in RR^{rows}"]
    weight = affine.weight[: affine.in_features, : affine.out_features].T
    matrix = "; ".join(", ".join(number_text(value) for value in row) for row in weight)
    bias = ", ".join(number_text(value) for value in affine.bias[: affine.out_features])
    return [
        first,
        f'bold(W) = {{{{ mat(delim: "(", {matrix}) : W }}}}',
        f'bold(b) = {{{{ vec(delim: "(", {bias}) : b }}}}',
    ]


def remarks(path: LayerPath, flat: float) -> str:
    """What the layer does to space, in words: the determinant and whether it folds or flattens.

    `flat` is the share of the points that lie on the flat part of a unit.
    """
    affine: AffinePath = path.affine
    said = []
    if affine.determinant is not None and affine.in_features <= MOST_ENTRIES:
        said.append(f"det W = {affine.determinant:.2f}".replace("-", "−") + (", mirrored" if affine.mirrors else ""))
    if affine.collapses:
        said.append(f"flattens {affine.in_features} dimensions to {affine.rank}")
    if path.folds and flat > 0:
        said.append(f"folds {flat:.0%} of the points")
    elif not affine.collapses:
        said.append("no fold")
    return ", ".join(said)


def what_it_does(path: LayerPath, course: LayerCourse) -> dict[str, str]:
    """The verbs of a layer's parts, by part, for those that there are."""
    verbs = {}
    if TURN in course.parts or STRETCH in course.parts:
        both = [word for name, word in ((TURN, "turn"), (STRETCH, "stretch")) if name in course.parts]
        together = SHIFT in course.parts and course.parts[SHIFT][1:] == course.parts.get(TURN, (None,) * 3)[1:]
        verbs[STRETCH] = "turn, stretch and shift" if together else " and ".join(both)
    if SHIFT in course.parts and SHIFT not in course.unseen:
        verbs[SHIFT] = "shift"
    if ACTIVATE in course.parts:
        verbs[ACTIVATE] = VERBS.get(path.activation, f"apply {path.activation}")
    return verbs


def _select(row: Formula, label: str) -> list[VMobject]:
    try:
        return list(row.select(label))
    except KeyError:
        return []
