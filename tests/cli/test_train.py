"""`neurofilm train` and `neurofilm info` on real runs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from cli.info import describe_settings
from cli.main import FAILURE, WRONG_USAGE, main
from engine.datasets.mnist import DATA_DIR
from engine.experiment import load_experiment
from engine.network import Network
from engine.recording import Recording
from engine.run import run_experiment

Run = Callable[..., Result]


def snapshot(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}


@pytest.fixture
def flowers(workplace: Path) -> Path:
    """A table of two species that differ in one measure."""
    generator = np.random.default_rng(0)
    lines = ["width,length,species"]
    for index in range(60):
        species = ("setosa", "virginica")[index % 2]
        lines.append(f"{generator.normal(index % 2, 0.2):.3f},{generator.normal():.3f},{species}")
    path = workplace / "flowers.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_an_experiment_leaves_its_run(workplace: Path, small_experiment: Path, succeeds: Run) -> None:
    result = succeeds("train", small_experiment)
    run = Recording("runs/small")
    assert run.state == "finished"
    assert list(run) == list(range(13))
    assert result.stdout.startswith("runs/small: finished, epoch 12 of 12, loss ")
    assert "validation accuracy" in result.stdout
    assert "small: epochs 12/12" in result.stderr


def test_the_command_trains_what_the_library_trains(workplace: Path, small_experiment: Path, succeeds: Run) -> None:
    succeeds("train", small_experiment, "-o", "mine")
    other = run_experiment(load_experiment(small_experiment), "other")
    np.testing.assert_array_equal(Recording("mine").parameters(-1), other.parameters(-1))


def test_the_run_can_be_run_again(workplace: Path, small_experiment: Path, succeeds: Run) -> None:
    succeeds("train", small_experiment, "--epochs", 3)
    succeeds("train", "runs/small/experiment.toml", "-o", "again")
    assert Recording("again").digest == Recording("runs/small").digest


def test_options_change_the_experiment(workplace: Path, small_experiment: Path, succeeds: Run) -> None:
    changes = "--layers 5,3 --activation relu --optimizer momentum --learning-rate 0.05 --epochs 4 --batch-size full"
    succeeds("train", small_experiment, *changes.split(), "--seed", 9, "--snapshot-every", 2, "--loss", "mse")
    run = Recording("runs/small")
    assert run.network_config["seed"] == 9
    units = [(layer["units"], layer["activation"]) for layer in run.network_config["layers"]]
    assert units[:2] == [(5, "relu"), (3, "relu")]
    assert run.training["loss"] == "mse"
    assert run.experiment is not None
    assert run.experiment.training.batch_size is None
    assert run.training["optimizer"]["name"] == "momentum"
    assert run.training["optimizer"]["learning_rate"] == 0.05
    assert list(run) == [0, 2, 4]


def test_a_linear_model_has_no_hidden_layers(workplace: Path, small_experiment: Path, succeeds: Run) -> None:
    succeeds("train", small_experiment, "--layers", "")
    assert len(Recording("runs/small").network_config["layers"]) == 1


def test_a_table_of_ones_own(flowers: Path, succeeds: Run) -> None:
    succeeds("train", flowers.name, "--target", "species", "--epochs", 60)
    run = Recording("runs/flowers")
    assert run.data.class_names == ("setosa", "virginica")
    assert run.evaluate(-1)["accuracy"] > 0.95


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["spirlas"], WRONG_USAGE, "unknown experiment 'spirlas'"),
        (["no-such.toml"], WRONG_USAGE, "no-such.toml"),
        (["no-such.csv"], FAILURE, "no-such.csv"),
        (["SMALL", "--layers", "5,x"], WRONG_USAGE, "layers='5,x'"),
        (["SMALL", "--layers", "0"], WRONG_USAGE, "layers='0'"),
        (["SMALL", "--activation", "tahn"], WRONG_USAGE, "did you mean 'tanh'"),
        (["SMALL", "--loss", "msee"], WRONG_USAGE, "did you mean 'mse'"),
        (["SMALL", "--optimizer", "adan"], WRONG_USAGE, "did you mean 'adam'"),
        (["SMALL", "--learning-rate", "-1"], WRONG_USAGE, "learning_rate"),
        (["SMALL", "--target", "species"], WRONG_USAGE, "target='species'"),
        (["flowers.csv", "--target", "specis"], WRONG_USAGE, "did you mean 'species'"),
        (["--resume", "no-such-run"], FAILURE, "no-such-run"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    flowers: Path, small_experiment: Path, arguments: list[str], status: int, words: str, neurofilm: Run
) -> None:
    result = neurofilm("train", *(str(small_experiment) if word == "SMALL" else word for word in arguments))
    assert result.exit_code == status, result.output
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert not Path("runs").exists()


def test_a_table_may_have_tabs(workplace: Path, succeeds: Run) -> None:
    rows = ["\t".join(("a", "b", "kind")), *("\t".join((str(k), str(k % 5), "xy"[k % 2])) for k in range(20))]
    Path("marks.tsv").write_text("\n".join(rows), encoding="utf-8")
    succeeds("train", "marks.tsv", "--epochs", 2)
    assert Recording("runs/marks").data.feature_names == ("a", "b")


def test_a_folder_of_images(workplace: Path, succeeds: Run, neurofilm: Run) -> None:
    for kind in ("bright", "dark"):
        Path("shades", kind).mkdir(parents=True)
        for index in range(10):
            pixels = np.full((9, 9, 3), index if kind == "dark" else 255 - index, np.uint8)
            Image.fromarray(pixels).save(Path("shades", kind, f"{index}.png"))
    succeeds("train", "shades", "--epochs", 1, "--image-size", 8, "--colour", "--snapshot-log", 2)
    run = Recording("runs/shades")
    assert run.data.class_names == ("bright", "dark") and run.data.image_shape == (8, 8, 3)
    assert run.steps == [1]
    result = neurofilm("train", "spirals", "--image-size", 8)
    assert result.exit_code == WRONG_USAGE and "size=8 is about the pictures of a folder" in result.stderr


def test_features_of_another_run(workplace: Path, small_experiment: Path, succeeds: Run, neurofilm: Run) -> None:
    succeeds("train", small_experiment, "--layers", "4,3")
    result = succeeds("train", small_experiment, "-o", "other", "--from", "small", "--freeze", "0", "--layers", "4,2")
    assert "layer 1 (Dense) begins anew: its weight is 4×2, and 4×3 there" in result.stderr
    first, source = Recording("other").network(), Recording("runs/small").network()
    np.testing.assert_array_equal(first.weights["0.weight"], source.weights["0.weight"])
    for arguments, words in (
        (["--from", "nowhere"], "nowhere"),
        (["--from", "small", "--freeze", "0-9"], "there is no layer 9"),
        (["--from", "small", "--freeze", "all"], "must be numbers of layers, such as 0-3 or 0,2"),
    ):
        result = neurofilm("train", small_experiment, "-o", "third", *arguments)
        assert result.exit_code in (FAILURE, WRONG_USAGE) and words in result.stderr
        assert not Path("third").exists()


def test_the_folder_of_published_data(mnist_folder: Path, workplace: Path, succeeds: Run, neurofilm: Run) -> None:
    del os.environ[DATA_DIR]
    Path("digits.toml").write_text('name = "digits"\n[dataset]\nname = "mnist"\n[training]\nepochs = 1\n')
    succeeds("train", "digits.toml", "--data-dir", mnist_folder)
    assert DATA_DIR not in os.environ  # the option is for its command alone
    lines = succeeds("info", "runs/digits").stdout
    assert re.search(r"data +mnist, 30 samples, 10 for testing\n", lines)
    assert re.search(r"test +loss [0-9.]+, accuracy [0-9.]+%\n", lines)
    empty = Path("empty")
    empty.mkdir()
    result = neurofilm("train", "digits.toml", "-o", "other", "--data-dir", empty)
    assert result.exit_code == FAILURE
    assert "holds no train-images-idx3-ubyte.gz: give the folder with the four IDX files of MNIST" in result.stderr


def test_info_names_the_best_epoch(workplace: Path, small_experiment: Path, succeeds: Run) -> None:
    text = small_experiment.read_text().replace("epochs = 12", "epochs = 900\nearly_stopping = {patience = 5}")
    small_experiment.write_text(text.replace("learning_rate = 0.02", "learning_rate = 0.5"))
    succeeds("train", small_experiment)
    run = Recording("runs/small")
    assert run.state == "stopped" and run.best_epoch is not None
    shown = succeeds("info", "small").stdout
    assert f"best epoch  {run.best_epoch}, loss {run.metrics['loss'][run.best_epoch]:.4g}, accuracy" in shown


@pytest.mark.parametrize(
    ("row", "words"), [("0.5,,setosa", ("row", "length")), ("0.5,long,setosa", ("length", "long"))]
)
def test_faults_of_a_table_name_row_and_column(flowers: Path, row: str, words: tuple[str, ...], neurofilm: Run) -> None:
    with flowers.open("a", encoding="utf-8") as file:
        file.write(f"\n{row}\n")
    result = neurofilm("train", flowers, "--target", "species")
    assert result.exit_code == FAILURE
    assert all(word in result.stderr for word in words), result.stderr
    assert "62" in result.stderr or "61" in result.stderr


def test_a_run_that_exists_is_kept(workplace: Path, small_experiment: Path, neurofilm: Run, succeeds: Run) -> None:
    succeeds("train", small_experiment)
    before = snapshot(Path("runs/small"))
    result = neurofilm("train", small_experiment, "--seed", 8)
    assert result.exit_code == FAILURE
    assert all(word in result.stderr for word in ("--overwrite", "-o", "--resume runs/small"))
    assert snapshot(Path("runs/small")) == before
    succeeds("train", small_experiment, "--seed", 8, "--overwrite")
    assert Recording("runs/small").network_config["seed"] == 8


def test_a_folder_that_is_no_run_is_never_overwritten(workplace: Path, small_experiment: Path, neurofilm: Run) -> None:
    Path("thesis").mkdir()
    Path("thesis/chapter.txt").write_text("mine")
    result = neurofilm("train", small_experiment, "-o", "thesis", "--overwrite")
    assert result.exit_code == FAILURE
    assert "thesis" in result.stderr
    assert Path("thesis/chapter.txt").read_text() == "mine"


def test_divergence_names_the_epoch_and_keeps_what_was_good(workplace: Path, neurofilm: Run) -> None:
    table = Path("line.csv")
    table.write_text("\n".join(["x,y", *(f"{k},{3 * k}.5" for k in range(64))]), encoding="utf-8")
    result = neurofilm("train", table, "--layers", "8", "--activation", "linear", "--learning-rate", "1e30")
    assert result.exit_code == FAILURE
    last = result.stderr.splitlines()[-1]
    assert "epoch 1" in last
    assert "smaller learning rate than 1e+30" in last
    run = Recording("runs/line")
    assert run.state == "diverged"
    assert list(run) == [0]
    assert np.isfinite(run.parameters(0)).all()


def test_a_finished_run_has_nothing_to_resume(
    workplace: Path, small_experiment: Path, neurofilm: Run, succeeds: Run
) -> None:
    succeeds("train", small_experiment)
    result = neurofilm("train", "--resume", "small")
    assert result.exit_code == FAILURE
    assert "finished" in result.stderr


def test_ctrl_c_keeps_the_run_and_says_how_to_go_on(workplace: Path, small_experiment: Path, succeeds: Run) -> None:
    """A real process, a real signal, and the same bits in the end as without the interruption."""
    arguments = [sys.executable, "-m", "cli.main", "train", str(small_experiment), "--epochs", "3000"]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen(
        [*arguments, "-o", "broken"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    metrics = Path("broken/metrics.jsonl")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (metrics.exists() and metrics.read_bytes().count(b"\n") > 20):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == FAILURE, err
    assert err.splitlines()[-1] == ("Error: training was interrupted; go on with it: neurofilm train --resume broken")
    reached = Recording("broken")
    assert reached.state == "interrupted"
    assert 20 <= reached.epochs[-1] < 3000
    succeeds("train", "--resume", "broken")
    succeeds("train", small_experiment, "--epochs", 3000, "-o", "whole")
    np.testing.assert_array_equal(Recording("broken").parameters(-1), Recording("whole").parameters(-1))


def test_info_says_what_and_how(workplace: Path, small_experiment: Path, succeeds: Run) -> None:
    succeeds("train", small_experiment)
    lines = succeeds("info", "small").stdout.splitlines()
    run = Recording("runs/small")
    assert lines[0].startswith("runs/small: finished, epoch 12 of 12")
    assert f"loss {run.metrics['loss'][-1]:.4g}" in lines[0]
    text = "\n".join(lines)
    assert "2 → dense 4 tanh → dense 1 sigmoid" in text
    assert re.search(r"parameters +17$", text, re.MULTILINE)
    assert "optimizer adam (learning rate 0.02," in text
    assert "seed 3" in text
    assert "loss over epochs" in text
    assert "validation loss over epochs" in text
    first, last = f"{run.metrics['loss'].max():.3g}", f"{run.metrics['loss'].min():.3g}"
    assert first in text and last in text


def test_info_of_a_run_that_is_still_training(workplace: Path, small_experiment: Path, neurofilm: Run) -> None:
    seen: list[Result] = []

    def look(network: Network, epoch: int, metrics: dict[str, float]) -> None:
        """Look until an epoch can be seen: they are written behind the training's back."""
        deadline = time.monotonic() + 30
        while epoch == 5 and time.monotonic() < deadline:
            seen.append(neurofilm("info", "live"))
            if "running, epoch" in seen[-1].stdout:
                return

    run_experiment(load_experiment(small_experiment), "live", callbacks=[look])
    assert all(result.exit_code == 0 for result in seen), seen[-1].output
    assert re.match(r"live: running, epoch [0-5] of 12, loss ", seen[-1].stdout)
    assert "loss over epochs" in seen[-1].stdout


