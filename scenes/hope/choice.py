"""Which images are taken apart: typical ones, in parts that can be told at a glance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import RenderError
from scenes.hope.anatomy import Anatomy
from scenes.images import SURE, class_probabilities

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recording

A_CLASS = 6  # images that are looked at
MOST_PARTS = 3
COVERED = 0.9  # share of the ink that parts have to account for
BALANCED = 0.3  # the ink of the smallest part as a share of that of the largest, at least
OTHERS = 4


@dataclass(frozen=True, eq=False)
class Specimen:
    """An image with its parts.

    Attributes
    ----------
    number : int
        Among the images that were held out, or the training's where none were.
    label, answer : int
        Its class, and what the network takes it for.
    """

    number: int
    label: int
    answer: int
    anatomy: Anatomy

    @property
    def kind(self) -> tuple[int, int]:
        """How many loops and strokes it has."""
        return self.anatomy.loops, self.anatomy.strokes

    @property
    def is_plain(self) -> bool:
        """Whether it has few parts, and they account for it."""
        return 1 <= len(self.anatomy.parts) <= MOST_PARTS and self.anatomy.coverage >= COVERED

    @property
    def balance(self) -> float:
        """How much ink the smallest part has, as a share of the largest one's."""
        ink = self.anatomy.pieces.sum(axis=(1, 2))
        return float(ink.min() / ink.max()) if len(ink) else 0.0


def choose(network: Network, recording: Recording, label: int | None = None) -> tuple[Specimen, list[Specimen]]:
    """An image to be taken apart, and up to four of other classes.

    Of each class the first few images are looked at that the network is right and sure about, if there are some.

    Parameters
    ----------
    network : Network
    recording : Recording
        Of a classification of grey images.
    label : int, optional
        The class of the first one; by default it has a loop and a stroke, if any has.

    Raises
    ------
    RenderError
        When there is no image of that class, or none with anything in it.
    """
    found = specimens(network, recording)
    classes = {specimen.label for specimen in found}
    if label is not None and label not in classes:
        raise RenderError(f"label={label!r} must be the number of a class that has images: {sorted(classes)}")
    candidates = [each for each in found if label in (None, each.label) and each.anatomy.parts]
    if not candidates:
        raise RenderError(f"the images of {recording.name} are empty: there is nothing to be taken apart")
    usual = {each: usual_kind(found, each) for each in classes}
    main = max(candidates, key=lambda each: (each.kind == usual[each.label][0], usual[each.label][1], *clarity(each)))
    typical = []
    for other in sorted(classes - {main.label}):
        alike = [each for each in found if each.label == other and each.is_plain and each.kind == usual[other][0]]
        typical += sorted(alike, key=lambda each: -each.anatomy.coverage)[:1]
    return main, sorted(various(main, typical)[:OTHERS], key=lambda each: each.label)


def various(main: Specimen, others: list[Specimen]) -> list[Specimen]:
    """The others in this order: one of the same parts as the main one, then of each other kind one, then the rest."""
    rich = sorted(others, key=lambda each: (each.kind != main.kind, -sum(each.kind), -each.kind[0], each.label))
    first = [each for k, each in enumerate(rich) if each.kind not in [before.kind for before in rich[:k]]]
    return first + [each for each in rich if each not in first]


def clarity(specimen: Specimen) -> tuple[float, ...]:
    """How well an image shows what parts are, to be compared: best are a loop and a stroke that hardly touch."""
    anatomy = specimen.anatomy
    both = min(specimen.kind) > 0 and specimen.balance >= BALANCED
    return float(specimen.is_plain), float(both), -len(anatomy.parts), -anatomy.seam


def usual_kind(found: list[Specimen], label: int) -> tuple[tuple[int, int] | None, bool]:
    """How many loops and strokes the plain images of a class mostly have, and whether most of all of them do."""
    own = [each for each in found if each.label == label]
    kinds = Counter(each.kind for each in own if each.is_plain)
    if not kinds:
        return None, False
    kind, count = kinds.most_common(1)[0]
    return kind, 2 * count > len(own)


def specimens(network: Network, recording: Recording) -> list[Specimen]:
    """Some images of each class with their parts."""
    data = recording.data
    assert data.image_shape is not None
    x, y = data.unseen
    answers = class_probabilities(network, x)
    winners, sure = answers.argmax(axis=1), answers.max(axis=1)
    right = winners == y
    found = []
    for label in np.unique(y):
        own = y == label
        chosen = next(each for each in (own & right & (sure > SURE), own & right, own) if each.any())
        for number in np.flatnonzero(chosen)[:A_CLASS]:
            image = np.asarray(x[number]).reshape(data.image_shape[:2])
            found.append(Specimen(int(number), int(label), int(winners[number]), Anatomy(image)))
    return found
