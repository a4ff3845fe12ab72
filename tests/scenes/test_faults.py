"""Films and faults: killed, out of room, made twice; and recordings that somebody else made."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.datasets import Dataset
from engine.errors import NeurofilmError
from engine.layers import Dense
from engine.network import Network
from engine.recording import Recorder, Recording
from engine.recording.files import sha256
from scenes.mobjects.text import escape
from scenes.mobjects.typesetting import typeset
from scenes.registry import SCENES
from scenes.rendering import render
from scenes.stage import Stage
from scenes.storyboards import storyboard
from scenes.subtitles import Cue, compose

ROOT = Path(__file__).parents[2]
FIXTURES = sorted(path.parent for path in (ROOT / "tests/fixtures/recordings").glob("*/dense/run.json"))
KILLS = 200 if os.environ.get("NEUROFILM_FUZZ") == "long" else 6
posix = pytest.mark.skipif(os.name != "posix", reason="signals, limits and users like these are POSIX's")

# Names that would do something if they were taken for markup
HOSTILE = ['#panic("x")', "*a*", "$x$", '#read("/etc/passwd")', '"); #panic("', "\\u{41}", "<b>a</b>", "a\x1b[2Jb"]


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


SCENE = """
import os, random, signal, sys, time
from pathlib import Path
from manim import RIGHT, Square, linear
from scenes.rendering import render
from scenes.stage import Stage
class Sliding(Stage):
    def construct(self):
        square = Square(1, color="#ffffff", fill_opacity=1, stroke_width=0)
        self.play(square.animate.shift(RIGHT), run_time=1.5, rate_func=linear)
"""

KILLED = (
    SCENE
    + """
folder, kills, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(8)
killed, span = 0, 1.0
for number in range(kills + 1):
    moment = None if number == 0 else chance.uniform(0, span)  # the first goes to its end and says how long that takes
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        if moment is not None:
            signal.setitimer(signal.ITIMER_REAL, max(moment, 1e-4))  # whose signal, with no handler, ends the process
        render(Sliding, None, folder / "film.mp4", quality="l", overwrite=True)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if number == 0:
        assert status == 0, status
        span = time.monotonic() - began
        whole = (folder / "film.mp4").read_bytes()
    killed += os.WIFSIGNALED(status)
    assert (folder / "film.mp4").read_bytes() == whole, number  # the film of before, or the same again
render(Sliding, None, folder / "film.mp4", quality="l", overwrite=True)
assert (folder / "film.mp4").read_bytes() == whole
print(killed, *sorted(os.listdir(folder)))
"""
)


@posix
def test_a_killed_rendering_leaves_the_old_film_and_nothing_else(tmp_path: Path) -> None:
    """At random moments; 200 of them with make fuzz. What is left half written is removed by the next rendering."""
    result = run_python(KILLED, tmp_path, KILLS)
    assert result.returncode == 0, result.stderr[-2000:]
    killed, *files = result.stdout.split()
    assert int(killed) > KILLS / 2 and files == ["film.mp4"]


FULL = (
    SCENE
    + """
import resource
from engine.errors import RenderError
try:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    render(Sliding, None, Path(sys.argv[1]) / "film.mp4", quality="l")
except RenderError as error:
    print(error)
"""
)


@posix
def test_a_disk_that_is_full_is_a_sentence(tmp_path: Path) -> None:
    result = run_python(FULL, tmp_path)
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout == f"the output {tmp_path / 'film.mp4'} cannot be written: File too large\n"
    assert os.listdir(tmp_path) == []


READ_ONLY = """
import os, sys
from pathlib import Path
from engine.errors import RenderError
from scenes.outputs import whole_file
if os.getuid() == 0:
    os.setuid(65534)  # to whom the permissions apply
try:
    with whole_file(Path(sys.argv[1]) / "film.mp4") as temporary:
        temporary.write_bytes(b"a film")
except RenderError as error:
    print(error)
