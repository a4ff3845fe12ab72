"""All examples counted: which class was taken for which, as the training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scenes.journey.choosing import times
from scenes.journey.matrix import Confusion, ConfusionMatrix
from scenes.mobjects.legend import Legend
from scenes.numbers import class_name
from scenes.theme import TIMING, Zone

if TYPE_CHECKING:
    from scenes.journey.course import Course
    from scenes.journey.scene import Journey

MATRIX = Zone(-3.0, 4.75, -2.25, 2.7)
KEY, KEY_WIDTH = (5.05, 2.25), 1.25
SECONDS = 12.0


class Mistake(NamedTuple):
    """A class that was taken for another, how often, and whether nothing else was so often."""

    truth: int
    answer: int
    often: int
    alone: bool


def confusion(stage: Journey) -> None:
    """The matrix before training, then filling; the cell in which the example is counted is outlined."""
    theme, course = stage.theme, stage.course
    stage.heading("Which is taken for which?")
    stage.introduce()
    counted_in = Confusion(course, stage.focus.classes)
    followed = (stage.label, course.answers[:, stage.number])
    matrix = stage.matrix = ConfusionMatrix(course, counted_in, followed, MATRIX, theme)
    ours = (theme.text, f"our {stage.noun}")
    key = Legend([(theme.accuracy, "right"), (theme.loss, "wrong"), ours], KEY, widest=KEY_WIDTH, theme=theme)
    stage.caption(f"{who(course, counted_in)} are counted:\nrows by what they are, columns by answer.")
    stage.rewind()
    stage.fade(matrix)
    stage.read(TIMING.slow)
    if counted_in.elided:
        stage.caption(f"Rows for {len(counted_in.rows)} of {len(course.names)} classes. An answer that\n"
                      "is none of these is counted as “other”.")  # fmt: skip
        stage.read(TIMING.beat)
    stage.caption(said_at_first(course, stage.when()))
    stage.read(TIMING.slow)
    stage.caption("Right answers are on the diagonal.\nIn the outlined cell ours is counted.")
    stage.fade(key, matrix.outline)
    stage.read(TIMING.beat)
    stage.caption("Its row is what it is, and stays.\nThe answer to it moves it along the row.")
    stage.run(SECONDS, matrix, matrix, matrix.outline)
    stage.caption(right_in_the_end(course))
    stage.read(TIMING.slow)
    worst = commonest_mistake(course)
    if worst is not None:
        stage.caption(said_of_mistake(worst, course.names))
        if {worst.truth, worst.answer} <= set(counted_in.rows):
            matrix.put_outline(*counted_in.place[[worst.truth, worst.answer]])
        stage.read(TIMING.slow)
    stage.leave(matrix, matrix.outline, key)


def who(course: Course, shown: Confusion) -> str:
    """How many are counted."""
    count, total = shown.examples, course.total
    return f"{count:,} of {total:,}" if count < total else f"All {count:,}"


def said_at_first(course: Course, when: str) -> str:
    """What most are taken for at the first moment."""
    counts, total = np.bincount(course.answers[0], minlength=len(course.names)), len(course.x)
    most = int(counts.argmax())
    many = "all" if counts[most] == total else f"{counts[most]:,}"
    return f"{when}, of {total:,}\n{many} are taken for {class_name(course.names[most])}."


def right_in_the_end(course: Course) -> str:
    """How many are right at first and at the last moment."""
    right, total = course.right().sum(axis=1), len(course.x)
    which = f"all {total:,}" if right[-1] == total else f"{right[-1]:,} of {total:,}"
    return f"In the end {which} are right.\nAt first it was {right[0]:,}."


def commonest_mistake(course: Course) -> Mistake | None:
    """The mistake that is made most often at the last moment; None if there is none."""
    classes = len(course.names)
    wrong = course.answers[-1] != course.y
    if not wrong.any():
        return None
    pairs, counts = np.unique(course.y[wrong] * classes + course.answers[-1][wrong], return_counts=True)
    most = int(counts.argmax())
    truth, answer = divmod(int(pairs[most]), classes)
    return Mistake(truth, answer, int(counts[most]), bool(np.count_nonzero(counts == counts[most]) == 1))


def said_of_mistake(mistake: Mistake, names: list[str]) -> str:
    """The mistake in a sentence."""
    truth, answer = class_name(names[mistake.truth]), class_name(names[mistake.answer])
    how = "Most often" if mistake.alone else "As often as any,"
    return f"{how} {truth} is taken\nfor {answer}: {times(mistake.often)}."
