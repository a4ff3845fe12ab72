"""Films as files: TOML that names scenes, recordings, captions and times. Nothing in it is executed.

TOML and not Python, because a film is a list of beats with words: who changes a sentence or the order of two scenes
need not know a programming language, a mistake gets one sentence, and a stranger's film can be opened without care.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from engine.errors import ConfigurationError, RenderError, nearest
from engine.validation import check_choice, check_finite, check_keys, check_share, check_table, check_text, check_whole
from scenes.facts import PLACE, check_places
from scenes.films import TRANSITIONS, Beat, Film, Telling, Thumbnail
from scenes.registry import CARDS, SCENES
from scenes.subtitles import caption_lines
from scenes.theme import THEMES, TIMING

LARGEST_FILE = 1 << 20  # bytes
MOST_BEATS = 500
LONGEST_HOLD = 600.0  # seconds
SLOWEST, FASTEST = 0.1, 10.0
SLOWEST_READER = 2.0  # characters a second

KEYS = ("title", "description", "theme", "reading", "thumbnail", "recordings", "beat")
SCENE_KEYS = ("scene", "chapter", "recordings", "options", "captions", "holds", "pace", "transition")
CARD_KEYS = ("card", "chapter", "recordings", "title", "text", "seconds", "transition")


def read_film(path: str | PathLike[str]) -> Film:
    """Read a film's file; the film is called as the file is.

    Raises
    ------
    ConfigurationError
        One sentence that names the file, the beat, the key, its value and the rule.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{path} is not a regular file")
        with path.open("rb") as file:
            contents = file.read(LARGEST_FILE + 1)
        if len(contents) > LARGEST_FILE:
            raise ConfigurationError(f"{path} has more than {LARGEST_FILE:,} bytes, and no film is so long")
        text = contents.decode()
    except OSError as error:
        raise ConfigurationError(f"the film {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text, as a TOML file must be") from None
    return replace(parse_film(text, path.stem, str(path), path.parent), file=path.name)


def parse_film(text: str, name: str, where: str, folder: Path = Path()) -> Film:
    """Make a film of TOML text; paths in it are looked for in `folder`."""
    try:
        return _film(tomllib.loads(text), name, folder)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None
    except ValueError as error:  # also numbers of thousands of digits
        raise ConfigurationError(f"{where} is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{where} is nested too deeply") from None


def _film(table: dict[str, Any], name: str, folder: Path) -> Film:
    check_keys("the film", table, KEYS)
    for needed in ("title", "beat"):
        if needed not in table:
            raise ConfigurationError(f"{needed!r} is missing, and every film needs one")
    check_text("description", table.get("description", ""))
    sources = check_table("[recordings]", table.get("recordings", {}))
    sources = {key: _source(f"recordings.{key}", value, folder) for key, value in sources.items()}
    beats = table["beat"]
    if not isinstance(beats, list) or not 1 <= len(beats) <= MOST_BEATS:
        raise ConfigurationError(f"a film has from 1 to {MOST_BEATS} beats, each under a line [[beat]]")
    reading = check_finite("reading", table.get("reading", TIMING.reading))
    if 0 < reading < SLOWEST_READER:
        raise ConfigurationError(f"reading={reading:g} characters a second: give at least {SLOWEST_READER:g}, or 0")
    made = []
    for number, beat in enumerate(beats, 1):
        try:
            made.append(_beat(check_table("[[beat]]", beat), sources, reading))
        except ConfigurationError as error:
            raise ConfigurationError(f"beat {number}: {error}") from None
    return Film(
        name,
        _line("title", table["title"]),
        tuple(made),
        sources,
        check_choice("theme", table["theme"], THEMES) if "theme" in table else "",
        _thumbnail(table["thumbnail"], len(made)) if "thumbnail" in table else None,
    )


def _beat(table: dict[str, Any], sources: Mapping[str, str], reading: float) -> Beat:
    if ("scene" in table) == ("card" in table):
        raise ConfigurationError("a beat has either a scene or a card")
    is_scene = "scene" in table
    check_keys("a beat with a " + ("scene" if is_scene else "card"), table, SCENE_KEYS if is_scene else CARD_KEYS)
    chapter = _line("chapter", table["chapter"]) if "chapter" in table else ""
    transition = check_choice("transition", table.get("transition", "fade"), TRANSITIONS)
    if not is_scene:
        return _card(table, chapter, transition, sources)
    name = check_text("scene", table["scene"])
    if name not in SCENES:
        raise nearest("scene", name, SCENES)
    entry = SCENES[name]
    recordings = _recordings(table.get("recordings", list(entry.experiments)), sources)
    if len(recordings) > entry.most_runs > 0:
        raise ConfigurationError(
            f"recordings={list(recordings)}: the scene {name!r} is told with at most {entry.most_runs}{entry.told_with}"
        )
    options = _options(name, check_table("options", table.get("options", {})))
    pace = check_finite("pace", table.get("pace", 1.0), positive=True)
    if not SLOWEST <= pace <= FASTEST:
        raise ConfigurationError(f"pace={pace} must be from {SLOWEST} (ten times as long) to {FASTEST:g}")
    telling = Telling(
        _by_number("captions", table.get("captions", {}), _caption),
        _by_number("holds", table.get("holds", {}), _seconds),
        pace,
        reading,
        transition,
    )
    return Beat(name, recordings, options, chapter, telling)


