"""Recordings for pictures: those that were named, or those of the experiments that a scene or film is told with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import RUNS, find_run
from engine.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.recording import Recording
    from scenes.films import Film
    from scenes.registry import SceneEntry


def recordings_of_scene(name: str, runs: Sequence[Path]) -> dict[str, Recording]:
    """The recordings that a scene is told with, the main one first.

    Runs go where their experiment's name is, the others in order, or all in order where the scene takes any; without
    runs, the scene's own experiments are trained where there is no run of them.
    """
    from scenes import SCENES

    entry = SCENES[name]
    if runs:
        return _named(name, entry, [find_run(run) for run in runs])
    if not entry.experiments:
        raise click.UsageError(f"the scene {name!r} needs a RUN, such as runs/spirals")
    return find_or_train_all(entry.experiments)


def _named(scene: str, entry: SceneEntry, runs: Sequence[Path]) -> dict[str, Recording]:
    from engine.recording import Recording
    from scenes.parts import match_recordings

    if len(runs) > entry.most_runs > 0:
        raise ConfigurationError(
            f"the scene {scene!r} is told with at most {entry.most_runs} runs{entry.told_with}, and {len(runs)} were "
            "given"
        )
    given: dict[str, Recording] = {}
    for run in runs:
        recording = Recording(run)
        place = None if entry.any_runs else _place(recording, entry.experiments)
        names = [place, recording.name, str(run), f"{run} ({len(given) + 1})"]
        given[next(name for name in names if name is not None and name not in given)] = recording
    return match_recordings(entry, given)


def _place(recording: Recording, experiments: Sequence[str]) -> str | None:
    """Which of a scene's experiments a recording is of, or stands in for."""
    from engine.experiment import load_experiment

    if len(experiments) < 2 or recording.experiment is None:
        return None
    name = recording.experiment.name
    for known in experiments:
        if name in (known, load_experiment(known).fallback):
            return known
    return None


def recordings_of_film(film: Film, beats: Sequence[int]) -> dict[str, Recording]:
    """The recordings that some beats of a film are told with, trained where they are missing."""
    from engine.experiment import list_experiments
    from engine.recording import Recording

    names = dict.fromkeys(name for number in beats for name in film.needed(film.beats[number - 1]))
    found = {}
    for name in names:
        source = film.sources.get(name, name)
        if name not in film.sources or source in list_experiments() or source.endswith(".toml"):
            found[name] = find_or_train(source)
        else:
            found[name] = Recording(find_run(Path(source)))
    return found


def find_or_train_all(experiments: Sequence[str]) -> dict[str, Recording]:
    return {name: find_or_train(name) for name in experiments}


def find_or_train(name: str) -> Recording:
    """A finished run of the experiment `name`: one that exists, one that is gone on with, or a new one.

    A run of that name which is something else (other options, say) is left alone: the film's own goes beside it. Where
    the data cannot be had, the experiment's fallback is used, and that is said.
    """
    from cli.train import resume_run, train_experiment
    from engine.experiment import load_experiment
    from engine.recording import Recording

    experiment = load_experiment(name)
    try:
        experiment.resolved()
    except DataError as error:
        if not experiment.fallback:
            raise
        click.echo(f"{experiment.fallback} stands in for {experiment.name}: {error}", err=True)
        return find_or_train(experiment.fallback)
    experiment = with_weights(experiment)
    digest = experiment.digest
    own = RUNS / f"{experiment.name}-{digest[:8]}"
    for run in (RUNS / experiment.name, own):
        if not run.exists():
            return train_experiment(experiment, run)
        recording = Recording(run)
        if recording.experiment is not None and recording.experiment.digest == digest:
            return recording if has_ended(recording) else resume_run(run)
    return train_experiment(experiment, own, overwrite=True)


def with_weights(experiment: Experiment) -> Experiment:
    """The experiment with the run whose weights it starts with, where it names one by its experiment."""
    source = experiment.network.weights_of
    return experiment if source is None else experiment.override(weights_from=find_or_train(source).path)


def has_ended(recording: Recording) -> bool:
    """Whether there is nothing to go on with: all epochs ran, or the experiment's own early stopping ended them."""
    experiment = recording.experiment
    by_rule = experiment is not None and experiment.training.early_stopping is not None
    return recording.state == "finished" or (recording.state == "stopped" and by_rule)
