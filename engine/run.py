"""Running an experiment: from its TOML file to a run directory, and on from where a run stopped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.errors import RecordingError
from engine.experiment import Experiment, load_data
from engine.network import Network
from engine.recording import Recorder, Recording
from engine.training import Callback, Progress, fit


def run_experiment(
    experiment: Experiment,
    path: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    callbacks: Iterable[Callback] = (),
) -> Recording:
    """Train the experiment's network and record every epoch.

    Parameters
    ----------
    experiment : Experiment
    path : path
        The run directory to make.
    overwrite : bool
        Whether a run directory that exists may be replaced.
    progress, callbacks
        See `engine.training.fit`.

    Returns
    -------
    Recording
        Its ``state`` says whether all epochs ran, a callback stopped them, or Ctrl-C did.

    Raises
    ------
    ConfigurationError, DataError
        When the experiment does not fit its data; nothing is written then.
    RecordingError
        When the directory exists or cannot be written.
    TrainingError
        When the loss is no longer finite; the recording holds every epoch before.
    """
    train, validation = experiment.dataset_split()
    complete = experiment.resolved(train)
    recorder = Recorder(
        Path(path),
        experiment=complete,
        dataset=load_data(experiment.dataset),
        overwrite=overwrite,
        snapshot_every=complete.recording.snapshot_every,
        snapshot_steps=complete.recording.snapshot_steps,
    )
    fit(
        complete.build_network(train),
        train.x,
        train.y,
        validation_data=None if validation is None else (validation.x, validation.y),
        record=recorder,
        callbacks=callbacks,
        progress=progress,
        **complete.training.settings(),
    )
    return Recording(path)


def resume(path: str | Path, *, progress: Progress | None = None, callbacks: Iterable[Callback] = ()) -> Recording:
    """Go on with the run of an experiment that was stopped, to the same bits as if it had not been.

    The recorded data are used, whatever became of the file that they were read from.

    Raises
    ------
    RecordingError
        When the run has all its epochs, was not made from an experiment, or what is needed to go on is damaged.
    """
    recording = Recording(path)
    experiment = recording.experiment
    if experiment is None:
        raise RecordingError(
            f"{recording.path} was not recorded from an experiment, which would say how to go on: use "
            "Recorder.resume and Network.fit in Python"
        )
    training = experiment.training
    if recording.state == "stopped" and training.early_stopping is not None:
        raise RecordingError(f"{recording.path} was stopped early by its own rule: there is nothing to go on with")
    if recording.state == "finished":
        raise RecordingError(
            f"{recording.path} has finished its {training.epochs} epochs: there is nothing to go on with"
        )
    data = recording.data
    arrays = {"x": data.x, "y": data.y}
    held_out = None
    if data.x_validation is not None and data.y_validation is not None:
        held_out = (data.x_validation, data.y_validation)
        arrays |= {"x_validation": held_out[0], "y_validation": held_out[1]}
    network = Network.from_config(recording.network_config)
    recorder, checkpoint = Recorder.resume(recording.path)
    try:
        recorder.start(network, recording.training, arrays)
        fit(
            network,
            data.x,
            data.y,
            validation_data=held_out,
            record=recorder,
            callbacks=callbacks,
            progress=progress,
            checkpoint=checkpoint,
            **training.settings(),
        )
    except BaseException:
        recorder.finish("interrupted")  # does nothing where fit has finished it already
        raise
    return Recording(path)
