"""Where the example is in the last hidden space, and how it came there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenes.journey.course import told_apart
from scenes.journey.space import HiddenMap, HiddenSpace, hidden_layer
from scenes.mobjects.writing import RIGHT, written
from scenes.numbers import cardinal
from scenes.theme import TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.journey.scene import Journey

MAP = Zone(-2.75, 4.75, -2.0, 2.5)
NOTE = -2.26  # height of what is said of the plane, under it
SECONDS = 12.0
LONGEST = 10  # letters of a class where two are in a sentence
STRAIGHT = 1.05  # times as long as the straight way; what is less is called straight


def path_fault(recording: Recording) -> str | None:
    """None if there is a space of two numbers or more before the answer, else a sentence that says there is none."""
    network = recording.build_network()
    layer = hidden_layer(network)
    shape = network.output_shape if layer is None else network.layer_shapes[layer]
    if shape != (1,):
        return None
    what = "no hidden layer, and a single output" if layer is None else "a last hidden layer of one number"
    return f"the part 'path' of journey needs a space of two numbers or more: {recording.name} has {what}"


def path(stage: Journey) -> None:
    """The other examples as clouds, then the one that is followed, then its way."""
    theme, course = stage.theme, stage.course
    stage.heading("Its path")
    stage.introduce()
    space = HiddenSpace(course, stage.number)
    shown = stage.map = HiddenMap(space, stage.focus, MAP, theme).follow(course.answers[:, stage.number])
    texts = []
    if space.width > 2:
        share = min(space.projection.explained, 0.99)
        text = f"2 principal components of {space.width:,}: {share:.0%} of the variance"
        texts = [written(text, (MAP.right, NOTE), RIGHT, TEXT.small, theme.muted)]
    stage.caption(what_it_is(space))
    stage.rewind()
    stage.fade(shown.chart, stage.key, *texts)
    stage.read(TIMING.slow)
    stage.caption(f"Here is our {stage.noun}. The others have\nthe colours of their classes.")
    stage.fade(shown.marker)
    stage.read(TIMING.beat)
    stage.caption(f"Training moves all of them. Our {stage.noun}\nleaves its path behind it.")
    stage.run(SECONDS, shown, shown)
    stage.caption(how_long(space.detour()))
    stage.read(TIMING.slow)
    if len(space.labels):
        nearest = [course.names[space.nearest_class(moment)] for moment in course.moments[[0, -1]]]
        answer = course.names[course.answers[-1, stage.number]]
        stage.caption(between_which(*nearest) if nearest[1] == answer else against(nearest[1], answer))
        stage.read(TIMING.slow)
    stage.leave(shown, stage.key, *texts)


def what_it_is(space: HiddenSpace) -> str:
    """What the places are made of."""
    if space.layer is None:
        return f"Without a hidden layer: the outputs’\n{cardinal(space.width)} sums are a place in a space."
    if not space.neurons:
        return f"The last hidden layer has {space.width:,} numbers.\nThey are a place in a space."
    where = "a plane" if space.width == 2 else "a space"
    return f"The last hidden layer has {cardinal(space.width)} neurons.\nTheir numbers are a place in {where}."


def how_long(detour: float | None) -> str:
    """How much longer than the straight way the path is."""
    if detour is None:
        return "In the end it is where it was\nin the beginning."
    if detour < STRAIGHT:
        return "Its path is almost a straight line."
    return f"Its path is {detour:.1f} times as long\nas the straight way from start to end."


def between_which(first: str, last: str) -> str:
    """Which classes' middles are nearest at first and in the end."""
    if first == last:
        return f"At first and in the end the middle\nof “{last}” is nearest to it."
    first, last = (f"“{name}”" for name in told_apart([first, last], LONGEST))
    return f"At first the middle of {first} was\nnearest, in the end that of {last}."


def against(nearest: str, answer: str) -> str:
    """What is nearest in the end, where the answer is another one."""
    nearest, answer = told_apart([nearest, answer], LONGEST)
    return f"Nearest is the middle of “{nearest}”, but\nthe last layer’s answer is “{answer}”."
