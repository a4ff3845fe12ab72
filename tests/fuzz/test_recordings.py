"""Run directories that were damaged, or made to do harm: every command says so in a sentence, and nothing more."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given

from cli.main import FAILURE, WRONG_USAGE, main
from engine.experiment import Experiment
from engine.recording import Recording
from engine.recording.files import checksum, sha256
from engine.recording.tensors import START
from engine.run import resume, run_experiment
from tests.fuzz.mutations import changes, mutate, place, put, sentence_or, sign, values

SMALL = """
name = "small"
[dataset]
name = "moons"
n = 20
validation = 0.2
[network]
layers = [{type = "dense", units = 3, activation = "tanh"}, {type = "dense", units = 1, activation = "sigmoid"}]
[training]
epochs = 3
[recording]
snapshot_steps = [2]
"""
FILES = ("run.json", "metrics.jsonl", "experiment.toml", "data.safetensors", "checkpoint.safetensors",
         "snapshots.safetensors")  # fmt: skip


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was interrupted after its second epoch."""
    path = tmp_path_factory.mktemp("runs") / "run"
    run_experiment(Experiment.from_toml(SMALL), path, callbacks=[lambda network, epoch, metrics: epoch == 2])
    return path


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def everything(path: Path) -> str:
    """All that a recording says, as one text."""
    run = Recording(path)
    arrays: list[Any] = [run.parameters(epoch) for epoch in run] + [run.parameters(step=step) for step in run.steps]
    arrays += [run.data.arrays()[name] for name in sorted(run.data.arrays())] + list(run.metrics.values())
    arrays += [np.asarray(value) for value in run.checkpoint().values()]
    arrays += [run.network(run.final_epoch).parameters]
    return repr([run.state, run.evaluate(), run.training, run.network_config, run.experiment]) + repr(
        [(array.shape, array.tobytes()) for array in arrays]
    )


def check_commands(path: Path) -> None:
    """`info` ends with a sentence or an answer; reading and going on, too."""
    result = CliRunner().invoke(main, ["info", str(path)], catch_exceptions=False)
    assert result.exit_code in (0, FAILURE, WRONG_USAGE)
    if result.exit_code:
        assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1, result.stderr
    assert "\x1b" not in result.output
    sentence_or(lambda: everything(path))


@pytest.mark.parametrize("name", FILES)
@given(made=changes)
def test_damage_is_found(run: Path, original: Path, name: str, made: Any) -> None:
    """Nothing is read but what was written."""
    whole = (original / name).read_bytes()
    damaged = mutate(whole, made)
    (run / name).write_bytes(damaged)
    found = sentence_or(lambda: everything(run))
    if found is not None:
        assert found == everything(original)


@given(place, values)
def test_descriptions_that_somebody_wrote(run: Path, original: Path, at: float, value: Any) -> None:
    """With a right checksum, so that only the rules for each value are left."""
    forged = {**put(json.loads((original / "run.json").read_bytes()), at, value), "checksum": "00000000"}
    (run / "run.json").write_bytes(sign(json.dumps(forged, indent=2).encode()))
    check_commands(run)


@given(place, values)
def test_going_on_with_descriptions_that_somebody_wrote(tmp_path: Path, original: Path, at: float, value: Any) -> None:
    path = tmp_path / "copy"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(original, path)
    forged = {**put(json.loads((original / "run.json").read_bytes()), at, value), "checksum": "00000000"}
    (path / "run.json").write_bytes(sign(json.dumps(forged, indent=2).encode()))
    sentence_or(lambda: resume(path))
    assert sorted(os.listdir(tmp_path)) in (["copy"], ["copy", "run"])  # nothing was written beside it


@given(place, values)
def test_metrics_that_somebody_wrote(run: Path, original: Path, at: float, value: Any) -> None:
    first, *rest = (original / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    line = json.loads(first)
    del line["checksum"]
    start = json.dumps(put(line, at, value)).encode()[:-1]
    forged = start + b',"checksum":"' + checksum(start).encode() + b'"}\n'
    (run / "metrics.jsonl").write_bytes(forged + b"".join(rest))
    check_commands(run)


@pytest.mark.parametrize("name", ["data.safetensors", "checkpoint.safetensors"])
@given(at=place, value=values)
def test_tensors_that_somebody_wrote(run: Path, original: Path, name: str, at: float, value: Any) -> None:
    contents = (original / name).read_bytes()
    length = int.from_bytes(contents[:8], "little")
    header = put(json.loads(contents[8 : 8 + length]), at, value)
    text = START + b'00000000"'
    metadata = header.pop("__metadata__")
    if isinstance(metadata, dict):
        metadata.pop("checksum", None)
        text += b"".join(b"," + json.dumps({k: v}).encode()[1:-1] for k, v in metadata.items())
    text += b"}" + b"".join(b"," + json.dumps({k: v}).encode()[1:-1] for k, v in header.items()) + b"}"
    forged = sign(len(text).to_bytes(8, "little") + text + contents[8 + length :])
    (run / name).write_bytes(forged)
    check_commands(run)


@given(at=place, value=values)
def test_snapshots_that_somebody_wrote(run: Path, original: Path, at: float, value: Any) -> None:
    """A header of any length, behind which lie the rows."""
    contents = (original / "snapshots.safetensors").read_bytes()
    length = int.from_bytes(contents[:8], "little")
    text = json.dumps(put(json.loads(contents[8 : 8 + length]), at, value)).encode().ljust(length)
    (run / "snapshots.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + contents[8 + length :])
    check_commands(run)


@given(changes)
def test_experiments_that_somebody_wrote(run: Path, original: Path, made: Any) -> None:
    text = mutate((original / "experiment.toml").read_bytes(), made)
    (run / "experiment.toml").write_bytes(text)
    description = json.loads((original / "run.json").read_bytes())
    forged = {**description, "experiment_sha256": sha256(text), "checksum": "00000000"}
    (run / "run.json").write_bytes(sign(json.dumps(forged, indent=2).encode()))
    check_commands(run)


def test_what_these_tests_read_is_all_that_there_is(original: Path) -> None:
    """Without any change, everything is read and every command works: the tests above fail for no other reason."""
    assert everything(original) == everything(original)
    assert CliRunner().invoke(main, ["info", str(original)]).exit_code == 0
    assert {str(path.relative_to(original)) for path in original.rglob("*") if path.is_file()} >= set(FILES)


@pytest.fixture(scope="module")
def make_part() -> Any:
    """What sees whether a scene fits; imported before memory is limited."""
    from scenes.parts import make_part
    from scenes.registry import SCENES

    return lambda recording: [sentence_or(lambda scene=scene: make_part(scene, recording, None)) for scene in SCENES]


@given(place, values)
def test_scenes_of_descriptions_that_somebody_wrote(
    run: Path, original: Path, make_part: Any, at: float, value: Any
) -> None:
    forged = {**put(json.loads((original / "run.json").read_bytes()), at, value), "checksum": "00000000"}
    (run / "run.json").write_bytes(sign(json.dumps(forged, indent=2).encode()))
    recording = sentence_or(lambda: Recording(run))
    if recording is not None:
        make_part(recording)
