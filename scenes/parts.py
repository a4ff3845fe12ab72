"""Scenes with their recordings, ready to be played: one by itself, or the beats of a film."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from engine.errors import RenderError, nearest
from engine.recording import Recording
from scenes.films import Film
from scenes.frames import FrameCounter, FrameRenderer, FrameSink, frame_config
from scenes.registry import FILMS, SCENES
from scenes.sinks import Progress, StillSink
from scenes.stage import BaseStage
from scenes.subtitles import Cue
from scenes.theme import find_theme


@dataclass(frozen=True)
class Part:
    """A scene with all that it needs, ready to be built."""

    scene: type[BaseStage]
    recordings: Mapping[str, Recording]
    options: Mapping[str, Any]
    title: str = ""

    def build(self, sink: FrameSink, first_frame: int = 0) -> BaseStage:
        """The scene, about to be rendered into `sink`; only within `configured`."""
        attributes: dict[str, Any] = {
            "recordings": dict(self.recordings),
            "options": {**self.scene.options, **self.options},
            "__module__": self.scene.__module__,
        }
        if self.recordings:
            attributes["recording"] = next(iter(self.recordings.values()))
        # manim builds scenes without arguments, so what a scene needs are attributes of a class of its own
        scene_class: type[BaseStage] = type(self.scene.__name__, (self.scene,), attributes)
        return scene_class(renderer=FrameRenderer(sink, scene_class.camera_class, first_frame))


@dataclass(frozen=True)
class Measure:
    """How long each part is, in frames, and what it says."""

    frames: tuple[int, ...]
    cues: tuple[Cue, ...]

    @property
    def total(self) -> int:
        return sum(self.frames)


def play(parts: Sequence[Part], sink: FrameSink) -> Measure:
    """Play all parts one after the other into a sink."""
    frames: list[int] = []
    cues: list[Cue] = []
    for part in parts:
        scene = part.build(sink, sum(frames))
        scene.render()
        renderer = scene.renderer
        cues += [cue.later(sum(frames) / renderer.camera.frame_rate) for cue in scene.cues]
        frames.append(renderer.frame)
    return Measure(tuple(frames), tuple(cues))


def measure_parts(parts: Sequence[Part]) -> Measure:
    """How long the parts are and what they say, without drawing."""
    return play(parts, FrameCounter())


def capture(
    parts: Sequence[Part], width: int, height: int, frames: Sequence[int], progress: Progress | None = None
) -> dict[int, np.ndarray]:
    """Single frames by number, uint8 (H, W, 4)."""
    sink = StillSink(height, width, frames, progress)
    play(parts, sink)
    return sink.stills


def even_frames(total: int, count: int) -> list[int]:
    """Numbers of `count` frames at even distances, each in the middle of its share."""
    count = min(count, total)
    return [int((k + 0.5) * total / count) for k in range(count)]


def make_part(
    scene: str | type[BaseStage], recordings: Any, options: Mapping[str, Any] | None, title: str = ""
) -> Part:
    """Find the scene and see that it fits the recording."""
    scene_class = find_scene(scene)
    named = name_recordings(recordings)
    for recording in named.values():
        if isinstance(recording, Recording):
            recording.check_network()  # scenes take its configuration as it stands
    if named:
        reason = scene_class.fits_together(named)
        if reason is not None:
            raise RenderError(reason)
    return Part(scene_class, named, dict(options or {}), title)


def film_parts(film: str | Film, recordings: Mapping[str, Recording], options: Mapping[str, Any] | None) -> list[Part]:
    """The parts of a film by name or script."""
    script = find_film(film)
    parts = []
    for beat in script.beats:
        missing = [name for name in beat.recordings if name not in recordings]
        if missing:
            raise RenderError(f"the film {script.name!r} needs a recording of {missing[0]!r}, which was not given")
        chosen = {name: recordings[name] for name in beat.recordings} if beat.recordings else dict(recordings)
        parts.append(make_part(beat.scene, chosen, {**beat.options, **(options or {})}, beat.title))
    return parts


def find_scene(scene: str | type[BaseStage]) -> type[BaseStage]:
    """The class of a scene given by name or as itself."""
    if not isinstance(scene, str):
        return scene
    if scene not in SCENES:
        raise nearest("scene", scene, SCENES)
    entry = SCENES[scene]
    found: type[BaseStage] = getattr(import_module(entry.module), entry.class_name)
    return found


def find_film(film: str | Film) -> Film:
    """The script of a film given by name or as itself."""
    if isinstance(film, Film):
        return film
    if film not in FILMS:
        raise nearest("film", film, FILMS)
    found: Film = import_module(FILMS[film].module).FILM
    return found


def name_recordings(recordings: Any) -> dict[str, Recording]:
    """Recordings by name, from one, several or a dict."""
    if recordings is None:
        return {}
    if isinstance(recordings, Mapping):
        return dict(recordings)
    several = recordings if isinstance(recordings, Sequence) else [recordings]
    return {getattr(recording, "name", str(k)): recording for k, recording in enumerate(several)}


@contextmanager
def configured(parts: Sequence[Part], width: int, height: int, rate: int) -> Iterator[None]:
    """Manim's configuration for these parts; scenes are built and rendered inside."""
    theme = find_theme(str({**parts[0].scene.options, **parts[0].options}.get("theme", "dark")))
    with frame_config(width, height, rate, text_cache(), theme.background):
        yield


@cache
def text_cache() -> str:
    """A folder for set text that lasts as long as the process; manim writes there without a lock."""
    folder = tempfile.TemporaryDirectory(prefix="neurofilm-")
    atexit.register(folder.cleanup)
    return folder.name
