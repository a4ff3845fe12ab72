"""Colours with meanings, sizes, places and timing: one look for every picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import nearest

# The frame in scene units, as manim has it: y from -4 to 4, x from -64/9 to 64/9.
FRAME_HEIGHT = 8.0
FRAME_WIDTH = 8.0 * 16 / 9


@dataclass(frozen=True)
class Theme:
    """What each colour means. All colours are ``#rrggbb``.

    Attributes
    ----------
    background, text, muted, faint : str
        The ground; what is read; what is read second; frames, axes and resting grid lines.
    classes : tuple of str
        Class A, class B and further ones, apart for colour-blind viewers too.
    positive, negative : str
        Weights and contributions; zero vanishes into the background.
    activation : str
        A fully active neuron, or a full pixel; less active ones are nearer to the background. On a dark ground that is
        brightness; on a light one it is ink: what is active stands out from the ground in both, and nothing vanishes.
    highlight : str
        Gradients, and what the caption speaks of.
    loss, accuracy : str
        Curves and read-outs.
    grid : tuple of str
        Lines of a sheet along y and along x: apart from each other, quieter than any data.
    bright, brightest, light : str
        What captions call a pixel or a neuron that is active, the most active one, and what active pixels are made of.
    """

    name: str
    background: str
    text: str
    muted: str
    faint: str
    classes: tuple[str, ...]
    positive: str
    negative: str
    activation: str
    highlight: str
    loss: str
    accuracy: str
    grid: tuple[str, str]
    bright: str = "bright"
    brightest: str = "brightest"
    light: str = "light"

    def class_colour(self, label: int) -> str:
        """The colour of class number `label`; beyond the palette's length colours come round again."""
        return self.classes[int(label) % len(self.classes)]

    def class_colours(self, labels: np.ndarray) -> np.ndarray:
        """Colours of an array of labels, float64 (N, 3) between 0 and 1."""
        palette = np.array([rgb(colour) for colour in self.classes])
        return palette[np.asarray(labels, dtype=np.int64) % len(palette)]

    def weight_colours(self, values: np.ndarray, scale: float) -> np.ndarray:
        """Signed colours of `values`, float64 (..., 4): the hue is the sign, the opacity is ``|value| / scale``."""
        values = np.asarray(values, dtype=np.float64)
        colours = np.empty((*values.shape, 4))
        colours[..., :3] = np.where(values[..., None] >= 0, rgb(self.positive), rgb(self.negative))
        colours[..., 3] = np.clip(np.abs(values) / scale, 0.0, 1.0) if scale > 0 else 0.0
        return colours


DARK = Theme(
    name="dark",
    background="#0e1116",
    text="#e9ecf1",
    muted="#98a2b3",
    faint="#3a4352",
    classes=(
        "#4da3ff",  # A: blue
        "#ffb62e",  # B: yellow-orange
        "#b04072",  # magenta
        "#aaffdf",  # mint
        "#d47b38",  # copper
        "#b4bec9",  # silver
        "#806f28",  # olive
        "#485ff0",  # indigo
        "#f9f28c",  # straw
        "#8295a4",  # slate
    ),
    positive="#3d9bff",
    negative="#ff6338",
    activation="#ffffff",
    highlight="#ffe14d",
    loss="#ff5470",
    accuracy="#7ddf9b",
    grid=("#5fa2bb", "#946fb4"),
)

LIGHT = Theme(
    name="light",
    background="#fbfaf6",
    text="#1b1f27",
    muted="#5a6373",
    faint="#bcc3cd",
    classes=(
        "#1769d2",  # A: blue
        "#d27500",  # B: orange
        "#782d69",  # plum
        "#2db4c3",  # turquoise
        "#2d0fb4",  # indigo
        "#78695a",  # umber
        "#3c5a0f",  # moss
        "#2d00f0",  # ultramarine
        "#699678",  # sage
        "#d2a50f",  # gold
    ),
    positive="#1668d8",
    negative="#d8401a",
    activation="#10141b",
    highlight="#a67c00",
    loss="#c8244a",
    accuracy="#127a74",
    grid=("#4793ad", "#7d55b0"),
    bright="dark",
    brightest="darkest",
    light="ink",
)

THEMES: dict[str, Theme] = {theme.name: theme for theme in (DARK, LIGHT)}


def find_theme(name: str) -> Theme:
    """The theme called `name`; an unknown name is a `ConfigurationError` with the nearest known ones."""
    if name not in THEMES:
        raise nearest("theme", name, THEMES)
    return THEMES[name]


def rgb(colour: str) -> tuple[float, float, float]:
    """Red, green and blue between 0 and 1 of ``#rrggbb``."""
    value = int(colour.removeprefix("#"), 16)
    return (value >> 16) / 255, (value >> 8 & 255) / 255, (value & 255) / 255


@dataclass(frozen=True)
class TextSizes:
    """Font sizes in manim's points (48 is 0.5 units to the em); none below `small` is legible at 480p."""

    caption: float = 40
    heading: float = 40
    detail: float = 30
    readout: float = 32
    label: float = 28
    small: float = 24


@dataclass(frozen=True)
class Timing:
    """Seconds. One- and two-second beats dominate; a reader needs about a second for five words."""

    fade: float = 0.3
    quick: float = 0.5
    beat: float = 1.0
    slow: float = 2.0
    hold: float = 1.5
    reading: float = 15.0  # characters of a caption in a second


@dataclass(frozen=True)
class Zone:
    """A rectangle of the frame, in scene units."""

    left: float
    right: float
    bottom: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def center(self) -> np.ndarray:
        return np.array([(self.left + self.right) / 2, (self.bottom + self.top) / 2, 0.0])


TEXT = TextSizes()
TIMING = Timing()

# Nothing is set closer to the edge than this, so that no screen cuts it off.
MARGIN = 0.45
SAFE = Zone(-FRAME_WIDTH / 2 + MARGIN, FRAME_WIDTH / 2 - MARGIN, -FRAME_HEIGHT / 2 + MARGIN, FRAME_HEIGHT / 2 - MARGIN)
# Heading and read-outs share the band at the top (read-outs may reach down into the corner of the picture), the
# caption has the band at the bottom.
HEADING = Zone(SAFE.left, 2.0, 2.95, SAFE.top)
READOUTS = Zone(3.2, SAFE.right, 2.2, SAFE.top)
CAPTION = Zone(SAFE.left, SAFE.right, SAFE.bottom, -2.6)
PICTURE = Zone(SAFE.left, SAFE.right, -2.45, 2.8)
