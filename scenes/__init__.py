"""Scenes of recorded networks, and the vocabulary they are told in.

Importing this package is quick: manim is imported only when one of the names below is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from scenes.registry import FILMS, SCENES, FilmEntry, SceneEntry

# name -> the module that has it
_LAZY = {
    "Beat": "scenes.films",
    "Label": "scenes.mobjects.text",
    "Formula": "scenes.mobjects.text",
    "Slot": "scenes.mobjects.slot",
    "Film": "scenes.films",
    "PaintCamera": "scenes.painting.camera",
    "PaintThreeDCamera": "scenes.painting.camera",
    "Painted": "scenes.painting.mobject",
    "PointCloud": "scenes.mobjects.point_cloud",
    "Polylines": "scenes.mobjects.polylines",
    "Field": "scenes.mobjects.field",
    "ClassField": "scenes.mobjects.field",
    "ValueField": "scenes.mobjects.field",
    "ImagePanel": "scenes.mobjects.image_panel",
    "Legend": "scenes.mobjects.legend",
    "LossCurve": "scenes.mobjects.loss_curve",
    "Matrix": "scenes.mobjects.matrix",
    "PlayTraining": "scenes.animations.playing",
    "ProbabilityBars": "scenes.mobjects.probability_bars",
    "Readout": "scenes.mobjects.readout",
    "Rectangles": "scenes.mobjects.rectangles",
    "Replay": "scenes.replay",
    "ScaleLegend": "scenes.mobjects.legend",
    "Stage": "scenes.stage",
    "Stage3D": "scenes.stage",
    "Still": "scenes.mobjects.still",
    "Typeset": "scenes.mobjects.typesetting",
    "Tiles": "scenes.mobjects.tiles",
    "WeightGrid": "scenes.mobjects.weight_grid",
    "render": "scenes.rendering",
    "render_film": "scenes.rendering",
    "storyboard": "scenes.storyboard",
    "storyboard_film": "scenes.storyboard",
}

__all__ = ["FILMS", "SCENES", "FilmEntry", "SceneEntry", *_LAZY]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'scenes' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
