"""`neurofilm train`: an experiment or a data file in, a run directory out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import (
    RUNS,
    SETTINGS,
    BatchSize,
    data_dir_option,
    example,
    find_run,
    output_option,
    overwrite_option,
)
from engine.devices import DEVICES, choose_device
from engine.errors import RecordingError

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.recording import Recording


@click.command(
    context_settings=SETTINGS,
    epilog=example(
        "neurofilm train spirals --layers 16,16 --epochs 300",
        "neurofilm train flowers.csv --target species",
        "neurofilm train pets/ --image-size 32 --colour",
        "neurofilm train blobs --from runs/blobs --freeze 0",
        "neurofilm train lenet --device cuda",
    ),
)
@click.argument("source", metavar="EXPERIMENT|FILE|FOLDER", required=False)
@output_option("RUN", "The run directory to write.  [default: runs/NAME]")
@click.option("--layers", metavar="16,16", help='Units of the hidden layers; "" for none.')
@click.option("--activation", metavar="NAME", help="Activation of the hidden layers.")
@click.option("--loss", metavar="NAME", help="What training makes small.")
@click.option("--optimizer", metavar="NAME", help="What makes it small.")
@click.option("--learning-rate", type=float, metavar="NUMBER", help="How far a step goes.")
@click.option("--epochs", type=click.IntRange(min=1), metavar="NUMBER", help="Passes over the data.")
@click.option("--batch-size", type=BatchSize(), metavar="NUMBER", help="Samples in a step; full for all.")
@click.option("--seed", type=click.IntRange(min=0), metavar="NUMBER", help="Of initial weights and shuffling.")
@click.option("--snapshot-every", type=click.IntRange(min=1), metavar="EPOCHS", help="How often weights are kept.")
@click.option(
    "--snapshot-log", type=click.IntRange(min=0), metavar="NUMBER", help="And log-spaced, a tenfold of steps."
)
@click.option("--from", "weights_from", type=click.Path(path_type=Path), metavar="RUN", help="Weights to begin with.")
@click.option("--freeze", metavar="0-3", help="Layers that keep their weights.")
@click.option("--device", type=click.Choice(DEVICES), default="cpu", help="What computes; auto takes a GPU if it can.")
@click.option("--target", metavar="COLUMN", help="The column of FILE that is to be predicted.")
@click.option("--image-size", type=click.IntRange(min=1), metavar="PIXELS", help="Side of the images of FOLDER.")
@click.option("--colour", is_flag=True, default=None, help="Keep the colours of the images of FOLDER.")
@data_dir_option
@click.option("--resume", type=click.Path(path_type=Path), metavar="RUN", help="Go on with a run that was stopped.")
@overwrite_option
def train(
    source: str | None, output: Path | None, resume: Path | None, overwrite: bool, device: str, **given: Any
) -> None:
    """Train a network and record every epoch.

    EXPERIMENT is one of `neurofilm list experiments` or a TOML file, such as the experiment.toml of a run directory;
    FILE is a table of your own (CSV, TSV or NPZ), FOLDER holds a folder of images for each class. What the options
    don't say, the experiment does.
    """
    changes = {name: value for name, value in given.items() if value is not None}
    if resume is not None:
        if source is not None or output is not None or overwrite or changes:
            raise click.UsageError(
                "--resume goes on with a run as it was begun and takes nothing beside RUN but --device"
            )
        resume_run(find_run(resume), device=choose_device(device, _say))
        return
    if source is None:
        raise click.UsageError("missing EXPERIMENT or FILE; neurofilm list experiments shows those that come with it")
    device = choose_device(device, _say)
    weights_from = changes.pop("weights_from", None)
    weights_from = None if weights_from is None else find_run(weights_from)

    from cli.recordings import with_weights
    from engine.experiment import load_experiment
    from engine.recording.directory import RUN as RUN_FILE

    images = {"size": changes.pop("image_size", None), "colour": changes.pop("colour", None)}
    experiment = load_experiment(source, changes.pop("target", None), weights_from, **images).override(**changes)
    run = output or RUNS / experiment.name
    if (run / RUN_FILE).exists() and not overwrite:  # what else may be there is the recorder's to refuse
        raise RecordingError(
            f"{run} exists already; give --overwrite to replace it, -o to write elsewhere, or go on with it: "
            f"neurofilm train --resume {run}"
        )
    train_experiment(with_weights(experiment), run, overwrite=overwrite, device=device)


def train_experiment(experiment: Experiment, run: Path, *, overwrite: bool = False, device: str = "cpu") -> Recording:
    """Train with a progress bar and say how it went."""
    from cli.progress import EpochProgress
    from engine.run import run_experiment

    announce_compilation(device)
    progress = EpochProgress(experiment.name)
    with saying_how_to_go_on(run):
        recording = run_experiment(experiment, run, overwrite=overwrite, progress=progress, say=_say, device=device)
    report(recording)
    return recording


def resume_run(run: Path, *, device: str = "cpu") -> Recording:
    """Go on with a run and say how it went."""
    from cli.progress import EpochProgress
    from engine.run import resume

    announce_compilation(device)
    with saying_how_to_go_on(run):
        recording = resume(run, progress=EpochProgress(run.name), device=device)
    report(recording)
    return recording


@contextmanager
def saying_how_to_go_on(run: Path) -> Iterator[None]:
    """Make a sentence of a second Ctrl-C, where there is something to go on with."""
    from engine.recording import Recording

    try:
        yield
    except KeyboardInterrupt:
        try:
            last = Recording(run).checkpoint()["epoch"]
        except RecordingError:
            raise KeyboardInterrupt from None  # nothing was recorded yet
        raise RecordingError(
            f"training was stopped within an epoch, and epoch {last} is the last that was kept; go on with it: "
            f"neurofilm train --resume {run}"
        ) from None


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def announce_compilation(device: str = "cpu") -> None:
    from engine.jit import cache_is_cold

    if device == "cuda":
        from engine.devices import describe_gpu

        click.echo(f"Compiling for {describe_gpu()}; this takes some seconds.", err=True)
    elif cache_is_cold():
        click.echo("Compiling the kernels; this takes some seconds and happens once.", err=True)


def report(recording: Recording) -> None:
    """Say how a run went; a run that was interrupted or diverged is a failure."""
    from cli.info import outcome

    click.echo(f"{recording.path}: {outcome(recording)}")
    if recording.state == "interrupted":
        raise RecordingError(f"training was interrupted; go on with it: neurofilm train --resume {recording.path}")
