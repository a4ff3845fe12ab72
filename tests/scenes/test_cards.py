"""Cards between the scenes of a film: what stands on them, that it fits, and how long it stays."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import RenderError
from scenes.films import Beat, Film
from scenes.films.cards import each_once, layers_of, told_as
from scenes.films.end_card import facts
from scenes.parts import configured, film_parts, find_scene, measure_parts, play
from scenes.sinks import StillSink
from scenes.theme import SAFE
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

WIDTH, HEIGHT, RATE = 320, 180, 10
LONG = "A title that is much longer than any title has to be, and goes on"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("title", {"film_title": "Short"}),
        ("title", {"film_title": LONG, "text": f"{LONG}\n{LONG}\n{LONG}"}),
        ("words", {"title": f"{LONG}\n{LONG}"}),
        ("words", {"text": "Small words alone."}),
        ("words", {"title": '#panic("x") *a* $x$', "text": "<b>#read</b>"}),
    ],
)
def test_words_keep_their_place(small_run: SmallRun, name: str, options: dict[str, str]) -> None:
    walk(find_scene(name), {"spirals": small_run("spirals")}, options)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_on_the_last_card_leaves_the_frame(small_run: SmallRun, theme: str) -> None:
    names = ("spirals", "mnist-16", "lenet", "regression", "bullseye-2", "bullseye-3", "interval")
    recordings = {name: small_run(name) for name in names}
    film = Film("f", LONG, (Beat("end", names),), theme=theme)
    parts = film_parts(film, recordings, None)
    with configured(parts, WIDTH, HEIGHT, RATE):
        frame = measure_parts(parts).total - 1
        sink = StillSink(HEIGHT, WIDTH, [frame])
        play(parts, sink)
    pixels = sink.stills[frame][..., :3].astype(int)
    lit = (np.abs(pixels - pixels[0, 0]) > 12).any(axis=2)
    margin = round((4 - SAFE.top) / 8 * HEIGHT) - 2
    assert lit.mean() > 0.01
    assert (
        not lit[:margin].any() and not lit[-margin:].any() and not lit[:, :margin].any() and not lit[:, -margin:].any()
    )


def test_networks_in_few_letters(small_run: SmallRun) -> None:
    assert layers_of(small_run("spirals")) == "2–2–2–2–2–1" == dict(facts(small_run("spirals")))["network"]
    lenet = small_run("lenet")
    count = sum(layer["type"] != "dropout" for layer in lenet.network_config["layers"])
    assert layers_of(lenet).endswith(f", {count} layers")


def test_a_card_stays_as_long_as_it_takes_to_read(small_run: SmallRun) -> None:
    def seconds(**options: object) -> float:
        parts = film_parts(Film("f", "F", (Beat("words", options=options),)), {}, None)
        with configured(parts, WIDTH, HEIGHT, RATE):
            return measure_parts(parts).total / RATE

    assert seconds(title="Short.") >= 2
    assert seconds(title="x" * 45, text="x" * 45) >= 90 / 15
    assert seconds(title="Short.", seconds=7.5) == pytest.approx(7.5)
    with pytest.raises(RenderError, match="has nothing to say"):
        seconds(title=" ")


def test_what_stands_in_for_an_experiment_is_called_by_its_own_name(small_run: SmallRun) -> None:
    stand_in = small_run("lenet-digits")
    assert told_as("lenet", stand_in) == told_as("lenet-digits", stand_in) == "lenet-digits"
    assert told_as("mine", stand_in) == "mine", "a name that a film gives itself stays"


def test_what_stands_in_for_several_is_told_once(small_run: SmallRun) -> None:
    digits, moons = small_run("digits"), small_run("spirals")
    # one run for two experiments of images, and two names of a film's own for another
    told = each_once({"mnist-16": digits, "mnist-wide": digits, "one": moons, "other": moons, "digits": digits})
    assert told == [("digits", digits), ("one", moons), ("other", moons)]
