"""Which classes have colours: those that the example was taken for; all others are in one quiet colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.journey.course import told_apart
from scenes.theme import Theme, rgb

if TYPE_CHECKING:
    from scenes.journey.course import Course

MOST = 5  # classes in colours of their own
OTHERS = "others"
SHORT = 9  # letters of a name in a legend


class Focus:
    """The classes of one example's story.

    Parameters
    ----------
    course : Course
    number : int
        Of the example.
    theme : Theme

    Attributes
    ----------
    classes : list of int
        Its own class first, then those that it was taken for, longest first; all where there are few.
    """

    def __init__(self, course: Course, number: int, theme: Theme) -> None:
        self.names, self.theme = course.names, theme
        label, answers, count = int(course.y[number]), course.answers[:, number], len(course.names)
        edges = np.concatenate([[0.0], (course.shares[1:] + course.shares[:-1]) / 2, [1.0]])
        lasting = np.bincount(answers, np.diff(edges), minlength=count)
        by_time = [int(k) for k in np.argsort(-lasting, kind="stable") if k != label]
        taken_for = [k for k in by_time if k in answers]
        few = count <= MOST
        self.classes = [label, *(by_time if few else taken_for[: MOST - 1])]
        # the first colours are those that are farthest apart; in the plane, regions have their classes' own
        own = few or course.x.shape[1:] == (2,)
        numbers = self.classes if own else range(len(self.classes))
        self._colours = {k: theme.class_colour(n) for k, n in zip(self.classes, numbers, strict=True)}

    @property
    def all_named(self) -> bool:
        """Whether every class has a colour of its own."""
        return len(self.classes) == len(self.names)

    def colour(self, label: int) -> str:
        """The colour of a class."""
        return self._colours.get(int(label), self.theme.faint)

    def colours(self, labels: np.ndarray) -> np.ndarray:
        """Colours of an array of labels, (N, 3) between 0 and 1."""
        return np.array([rgb(self.colour(label)) for label in labels]).reshape(-1, 3)

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Colours and what they mean, for a legend."""
        names = told_apart([self.names[k] for k in self.classes], SHORT)
        rest = [] if self.all_named else [(self.theme.faint, OTHERS)]
        return [*((self.colour(k), name) for k, name in zip(self.classes, names, strict=True)), *rest]
