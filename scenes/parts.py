"""Scenes with their recordings, ready to be played: one by itself, or the beats of a film."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import ConfigurationError, RenderError, nearest
from engine.recording import Recording
from scenes.facts import filled
from scenes.films import WORDS, Beat, Film, Telling
from scenes.frames import FrameCounter, FrameRenderer, FrameSink, frame_config
from scenes.outputs import process_lives
from scenes.registry import CARDS, FILMS, SCENES, SceneEntry
from scenes.segments import Length
from scenes.sinks import FadingSink, Progress, StillSink
from scenes.stage import BaseStage
from scenes.subtitles import Cue
from scenes.theme import TIMING, Theme, find_theme, rgb
from scenes.timetable import Timetable, readable

TEXT_CACHE = "neurofilm-text-"  # begins the names of folders of set text; a process's number follows
CARD_TEXTS = ("title", "text")  # options of cards in which a recording's numbers may stand


@dataclass(frozen=True)
class Part:
    """A scene with all that it needs, ready to be built."""

    scene: type[BaseStage]
    recordings: Mapping[str, Recording]
    options: Mapping[str, Any]
    title: str = ""
    telling: Telling = field(default_factory=Telling)

    @property
    def theme(self) -> Theme:
        """The colours that it is drawn in."""
        return find_theme(str({**self.scene.options, **self.options}.get("theme", "dark")))

    def build(self, sink: FrameSink, first_frame: int = 0, timetable: Timetable | None = None) -> BaseStage:
        """The scene, about to be rendered into `sink`; only within `configured`."""
        timetable = timetable or Timetable(pace=self.telling.pace)
        attributes: dict[str, Any] = {
            "recordings": dict(self.recordings),
            "options": {**self.scene.options, **self.options},
            "telling": self.telling,
            "__module__": self.scene.__module__,
        }
        if self.recordings:
            attributes["recording"] = next(iter(self.recordings.values()))
        # manim builds scenes without arguments, so what a scene needs are attributes of a class of its own
        scene_class: type[BaseStage] = type(self.scene.__name__, (self.scene,), attributes)
        return scene_class(renderer=FrameRenderer(sink, scene_class.camera_class, first_frame, timetable))


@dataclass(frozen=True)
class Measure:
    """How long each part is, and what the film says."""

    lengths: tuple[Length, ...]
    rate: float

    @property
    def frames(self) -> tuple[int, ...]:
        """How many frames each part has."""
        return tuple(length.frames for length in self.lengths)

    @property
    def cues(self) -> tuple[Cue, ...]:
        """All captions, in seconds from the film's beginning."""
        firsts = np.cumsum([0, *self.frames])[:-1]
        return tuple(
            cue.later(int(first) / self.rate)
            for first, length in zip(firsts, self.lengths, strict=True)
            for cue in length.cues
        )

    @property
    def total(self) -> int:
        return sum(self.frames)


def play(parts: Sequence[Part], sink: FrameSink, lengths: Sequence[Length] | None = None) -> Measure:
    """Play all parts one after the other into a sink.

    Parameters
    ----------
    parts : sequence of Part
    sink : FrameSink
    lengths : sequence of Length, optional
        What `measure_parts` found; without it nothing is faded, and captions have the time that their scenes give them.
    """
    played: list[Length] = []
    rate = 1.0
    for k, part in enumerate(parts):
        length, rate = play_part(part, sink, None if lengths is None else lengths[k], sum(p.frames for p in played))
        played.append(length)
    return Measure(tuple(played), rate)


