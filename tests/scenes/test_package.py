"""The package as a whole: quick to import, and every public name is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

import scenes
from engine.experiment import list_experiments
from scenes.registry import FILMS, SCENES
from scenes.rendering import find_film, find_scene
from scenes.stage import BaseStage


def test_importing_scenes_does_not_import_manim() -> None:
    code = "import sys, scenes, scenes.registry; assert 'manim' not in sys.modules, 'manim was imported'"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", scenes.__all__)
def test_every_public_name_is_there(name: str) -> None:
    found = getattr(scenes, name)
    assert getattr(found, "__name__", name) in (name, "dict")
    assert found.__doc__, f"{name} says nothing about itself"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = scenes.Nonsense


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_is_a_stage(name: str) -> None:
    found = find_scene(name)
    assert issubclass(found, BaseStage) and found.__name__ == SCENES[name].class_name
    assert SCENES[name].summary and set(SCENES[name].clocks) <= {"depth", "time"}


@pytest.mark.parametrize("name", FILMS)
def test_every_film_has_beats(name: str) -> None:
    film = find_film(name)
    assert film.beats and film.name == name and film.recordings
    for beat in film.beats:
        assert issubclass(find_scene(beat.scene), BaseStage)
    for recording in film.recordings:
        assert film.sources.get(recording, recording) in list_experiments()
