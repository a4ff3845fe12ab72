"""Fixtures for tests of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from manim import Camera, Mobject, tempconfig

from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.painting.camera import PaintCamera
from scenes.rendering import text_cache
from scenes.theme import DARK

Picture = Callable[..., np.ndarray]
SmallRun = Callable[[str], Recording]


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """A function that gives the recording of two epochs of a shipped experiment, or of the one that stands in for it.

    What would have to be downloaded is never asked for.
    """
    folder = tmp_path_factory.mktemp("runs")

    @cache
    def run(name: str) -> Recording:
        experiment = load_experiment(name)
        if experiment.fallback:
            return run(experiment.fallback)
        source = experiment.network.weights_of
        weights = None if source is None else run(source).path
        return run_experiment(experiment.override(epochs=2, weights_from=weights), folder / name)

    return run


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
