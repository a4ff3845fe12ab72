"""The outputs for one example over the training, and how often the answer changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenes.journey.choosing import spoken, times
from scenes.journey.curves import AnswerCurves
from scenes.journey.scores import OUTPUT, PROBABILITY
from scenes.theme import TIMING, Zone

if TYPE_CHECKING:
    from scenes.journey.choosing import Story
    from scenes.journey.scene import Journey

CURVES = Zone(-2.75, 4.75, -2.4, 2.5)
SECONDS = 13.0


def answers(stage: Journey) -> None:
    """The example, what is said of it, and the curves of its classes."""
    stage.heading("One example")
    stage.introduce()
    course = stage.course
    curves = stage.curves = AnswerCurves(course, stage.number, stage.focus, CURVES, stage.theme)
    stage.caption(f"{what_curves_are(course.scores.kind)}\nThe highest curve is its answer.")
    stage.rewind()
    stage.fade(curves, stage.key)
    stage.read(TIMING.slow)
    others = "It trains on others, never on this one." if course.held_out else "Now it trains."
    stage.caption(f"{others}\nWatch what it says of it.")
    stage.run(SECONDS, curves, curves)
    stage.caption(changes(stage.story, spoken(float(course.moments[stage.story.since]))))
    stage.read(TIMING.slow)
    if (text := relapses(stage.story)) is not None:
        stage.caption(text)
        stage.read(TIMING.slow)
    stage.leave(curves, stage.key)


def what_curves_are(kind: str) -> str:
    """What the curves show."""
    if kind == PROBABILITY:
        return "How probable it holds each class."
    return "Its output for each class." if kind == OUTPUT else "Its sum for each class."


def changes(told: Story, since: str) -> str:
    """How often the answer changed, and from when on it was right."""
    if not told.flips:
        return f"Its answer never changed:\nit is {'right' if told.last else 'wrong'} all the time."
    end = f"From epoch {since} on it is right." if told.last else "In the end it is wrong."
    return f"Its answer changed {times(told.flips)}.\n{end}"


def relapses(told: Story) -> str | None:
    """How often a right answer was lost again; None where there was no right one to lose."""
    if told.forgotten:
        return f"It was right, and then wrong again,\n{times(told.forgotten)}: no smooth improvement."
    return "As soon as it was right, it stayed right." if told.flips and told.last else None
