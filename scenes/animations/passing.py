"""Forward through a layer, and back to where it all came from."""

from __future__ import annotations

from typing import Any

from manim import Animation, Mobject, Scene, linear

from scenes.mobjects.moving_plane import MovingPlane


class PlaneAnimation(Animation):
    """Puts a plane where it is at a time; nothing is copied, since every place is computed from the recording."""

    mobject: MovingPlane

    def __init__(self, plane: MovingPlane, run_time: float, **kwargs: Any) -> None:
        kwargs.setdefault("rate_func", linear)
        super().__init__(plane, run_time=run_time, **kwargs)

    def create_starting_mobject(self) -> Mobject:
        return self.mobject

    def get_all_mobjects(self) -> list[Mobject]:
        return [self.mobject]

    def clean_up_from_scene(self, scene: Scene) -> None:
        self.interpolate(1)


class FlowThroughLayer(PlaneAnimation):
    """Carry a plane through one hidden layer: turn, stretch, shift, activation.

    Parameters
    ----------
    plane : MovingPlane
    layer : int
        The hidden layer's number, from 0.
    run_time : float, optional
        By default what the layer's course needs.
    start, end : float
        The shares of the course between which it plays.
    """

    def __init__(
        self,
        plane: MovingPlane,
        layer: int,
        run_time: float | None = None,
        start: float = 0.0,
        end: float = 1.0,
        **kwargs: Any,
    ) -> None:
        self.layer, self.start, self.end = layer, start, end
        needed = (end - start) * plane.courses[layer].seconds
        super().__init__(plane, needed if run_time is None else run_time, **kwargs)

    def interpolate_mobject(self, alpha: float) -> None:
        self.mobject.place(self.layer, self.start + self.rate_func(alpha) * (self.end - self.start))


class PullBack(PlaneAnimation):
    """Carry a plane from the last hidden space back to the input, all layers in one go.

    Each layer gets time in proportion to its course.

    Parameters
    ----------
    plane : MovingPlane
    run_time : float, optional
        By default a third of what the way forward needs.
    """

    def __init__(self, plane: MovingPlane, run_time: float | None = None, **kwargs: Any) -> None:
        total = sum(course.seconds for course in plane.courses)
        super().__init__(plane, total / 3 if run_time is None else run_time, **kwargs)

    def interpolate_mobject(self, alpha: float) -> None:
        self.mobject.place(*self.where(self.rate_func(alpha)))

    def where(self, share: float) -> tuple[int, float]:
        """Layer and share of its course when `share` of the way back has passed."""
        courses = self.mobject.courses
        left = (1.0 - min(max(share, 0.0), 1.0)) * sum(course.seconds for course in courses)
        for layer, course in enumerate(courses):
            if left <= course.seconds:
                return layer, left / course.seconds
            left -= course.seconds
        return len(courses) - 1, 1.0
