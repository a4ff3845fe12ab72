"""The hardest examples: those that were wrong most often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject

from scenes.journey.choosing import times
from scenes.journey.portrait import IMAGE, POINT_OF_PLANE, picture_of
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import in_rows, outlines
from scenes.mobjects.writing import CENTER, LEFT, written
from scenes.numbers import class_name
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.journey.course import Course
    from scenes.journey.scene import Journey

MOST, COLUMNS = 8, 4
GRID = Zone(SAFE.left, SAFE.right, -2.4, 2.7)
UNDER, LINE = 0.8, 0.36  # room for words under each picture, and from one line to the next
PLANE = Zone(SAFE.left, SAFE.left + 4.9, -2.35, 2.55)
ROWS, ROW = 6, 0.6  # of a table, and their height
TABLE = Zone(-0.9, SAFE.right, -2.4, 2.3)
ALONE = Zone(-4.2, 4.6, -2.4, 2.3)  # where there is no plane beside it
HEADS = ("example", "is", "says", "wrong")
MOST_POINTS = 1000
MARKED = 0.08  # how much wider than a point the highlight is


def hardest(stage: Journey) -> None:
    """The examples that were wrong most often, what they are and what is said of them in the end."""
    course, history = stage.course, stage.course.history
    images = stage.noun == IMAGE
    wrong = history.wrong
    assert wrong is not None
    numbers = [int(k) for k in history.hardest(min(MOST if images else ROWS, len(course.x)))]
    if wrong.any():
        # those that were never wrong are none of the hardest
        numbers = [k for k in numbers if wrong[k] > 0]
    stage.hard = numbers
    stage.clear_stage()
    stage.heading("The hardest")
    asked = times(len(history.epochs))
    stage.caption(f"The network was asked {asked}.\nThese were wrong most often." if wrong.any()
                  else f"Asked {asked}, it was never wrong.\nThese had the largest losses.")  # fmt: skip
    answers = course.scores.of(course.network(course.moments[-1]), course.x[numbers])
    rows = words(course, numbers, answers)
    made = grid(stage, numbers, rows) if images else table(stage, numbers, rows)
    for mobject in made.ground:
        mobject.set_opacity(0.0)
    stage.fade(*made.ground, seconds=TIMING.quick)
    for row in made.rows:
        stage.fade(*row, seconds=TIMING.quick)
    stage.read(TIMING.slow)
    stage.caption(in_the_end(course, numbers, answers))
    surest = surest_mistake(course, numbers, answers)
    if surest is not None:
        stage.fade(made.marks[surest])
    stage.read(2 * TIMING.slow)
    stage.leave(*made.ground, *(mobject for row in made.rows for mobject in row), *made.marks)


class Made:
    """What is shown of the hardest: what is there first, what comes row by row, and what marks each of them."""

    def __init__(self, ground: list[Mobject], rows: list[list[Mobject]], marks: list[Polylines]) -> None:
        self.ground, self.rows, self.marks = ground, rows, marks


def words(course: Course, numbers: list[int], answers: np.ndarray) -> list[tuple[str, str, str]]:
    """What each is, what is said of it in the end, and how often that was wrong."""
    history = course.history
    assert history.wrong is not None
    return [
        (course.names[course.y[k]], course.names[int(said.argmax())], f"{history.wrong[k]} of {len(history.epochs)}")
        for k, said in zip(numbers, answers, strict=True)
    ]


def grid(stage: Journey, numbers: list[int], rows: list[tuple[str, str, str]]) -> Made:
    """Images in rows, each with its words under it."""
    course, theme = stage.course, stage.theme
    shape = course.recording.data.image_shape
    assert shape is not None
    columns = min(COLUMNS, len(numbers))
    lines = -(-len(numbers) // columns)
    cell = GRID.height / max(lines, 2)
    pitch = GRID.width / max(columns, COLUMNS)
    height = min(cell - UNDER - 0.12, 0.8 * pitch * shape[0] / shape[1])
    aspect = shape[1] / shape[0]
    boxes = in_rows(len(numbers), columns, GRID, height, aspect, 0.0)
    row, column = np.divmod(np.arange(len(numbers)), columns)
    x = pitch * (column - (columns - 1) / 2)
    top = GRID.center[1] + cell * lines / 2 - cell * row
    boxes = np.column_stack([x - height * aspect / 2, x + height * aspect / 2, top - height, top])
    by_row: list[list[Mobject]] = [[] for _ in range(lines)]
    marks = []
    for k, (number, box, (truth, said, often)) in enumerate(zip(numbers, boxes, rows, strict=True)):
        middle, right = float(x[k]), truth == said
        picture = picture_of(course, number, Zone(*box), theme)
        under = [
            written(f"is {truth}, says {said}", (middle, box[2] - 0.26), CENTER, TEXT.label,
                    theme.accuracy if right else theme.loss, widest=0.95 * pitch),
            written(f"wrong {often}", (middle, box[2] - 0.26 - LINE), CENTER, TEXT.small, theme.muted),
        ]  # fmt: skip
        by_row[k // columns] += [picture, *under]
        marks.append(Polylines(outlines(box[None]), theme.highlight, 4.0))
    return Made([], by_row, marks)


def table(stage: Journey, numbers: list[int], rows: list[tuple[str, str, str]]) -> Made:
    """Rows of words; points of the plane are ringed in it as their rows come in."""
    course, theme = stage.course, stage.theme
    plane = stage.noun == POINT_OF_PLANE
    zone = TABLE if plane else ALONE
    shares = (0.0, 0.24, 0.49, 0.76)
    x = [zone.left + share * zone.width for share in shares]
    room = 0.22 * zone.width
    head: list[Mobject] = [
        written(text, (at, zone.top - ROW / 2), LEFT, TEXT.small, theme.muted)
        for text, at in zip(HEADS, x, strict=True)
    ]
    panel = None
    if plane:
        shown = np.unique(np.linspace(0, len(course.x) - 1, min(len(course.x), MOST_POINTS)).round().astype(int))
        shown = np.union1d(shown, numbers)
        examples = (course.x[shown], course.y[shown])
        network = course.network(course.moments[-1])
        panel = PlanePanel(course.recording, PLANE, network, examples=examples, theme=theme)
        head.insert(0, panel)
    by_row: list[list[Mobject]] = []
    marks = []
    for k, (number, (truth, said, often)) in enumerate(zip(numbers, rows, strict=True)):
        y = zone.top - ROW * (k + 1.5)
        colours = (theme.muted, theme.text, theme.accuracy if truth == said else theme.loss, theme.muted)
        texts = (f"No. {course.numbers[number] + 1:,}", truth, said, often)
        line: list[Mobject] = [
            written(text, (at, y), LEFT, TEXT.label, colour, widest=room)
            for text, at, colour in zip(texts, x, colours, strict=True)
        ]
        if panel is not None:
            ring = ring_of(panel, course.x[number : number + 1], theme.highlight)
            line.append(ring)
        by_row.append(line)
        box = np.array([[zone.left - 0.15, zone.right, y - 0.45 * ROW, y + 0.45 * ROW]])
        marks.append(Polylines(outlines(box), np.array([rgb(theme.highlight)]), 2.5))
    return Made(head, by_row, marks)


def ring_of(panel: PlanePanel, x: np.ndarray, colour: str) -> Polylines:
    """A ring round a point of the plane."""
    at = panel.look(x)[0]
    angles = np.linspace(0, 2 * np.pi, 33)
    circle = at + (panel.radius + MARKED) * np.column_stack([np.cos(angles), np.sin(angles)])
    return Polylines(circle[None], colour, 3.0)


def surest_mistake(course: Course, numbers: list[int], answers: np.ndarray) -> int | None:
    """Which of the shown ones is wrong in the end with the greatest score for its answer; None if none is wrong."""
    wrong = answers.argmax(axis=1) != course.y[numbers]
    return int(np.where(wrong, answers.max(axis=1), -np.inf).argmax()) if wrong.any() else None


def in_the_end(course: Course, numbers: list[int], answers: np.ndarray) -> str:
    """How many of the shown ones are wrong in the end, and which of them most surely."""
    surest = surest_mistake(course, numbers, answers)
    if surest is None:
        return "In the end it gets all of these right."
    wrong = int(np.count_nonzero(answers.argmax(axis=1) != course.y[numbers]))
    which = "all of these" if wrong == len(numbers) else f"{wrong} of these {len(numbers)}"
    said = int(answers[surest].argmax())
    score = course.scores.text(float(answers[surest, said]))
    return f"Wrong to the end: {which}. Surest:\nit says {class_name(course.names[said])}, {score}."
