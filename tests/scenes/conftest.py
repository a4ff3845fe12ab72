"""Fixtures for tests of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from manim import Camera, Mobject, tempconfig

from scenes.painting.camera import PaintCamera
from scenes.rendering import text_cache
from scenes.theme import DARK

Picture = Callable[..., np.ndarray]


@pytest.fixture
def manim_settings() -> Iterator[None]:
    """Manim's configuration for pictures of 854 by 480 that leave no files behind."""
    settings: dict[str, Any] = {
        "pixel_width": 854,
        "pixel_height": 480,
        "frame_width": 8 * 854 / 480,
        "frame_height": 8.0,
        "background_color": DARK.background,
        "media_dir": text_cache(),
        "dry_run": True,
        "verbosity": "ERROR",
    }
    with tempconfig(settings):
        yield


@pytest.fixture
def picture(manim_settings: None) -> Picture:
    """A function that draws mobjects with a camera and gives the pixels, int64 (H, W, 4)."""

    def draw(
        *mobjects: Mobject, camera: type[Camera] = PaintCamera, height: int = 480, prepare: Any = None
    ) -> np.ndarray:
        width = 854 if height == 480 else height * 16 // 9
        with tempconfig({"pixel_width": width, "pixel_height": height, "frame_width": 8 * width / height}):
            built = camera()
            if prepare is not None:
                prepare(built)
            built.capture_mobjects(mobjects)
            return built.pixel_array.astype(np.int64)

    return draw
