"""The frame loop: a renderer for manim's scenes that counts frames exactly and hands them on without a copy.

Manim's own renderer is off by a frame for many run times, writes one file an animation and copies every frame. This
one keeps absolute time: the animation from second a to second b has the frames k with a <= k / rate < b (rounded),
so that a scene is equally long at every frame rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from manim import CairoRenderer, Mobject, Scene, tempconfig
from manim.camera.camera import Camera

from scenes.painting.camera import PaintingMixin
from scenes.timetable import Timetable


class FrameSink(Protocol):
    """Where finished frames go."""

    def buffer(self) -> np.ndarray:
        """An array uint8 (H, W, 4) to draw the next frame into; it belongs to the renderer until `put`."""
        ...

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        """Take a finished picture, which is shown at the given frames, and its array."""
        ...

    def wants(self, first: int, last: int) -> Iterable[int]:
        """Which of the frames from `first` up to `last` (exclusive) are wanted, in ascending order."""
        ...


class FrameCounter:
    """A sink that wants no frames: the scene runs through without drawing, only to see how long it is."""

    def buffer(self) -> np.ndarray:
        raise AssertionError("a frame counter draws nothing")

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        raise AssertionError("a frame counter takes nothing")

    def wants(self, first: int, last: int) -> Iterable[int]:
        return ()


class FrameRenderer(CairoRenderer):
    """Renders a scene frame by frame into a sink.

    Parameters
    ----------
    sink : FrameSink
    camera_class : type of Camera
    first_frame : int
        The number of the scene's first frame, for scenes that follow others in a film.
    timetable : Timetable
        Which moment of the scene is shown when.

    Attributes
    ----------
    time : float
        Seconds from the scene's beginning to the frame being drawn, by the scene's own clock.
    frame : int
        How many frames the scene has had.
    """

    def __init__(
        self,
        sink: FrameSink,
        camera_class: type[Camera],
        first_frame: int = 0,
        timetable: Timetable | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(camera_class=camera_class, **kwargs)
        self.time: float = 0.0
        self.timetable = timetable or Timetable()
        self.sink = sink
        self.first_frame = first_frame
        self.frame = 0
        # what the camera draws into while no frame is asked for; frames belong to the sink
        self._own_pixels = self.camera.pixel_array

    def play(self, scene: Scene, *args: Any, **kwargs: Any) -> None:
        scene.compile_animation_data(*args, **kwargs)
        assert scene.animations is not None
        begin, end = self.time, self.time + scene.duration
        # a hair more than the half, so that sums of decimal fractions round as they would on paper
        first, last = self.frame, self._frame_at(end)
        scene.begin_animations()
        still = scene.is_current_animation_frozen_frame()
        if scene.stop_condition is not None:
            last = self._until(scene, begin, first, last)
            end = self._moment(last)
        elif still:
            self._hold(scene, first, last)
        else:
            wanted = self._wanted(first, last)
            if wanted and scene.static_mobjects:
                self.update_frame(scene, mobjects=scene.static_mobjects)
                self.static_image = self._own_pixels
            for frame in wanted:
                self._go_to(scene, frame, begin)
                self._draw(scene, scene.moving_mobjects, frame)
            self.time = end
            scene.update_to_time(scene.duration)
        self.time, self.frame = end, last
        if not still:
            for animation in scene.animations:
                animation.finish()
                animation.clean_up_from_scene(scene)
        scene.update_mobjects(0)
        self.static_image = None
        self.num_plays += 1

    def _moment(self, frame: int) -> float:
        """The moment of the scene that a frame shows."""
        return self.timetable.to_scene(frame / self.camera.frame_rate)

    def _frame_at(self, moment: float) -> int:
        """The frame that shows a moment of the scene, or the next one after it."""
        return round(self.timetable.to_film(moment) * self.camera.frame_rate + 1e-6)

    def _wanted(self, first: int, last: int) -> list[int]:
        """Which of the scene's frames from `first` up to `last` the sink wants."""
        return [k - self.first_frame for k in self.sink.wants(first + self.first_frame, last + self.first_frame)]

    def _go_to(self, scene: Scene, frame: int, begin: float) -> None:
        """Bring the animation that began at `begin` to where it is at a frame."""
        self.time = max(self._moment(frame), begin)
        scene.update_to_time(self.time - begin)

    def _until(self, scene: Scene, begin: float, first: int, last: int) -> int:
        """Play until the scene's condition holds, and say at which frame that was."""
        assert scene.stop_condition is not None
        for frame in range(first, last):
            self._go_to(scene, frame, begin)
            if self._wanted(frame, frame + 1):
                self._draw(scene, None, frame)
            if scene.stop_condition():
                return frame + 1
        return last

    def _hold(self, scene: Scene, first: int, last: int) -> None:
        """Show a picture that stands still once its captions have changed, from `first` up to `last`."""
        wanted = self._wanted(first, last)
        settled = self.timetable.to_film(max(getattr(scene, "settled", 0.0), 0.0)) * self.camera.frame_rate
        while wanted and wanted[0] < settled:
            frame = wanted.pop(0)
            self.time = self._moment(frame)
            scene.update_mobjects(0)
            self._draw(scene, None, frame)
        if wanted:
            self.time = self._moment(wanted[0])
            scene.update_mobjects(0)
            self._draw(scene, None, *wanted)

    def _draw(self, scene: Scene, mobjects: Iterable[Mobject] | None, *frames: int) -> None:
        """Draw one picture, which is shown at the given frames."""
        pixels = self.sink.buffer()
        if isinstance(self.camera, PaintingMixin) and self.static_image is None:
            self.camera.repaint(mobjects or [*scene.mobjects, *scene.foreground_mobjects])
            np.copyto(pixels, self.camera.pixel_array)
        else:
            self.camera.pixel_array = pixels
            self.update_frame(scene, mobjects)
            self.camera.pixel_array = self._own_pixels
        self.sink.put([frame + self.first_frame for frame in frames], pixels)

    def scene_finished(self, scene: Scene) -> None:
        """Nothing is left to write: the sink has everything."""


def frame_config(width: int, height: int, rate: float, media_dir: str, background: str) -> Any:
    """Manim's global configuration for one rendering, as a context; scenes must be built inside it.

    Nothing of manim's own is written except the text cache, which goes to `media_dir`.
    """
    return tempconfig(
        {
            "pixel_width": width,
            "pixel_height": height,
            "frame_rate": rate,
            "frame_height": 8.0,
            "frame_width": 8.0 * width / height,
            "background_color": background,
            "media_dir": media_dir,
            "dry_run": True,
            "disable_caching": True,
            "progress_bar": "none",
            "verbosity": "ERROR",
            "notify_outdated_version": False,
            "renderer": "cairo",
            "seed": 0,
        }
    )
