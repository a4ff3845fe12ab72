"""Scene `hope`: why layers? An image taken apart, and what one hopes that layers look for in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject

from scenes.animations.propagating import PropagateActivations
from scenes.hope.choice import Specimen, choose
from scenes.hope.pictures import EdgesPicture, PartsPicture
from scenes.hope.stairs import Stairs
from scenes.hope.telling import are_digits, parts_in_words, steps, stroke_word, the_hope
from scenes.images import image_fault
from scenes.mobjects.illustration import IllustrationMark
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import in_rows, outlines
from scenes.mobjects.still import Still
from scenes.mobjects.writing import CENTER, written
from scenes.numbers import class_name
from scenes.replay import Replay
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import Recording

LARGE = Zone(-2.3, 2.3, -2.2, 2.4)
ROW = Zone(SAFE.left, SAFE.right, -1.75, 2.25)
HIGHEST, SIGN_GAP = 3.7, 0.75  # of the panels in a sum, and the room for the sign between two
OTHER_HEIGHT, OTHER_GAP = 2.4, 0.14
EDGES_BOX, PARTS_BOX = np.array([-5.4, -1.2, -2.0, 2.2]), np.array([1.2, 5.4, -2.0, 2.2])
MOST_COLUMNS = 12


class Hope(Stage):
    """An image, its loops and strokes, their edges, and a network whose layers are named after them.

    Options: ``epochs`` is a pair of the first and last epoch, either of them None; the last one is shown. ``label`` is
    the class to show, by its number; by default one that has a loop and a stroke, if there is any.
    """

    OPTIONS = ("epochs", "label")

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        if recording.data.task != "classification":
            return f"hope shows what may tell images apart: {recording.name} is trained for {recording.data.task}"
        if (fault := image_fault("hope", recording)) is not None:
            return fault
        layers = recording.network_config["layers"]
        other = next((layer["type"] for layer in layers if layer["type"] in ("simple_rnn", "lstm", "gru")), None)
        if other is not None:
            return f"hope tells of networks that see an image at once: {recording.name} has a layer of type {other!r}"
        columns = Stairs.columns(recording.build_network())
        if columns > MOST_COLUMNS:
            return f"hope has room for {MOST_COLUMNS} layers: {recording.name} has {columns}"
        if Stairs.hidden(recording.build_network()) < 1:
            return f"hope tells what hidden layers may look for: {recording.name} has none"
        return None

    def construct(self) -> None:
        self.build()
        self.whole()
        self.parts()
        self.others()
        self.edges()
        self.layers()
        self.question()

    def build(self) -> None:
        """Choose the images, and take them apart."""
        recording, data = self.recording, self.recording.data
        replay = Replay(recording, self.options.get("epochs"))
        self.network = recording.network(replay.epoch_at(replay.last))
        self.main, self.others_shown = choose(self.network, recording, self.options.get("label"))
        self.anatomy = self.main.anatomy
        self.names = data.class_names
        self.are_digits = are_digits(self.names)
        self.low, self.high = min(0.0, float(data.x.min())), float(data.x.max())
        self.mark = IllustrationMark(theme=self.theme)

    def named(self, label: int) -> str:
        """A class in a sentence."""
        return class_name(self.names[label])

    # --- one image -------------------------------------------------------------------------------------------------

    def whole(self) -> None:
        """The image as everybody sees it."""
        self.panel = ImagePanel(self.anatomy.image, LARGE, self.low, self.high, self.theme)
        self.heading("Why layers?")
        self.caption(f"This is {self.named(self.main.label)}: you see it at once.\nBut what do you look for?")
        self.fade(self.panel)
        self.read(TIMING.hold)

    def parts(self) -> None:
        """It is the sum of its parts."""
        parts, anatomy = self.anatomy.parts, self.anatomy
        count = len(parts)
        boxes = sum_boxes(count + 1, anatomy.image.shape[1] / anatomy.image.shape[0])
        self.pieces = PartsPicture(anatomy, self.panel.box[0], self.high, self.theme)
        only = "there is only" if count == 1 else "they might be"
        self.caption(f"Perhaps for its parts. Here {only}\n{parts_in_words(anatomy)}.")
        self.fade(self.pieces, self.mark)
        self.wait(TIMING.quick)
        start = self.panel.box[0].copy()

        def apart(share: float) -> None:
            self.panel.set_box(start + (boxes[0] - start) * share)
            self.pieces.set_boxes(start + (boxes[1:] - start) * share, start + (boxes[0] - start) * share)

        self.bring_to_front(*self.pieces.layers)
        self.play_clock(TIMING.slow, apart, self.panel, self.pieces)
        frames = Polylines(outlines(boxes[1:]), np.tile([*rgb(self.theme.muted), 0.8], (count, 1)), 1.5)
        names = [f"a {part.kind if part.kind == 'loop' else stroke_word(anatomy)}" for part in parts]
        texts: list[Still] = [
            written(text, ((box[0] + box[1]) / 2, box[2] - 0.32), CENTER, TEXT.label, self.theme.muted)
            for text, box in zip(names, boxes[1:], strict=True)
        ]
        texts += [
            written("=" if k == 0 else "+", ((boxes[k][1] + boxes[k + 1][0]) / 2, boxes[0][2:].mean()), CENTER, 44,
                    self.theme.text) for k in range(count)
        ]  # fmt: skip
        self.fade(frames, *texts, seconds=TIMING.quick)
        self.read(TIMING.slow)
        self.leaving: list[Mobject] = [self.panel, frames, *texts]

    def others(self) -> None:
        """Parts of other images."""
        shown = [self.main, *self.others_shown]
        if len(shown) == 1:
            return
        count = len(shown)
        height, width = self.anatomy.image.shape
        aspect = width / height
        tall = min(OTHER_HEIGHT, ROW.width / (count * (aspect + OTHER_GAP) - OTHER_GAP))
        boxes = in_rows(count, count, ROW, tall, aspect, OTHER_GAP)
        texts = [self.parts_below(specimen, box) for specimen, box in zip(shown, boxes, strict=True)]
        pictures = [PartsPicture(specimen.anatomy, box, self.high, self.theme)
                    for specimen, box in zip(shown[1:], boxes[1:], strict=True)]  # fmt: skip
        self.fade(leaving=self.leaving, seconds=TIMING.quick)
        what = "digits" if self.are_digits else "images"
        self.caption(f"Other {what} have parts, too. Which ones,\nand where, could tell them apart.")
        self.move_pieces(boxes[0], TIMING.beat)
        self.fade(texts[0], seconds=TIMING.quick)
        for picture, text in zip(pictures, texts[1:], strict=True):
            self.fade(picture, text, seconds=TIMING.quick)
        self.read(TIMING.slow)
        self.leaving = [*pictures, *texts]

    def move_pieces(self, end: np.ndarray, seconds: float) -> None:
        """Bring the parts together, in a box (4,)."""
        starts, frame = np.array([layer.points[[0, 1, 2]] for layer in self.pieces.layers]), self.pieces.box.copy()
        boxes = np.column_stack([starts[:, 0, 0], starts[:, 1, 0], starts[:, 2, 1], starts[:, 0, 1]])
        self.play_clock(
            seconds,
            lambda share: self.pieces.set_boxes(boxes + (end - boxes) * share, frame + (end - frame) * share),
            self.pieces,
        )

    def parts_below(self, specimen: Specimen, box: np.ndarray) -> Still:
        """What an image consists of, written under it."""
        text = parts_in_words(specimen.anatomy, ", ")
        return written(text, ((box[0] + box[1]) / 2, box[2] - 0.3), CENTER, TEXT.small, self.theme.muted,
                       widest=box[1] - box[0] + 0.3)  # fmt: skip

    def edges(self) -> None:
        """Parts consist of edges."""
        found = self.anatomy.edges()
        self.fade(leaving=self.leaving, seconds=TIMING.quick)
        aspect = self.anatomy.image.shape[1] / self.anatomy.image.shape[0]
        picture = self.edge_picture = EdgesPicture(self.anatomy, found, PARTS_BOX, theme=self.theme)
        # where edges lie outside of the image there has to be room for them
        tall = min(1.0, 1 / aspect) * (PARTS_BOX[3] - PARTS_BOX[2]) * picture.fit
        here, there = (in_rows(1, 1, Zone(*box), tall, aspect)[0] for box in (PARTS_BOX, EDGES_BOX))
        picture.set_box(here)
        self.caption("And parts are made of short edges,\nwhere something begins or ends.")
        self.move_pieces(here, TIMING.beat)
        self.fade(picture)
        self.play_clock(TIMING.hold, lambda share: picture.set_box(here + (there - here) * share), picture)
        self.arrow = written("→", ((there[1] + here[0]) / 2, here[2:].mean()), CENTER, 48, self.theme.muted)
        self.add(self.arrow.set_opacity(0.0))

        def part(share: float) -> None:
            picture.set_box(there, share)
            self.arrow.set_opacity(share)

        self.play_clock(TIMING.hold, part, picture, self.arrow)
        self.read(TIMING.hold)

    # --- the network -----------------------------------------------------------------------------------------------

    def layers(self) -> None:
        """Pixels, edges, parts and answers over the layers that might stand for them."""
        data = self.recording.data
        parts = f"loops and {stroke_word(self.anatomy)}s"
        what = "digits" if self.are_digits else "answers"
        self.stairs = stairs = Stairs(self.network, data, self.anatomy.image.shape, parts, what, self.theme)
        starts, ends = np.array([self.edge_picture.box, self.pieces.box]), stairs.boxes[1:3]

        def climb(share: float) -> None:
            edges, parts = starts + (ends - starts) * share
            self.arrow.set_opacity(max(0.0, 1 - 3 * share))
            self.edge_picture.set_box(edges)
            self.pieces.set_box(parts)

        self.heading("The hope")
        self.caption(the_hope(stairs.hidden_layers))
        self.play_clock(TIMING.hold, climb, self.edge_picture, self.pieces, self.arrow)
        self.remove(self.arrow)
        pixels = ImagePanel(self.anatomy.image, Zone(*stairs.boxes[0]), self.low, self.high, self.theme)
        answer = stairs.answer(self.names[self.main.label])
        self.fade(stairs.diagram, pixels, *answer, *stairs.names, *stairs.arrows, stairs.ties)
        self.read(TIMING.hold)
        article = "a digit" if self.are_digits else "the answer"
        before: int | None = None
        for panel, text in steps(stairs.hidden_layers, parts, article):
            self.caption(text)
            self.point(before, panel)
            self.read(TIMING.hold)
            before = panel
        self.caption("But nobody tells the network this.\nWhat it looks for, it has to find itself.")
        self.point(before, None)
        self.read(TIMING.beat)

    def point(self, before: int | None, after: int | None) -> None:
        """Lead the eye from one panel to the next."""
        self.play_clock(TIMING.beat, lambda share: self.stairs.point(before, after, share), self.stairs)

    def question(self) -> None:
        """The image passes through the network: does it do what one hopes?"""
        answer, label, stairs = self.main.answer, self.main.label, self.stairs
        x, _ = self.recording.data.unseen
        signals = stairs.diagram.signals(x[self.main.number])
        self.caption("What does the network make of it?")
        count = len(stairs.diagram.plan.links)
        self.play(PropagateActivations(stairs.diagram, signals, run_time=min(1.2 * count, 5.0)))
        said = f"It says {self.named(answer)}"
        if answer == label:
            self.caption(f"{said}, and that is right.")
            self.play_clock(TIMING.quick, stairs.box_answer, stairs.marker)
        else:
            self.caption(f"{said}, but it is {self.named(label)}.")
        self.read(TIMING.hold)
        self.caption(f"But did it look for edges, loops\nand {stroke_word(self.anatomy)}s? Its weights can tell.")
        self.read(TIMING.slow)


def sum_boxes(count: int, aspect: float) -> np.ndarray:
    """Boxes (count, 4) of panels in a row, with room for a sign between two."""
    tall = min(HIGHEST, (SAFE.right - SAFE.left - SIGN_GAP * (count - 1)) / count / aspect)
    return in_rows(count, count, ROW, tall, aspect, SIGN_GAP / tall)
