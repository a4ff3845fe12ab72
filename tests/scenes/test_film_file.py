"""Films as files: what can be said in one, and a sentence for everything else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigurationError
from engine.experiment import list_experiments
from scenes.facts import FACTS
from scenes.films import Telling, Thumbnail
from scenes.films.file import LARGEST_FILE, parse_film, read_film
from scenes.registry import CARDS, FILMS, SCENES

TEMPLATE = Path(__file__).parents[2] / "scenes" / "films" / "template.toml"

WHOLE = """
title = "A lesson"
description = "What it is about"
theme = "light"
thumbnail = { beat = 2, at = 0.25 }

[recordings]
mine = "runs/mine"
own = "lesson.toml"
known = "spirals"

[[beat]]
card = "title"
text = "In {mine.epochs} epochs"
recordings = ["mine"]
seconds = 3

[[beat]]
scene = "warp"
chapter = "Layers"
recordings = ["known"]
options = { clock = "time", epochs = [0, 100] }
captions = { 1 = "Watch.", 3 = "" }
holds = { 1 = 2 }
pace = 0.5
transition = "cut"

[[beat]]
scene = "warp"
"""


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    path = tmp_path / "my-lesson.toml"
    path.write_text(WHOLE, encoding="utf-8")
    film = read_film(path)
    assert (film.name, film.title, film.theme) == ("my-lesson", "A lesson", "light")
    assert film.command == "neurofilm film my-lesson.toml"
    assert film.thumbnail == Thumbnail(2, 0.25)
    assert film.sources == {
        "mine": str(tmp_path / "runs/mine"), "own": str(tmp_path / "lesson.toml"), "known": "spirals",
    }  # fmt: skip
    title, warp, plain = film.beats
    assert title.scene == "title" and title.options == {"text": "In {mine.epochs} epochs", "seconds": 3}
    assert title.recordings == ("mine",) and title.telling == Telling(transition="fade")
    assert warp.options == {"clock": "time", "epochs": (0, 100)} and warp.title == "Layers"
    assert warp.telling == Telling({1: "Watch.", 3: ""}, {1: 2.0}, 0.5, 15.0, "cut")
    # without a word it is told with what it is always told with
    assert plain.recordings == SCENES["warp"].experiments and plain.telling == Telling(reading=15.0, transition="fade")
    assert film.recordings == ("mine", "known", "spirals")


def test_a_scene_of_any_recordings_may_have_more_than_it_is_told_with() -> None:
    beat = '[[beat]]\nscene = "compare"\nrecordings = ["xor", "bullseye-3", "moons"]\n'
    film = parse_film('title = "a"\n' + beat, "lesson", "lesson.toml")
    assert film.beats[0].recordings == ("xor", "bullseye-3", "moons")
    assert len(SCENES["compare"].experiments) == 2


def test_the_template_is_a_film() -> None:
    text = TEMPLATE.read_text(encoding="utf-8").format(file="lesson.toml")
    film = parse_film(text, "lesson", "lesson.toml")
    assert {beat.scene for beat in film.beats} & set(SCENES) and {beat.scene for beat in film.beats} & set(CARDS)
    assert set(film.recordings) <= set(list_experiments())
    # what it shows in remarks works, too
    told = re.sub(
        r"^# (\[recordings\]|flowers = .*|mine = .*|pace|seconds|transition)", r"\1", text, flags=re.MULTILINE
    )
    told = re.sub(r"^# (\[beat\.\w+\]|\d+ = .*)", r"\1", told, flags=re.MULTILINE)
    changed = parse_film(told, "lesson", "lesson.toml")
    assert changed.beats[3].telling.captions == {1: "Watch the plane.", 2: ""}
    assert changed.beats[3].telling.holds == {1: 2.0} and changed.beats[0].options["seconds"] == 4.0
    assert set(changed.sources) == {"flowers", "mine"}


BEAT = '[[beat]]\nscene = "warp"\n'
CARD = '[[beat]]\ncard = "words"\ntitle = "x"\n'
WRONG = {
    "": "'title' is missing",
    'title = "a"': "'beat' is missing",
    'title = "a"\nbeat = []': "from 1 to 500 beats",
    'title = "a"\nbeat = 3': r"each under a line \[\[beat\]\]",
    'title = "a"\nbeat = [3]': r"beat 1: \[\[beat\]\]=3 must be a table",
    'title = "a"\ntitel = "b"\n' + BEAT: "unknown key of the film 'titel': did you mean 'title'",
    "title = 3\n" + BEAT: "title=3 must be text",
    'title = "a\\nb"\n' + BEAT: "must be one line",
    'title = " "\n' + BEAT: "must be one line of 1 to 200",
    'title = "a"\ntheme = "pink"\n' + BEAT: "theme='pink' must be one of",
    'title = "a"\nthumbnail = 3\n' + BEAT: "thumbnail=3 must be a table",
    'title = "a"\nthumbnail = {}\n' + BEAT: "thumbnail has no 'beat'",
    'title = "a"\nthumbnail = {beat = 2}\n' + BEAT: "thumbnail.beat=2 must be a whole number from 1 to 1",
    'title = "a"\nthumbnail = {beat = 1, at = 1}\n' + BEAT: "thumbnail.at=1 must be a number from 0",
    'title = "a"\n[[beat]]': "beat 1: a beat has either a scene or a card",
    'title = "a"\n[[beat]]\nscene = "warp"\ncard = "end"': "either a scene or a card",
    'title = "a"\n' + BEAT + '[[beat]]\nscene = "wrap"': "beat 2: unknown scene 'wrap': did you mean 'warp'",
    'title = "a"\n[[beat]]\nscene = "title"': "unknown scene 'title'",
    'title = "a"\n[[beat]]\nscene = "os:system"': "unknown scene 'os:system'",
    'title = "a"\n[[beat]]\nscene = 3': "scene=3 must be text",
    'title = "a"\n[[beat]]\ncard = "tittle"': "unknown card 'tittle': did you mean 'title'",
    'title = "a"\n' + CARD + "pace = 2": "unknown key of a beat with a card 'pace'",
    'title = "a"\n' + CARD + "seconds = 0": "seconds=0 must be a finite number above 0",
    'title = "a"\n' + CARD + "seconds = 1e9": "at most 600 seconds",
    'title = "a"\n' + CARD + 'text = "{nothing}"': "unknown fact in text 'nothing'",
    'title = "a"\n' + CARD + 'text = "{"': "has a brace that is not part of a fact",
    'title = "a"\n' + CARD + 'text = "{a.__class__}"': "unknown fact in text '__class__'",
    'title = "a"\n' + BEAT + "seconds = 3": "unknown key of a beat with a scene 'seconds'",
    'title = "a"\n' + BEAT + 'recordings = "spirals"': "must be a list of names",
    'title = "a"\n' + BEAT + 'recordings = ["spirls"]': "unknown recording 'spirls': did you mean 'spirals'",
    'title = "a"\n' + BEAT + "recordings = [3]": "recordings=3 must be text",
    'title = "a"\n' + BEAT + 'recordings = ["moons", "moons"]': "names one of them twice",
    'title = "a"\n' + BEAT + 'recordings = ["moons", "circles"]': "'warp' is told with at most 1",
    'title = "a"\n[[beat]]\nscene = "compare"\nrecordings = ["moons", "circles", "blobs", "xor"]': "at most 3$",
    'title = "a"\n' + BEAT + 'options = { clock = "noon" }': "options.clock='noon': the scene 'warp' runs by",
    'title = "a"\n' + BEAT + "options = { epochs = [0, nan] }": "options.epochs=nan must be a finite number",
    'title = "a"\n' + BEAT + "options = { at = 2026-01-01 }": "options.at=.* must be text, a number",
    'title = "a"\n' + BEAT + "options = { epoch = [0, 9] }": "1: unknown option of warp 'epoch': did you mean 'epochs'",
    'title = "a"\n' + BEAT + "options = { epochs = [9, 0] }": r"1: options.epochs=\(9, 0\) ends before it starts",
    'title = "a"\n[[beat]]\nscene = "zoo"\noptions = { parts = ["famly"] }': "unknown part of zoo 'famly'",
    'title = "a"\n' + BEAT + "options = 3": "options=3 must be a table",
    'title = "a"\n' + BEAT + "pace = 0": "pace=0 must be a finite number above 0",
    'title = "a"\n' + BEAT + "pace = 100": "pace=100.0 must be from 0.1",
    'title = "a"\n' + BEAT + 'captions = { first = "a" }': "captions.first: the scene's captions are numbered from 1",
    'title = "a"\n' + BEAT + 'captions = { 0 = "a" }': "captions.0: the scene's captions are numbered from 1",
    'title = "a"\n' + BEAT + "captions = { 1 = 2 }": "captions.1=2 must be text",
    'title = "a"\n' + BEAT + f'captions = {{ 1 = "{"long " * 20}" }}': "captions.1: the caption .* 2 lines of 42",
    'title = "a"\n' + BEAT + "holds = { 1 = inf }": "holds.1=inf must be a finite number",
    'title = "a"\n' + BEAT + 'transition = "wipe"': "transition='wipe' must be one of 'cut', 'fade'",
    'title = "a"\n' + BEAT + 'chapter = ""': "chapter='' must be one line",
    'title = "a"\n[recordings]\nx = 3\n' + BEAT: "recordings.x=3 must be text",
    'title = "a"\nreading = 1\n' + BEAT: "reading=1 characters a second: give at least 2",
    'title = "a"\nreading = -3\n' + BEAT: "reading=-3 must be a finite number",
    "title = ": "is not valid TOML",
    "title = " + "[" * 5000: "is nested too deeply|is not valid TOML",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_gets_a_sentence(text: str) -> None:
    with pytest.raises(ConfigurationError, match=WRONG[text]) as caught:
        parse_film(text, "film", "film.toml")
    assert str(caught.value).startswith("film.toml") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "path",
    ["../runs/mine", "/etc", "runs/../../mine", "C:\\\\runs", "..\\\\mine", "\\\\\\\\host\\\\share", "", "a\\tb"],
)
def test_recordings_are_looked_for_in_the_films_folder_only(path: str) -> None:
    text = f'title = "a"\n[recordings]\nx = "{path}"\n[[beat]]\nscene = "warp"\nrecordings = ["x"]'
    with pytest.raises(ConfigurationError, match="starts in the film's folder and stays in it"):
        parse_film(text, "film", "film.toml")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing.toml cannot be read: No such file"):
        read_film(tmp_path / "missing.toml")
    with pytest.raises(ConfigurationError, match="is not a regular file"):
        read_film(tmp_path)
    (tmp_path / "bytes.toml").write_bytes(b"title = '\xff'")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        read_film(tmp_path / "bytes.toml")
    (tmp_path / "long.toml").write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(ConfigurationError, match="no film is so long"):
        read_film(tmp_path / "long.toml")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 3), st.text(max_size=3))
def test_damage_gives_a_sentence_or_a_film(place: int, cut: int, put: str) -> None:
    text = WHOLE[:place] + put + WHOLE[place + cut :]
    try:
        film = parse_film(text, "film", "film.toml")
    except ConfigurationError as error:
        assert str(error).startswith("film.toml")
    else:
        assert 1 <= len(film.beats) <= 500


@pytest.mark.parametrize("name", [name for name, entry in FILMS.items() if entry.script.endswith(".toml")])
def test_shipped_films(name: str) -> None:
    film = read_film(TEMPLATE.parent / FILMS[name].script)
    assert film.name == name and film.beats[0].scene == "title" and film.beats[-1].scene == "end"
    assert film.beats[0].title and film.thumbnail is not None
    assert all(film.sources.get(recording, recording) in list_experiments() for recording in film.recordings)


def test_every_fact_has_a_plain_name() -> None:
    assert all(re.fullmatch(r"[a-z_]+", name) for name in FACTS)
