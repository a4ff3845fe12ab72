"""Which pixels decided, and how they were weighed, for a right and a wrong answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.analysis.attribution import Attribution, integrated_gradients
from scenes.images import class_probabilities, sure_example
from scenes.mobjects.contributions import Contributions
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.legend import Legend
from scenes.mobjects.weight_grid import WeightGrid
from scenes.mobjects.writing import CENTER, number_text, written
from scenes.numbers import certainty, class_name
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from scenes.features.scene import Features

PANELS = [Zone(x, x + 3.5, -1.2, 2.3) for x in (SAFE.left, -2.9)]
BARS = Zone(1.3, SAFE.right, -0.6, 1.4)
KEY = (1.35, 2.35)
BELOW = 0.36
SHORT = 12  # letters of a bar's name, at most
STEPS = 128


def attribution(stage: Features) -> None:
    """A right answer, its pixels and its sum; then the surest mistake."""
    stage.explained = {}
    right_answer(stage)
    stage.sweep()
    wrong_answer(stage)


def explain(stage: Features, number: int, label: int) -> Attribution:
    """How the pixels of an image add up to the score of a class, from a blank image on."""
    single = stage.net.output_shape == (1,)
    found = integrated_gradients(
        stage.net, stage.x[number : number + 1], 0 if single else label, baseline=stage.low, steps=STEPS
    )
    if not single or label == 1:
        return found
    # the other class of a single output has the score with the other sign
    assert found.baseline_output is not None
    return Attribution(-found.values, found.outputs, -found.output, -found.baseline_output)


def lead(answer: Attribution, other: Attribution) -> Attribution:
    """How the pixels add up to what one class's score is ahead of another's."""
    assert answer.baseline_output is not None and other.baseline_output is not None
    return Attribution(
        answer.values - other.values, answer.outputs, answer.output - other.output,
        answer.baseline_output - other.baseline_output,
    )  # fmt: skip


class Weighed:
    """An image, how each of its pixels counts, and the bars that add up to the score.

    Parameters
    ----------
    stage : Features
    number : int
        Of the image.
    found : Attribution
        From a blank image on.
    sides : list of str
        What positive and negative shares speak for.
    """

    def __init__(self, stage: Features, number: int, found: Attribution, sides: list[str], blank: str) -> None:
        theme = stage.theme
        values = found.values.reshape(stage.shape).astype(np.float64)
        self.image = ImagePanel(stage.images(np.array([number]))[0], PANELS[0], stage.low, stage.high, theme)
        self.weighed = WeightGrid(values[None], float(np.abs(values).max()) or 1.0, PANELS[1], theme=theme)
        colours = (theme.positive, theme.negative)
        key = Legend(list(zip(colours, sides, strict=True)), KEY, TEXT.label, 4.6, theme)
        below = (float(self.weighed.boxes[0, :2].mean()), self.weighed.boxes[0, 2] - BELOW)
        label = written("how each pixel counts", below, CENTER, TEXT.label, theme.muted)
        self.map = [self.weighed, key, label]
        assert found.baseline_output is not None
        positive, negative = float(values[values > 0].sum()), float(values[values < 0].sum())
        shown = sides if max(map(len, sides)) <= SHORT else ["for", "against"]
        self.parts = [(blank, float(found.baseline_output[0])), (shown[0], positive), (shown[1], negative)]
        self.bars = Contributions(self.parts, BARS, theme)
        self.bars.set_progress(0.0)

    def add_up(self, stage: Features) -> None:
        """Bar after bar, up to the score."""
        stage.fade(self.bars)
        stage.play_clock(TIMING.slow + TIMING.beat, lambda share: self.bars.set_progress(3 * share), self.bars)

    def leave(self, stage: Features) -> None:
        """Make room for what follows, if something does."""
        stage.leave(self.image, *self.map, self.bars)


def right_answer(stage: Features) -> None:
    """How the score of a right answer comes about."""
    names = stage.recording.data.class_names
    number = sure_example(stage.net, stage.recording, stage.options.get("label"))
    answers = class_probabilities(stage.net, stage.x[number : number + 1])[0]
    winner = int(answers.argmax())
    name = class_name(names[winner])
    found = stage.explained["right"] = explain(stage, number, winner)
    picture = Weighed(stage, number, found, [f"for {name}", f"against {name}"], "blank image")
    stage.heading("Which pixels decided?")
    stage.caption(f"The network sees {name} here,\nand is {certainty(float(answers.max()))} sure. Why?")
    stage.fade(picture.image)
    stage.read(TIMING.beat)
    stage.caption("Each pixel’s share in the score:\nwhat spoke for it, and what against.")
    stage.fade(*picture.map)
    stage.read(TIMING.beat)
    assert found.baseline_output is not None
    blank, score = (number_text(float(value[0]), ".1f") for value in (found.baseline_output, found.output))
    stage.caption(f"A blank image would score {blank}.\nWith what the pixels add, it is {score}.")
    picture.add_up(stage)
    stage.read(TIMING.beat)
    picture.leave(stage)


def what_misled(found: Attribution) -> str:
    """Whether a wrong answer is ahead because of the pixels of this image, or because of what a blank one leans to."""
    values = found.values.astype(np.float64)
    if values.sum() > 0:
        return "the blue pixels weigh more"
    return "even a blank image leans that way"


def wrong_answer(stage: Features) -> None:
    """What spoke for a wrong answer, and what for the right one."""
    names = stage.recording.data.class_names
    answers = class_probabilities(stage.net, stage.x)
    wrong = np.flatnonzero(answers.argmax(axis=1) != stage.y)
    if not len(wrong):
        stage.mistake = None
        stage.heading("No mistakes")
        stage.caption(f"It gets all {len(stage.x):,} of these images right.")
        stage.read(TIMING.beat)
        return
    number = stage.mistake = int(wrong[answers[wrong].max(axis=1).argmax()])
    winner, truth = int(answers[number].argmax()), int(stage.y[number])
    said, real = class_name(names[winner]), class_name(names[truth])
    found = stage.explained["lead"] = lead(explain(stage, number, winner), explain(stage, number, truth))
    sure = certainty(float(answers[number].max()))
    stage.heading("A mistake")
    stage.caption(f"This is {real},\nbut taken for {said}.")
    picture = Weighed(stage, number, found, [f"for {said}", f"for {real}"], "blank image")
    stage.fade(picture.image)
    stage.read(TIMING.beat)
    stage.caption(f"It is {sure} sure. Which pixels\nspoke for {said}, which against?")
    stage.fade(*picture.map)
    stage.read(TIMING.beat)
    stage.caption(f"So {said} is ahead by {number_text(float(found.output[0]), '.1f')}:\n{what_misled(found)}.")
    picture.add_up(stage)
    stage.read(TIMING.beat)
    picture.leave(stage)