def _card(table: dict[str, Any], chapter: str, transition: str, sources: Mapping[str, str]) -> Beat:
    name = check_text("card", table["card"])
    if name not in CARDS:
        raise nearest("card", name, CARDS)
    options: dict[str, Any] = {}
    for key in ("title", "text"):
        if key in table:
            options[key] = check_places(key, check_text(key, table[key]))
    if "seconds" in table:
        options["seconds"] = _seconds("seconds", table["seconds"])
    recordings = _recordings(table.get("recordings", []), sources)
    return Beat(name, recordings, options, chapter, Telling(transition=transition))


def _source(key: str, value: Any, folder: Path) -> str:
    """Where a recording comes from: an experiment's name, or the path of an experiment's file or a run directory."""
    from engine.experiment import list_experiments

    given = check_text(key, value)
    ways = (PurePosixPath(given), PureWindowsPath(given))
    if not given or not given.isprintable() or any(way.is_absolute() or way.drive or ".." in way.parts for way in ways):
        raise ConfigurationError(
            f"{key}={value!r} must be an experiment, or a path that starts in the film's folder and stays in it"
        )
    if given in list_experiments():
        return given
    path = folder / given
    return str(path) if path.exists() or path.suffix == ".toml" else given


def _recordings(value: Any, sources: Mapping[str, str]) -> tuple[str, ...]:
    from engine.experiment import list_experiments

    if not isinstance(value, list):
        raise ConfigurationError(f'recordings={value!r} must be a list of names, such as ["spirals"]')
    known = [*sources, *list_experiments()]
    for name in value:
        if check_text("recordings", name) not in known:
            raise nearest("recording", name, known)
    if len(set(value)) < len(value):
        raise ConfigurationError(f"recordings={value!r} names one of them twice")
    return tuple(value)


def _options(scene: str, table: dict[str, Any]) -> dict[str, Any]:
    """Options of a scene, which has to know them; lists become tuples, as Python's callers give them."""
    options = {key: _option(f"options.{key}", value) for key, value in table.items()}
    if options:
        from scenes.parts import check_options  # imports manim, which films without options can do without

        check_options(scene, options)
    return options


def _option(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_option(key, part) for part in value)
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int | float):
        if abs(value) < 1e15:  # also false for nan
            return value
        raise ConfigurationError(f"{key}={value!r} must be a finite number below 1e15")
    raise ConfigurationError(f"{key}={value!r} must be text, a number, true, false or a list of these")


def _by_number(key: str, value: Any, check: Callable[[str, Any], Any]) -> dict[int, Any]:
    """A table whose keys are numbers of captions."""
    checked = {}
    for number, part in check_table(key, value).items():
        if not number.isdecimal() or not number.isascii() or not 1 <= int(number) <= 999:
            raise ConfigurationError(f"{key}.{number}: the scene's captions are numbered from 1")
        checked[int(number)] = check(f"{key}.{number}", part)
    return checked


def _caption(key: str, value: Any) -> str:
    text = check_places(key, check_text(key, value))
    if text.strip() and not PLACE.search(text):  # with numbers filled in, its length is known when it is shown
        try:
            caption_lines(text)
        except RenderError as error:
            raise ConfigurationError(f"{key}: {error}") from None
    return text


def _seconds(key: str, value: Any) -> float:
    seconds = check_finite(key, value, positive=True)
    if seconds > LONGEST_HOLD:
        raise ConfigurationError(f"{key}={value!r} must be at most {LONGEST_HOLD:g} seconds")
    return seconds


def _line(key: str, value: Any) -> str:
    text = check_text(key, value)
    if not text.strip() or not text.isprintable() or len(text) > 200:
        raise ConfigurationError(f"{key}={value!r} must be one line of 1 to 200 characters")
    return text


def _thumbnail(value: Any, beats: int) -> Thumbnail:
    table = check_table("thumbnail", value)
    check_keys("thumbnail", table, ["beat", "at"])
    if "beat" not in table:
        raise ConfigurationError("thumbnail has no 'beat', the number of the one that it is taken from")
    beat = check_whole("thumbnail.beat", table["beat"], 1, beats)
    return Thumbnail(beat, check_share("thumbnail.at", table.get("at", 0.5)))