"""


@pytest.fixture
def read_only() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="neurofilm-"))
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR | 0o055)
    try:
        yield folder
    finally:
        folder.chmod(0o755)
        folder.rmdir()


@posix
def test_a_read_only_folder_is_a_sentence(read_only: Path) -> None:
    result = run_python(READ_ONLY, read_only)
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout == f"the output {read_only / 'film.mp4'} cannot be written: Permission denied\n"


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_old_recordings_are_shown_and_the_same_picture_comes_twice(path: Path, tmp_path: Path) -> None:
    sheets = []
    for name in ("one.png", "two.png"):
        storyboard("warp", Recording(path), tmp_path / name, frames=2, quality="l")
        sheets.append((tmp_path / name).read_bytes())
    assert sheets[0] == sheets[1] and len(sheets[0]) > 5000


class Names(Stage):
    """The classes of a recording, as a caption, a heading and a legend."""

    def construct(self) -> None:
        names = self.recording.data.class_names
        self.caption(names[0])
        self.heading(names[0], names[1])
        self.wait(0.3)


def record_with_names(path: Path, names: list[str]) -> Recording:
    """A run of two epochs whose classes are called so."""

    rng = np.random.default_rng(0)
    data = Dataset(
        "named",
        rng.normal(size=(8, 2)),
        np.arange(8) % 2,
        "classification",
        feature_names=("#panic()", "*b*"),
        class_names=tuple(names),
    )
    network = Network([Dense(2, "tanh"), Dense(1, "sigmoid")], input_shape=(2,), seed=1)
    recorder = Recorder(path, dataset=data)
    settings = {"loss": "binary_crossentropy", "epochs": 1, "batch_size": 8}
    recorder.start(network, settings, {"x": data.x, "y": data.y})
    for epoch in range(2):
        recorder.record_epoch(epoch, network.parameters, {"loss": 0.7, "accuracy": 0.5}, {})
    recorder.finish()
    return Recording(path)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_drawn_as_text(name: str, tmp_path: Path) -> None:
    """As many glyphs as characters that show: nothing is taken for markup, and nothing is run."""
    shown = [character for character in name if not character.isspace() and character.isprintable()]
    invisible = sum(not character.isprintable() for character in name)
    assert len(shown) <= len(typeset(escape(name))) <= len(shown) + invisible
    recording = record_with_names(tmp_path / "run", [name, f"{name}2"])
    assert recording.data.class_names == (name, f"{name}2")
    result = render(Names, recording, tmp_path / "names.mp4", quality="l")
    assert result.subtitles is not None


def test_a_scene_of_hostile_names_is_drawn(tmp_path: Path) -> None:
    recording = record_with_names(tmp_path / "run", HOSTILE[:2])
    storyboard("warp", recording, tmp_path / "warp.png", frames=2, quality="l")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "warp.png"]


def test_captions_cannot_break_the_subtitles() -> None:
    """An empty line ends a cue, and what looks like a time starts one: not where a caption holds them."""
    text = "a\n\n2\n00:00:05,000 --> 00:00:06,000\nforged"
    written = compose([Cue(text, 0, 1), Cue("second", 1, 2)])
    assert written.count("-->") == 2 and "forged" in written
    assert [block.splitlines()[0] for block in written.strip().split("\n\n")] == ["1", "2"]


def test_recordings_with_links_and_paths_write_nothing_elsewhere(tmp_path: Path) -> None:
    """A run directory that somebody prepared: links out of it, and an experiment that names files."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    run = record_with_names(tmp_path / "run", ["a", "b"]).path
    for name in ("experiment.toml", ".run.json.tmp", ".new", ".ready"):
        (run / name).symlink_to(outside / "precious")
    description = json.loads((run / "run.json").read_text())
    description["experiment_sha256"] = sha256(b"mine")
    before = sorted(os.listdir(run))
    (tmp_path / "films").mkdir()
    for scene in SCENES:
        try:
            storyboard(scene, Recording(run), tmp_path / "films" / f"{scene}.png", frames=1, quality="l")
        except NeurofilmError:
            continue  # it does not fit, or the recording is refused
    assert (outside / "precious").read_text() == "mine" and os.listdir(outside) == ["precious"]
    assert sorted(os.listdir(run)) == before
    assert sorted(os.listdir(tmp_path)) == ["films", "outside", "run"]


REPLAYED = """
import resource, sys
import numpy as np
from engine.recording import Recording
from scenes.replay import Replay
recording = Recording(sys.argv[1])
network = recording.network()
network.predict(recording.data.x)  # all code is loaded
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
replay = Replay(recording)
replay.pace()
for moment in np.linspace(replay.first, replay.last, 40):
    replay.network_at(moment).predict(recording.data.x)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / network.parameters.nbytes)
"""


@posix
def test_a_large_recording_is_never_held_as_a_whole(tmp_path: Path) -> None:
    """Sixteen snapshots of a network of 30 MB are played with the memory of a few."""
    network = Network([Dense(2700), Dense(2700, "relu"), Dense(1, "sigmoid")], input_shape=(2,))
    recorder = Recorder(tmp_path / "run")
    data = {"x": np.ones((4, 2), np.float32), "y": np.array([0, 1, 0, 1])}
    recorder.start(network, {"loss": "binary_crossentropy", "epochs": 15}, data)
    for epoch in range(16):
        recorder.record_epoch(epoch, network.parameters, {"loss": 1.0}, {"m": np.zeros(1)})
    recorder.finish()
    result = run_python(REPLAYED, tmp_path / "run")
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) < 6
