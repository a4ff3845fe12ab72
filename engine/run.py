"""Running an experiment: from its TOML file to a run directory, and on from where a run stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.ahead import compile_ahead, load_ahead
from engine.dataset_section import forget_data, load_data
from engine.datasets.dataset import as_arrays
from engine.devices import choose_device
from engine.errors import ConfigurationError, RecordingError
from engine.experiment import Experiment
from engine.recording import Recorder, Recording
from engine.training import Callback, Progress, fit
from engine.transfer import take_weights


def run_experiment(
    experiment: Experiment,
    path: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    callbacks: Iterable[Callback] = (),
    say: Callable[[str], None] | None = None,
    device: str = "cpu",
) -> Recording:
    """Train the experiment's network, record every epoch, and measure the test data at the end.

    Parameters
    ----------
    experiment : Experiment
    path : path
        The run directory to make.
    overwrite : bool
        Whether a run directory that exists may be replaced.
    progress, callbacks
        See `engine.training.fit`.
    say : callable, optional
        Told, a sentence each, which layers take no weights from the run that the experiment names, and why the device
        "auto" is the CPU.
    device : {"cpu", "cuda", "auto"}
        What computes; see Network.

    Returns
    -------
    Recording
        Its ``state`` says whether all epochs ran, a callback or early stopping ended them, or Ctrl-C did.

    Raises
    ------
    ConfigurationError, DataError
        When the experiment does not fit its data; nothing is written then.
    RecordingError
        When the directory exists or cannot be written.
    TrainingError
        When the loss is no longer finite; the recording holds every epoch before.
    """
    if experiment.network.weights_of is not None:
        raise ConfigurationError(
            f"{experiment.name} starts with the weights of the experiment {experiment.network.weights_of!r}: train "
            "that one first, and name its run as weights_from"
        )
    device = choose_device(device, say)
    if device == "cpu":
        compile_ahead(experiment.network.dtype)  # while the data are read
        if experiment.dataset.is_packed:
            load_ahead(experiment.network.dtype)
    train, validation, test = experiment.dataset_parts()
    complete = experiment.resolved(train)
    network = complete.build_network(train).to(device)
    if complete.network.weights_from is not None:
        for sentence in take_weights(network, Recording(complete.network.weights_from)):
            if say is not None:
                say(sentence)
    training = complete.training
    steps = training.epochs * -(-len(train) // min(training.batch_size or len(train), len(train)))
    arrays = as_arrays(train, validation, test)
    recorder = Recorder(
        Path(path),
        experiment=complete,
        dataset=load_data(experiment.dataset),
        overwrite=overwrite,
        snapshot_every=complete.recording.snapshot_every,
        snapshot_steps=complete.recording.steps(steps),
        labels={name: array for name, array in arrays.items() if name.startswith("labels")},
    )
    forget_data()
    fit(
        network,
        train.x,
        train.y,
        validation_data=_pair(arrays.get("x_validation"), arrays.get("y_validation")),
        test_data=_pair(arrays.get("x_test"), arrays.get("y_test")),
        record=recorder,
        callbacks=callbacks,
        progress=progress,
        confusion=complete.recording.confusion,
        **training.settings(),
    )
    return Recording(path)


def _pair(x: NDArray[Any] | None, y: NDArray[Any] | None) -> tuple[NDArray[Any], NDArray[Any]] | None:
    return None if x is None or y is None else (x, y)


def resume(
    path: str | Path,
    *,
    progress: Progress | None = None,
    callbacks: Iterable[Callback] = (),
    device: str = "cpu",
) -> Recording:
    """Go on with the run of an experiment that was stopped, to the same bits as if it had not been.

    On another device than before it goes on to the same numbers but for rounding. The recorded data are used, whatever
    became of the file that they were read from.

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
    network = recording.build_network().to(device)
    recorder, checkpoint = Recorder.resume(recording.path)
    try:
        recorder.start(network, recording.training, data.arrays())
        fit(
            network,
            data.x,
            data.y,
            validation_data=_pair(data.x_validation, data.y_validation),
            test_data=_pair(data.x_test, data.y_test),
            record=recorder,
            callbacks=callbacks,
            progress=progress,
            checkpoint=checkpoint,
            confusion=experiment.recording.confusion,
            **training.settings(),
        )
    except BaseException:
        recorder.finish("interrupted")  # does nothing where fit has finished it already
        raise
    return Recording(path)
