"""Scene `reuse`: the last layer is cut off, and a new one learns another task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject, linear

from scenes.images import class_probabilities
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.probability_bars import ProbabilityBars
from scenes.mobjects.rectangles import in_rows, outlines
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.writing import LEFT, written
from scenes.numbers import certainty, class_name, counted, right_answers, share_text, shortened
from scenes.reuse.cutting import Bracket, Cut, last_part, show_last
from scenes.reuse.race import Race, learning_parameters
from scenes.reuse.roles import Roles, reuse_fault, roles_of, shares_images
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recording

GROUPS = Zone(SAFE.left + 0.2, SAFE.right - 0.2, -2.2, 2.0)
APART = 0.9  # between groups of images
MOST_IMAGES = 25  # of a class
GAP = 0.12  # between images, as a share of their side
DIAGRAM = Zone(SAFE.left, 3.75, -1.75, 2.6)
BARS = (3.95, SAFE.right)
TITLE = 0.3  # of a group, above its images
BRACKETS = -1.95
MOST_NEURONS, SPACING = 14, 0.42
MOST_EXAMPLES = 64  # that set what is dark and what is bright
LONGEST = 12  # letters of a class in a list
PASSING = 5.0


class Reuse(Stage):
    """Few examples of a new task: features that another training has left, against learning all of them anew.

    The main recording is of a network whose layers are frozen, all but the last. With it go the recording that the
    frozen layers come from, and one that learns from the same examples with all layers.
    """

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        return reuse_fault(recording)

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        roles = roles_of(recordings)
        return roles if isinstance(roles, str) else None

    def construct(self) -> None:
        self.build()
        self.few()
        self.learned_before()
        self.cut_off()
        self.new_layer()
        self.heading("Kept or learned anew")
        self.leave(self.diagram, self.bars, *self.brackets)
        self.race.tell()
        self.wait(TIMING.beat)

    def build(self) -> None:
        """Find out who is who, and make what several steps need."""
        roles = roles_of(self.recordings)
        assert isinstance(roles, Roles)
        self.roles = roles
        self.data = roles.reused.data
        assert self.data.image_shape is not None
        self.shape = self.data.image_shape[:2]
        self.source = roles.source.network(roles.source.final_epoch)
        self.learning = learning_parameters(roles.reused)
        self.kept = roles.reused.network().parameter_count - self.learning
        self.race = Race(self, roles)

    def leave(self, *mobjects: Mobject) -> None:
        """Let a step's things fade away."""
        self.caption(None)
        self.fade(leaving=mobjects, seconds=TIMING.quick)

    # --- the examples -------------------------------------------------------------------------------------------------

    def few(self) -> None:
        """All examples of the new task, class by class, as far as there is room."""
        data, theme, names = self.data, self.theme, self.data.class_names
        self.heading("Few examples")
        width = (GROUPS.width - APART * (len(names) - 1)) / len(names)
        most = min(int(np.bincount(data.y).max()), MOST_IMAGES)
        # all groups alike, with their images from the upper left on
        places = packed(most, Zone(0.0, width, GROUPS.bottom, GROUPS.top))
        low, high = min(0.0, float(data.x.min())), float(data.x.max())
        shown: list[Mobject] = []
        self.groups: list[np.ndarray] = []
        for k, name in enumerate(names):
            left = GROUPS.left + (width + APART) * k
            chosen = np.flatnonzero(data.y == k)
            self.groups.append(chosen[:MOST_IMAGES])
            title = f"{shortened(name, LONGEST)}: {len(chosen):,}"
            at = (left + places[0, 0], places[0, 3] + TITLE)
            shown.append(written(title, at, LEFT, TEXT.label, theme.class_colour(k)))
            if not len(chosen):
                continue
            boxes = places[: len(chosen)] + [left, left, 0, 0]
            images = np.asarray(data.x[self.groups[-1]]).reshape(-1, *self.shape)
            shown.append(Tiles(images, boxes, brightness_ramp(theme), low, high))
            shown.append(Polylines(outlines(boxes), np.tile([*rgb(theme.muted), 0.6], (len(boxes), 1)), 1.2))
        self.caption(f"{question(names)}\nThese {len(data.x):,} images have to be enough.")
        self.fade(*shown)
        self.read(TIMING.slow + TIMING.beat)
        self.leave(*shown)

    # --- the network that is there already ----------------------------------------------------------------------------

    def learned_before(self) -> None:
        """The network that the features come from, and one of the new images in it."""
        source = self.roles.source
        self.heading("Learned before")
        self.diagram = self.diagram_of(self.source)
        self.bars = self.bars_of(source.data.class_names)
        self.is_new = not shares_images(source.data.x, self.data.x)
        others = "other images" if self.is_new else "images"
        count, classes = len(source.data.x), len(source.data.class_names)
        self.caption(f"This network has learned from {count:,}\n{others} to tell {classes} classes apart.")
        self.fade(self.diagram, self.bars)
        self.read(TIMING.slow)
        self.number, answers = surest(self.source, self.data.x)
        self.example = np.asarray(self.data.x[self.number]).reshape(self.source.input_shape)
        signals = self.diagram.signals(self.example)
        last = len(self.diagram.places) - 1
        right, total, held_out = right_answers(source, source.final_epoch)
        of = "new images" if held_out else "its images"
        self.caption(f"It gets {share_text(right / total)} of {of} right.\nNow it sees one of ours.")
        self.play_clock(PASSING, lambda share: self.diagram.show(signals, share * last), self.diagram, rate_func=linear)
        self.winner = int(answers.argmax())
        self.bars.set_values(answers)
        self.play_clock(TIMING.quick, lambda share: self.bars.choose(self.winner, share), self.bars)
        said = class_name(source.data.class_names[self.winner])
        self.caption(f"It says {said}, {certainty(float(answers[self.winner]))} sure.\nBut that was not the question.")
        self.read(TIMING.slow)

    def diagram_of(self, network: Network) -> NetworkDiagram:
        """The diagram of either network; they differ in nothing but the last layer."""
        shape = self.data.image_shape
        x = np.asarray(self.roles.source.data.x[:MOST_EXAMPLES]).reshape(-1, *network.input_shape)
        return NetworkDiagram(
            network, DIAGRAM, x=x, most=MOST_NEURONS, spacing=SPACING, names="all",
            image_shape=None if shape is None else shape[:2], theme=self.theme,
        )  # fmt: skip

    def bars_of(self, names: tuple[str, ...]) -> ProbabilityBars:
        """What the last layer answers, beside it."""
        middle, half = float(self.diagram.places[-1][:, 1].mean()), self.diagram.gaps[-1] * len(names) / 2
        return ProbabilityBars([shortened(name, LONGEST) for name in names], Zone(*BARS, middle - half, middle + half),
                               self.theme)  # fmt: skip

    # --- cut off, and put on ------------------------------------------------------------------------------------------

    def cut_off(self) -> None:
        """The last layer goes."""
        self.heading("Cut off the last layer")
        self.caption("Only its last layer is about the old one.\nCut it off.")
        cut, bars = Cut(self.diagram, self.theme), self.bars
        self.add(cut)

        def go(share: float) -> None:
            cut.set_share(share)
            bars.set_opacity(float(np.clip((1 - share) / 0.3, 0.0, 1.0)))

        self.play_clock(TIMING.slow + TIMING.beat, go, cut, self.diagram, bars)
        self.remove(cut, bars)
        left, right = self.diagram.layout.extents[0][1], self.diagram.layout.extents[-2][1]
        text = f"kept: {counted(self.kept, 'parameter')}"
        self.brackets: list[Mobject] = [Bracket(left, right, BRACKETS, text, self.theme.muted)]
        self.caption("What comes before it stays\nexactly as it was learned.")
        self.fade(*self.brackets)
        self.read(TIMING.slow)

    def new_layer(self) -> None:
        """A new one comes in its place."""
        names = self.data.class_names
        network = self.roles.reused.network(0)
        fresh, answers = self.diagram_of(network), class_probabilities(network, self.example[None])[0]
        signals, last = fresh.signals(self.example), len(fresh.places) - 1
        # what the others made of the image is still there
        fresh.show(signals, last - 1)
        show_last(fresh, 0.0, 0.0)
        self.remove(self.diagram)
        self.diagram = fresh
        self.add_behind(fresh)
        self.bars = self.bars_of(names)
        learns = Bracket(*last_part(fresh), BRACKETS, f"learns: {self.learning:,}", self.theme.highlight)
        self.brackets.append(learns)
        self.heading("A new last layer")
        self.caption(f"{question(names)} For that, a new layer\nhas {counted(self.learning, 'number')} to learn.")
        for part in (learns, self.bars):
            part.set_opacity(0.0)
            self.add(part)

        def come(share: float) -> None:
            show_last(fresh, share, share)
            for part in (learns, self.bars):
                part.set_opacity(share)

        self.play_clock(TIMING.slow, come, fresh, learns, self.bars)
        self.play_clock(TIMING.beat, lambda share: fresh.show(signals, last - 1 + share), fresh, rate_func=linear)
        self.bars.set_values(answers)
        self.read(TIMING.slow)


def packed(count: int, zone: Zone) -> np.ndarray:
    """Boxes (count, 4) of square images in rows, as large as they can be in a zone."""
    heights = {
        columns: min(zone.width / (columns + GAP * (columns - 1)), zone.height / (rows + GAP * (rows - 1)))
        for columns in range(1, count + 1)
        for rows in [-(-count // columns)]
    }
    columns = max(heights, key=lambda columns: heights[columns])
    return in_rows(count, columns, zone, heights[columns], gap=GAP)


def question(names: tuple[str, ...]) -> str:
    """The new task as a question, as far as its classes' names are short."""
    text = f"{' or '.join(names)}?"
    text = text[:1].upper() + text[1:]
    return text if len(text) <= 24 else f"{len(names)} new classes."


def surest(network: Network, x: np.ndarray) -> tuple[int, np.ndarray]:
    """The number of the example that a network is surest about, and its answers (K,)."""
    answers = class_probabilities(network, np.asarray(x).reshape(len(x), *network.input_shape).astype(network.dtype))
    number = int(answers.max(axis=1).argmax())
    return number, answers[number]
