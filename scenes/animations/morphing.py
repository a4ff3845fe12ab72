"""One network becomes another."""

from __future__ import annotations

from typing import Any

from manim import Scene, smooth

from scenes.animations.propagating import Watching
from scenes.mobjects.diagram_morph import DiagramMorph
from scenes.mobjects.network_diagram import NetworkDiagram


class MorphDiagram(Watching):
    """Let one network's diagram become another's; afterwards the other is in the scene in place of the first.

    Parameters
    ----------
    first, second : NetworkDiagram
    run_time : float
    """

    mobject: DiagramMorph

    def __init__(self, first: NetworkDiagram, second: NetworkDiagram, run_time: float = 2.0, **kwargs: Any) -> None:
        kwargs.setdefault("rate_func", smooth)
        super().__init__(DiagramMorph(first, second), run_time, **kwargs)

    def is_introducer(self) -> bool:
        return True

    def _setup_scene(self, scene: Scene) -> None:
        scene.remove(self.mobject.first)
        scene.add(self.mobject)

    def show(self, share: float) -> None:
        self.mobject.set_share(share)

    def clean_up_from_scene(self, scene: Scene) -> None:
        super().clean_up_from_scene(scene)
        scene.remove(self.mobject)
        scene.add(self.mobject.second)