def play_part(part: Part, sink: FrameSink, length: Length | None = None, first: int = 0) -> tuple[Length, float]:
    """Play one part, whose first frame has the number `first`; gives its length and the frames in a second.

    Without its length from an earlier time, the part passes by the scene's own clock, and what is given is how long it
    will be in the film.
    """
    scene = part.build(sink, first, None if length is None else length.timetable)
    renderer: FrameRenderer = scene.renderer
    rate = float(renderer.camera.frame_rate)
    if part.telling.transition == "fade" and length is not None:
        frames = min(round(TIMING.fade * rate), length.frames // 2)
        renderer.sink = FadingSink(sink, first, first + length.frames, frames, rgb(part.theme.background))
    scene.render()
    told = max([0, *part.telling.captions, *part.telling.holds])
    if told > scene.said:
        raise RenderError(
            f"the film changes caption {told} of the scene {part.scene.__name__}, which has {scene.said or 'none'}"
        )
    table = renderer.timetable if length is not None else readable(scene.cues, part.telling.pace, part.telling.reading)
    end = round(table.to_film(renderer.time) * rate + 1e-6)
    return Length(end, tuple(table.place(cue) for cue in scene.cues), table), rate


def measure_parts(parts: Sequence[Part]) -> Measure:
    """How long the parts are and what they say, without drawing."""
    return play(parts, FrameCounter())


def capture(
    parts: Sequence[Part],
    width: int,
    height: int,
    frames: Sequence[int],
    progress: Progress | None = None,
    lengths: Sequence[Length] | None = None,
) -> dict[int, np.ndarray]:
    """Single frames by number, uint8 (H, W, 4)."""
    sink = StillSink(height, width, frames, progress)
    play(parts, sink, lengths)
    return sink.stills


def even_frames(total: int, count: int) -> list[int]:
    """Numbers of `count` frames at even distances, each in the middle of its share."""
    count = min(count, total)
    return [int((k + 0.5) * total / count) for k in range(count)]


def make_part(
    scene: str | type[BaseStage], recordings: Any, options: Mapping[str, Any] | None, title: str = ""
) -> Part:
    """Find the scene, and see that it knows the options and fits the recording."""
    scene_class = find_scene(scene)
    check_options(scene, options or {})
    named = name_recordings(recordings)
    for recording in named.values():
        if isinstance(recording, Recording):
            recording.check_network()  # scenes take its configuration as it stands
    if named:
        reason = scene_class.fits_together(named)
        if reason is not None:
            raise RenderError(reason)
    return Part(scene_class, named, dict(options or {}), title)


def film_parts(
    film: str | Film,
    recordings: Mapping[str, Recording],
    options: Mapping[str, Any] | None,
    beats: Iterable[int] | None = None,
) -> list[Part]:
    """The parts of a film by name or script.

    Parameters
    ----------
    film : str or Film
    recordings : dict of str to Recording
        By the names that the beats give them.
    options : dict, optional
        For every scene, such as ``theme``, which all of them know.
    beats : iterable of int, optional
        Numbers of the beats that are wanted, from 1; by default all.
    """
    script = find_film(film)
    options = {**({"theme": script.theme} if script.theme else {}), **(options or {})}
    parts = []
    for number in range(1, len(script.beats) + 1) if beats is None else beats:
        beat = script.beats[number - 1]
        try:
            parts.append(_beat_part(script, beat, recordings, options))
        except (ConfigurationError, RenderError) as error:
            raise type(error)(f"beat {number} of {script.name}: {error}") from None
    return parts


def _beat_part(script: Film, beat: Beat, recordings: Mapping[str, Recording], options: Mapping[str, Any]) -> Part:
    needed = script.needed(beat)
    if not needed and beat.scene not in WORDS:
        needed = tuple(recordings)  # a script that names none at all takes what it is given
    missing = [name for name in needed if name not in recordings]
    if missing:
        raise RenderError(f"the film {script.name!r} needs a recording of {missing[0]!r}, which was not given")
    chosen = {name: recordings[name] for name in needed}
    own = dict(beat.options)
    captions = {number: filled(text, chosen) for number, text in beat.telling.captions.items()}
    if beat.scene in CARDS:
        own |= {key: filled(own[key], chosen) for key in CARD_TEXTS if key in own}
        own = {"film_title": script.title, "command": script.command, **own}
    elif beat.scene in SCENES:
        chosen = match_recordings(SCENES[beat.scene], chosen)
    part = make_part(beat.scene, chosen, {**own, **options}, beat.title)
    return replace(part, telling=replace(beat.telling, captions=captions))


def match_recordings(entry: SceneEntry, given: Mapping[str, Recording]) -> dict[str, Recording]:
    """Recordings under the names of the experiments that a scene is told with, in their order.

    One whose name is an experiment's goes there; the others take the places that are left, in order. With a single
    experiment, or none, there is nothing to tell apart, and recordings keep their names; so they do, and their order,
    where a scene takes any.
    """
    experiments = entry.experiments
    if entry.any_runs or len(experiments) < 2:
        return dict(given)
    free = [name for name in experiments if name not in given]
    matched = {name: recording for name, recording in given.items() if name in experiments}
    for name, recording in given.items():
        if name not in experiments:
            matched[free.pop(0) if free else name] = recording
    order = {name: k for k, name in enumerate(experiments)}
    return dict(sorted(matched.items(), key=lambda pair: order.get(pair[0], len(order))))


def check_options(scene: str | type[BaseStage], options: Mapping[str, Any]) -> None:
    """Raise `ConfigurationError` for an option that a scene does not know, or a value that breaks its rule."""
    options = dict(options)
    clocks = SCENES[scene].clocks if isinstance(scene, str) and scene in SCENES else ()
    if options.get("clock") in clocks:
        del options["clock"]  # a scene that has only one reads no option for it
    elif clocks and options.get("clock") is not None:
        raise ConfigurationError(
            f"options.clock={options['clock']!r}: the scene {scene!r} runs by {' or '.join(map(repr, clocks))}"
        )
    find_scene(scene).check_options(options)


def find_scene(scene: str | type[BaseStage]) -> type[BaseStage]:
    """The class of a scene given by name or as itself."""
    if not isinstance(scene, str):
        return scene
    known = SCENES | CARDS
    if scene not in known:
        raise nearest("scene", scene, SCENES)
    found: type[BaseStage] = getattr(import_module(known[scene].module), known[scene].class_name)
    return found


def find_film(film: str | Film) -> Film:
    """The script of a film given by name or as itself."""
    if isinstance(film, Film):
        return film
    if film not in FILMS:
        raise nearest("film", film, FILMS)
    script = FILMS[film].script
    if script.endswith(".toml"):
        from scenes.films.file import read_film

        return replace(read_film(Path(__file__).parent / "films" / script), file="")
    found: Film = import_module(script).FILM
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
    with frame_config(width, height, rate, text_cache(), parts[0].theme.background):
        yield


@cache
def text_cache() -> str:
    """A folder for set text that lasts as long as the process; manim writes there without a lock.

    What killed processes have left is removed.
    """
    root = Path(tempfile.gettempdir())
    for left in root.glob(f"{TEXT_CACHE}*"):
        number = left.name.removeprefix(TEXT_CACHE).partition("-")[0]
        if number.isdecimal() and len(number) < 10 and not process_lives(int(number)) and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)  # another user's stays
    folder = tempfile.TemporaryDirectory(prefix=f"{TEXT_CACHE}{os.getpid()}-")
    atexit.register(folder.cleanup)
    return folder.name
