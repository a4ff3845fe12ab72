"""Whether what a scene shows is inside the frame, side by side and in its theme, at the end of each animation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any
from unittest.mock import patch

import numpy as np

from scenes.mobjects.field import Field, ValueField
from scenes.mobjects.layer_card import LayerCard
from scenes.mobjects.number_tiles import NumberTiles
from scenes.mobjects.readout import ASCENT, DESCENT, Readout
from scenes.mobjects.slot import Slot
from scenes.mobjects.still import Still
from scenes.mobjects.surface import Surface
from scenes.mobjects.text import Label
from scenes.mobjects.tiles import Tiles
from scenes.parts import name_recordings
from scenes.rendering import Part, configured, measure_parts
from scenes.stage import BaseStage
from scenes.theme import SAFE, TEXT, THEMES, Theme

# No colour of it has any blue, and so no mixture of them: what has some is of another theme, or of none.
SENTINEL = Theme(
    name="sentinel",
    background="#101000",
    text="#f0f000",
    muted="#909800",
    faint="#404400",
    classes=(
        "#40a000",
        "#ffb600",
        "#b04000",
        "#a0ff00",
        "#d47b00",
        "#b4be00",
        "#806f00",
        "#485f00",
        "#f9f200",
        "#829500",
    ),
    positive="#30ff00",
    negative="#ff3000",
    activation="#ffff00",
    highlight="#ffe100",
    loss="#ff5400",
    accuracy="#7ddf00",
    grid=("#5b8f00", "#9a7f00"),
    bright="green",
    brightest="greenest",
    light="green",
)
MOST_BLUE = 2

TOLERANCE = 0.02
PIECES = 12  # of a surface along each side
SMALLEST = TEXT.small - 0.5  # size of letters
Box = tuple[str, np.ndarray]  # what it is, and left, right, bottom, top


def box_of(points: np.ndarray) -> np.ndarray:
    (left, bottom), (right, top) = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return np.array([left, right, bottom, top])


def boxes(scene: BaseStage) -> tuple[list[Box], list[Box]]:
    """The boxes of all texts and of all pictures that are to be seen."""
    texts: list[Box] = []
    pictures: list[Box] = []
    over = highlights(scene)
    members = scene.get_mobject_family_members()
    in_cells = {id(number) for member in members if isinstance(member, NumberTiles) for number in member.numbers}
    for member in members:
        if id(member) in in_cells:
            continue  # they belong on their picture
        if isinstance(member, Slot) and member.current is not None:
            texts.append((f"slot {id(member) % 1000}", box_of(member.current.points)))
        elif isinstance(member, (Still, Readout)) and member.opacity > 0 and id(member) not in over:
            name = member.label + " " + member.text if isinstance(member, Readout) else "text"
            texts.append((f"{name} at {member.get_center()[:2].round(2)}", box_of(member.points)))
        elif isinstance(member, Tiles) and member.opacity > 0:
            for points, strength in zip(member.points.reshape(-1, 4, 3), member.strengths, strict=True):
                if strength > 0:
                    pictures.append((f"tile at {points.mean(axis=0)[:2].round(2)}", box_of(points)))
        elif isinstance(member, (Field, ValueField)) and member.opacity > 0:
            pictures.append((f"field at {member.get_center()[:2].round(2)}", box_of(member.points)))
        elif isinstance(member, Surface) and member.view is not None and member.opacity > 0:
            # piece by piece: a tilted surface leaves room in the corners of its box
            rows, columns = (max(1, size // PIECES) for size in member.shape)
            grid = member.points.reshape(*member.shape, 3)
            for r in range(0, member.shape[0] - 1, rows):
                for c in range(0, member.shape[1] - 1, columns):
                    piece = grid[r : r + rows + 1, c : c + columns + 1].reshape(-1, 3)
                    piece = piece[np.isfinite(piece).all(axis=1)]
                    if len(piece):
                        pictures.append((f"surface at {piece.mean(axis=0)[:2].round(2)}", box_of(piece)))
    return texts, pictures


def numbers_outside_cells(scene: BaseStage) -> list[str]:
    """Numbers in the cells of a picture that reach beyond their cells."""
    found = []
    for grid in scene.get_mobject_family_members():
        if isinstance(grid, NumberTiles) and grid.opacity_of_numbers > 0:
            across = (grid.box[1] - grid.box[0]) / grid.shape[1]
            for number in grid.numbers:
                if number.width > across + TOLERANCE:
                    found.append(f"{number.text} is wider than its cell at {number.get_center()[:2].round(2)}")
    return found


def highlights(scene: BaseStage) -> set[int]:
    """What lies over the same letters of its own card."""
    cards = [member for member in scene.get_mobject_family_members() if isinstance(member, LayerCard)]
    return {id(still) for card in cards for still in card.highlights.values()}


def sizes(scene: BaseStage) -> list[tuple[str, float]]:
    """The sizes of letters of all texts that are to be seen, in manim's points."""
    found = []
    for member in scene.get_mobject_family_members():
        if isinstance(member, Readout) and member.opacity > 0:
            left, bottom = member.points[0, :2], member.points[3, :2]
            found.append((f"{member.label} {member.text}", 96 * float(np.hypot(*(left - bottom))) / (ASCENT + DESCENT)))
            continue
        still = member.current if isinstance(member, Slot) else member
        if not isinstance(still, Still) or still.opacity == 0:
            continue
        scale = float(np.ptp(still.points[:, 1]) / max(np.ptp(still.home[:, 1]), 1e-9))
        for label in still.shared.mobject.get_family():
            if isinstance(label, Label) and label.height > 0:
                fresh = Label(label.text, size=label.size)
                found.append((label.text, label.size * label.height / fresh.height * scale))
    return found


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    across, up = min(a[1], b[1]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[2], b[2])
    return bool(across > TOLERANCE and up > TOLERANCE)


