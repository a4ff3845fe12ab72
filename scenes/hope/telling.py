"""What the scene `hope` says, for any classes and any number of layers."""

from __future__ import annotations

from collections.abc import Sequence

from scenes.hope.anatomy import Anatomy
from scenes.numbers import cardinal, number_word

THICK = 0.3  # share of an image's height; what is thicker is called a piece, not a stroke


def are_digits(names: Sequence[str]) -> bool:
    """Whether the classes are digits."""
    return bool(names) and all(len(name) == 1 and name.isdigit() for name in names)


def stroke_word(anatomy: Anatomy) -> str:
    """What a part that encloses nothing is called."""
    return "stroke" if anatomy.thickness <= THICK * anatomy.image.shape[0] else "piece"


def parts_in_words(anatomy: Anatomy, conjunction: str = " and ") -> str:
    """How many loops and strokes."""
    counts = ((anatomy.loops, "loop"), (anatomy.strokes, stroke_word(anatomy)))
    return conjunction.join(number_word(count, noun) for count, noun in counts if count)


def the_hope(hidden: int) -> str:
    """What the layers are for, before it is said of each."""
    if hidden == 1:
        return "The network has one hidden layer.\nThe hope is that it finds all of this."
    return f"The network has {cardinal(hidden)} hidden layers.\nThe hope is that each takes a step."


def steps(hidden: int, parts: str, what: str) -> list[tuple[int, str]]:
    """What is hoped of which layers: the number of the layer's panel (1 to 3), and a sentence.

    Parameters
    ----------
    hidden : int
        Hidden layers with weights.
    parts : str
        What parts are called.
    what : str
        What the answers are called, with an article.
    """
    last = (3, f"And from these to {what}:\nthat is left for the last layer.")
    if hidden == 1:
        return [(2, f"From pixels to edges to {parts}:\nall of it in one layer."), last]
    second = "the second one" if hidden == 2 else "the ones that follow"
    return [(1, "From pixels to short edges: that could\nbe what the first layer finds."),
            (2, f"From edges to {parts}:\n{second}."), last]  # fmt: skip
