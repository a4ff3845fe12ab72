"""Control images: how mobjects and scenes looked when somebody looked at them, and what has changed since.

The images in tests/scenes/control are small, and are made again by tools/renew_control.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from manim import Mobject, tempconfig
from PIL import Image

from scenes.painting.camera import PaintCamera
from scenes.parts import configured, make_part, play, text_cache
from scenes.registry import SCENES
from scenes.theme import DARK
from tests.scenes import test_lesson_mobjects, test_painting
from tests.scenes.conftest import SmallRun

FOLDER = Path(__file__).with_name("control")
WIDTH, HEIGHT, RATE = 320, 180, 15
SECONDS = 12  # after which a scene's still is taken
# What another machine's arithmetic may change: colours by a little, edges by a pixel here and there.
MEAN, LARGE, SHARE_LARGE = 3.0, 48, 0.02

MOBJECTS: dict[str, Callable[[], Mobject]] = {
    **test_painting.MOBJECTS,
    **{"image panel" if name == "image" else name: make for name, make in test_lesson_mobjects.MOBJECTS.items()},
}


def path_of(name: str) -> Path:
    """Where the control image of a mobject or a scene is kept."""
    return FOLDER / f"{name.replace(' ', '-')}.png"


def mobject_picture(name: str) -> np.ndarray:
    """A mobject as it is painted now, uint8 (H, W, 3)."""
    settings = {"pixel_width": WIDTH, "pixel_height": HEIGHT, "frame_width": 8 * WIDTH / HEIGHT, "frame_height": 8.0,
                "background_color": DARK.background, "media_dir": text_cache(), "dry_run": True}  # fmt: skip
    with tempconfig(settings):
        camera = PaintCamera()
        camera.capture_mobjects([MOBJECTS[name]()])
        return camera.pixel_array[..., :3].copy()


class OneFrame:
    """Takes a single frame, and ends the scene there."""

    class Taken(Exception):
        """There is no need to go on."""

    def __init__(self, frame: int) -> None:
        self.frame = frame
        self.pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)

    def wants(self, first: int, last: int) -> Iterable[int]:
        return [self.frame] if first <= self.frame < last else []

    def buffer(self) -> np.ndarray:
        return self.pixels

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        raise self.Taken


def scene_picture(name: str, small_run: SmallRun) -> np.ndarray:
    """A still of a scene told with small runs, uint8 (H, W, 3)."""
    part = make_part(name, {chosen: small_run(chosen) for chosen in SCENES[name].experiments}, {})
    with configured([part], WIDTH, HEIGHT, RATE):
        sink = OneFrame(SECONDS * RATE)
        try:
            play([part], sink)
        except OneFrame.Taken:
            return sink.pixels[..., :3].copy()
    raise AssertionError(f"the scene {name} ends before {SECONDS} seconds")


def keep(name: str, picture: np.ndarray) -> None:
    """Keep a picture as the control image."""
    FOLDER.mkdir(exist_ok=True)
    Image.fromarray(picture).save(path_of(name), optimize=True)


def kept(name: str) -> np.ndarray:
    """A control image, uint8 (H, W, 3)."""
    with Image.open(path_of(name)) as image:
        return np.asarray(image.convert("RGB"))


def change(before: np.ndarray, after: np.ndarray) -> str:
    """What is different between two pictures, in words; nothing where they look the same."""
    if before.shape != after.shape:
        return f"the size {after.shape[:2]} is not {before.shape[:2]}"
    ground = before[0, 0].astype(int)
    shown = np.maximum(np.abs(before - ground).max(axis=-1), np.abs(after - ground).max(axis=-1)) > 8
    if not shown.any():
        return "both pictures are empty"
    difference = np.abs(before.astype(int) - after).max(axis=-1)
    mean, large = float(difference[shown].mean()), float((difference > LARGE).sum() / shown.sum())
    if mean <= MEAN and large <= SHARE_LARGE:
        return ""
    return f"colours differ by {mean:.1f} of 255 in the mean (at most {MEAN:g}), {large:.1%} of what is shown by much"