def faults(scene: BaseStage) -> list[str]:
    """What lies outside the safe part of the frame, which texts lie over others or over pictures, or are too small."""
    texts, pictures = boxes(scene)
    found = [
        f"{name} leaves the frame"
        for name, box in [*texts, *pictures]
        if box[0] < SAFE.left - TOLERANCE
        or box[1] > SAFE.right + TOLERANCE
        or box[2] < SAFE.bottom - TOLERANCE
        or box[3] > SAFE.top + TOLERANCE
    ]
    found += numbers_outside_cells(scene)
    found += [f"{a} overlaps {b}" for (a, p), (b, q) in combinations(texts, 2) if overlap(p, q)]
    found += [f"{a} overlaps {b}" for a, p in texts for b, q in pictures if overlap(p, q)]
    return found + [f"{text!r} is too small: {size:.0f}" for text, size in sizes(scene) if size < SMALLEST]


def strays(scene: BaseStage) -> list[str]:
    """Where the frame has a colour that is not of the sentinel theme, at most one place."""
    scene.renderer.update_frame(scene)
    blue = scene.renderer.camera.pixel_array[..., 2]
    if blue.max() <= MOST_BLUE:
        return []
    row, column = np.argwhere(blue > MOST_BLUE)[0]
    height, width = blue.shape
    place = (np.array([column, -row]) + 0.5 - [width / 2, -height / 2]) * 8 / height
    colour = scene.renderer.camera.pixel_array[row, column, :3].tolist()
    return [f"a colour of another theme, {colour}, at {place.round(2)}"]


def untrue(scene: BaseStage) -> list[str]:
    """Captions that call what is active by the word of one theme, which is not true in all."""
    words = re.compile(r"\b(bright\w*|dark\w*|light|lights|lit|ink)\b")
    return [f"the caption {cue.text!r} is true in one theme only" for cue in scene.cues if words.search(cue.text)]


def walk(scene: type[BaseStage], recordings: Any, options: Mapping[str, Any] | None = None) -> list[BaseStage]:
    """Run a scene of one or several recordings in the sentinel theme; it fails where layout or colours do.

    The built scene is the result.
    """
    built: list[BaseStage] = []

    class Walked(scene):  # type: ignore[misc, valid-type]
        def play(self, *animations: Any, **kwargs: Any) -> None:
            super().play(*animations, **kwargs)
            wrong = faults(self) + strays(self)
            assert not wrong, f"after {self.now:.1f} s: " + "; ".join(wrong)

        def tear_down(self) -> None:
            super().tear_down()
            wrong = untrue(self)
            assert not wrong, "; ".join(wrong)
            built.append(self)

    part = Part(Walked, name_recordings(recordings), {**(options or {}), "theme": SENTINEL.name})
    with patch.dict(THEMES, {SENTINEL.name: SENTINEL}), configured([part], 854, 480, 15):
        measure_parts([part])
    return built
