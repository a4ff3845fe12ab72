"""An example on its way through a network."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import Animation, Mobject, Scene, linear, smooth

from scenes.mobjects.diagram_signals import Signals
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.point_cloud import PointCloud
from scenes.theme import DARK, Theme, rgb

SPREAD = 1.12  # how far pixels move apart before they leave
ROUND, APART = 0.12, 0.3  # shares of the time after which pixels are round, and apart
LAG = 0.35  # share of the way's time by which the last pixel leaves later than the first


class Watching(Animation):
    """An animation that sets its mobject from the share of time that has passed; nothing is copied."""

    def __init__(self, mobject: Mobject, run_time: float, **kwargs: Any) -> None:
        kwargs.setdefault("rate_func", linear)
        super().__init__(mobject, run_time=run_time, **kwargs)

    def create_starting_mobject(self) -> Mobject:
        return self.mobject

    def get_all_mobjects(self) -> list[Mobject]:
        return [self.mobject]

    def interpolate_mobject(self, alpha: float) -> None:
        self.show(self.rate_func(alpha))

    def show(self, share: float) -> None:
        """Show what is to be seen when `share` of the time has passed."""
        raise NotImplementedError

    def clean_up_from_scene(self, scene: Scene) -> None:
        self.interpolate(1)


class PropagateActivations(Watching):
    """Let an example pass through a network, from layer to layer.

    Parameters
    ----------
    diagram : NetworkDiagram
    signals : Signals
        See `NetworkDiagram.signals`.
    before : Signals, optional
        Of the example before it.
    run_time : float, optional
        By default a second for each layer.
    start, end : int
        The columns between which it passes; by default from the first to the last.
    """

    mobject: NetworkDiagram

    def __init__(
        self,
        diagram: NetworkDiagram,
        signals: Signals,
        before: Signals | None = None,
        run_time: float | None = None,
        start: int = 0,
        end: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.signals, self.before, self.start = signals, before, start
        self.steps = max((len(diagram.plan.links) if end is None else end) - start, 1)
        super().__init__(diagram, float(self.steps) if run_time is None else run_time, **kwargs)

    def show(self, share: float) -> None:
        self.mobject.show(self.signals, self.start + stepwise(share, self.steps), self.before)


class PropagateGradients(Watching):
    """Let the gradients of an example's loss pass back through a network, from the right to the left.

    First the output's own light up, then layer by layer the connections' and the neurons' that they come from.

    Parameters
    ----------
    diagram : NetworkDiagram
    gradients : Signals
        See `NetworkDiagram.gradients`.
    before : Signals, optional
        The activations that are there when it begins, from `NetworkDiagram.signals`.
    run_time : float, optional
        By default a second for each layer.
    """

    mobject: NetworkDiagram

    def __init__(
        self,
        diagram: NetworkDiagram,
        gradients: Signals,
        before: Signals | None = None,
        run_time: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.gradients, self.before = gradients, before
        self.steps = len(diagram.plan.links) + 1
        super().__init__(diagram, float(self.steps) if run_time is None else run_time, **kwargs)

    def show(self, share: float) -> None:
        self.mobject.show_gradients(self.gradients, stepwise(share, self.steps), self.before)


def stepwise(share: float, steps: int) -> float:
    """How many of `steps` equal steps are done when a share of the time has passed, each eased at both ends."""
    step = min(int(share * steps), steps - 1)
    return step + float(smooth(share * steps - step))


class PixelsToNeurons(Watching):
    """Let the pixels of an image become the neurons of a network's first column.

    Pixels of neurons that are not drawn go where the dots stand for them.

    Parameters
    ----------
    image : ImagePanel
        It stays as it is.
    diagram : NetworkDiagram
        Its first column has a neuron for each pixel, row by row.
    run_time : float
    """

    mobject: PointCloud

    def __init__(
        self, image: ImagePanel, diagram: NetworkDiagram, run_time: float = 3.0, theme: Theme = DARK, **kwargs: Any
    ) -> None:
        values = image.picture.values[0]
        rows, columns = values.shape
        left, right, bottom, top = image.box[0]
        row, column = np.divmod(np.arange(rows * columns), columns)
        size = (right - left) / columns
        self.starts = np.column_stack([left + size * (column + 0.5), top - size * (row + 0.5)])
        self.center = np.array([(left + right) / 2, (bottom + top) / 2])
        low, high = image.picture.low, image.picture.high
        share = np.clip((values.ravel() - low) / (high - low), 0.0, 1.0)[:, None]
        ground, bright = np.array(rgb(theme.background)), np.array(rgb(theme.activation))
        self.ends = np.tile(diagram.places[0].mean(axis=0), (len(self.starts), 1))
        self.ends[diagram.plan.columns[0].numbers] = diagram.places[0]
        self.last = np.zeros(len(self.starts))
        self.last[diagram.plan.columns[0].numbers] = diagram.radius
        self.first = 0.5 * size
        self.order = np.arange(len(self.starts)) / max(len(self.starts) - 1, 1)
        cloud = PointCloud(self.starts, ground + (bright - ground) * share, self.first, outline=theme.faint,
                           outline_width=1.0, opacity=0.0)  # fmt: skip
        super().__init__(cloud, run_time, **kwargs)

    def is_introducer(self) -> bool:
        return True

    def _setup_scene(self, scene: Scene) -> None:
        scene.add(self.mobject)

    def show(self, share: float) -> None:
        cloud = self.mobject
        apart = smooth(float(np.clip((share - ROUND) / (APART - ROUND), 0.0, 1.0)))
        spread = self.center + (self.starts - self.center) * (1 + (SPREAD - 1) * apart)
        late = LAG * self.order
        way = np.clip(((share - APART) / (1 - APART) - late) / (1 - LAG), 0.0, 1.0)
        way = way * way * (3 - 2 * way)
        cloud.set_positions(spread + (self.ends - spread) * way[:, None])
        cloud.radius = self.first + (self.last - self.first) * way
        cloud.set_opacity(float(np.clip(share / ROUND, 0.0, 1.0)))

    def clean_up_from_scene(self, scene: Scene) -> None:
        super().clean_up_from_scene(scene)
        scene.remove(self.mobject)
