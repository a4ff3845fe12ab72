"""`neurofilm film`: train what a film needs, then render it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import (
    FILMS,
    RUNS,
    SETTINGS,
    data_dir_option,
    example,
    output_option,
    overwrite_option,
    quality_option,
    theme_option,
)

if TYPE_CHECKING:
    from engine.recording import Recording


@click.command(context_settings=SETTINGS, epilog=example("neurofilm film spirals -q h"))
@click.argument("name", metavar="NAME")
@quality_option("m")
@theme_option
@data_dir_option
@output_option("FILE", "The video to write.  [default: films/NAME.mp4]")
@overwrite_option
def film(name: str, quality: str, theme: str, output: Path | None, overwrite: bool) -> None:
    """Train what a film needs, then render it.

    NAME is one of `neurofilm list films`. A finished run of the same experiment under runs/ is used as it is.
    """
    experiments = film_experiments(name)

    from cli.progress import FrameProgress
    from cli.render import complete_output, report
    from scenes.rendering import check_output, render_film

    output, _ = complete_output(output, None, FILMS / name)
    check_output(output, overwrite)  # before training, not after
    recordings = find_or_train_all(experiments)
    progress = FrameProgress(output.name)
    options = {"theme": theme}
    report(
        render_film(name, recordings, output, quality=quality, options=options, overwrite=overwrite, progress=progress)
    )


def film_experiments(name: str) -> tuple[str, ...]:
    """The experiments whose recordings the film `name` shows."""
    from scenes.parts import find_film

    return find_film(name).recordings


def find_or_train_all(experiments: tuple[str, ...]) -> dict[str, Recording]:
    return {name: find_or_train(name) for name in experiments}


def has_ended(recording: Recording) -> bool:
    """Whether there is nothing to go on with: all epochs ran, or the experiment's own early stopping ended them."""
    experiment = recording.experiment
    by_rule = experiment is not None and experiment.training.early_stopping is not None
    return recording.state == "finished" or (recording.state == "stopped" and by_rule)


def find_or_train(name: str) -> Recording:
    """A finished run of the experiment `name`: one that exists, one that is gone on with, or a new one.

    A run of that name which is something else (other options, say) is left alone: the film's own goes beside it.
    """
    from cli.train import resume_run, train_experiment
    from engine.experiment import load_experiment
    from engine.recording import Recording

    experiment = load_experiment(name)
    own = RUNS / f"{name}-{experiment.digest[:8]}"
    for run in (RUNS / name, own):
        if not run.exists():
            return train_experiment(experiment, run)
        recording = Recording(run)
        if recording.experiment is not None and recording.experiment.digest == experiment.digest:
            return recording if has_ended(recording) else resume_run(run)
    return train_experiment(experiment, own, overwrite=True)
