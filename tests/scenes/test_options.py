"""Options of scenes: what is read is declared, what is declared is read, and what nobody knows gets a sentence."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scenes
from engine.errors import ConfigurationError
from scenes.options import RULES
from scenes.registry import CARDS, SCENES
from scenes.rendering import film_parts, find_film, find_scene, make_part
from scenes.stage import BaseStage, Stage
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

ROOT = Path(scenes.__file__).parent


def options_read(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of every option that is read: options.get("name") or options["name"], of an object or not."""

    def is_options(node: ast.AST) -> bool:
        return getattr(node, "attr", getattr(node, "id", "")) == "options"

    for node in ast.walk(tree):
        name: ast.AST | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            name = node.args[0] if node.args and is_options(node.func.value) else None
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and is_options(node.value):
            name = node.slice
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield node.lineno, name.value


# Option by option, the files that read it and where; what takes names for several scenes is no scene itself.
READERS = [path for path in sorted(ROOT.rglob("*.py")) if path not in (ROOT / "parts.py", ROOT / "options.py")]
READS = {path: list(options_read(ast.parse(path.read_text(encoding="utf-8")))) for path in READERS}
READS[ROOT / "options.py"] = []
HELPERS = {"given_names": "names"}  # functions that read an option for a scene


def files_of(scene: type[BaseStage]) -> set[Path]:
    """The files that a scene is told in: its own and its bases', and all of its folder where it has one."""
    own = Path(inspect.getfile(scene))
    bases = {Path(inspect.getfile(base)) for base in scene.__mro__ if base.__module__.startswith("scenes.")}
    folder = own.parent
    return bases | (set(folder.glob("*.py")) if folder.parent == ROOT and folder.name != "films" else set())


def read_by(scene: type[BaseStage]) -> dict[str, str]:
    """The options that a scene reads, each with a place where it does."""
    places = {}
    for path in sorted(files_of(scene)):
        for line, name in READS.get(path, []):
            places[name] = f"{path.relative_to(ROOT.parent)}:{line}"
        if path.is_file() and path != ROOT / "options.py":
            text = path.read_text(encoding="utf-8")
            places |= {name: str(path) for helper, name in HELPERS.items() if f"{helper}(" in text}
    return places


@pytest.mark.parametrize("name", [*SCENES, *CARDS])
def test_options_that_are_read_are_declared(name: str) -> None:
    scene = find_scene(name)
    missing = {option: place for option, place in read_by(scene).items() if option not in scene.known_options()}
    assert not missing, "\n".join(
        f"{place} reads the option {option!r}, which would be refused: write it into the class attribute OPTIONS of "
        f"{scene.__name__}, as OPTIONS = ({option!r},)"
        for option, place in missing.items()
    )


@pytest.mark.parametrize("name", [*SCENES, *CARDS])
def test_options_that_are_declared_are_read(name: str) -> None:
    scene = find_scene(name)
    unread = scene.known_options() - set(read_by(scene))
    assert not unread, (
        f"{scene.__name__} declares {', '.join(sorted(unread))} in OPTIONS and reads it nowhere in "
        f"{', '.join(sorted(path.name for path in files_of(scene)))}: who gives it would wait in vain"
    )


def test_nobody_else_reads_options() -> None:
    owned = {path for name in [*SCENES, *CARDS] for path in files_of(find_scene(name))}
    strays = [
        f"{path.relative_to(ROOT.parent)}:{line} reads the option {name!r} and belongs to no scene: let the scene read "
        "it, which declares it in OPTIONS, and hand it on"
        for path, found in READS.items()
        for line, name in found
        if path not in owned
    ]
    assert not strays, "\n".join(strays)


def test_the_check_of_what_is_read_sees_it() -> None:
    code = 'a = self.options.get("x", 1)\nb = stage.options["y"]\nc = options.get("z")\nd = other.get("no")'
    assert list(options_read(ast.parse(code))) == [(1, "x"), (2, "y"), (3, "z")]


class Asking(Stage):
    OPTIONS = ("loudness", "epochs")


class AskingMore(Asking):
    OPTIONS = ("label",)


def test_a_scene_takes_its_own_options_and_those_of_its_bases() -> None:
    assert AskingMore.known_options() == {"theme", "loudness", "epochs", "label"}
    given = {"loudness": object(), "epochs": (None, 3), "label": 0, "theme": "light"}
    assert make_part(AskingMore, None, given).options == given
    make_part(AskingMore, None, {"epochs": None})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"lodness": 1}, r"unknown option of asking 'lodness': did you mean 'loudness'\? \(known: epochs, loudness"),
        ({"clock": "time"}, "unknown option of asking 'clock'"),
        ({"theme": "drak"}, "unknown theme 'drak': did you mean 'dark'"),
        ({"epochs": 3}, r"options.epochs=3 must be two numbers of epochs"),
        ({"epochs": (3, True)}, r"options.epochs=\(3, True\) must be two numbers of epochs"),
        ({"epochs": (3, 1)}, r"options.epochs=\(3, 1\) ends before it starts"),
    ],
)
def test_options_that_make_no_sense_get_a_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        make_part(Asking, None, options)


WRONG: dict[str, object] = {
    "theme": "pink", "parts": 3, "epochs": "0:3", "names": "ab", "label": -1, "example": 1.5, "learning_rate": 0,
    "brief": 1, "heading": 3, "title": None.__class__, "text": 1, "seconds": -1,
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_every_rule_refuses_something(name: str) -> None:
    with pytest.raises(ConfigurationError):
        RULES[name](name, WRONG[name])


@pytest.mark.parametrize(
    ("scene", "options", "sentence"),
    [
        ("warp", {"epoch": (0, 3)}, "unknown option of warp 'epoch': did you mean 'epochs'"),
        ("warp", {"clock": "noon"}, "options.clock='noon': the scene 'warp' runs by 'depth' or 'time'"),
        ("compare", {"epochs": (0, 3)}, r"unknown option of compare 'epochs': \(known: heading, names, theme\)"),
        ("activations", {"parts": ["stak"]}, "unknown part of activations 'stak': did you mean 'stack'"),
    ],
)
def test_a_registered_scene_refuses_what_it_does_not_know(
    small_run: SmallRun, scene: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        make_part(scene, small_run("spirals"), options)


def test_a_scene_with_one_clock_takes_it(small_run: SmallRun) -> None:
    make_part("boundary", small_run("spirals"), {"clock": "time"})


def test_two_names_are_wanted_for_two_recordings(small_run: SmallRun) -> None:
    pair = {"bullseye-2": small_run("bullseye-2"), "bullseye-3": small_run("bullseye-3")}
    with pytest.raises(ConfigurationError, match=r"options.names=\('one',\) must be 2 names, one for each recording"):
        walk(find_scene("compare"), pair, {"names": ("one",)})


def test_an_option_for_all_of_a_film_has_to_be_known_to_all(small_run: SmallRun) -> None:
    with pytest.raises(ConfigurationError, match="beat 1 of spirals: unknown option of .* 'loud'"):
        film_parts(find_film("spirals"), {"spirals": small_run("spirals")}, {"loud": True})