def test_info_of_what_is_no_run(workplace: Path, neurofilm: Run) -> None:
    Path("empty").mkdir()
    for name in ("empty", "missing"):
        result = neurofilm("info", name)
        assert result.exit_code == FAILURE
        assert name in result.stderr


def test_info_of_a_damaged_run(workplace: Path, small_experiment: Path, neurofilm: Run, succeeds: Run) -> None:
    succeeds("train", small_experiment)
    Path("runs/small/run.json").write_text(json.dumps({"format": "something else"}))
    result = neurofilm("info", "small")
    assert result.exit_code == FAILURE
    assert "run.json" in result.stderr
    assert "Traceback" not in result.output


def test_settings_in_a_line() -> None:
    settings = {"loss": "mse", "optimizer": {"name": "sgd", "learning_rate": 0.1}, "seed": 0, "clip": None, "steps": []}
    assert describe_settings(settings) == "loss mse, optimizer sgd (learning rate 0.1), seed 0"


def test_info_shows_what_would_steer_the_terminal(workplace: Path, succeeds: Run) -> None:
    rows = [f"{k},red\n{k},\x1b[2Jblue\n" for k in range(10)]
    Path("wild.csv").write_text("a,kind\n" + "".join(rows), encoding="utf-8")
    succeeds("train", "wild.csv", "--epochs", 1)
    assert Recording("runs/wild").data.class_names == ("\x1b[2Jblue", "red")
    shown = CliRunner().invoke(main, ["info", "wild"], color=True).output
    assert "classes     \\x1b[2Jblue, red" in shown and "\x1b" not in shown


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.devices.what_is_missing", lambda: "this test has none")


def test_without_a_gpu_auto_trains_on_the_cpu_and_says_so(
    workplace: Path, small_experiment: Path, succeeds: Run, no_gpu: None
) -> None:
    result = succeeds("train", small_experiment, "--device", "auto")
    assert "the CPU computes, because this test has none" in result.stderr
    assert Recording("runs/small").state == "finished"


def test_without_a_gpu_cuda_is_refused_before_anything_is_written(
    workplace: Path, small_experiment: Path, neurofilm: Run, no_gpu: None
) -> None:
    result = neurofilm("train", small_experiment, "--device", "cuda")
    assert result.exit_code == WRONG_USAGE
    assert "device 'cuda' cannot be used: this test has none" in result.stderr
    assert not Path("runs").exists()
