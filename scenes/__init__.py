"""Scenes of recorded networks, and the vocabulary they are told in.

Importing this package is quick: manim is imported only when one of the names below is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from scenes.registry import FILMS, SCENES, FilmEntry, SceneEntry

# name -> the module that has it
_LAZY = {
    "ActivationCurve": "scenes.mobjects.activation_curve",
    "Beat": "scenes.films",
    "Bounds": "engine.analysis.isoline",
    "Chapters": "scenes.chapters",
    "ClassField": "scenes.mobjects.field",
    "DiagramNumbers": "scenes.mobjects.diagram_numbers",
    "Field": "scenes.mobjects.field",
    "Film": "scenes.films",
    "FlowThroughLayer": "scenes.animations.passing",
    "FocusNeuron": "scenes.animations.focusing",
    "Formula": "scenes.mobjects.text",
    "GradientEdges": "scenes.mobjects.gradient_edges",
    "HiddenView": "scenes.mobjects.hidden_view",
    "Contributions": "scenes.mobjects.contributions",
    "FunctionPlot": "scenes.mobjects.function_plot",
    "ImagePanel": "scenes.mobjects.image_panel",
    "Label": "scenes.mobjects.text",
    "LayerStack": "scenes.mobjects.layer_stack",
    "LayerCard": "scenes.mobjects.layer_card",
    "Legend": "scenes.mobjects.legend",
    "LossCurve": "scenes.mobjects.loss_curve",
    "Matrix": "scenes.mobjects.matrix",
    "MorphDiagram": "scenes.animations.morphing",
    "MovingPlane": "scenes.mobjects.moving_plane",
    "NetworkDiagram": "scenes.mobjects.network_diagram",
    "NeuronNumbers": "scenes.mobjects.neuron_numbers",
    "NumberTiles": "scenes.mobjects.number_tiles",
    "PaintCamera": "scenes.painting.camera",
    "PaintThreeDCamera": "scenes.painting.camera",
    "Painted": "scenes.painting.mobject",
    "NeuronFields": "scenes.mobjects.neuron_fields",
    "PixelsToNeurons": "scenes.animations.propagating",
    "PlayTraining": "scenes.animations.playing",
    "PlanePanel": "scenes.mobjects.plane_panel",
    "PointCloud": "scenes.mobjects.point_cloud",
    "PICTURE": "scenes.theme",
    "Polylines": "scenes.mobjects.polylines",
    "ProbabilityBars": "scenes.mobjects.probability_bars",
    "PullBack": "scenes.animations.passing",
    "PropagateActivations": "scenes.animations.propagating",
    "PropagateGradients": "scenes.animations.propagating",
    "Readout": "scenes.mobjects.readout",
    "Rectangles": "scenes.mobjects.rectangles",
    "Replay": "scenes.replay",
    "ScaleLegend": "scenes.mobjects.legend",
    "SAFE": "scenes.theme",
    "Series": "scenes.mobjects.series_plot",
    "SeriesPlot": "scenes.mobjects.series_plot",
    "Sheet": "scenes.mobjects.sheet",
    "Slot": "scenes.mobjects.slot",
    "Stage": "scenes.stage",
    "Stage3D": "scenes.stage",
    "Still": "scenes.mobjects.still",
    "Surface": "scenes.mobjects.surface",
    "SurfacePath": "scenes.mobjects.surface_path",
    "Terrain": "scenes.mobjects.terrain",
    "THEMES": "scenes.theme",
    "Theme": "scenes.theme",
    "Tiles": "scenes.mobjects.tiles",
    "Typeset": "scenes.mobjects.typesetting",
    "UnfocusNeuron": "scenes.animations.focusing",
    "ValueField": "scenes.mobjects.field",
    "View": "scenes.mobjects.view",
    "WarpedGrid": "scenes.mobjects.warped_grid",
    "WeightGrid": "scenes.mobjects.weight_grid",
    "Zone": "scenes.theme",
    "contour_levels": "scenes.mobjects.surface",
    "decision_field": "scenes.mobjects.decision_field",
    "render": "scenes.rendering",
    "render_film": "scenes.rendering",
    "storyboard": "scenes.storyboards",
    "storyboard_film": "scenes.storyboards",
}

__all__ = ["FILMS", "SCENES", "FilmEntry", "SceneEntry", *_LAZY]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'scenes' has no attribute {name!r}")
    if "manim" in sys.modules:
        import_module("scenes.painting.hooks")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
