"""The film `spirals`: its length, its words, its numbers, and that its beats follow on one another."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.films.end_card import facts
from scenes.films.spirals import COMMAND, FILM
from scenes.registry import FILMS
from scenes.rendering import Measure, configured, film_parts, play
from scenes.sinks import StillSink
from scenes.theme import CAPTION, HEADING, SAFE
from scenes.warp.material import mistakes

RATE, WIDTH, HEIGHT = 10, 320, 180

Watched = tuple[dict[str, Recording], Measure, dict[int, np.ndarray]]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """The recordings, what the film says, and the pictures round every change from beat to beat."""
    folder = tmp_path_factory.mktemp("runs")
    recordings = {name: run_experiment(load_experiment(name), folder / name) for name in FILM.recordings}
    parts = film_parts("spirals", recordings, None)
    with configured(parts, WIDTH, HEIGHT, RATE):
        frames = range(0, 90 * RATE)
        sink = EndsSink(HEIGHT, WIDTH, frames)
        measure = play(parts, sink)
    return recordings, measure, sink.stills


class EndsSink(StillSink):
    """Keeps the last picture that was asked for before each change, and the first one after it."""

    def wants(self, first: int, last: int) -> list[int]:
        # the ends of every animation are enough: a change from beat to beat lies between two of them
        return sorted({first, last - 1}) if last > first else []


def test_the_registry_names_what_the_film_needs() -> None:
    entry = FILMS["spirals"]
    assert entry.script == "scenes.films.spirals" and FILM.name == "spirals"
    assert FILM.recordings == ("spirals", "spirals-linear")
    assert len(FILM.beats) == 7 and len({beat.title for beat in FILM.beats}) == 7


def test_length(watched: Watched) -> None:
    _, measure, _ = watched
    assert 40 <= measure.total / RATE <= 75
    assert min(measure.frames) / RATE >= 3


def test_every_caption_can_be_read(watched: Watched) -> None:
    _, measure, _ = watched
    for cue in measure.cues:
        words = len(cue.text.split())
        assert cue.end - cue.start >= max(1.8, words / 5.5), cue
    for before, after in zip(measure.cues, measure.cues[1:], strict=False):
        assert after.start >= before.end - 1e-6


def test_every_number_is_the_recordings(watched: Watched) -> None:
    recordings, measure, _ = watched
    spirals, line = recordings["spirals"], recordings["spirals-linear"]
    told = [cue.text.replace("\n", " ") for cue in measure.cues]
    wrong = int(mistakes(line.network(), line.data.x, line.data.y).sum())
    count = len(line.data.x)
    assert line.evaluate()["accuracy"] == pytest.approx(1 - wrong / count)
    assert f"The best it finds gets {count - wrong} of {count} right: {wrong} are on the wrong side." in told
    assert f"Its {spirals.network().parameter_count} numbers begin at random, and so do its answers." in told
    right = int((~mistakes(spirals.network(), spirals.data.x, spirals.data.y)).sum())
    assert right == count  # what the preset promises
    assert f"After {spirals.epochs[-1]} epochs every point is on the right side." in told
    assert f"Here one straight line parts all {count} points." in told
    # and there are no others
    known = {wrong, count - wrong, count, spirals.network().parameter_count, spirals.epochs[-1]}
    assert {int(number) for number in re.findall(r"\d+", " ".join(told))} <= known
    widths = [layer["units"] for layer in spirals.network_config["layers"]]
    assert widths == [2, 2, 2, 2, 1]
    assert any("four layers of two neurons" in text for text in told)


def test_end_card_is_the_recordings(watched: Watched) -> None:
    recordings, _, _ = watched
    spirals = recordings["spirals"]
    assert dict(facts(spirals)) == {
        "network": "2–2–2–2–2–1",
        "parameters": str(4 * (2 * 2 + 2) + 2 + 1),
        "epochs": str(spirals.epochs[-1]),
        "accuracy": f"{spirals.evaluate()['accuracy']:.1%}",
        "seed": str(load_experiment("spirals").training.seed),
    }
    assert COMMAND == "neurofilm film spirals"


def test_a_beat_begins_with_the_picture_that_the_one_before_ended_with(watched: Watched) -> None:
    _, measure, stills = watched
    boundaries = np.cumsum(measure.frames)[:-1]
    words = np.zeros((HEIGHT, WIDTH), bool)
    for zone in (CAPTION, HEADING):
        words[rows(zone.top) : rows(zone.bottom)] = True
    for end in boundaries:
        before = stills[max(frame for frame in stills if frame < end)].astype(int)
        after = stills[min(frame for frame in stills if frame >= end)].astype(int)
        difference = np.abs(before - after)[..., :3].max(axis=2)
        assert difference[~words].max() <= 40, end
        assert (difference[~words] > 8).mean() < 0.002, end


def rows(y: float) -> int:
    return round((4 - y) / 8 * HEIGHT)


def test_nothing_is_closer_to_the_edge_than_the_margin(watched: Watched) -> None:
    _, _, stills = watched
    margin = round((4 - SAFE.top) / 8 * HEIGHT) - 2
    for pixels in stills.values():
        ground = pixels[0, 0, :3].astype(int)
        lit = (np.abs(pixels[..., :3].astype(int) - ground) > 12).any(axis=2)
        assert not lit[:margin].any() and not lit[-margin:].any()
        assert not lit[:, :margin].any() and not lit[:, -margin:].any()
