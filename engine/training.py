"""Training from the first epoch to the last: records, validates, reports and can be interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Required, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.class_weights import ClassWeights
from engine.confusion import ConfusionMonitor
from engine.errors import TrainingError
from engine.interruption import interruptible
from engine.losses import Loss
from engine.objective import prepare_data
from engine.optimizers import Optimizer
from engine.schedules import Schedule
from engine.stopping import BestEpoch, EarlyStopping
from engine.trainer import Metrics, Trainer
from engine.validation import as_count

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recorder
    from engine.recording.description import State as RunState

# Called after every epoch with (network, epoch, metrics); training stops when one returns True.
Callback = Callable[["Network", int, Metrics], "bool | None"]


class Progress(Protocol):
    """What `fit` tells a display, such as a progress bar."""

    def start(self, total_epochs: int, first_epoch: int) -> None: ...

    def update(self, epoch: int, metrics: Metrics) -> None: ...

    def stop(self) -> None: ...


class History:
    """What happened in training: ``history["loss"]`` is one number an epoch.

    Attributes
    ----------
    epochs : list of Metrics
        What was measured after each epoch. The first entry is epoch 0, the untrained network.
    state : {"finished", "stopped", "interrupted"}
        Whether all epochs ran, a callback or early stopping ended them, or Ctrl-C did.
    best_epoch : int or None
        The epoch that early stopping found best.
    test : dict or None
        ``loss`` and, for classification, ``accuracy`` on the test data at the end.
    """

    def __init__(self) -> None:
        self.epochs: list[Metrics] = []
        self.state: RunState = "finished"
        self.best_epoch: int | None = None
        self.test: Metrics | None = None

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        """One column as an array, with NaN for epochs that lack it; KeyError for a name that no epoch has."""
        if not any(column in metrics for metrics in self.epochs):
            known = sorted({name for metrics in self.epochs for name in metrics})
            raise KeyError(f"history has no {column!r}: it has {', '.join(known)}")
        return np.array([metrics.get(column, np.nan) for metrics in self.epochs])

    def __len__(self) -> int:
        return len(self.epochs)


class Settings(TypedDict, total=False):
    """How `fit` trains: the settings of Trainer."""

    loss: Required[str | Loss]
    optimizer: str | dict[str, Any] | Optimizer
    batch_size: int | None
    shuffle: bool
    seed: int | None
    weights: ArrayLike | None
    class_weights: ClassWeights | None
    schedule: str | dict[str, Any] | Schedule
    clip_norm: float | None


def fit(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    epochs: int,
    validation_data: tuple[ArrayLike, ArrayLike] | None = None,
    test_data: tuple[ArrayLike, ArrayLike] | None = None,
    record: Recorder | str | PathLike[str] | None = None,
    callbacks: Iterable[Callback | Recorder] = (),
    progress: Progress | None = None,
    early_stopping: EarlyStopping | None = None,
    checkpoint: Mapping[str, Any] | None = None,
    confusion: bool = False,
    **settings: Unpack[Settings],
) -> History:
    """Train a network.

    Parameters
    ----------
    network : Network
        Trained in place.
    x : array_like, shape (N, *input_shape)
    y : array_like
        Integer labels (N,), or targets (N, *output_shape).
    epochs : int
        How many epochs there shall be in all; after a checkpoint of epoch 40, ``epochs=100`` trains 60 more.
    validation_data : (x, y), optional
        Measured after every epoch as ``val_loss`` and ``val_accuracy``.
    test_data : (x, y), optional
        Measured once, when training has ended: what no choice was made by. Not after an interruption.
    confusion : bool
        Whether the metrics hold a confusion matrix of the validation data (the training data where there are none),
        if the labels are of at most 20 classes; see `engine.confusion`.
    record : Recorder or path, optional
        Where to record the run; a path makes a Recorder with a snapshot every epoch.
    callbacks : iterable of callable
        Called after every epoch with ``(network, epoch, metrics)``; training stops when one returns True. A Recorder
        may stand here too.
    progress : object, optional
        Told of every epoch: ``start(total_epochs, first_epoch)``, ``update(epoch, metrics)``, ``stop()``.
    early_stopping : EarlyStopping, optional
        When to stop before `epochs`, and whether to take the best epoch's parameters back.
    checkpoint : mapping, optional
        Go on from here, as `Recorder.resume` gives it.
    **settings
        ``loss`` (required), ``optimizer="adam"``, ``batch_size=32``, ``shuffle``, ``seed``, ``weights``,
        ``class_weights``, ``schedule``, ``clip_norm``: see Trainer.

    Returns
    -------
    History

    Raises
    ------
    ConfigurationError, DataError
        Before anything is trained or written.
    TrainingError
        When the loss is no longer finite. The recording keeps every epoch before.
    """
    epochs = as_count("epochs", epochs)
    trainer = Trainer(network, x, y, epochs=epochs, **settings)
    validation, test = (
        None if given is None else prepare_data(network, *given, trainer.loss)[0]
        for given in (validation_data, test_data)
    )
    monitor, outputs = None, None
    if confusion:
        monitor = ConfusionMonitor.where_it_makes_sense(network, *(validation_data or (x, y)), trainer.loss)
        if monitor is not None and validation is not None:
            outputs = np.empty((len(validation.x), *network.output_shape), network.dtype)
    best = BestEpoch(early_stopping, network.parameters) if early_stopping is not None else None
    recorders, listeners = _sort_callbacks([*callbacks, *([] if record is None else [record])])
    if checkpoint is not None:
        trainer.restore(checkpoint)
        if best is not None:
            best.restore(checkpoint)
    else:
        given = {"": (x, y), "_validation": validation_data, "_test": test_data}
        parts = {end: part for end, part in given.items() if part is not None}
        arrays = {f"{name}{end}": np.asarray(part[k]) for end, part in parts.items() for k, name in enumerate("xy")}
        stopping = {} if early_stopping is None else {"early_stopping": early_stopping.config()}
        for recorder in recorders:
            recorder.start(network, {**trainer.config(), **stopping}, arrays)
    at_steps = {step: _record_step(recorders, step, network) for each in recorders for step in each.snapshot_steps}
    history = History()

    def report(metrics: Metrics, began: float) -> bool:
        """Complete an epoch's measurements and pass them on; True when training shall stop."""
        if validation is not None:
            measured = trainer.evaluate(validation, outputs)
            metrics |= {f"val_{name}": value for name, value in measured.items()}
        if monitor is not None:
            metrics |= monitor.measure(trainer.epoch, outputs)
        trainer.observe(metrics["val_loss" if validation is not None else "loss"])
        stop = best is not None and best.observe(trainer.epoch, metrics, network.parameters)
        metrics = {"epoch": trainer.epoch, **metrics, "seconds": time.perf_counter() - began}
        history.epochs.append(metrics)
        state = {**trainer.checkpoint(), **(best.checkpoint() if best is not None else {})}
        for recorder in recorders:
            recorder.record_epoch(trainer.epoch, network.parameters, metrics, state)
        if progress is not None:
            progress.update(trainer.epoch, metrics)
        return any([listener(network, trainer.epoch, metrics) is True for listener in listeners]) or stop

    message, marked = "", None
    try:
        with interruptible(trainer.abandon) as interrupted:
            if progress is not None:
                progress.start(epochs, trainer.epoch)
            if checkpoint is None:
                began = time.perf_counter()
                report(trainer.evaluate(), began)
            while trainer.epoch < epochs:
                began = time.perf_counter()
                if report(trainer.train_epoch(at_steps), began):
                    history.state = "stopped"
                    break
                if interrupted():
                    history.state = "interrupted" if trainer.epoch < epochs else "finished"
                    break
        if best is not None and history.state != "interrupted":
            history.best_epoch, marked = best.epoch, (best.epoch, best.parameters)
            if best.rule.restore_best:
                network.parameters[:] = best.parameters
        if test is not None and history.state != "interrupted":
            history.test = trainer.evaluate(test)
    except TrainingError as error:
        history.state, message = "diverged", str(error)
        raise
    except BaseException:
        history.state = "interrupted"
        raise
    finally:
        for recorder in recorders:
            recorder.finish(history.state, message, best=marked, test=history.test)
        if progress is not None:
            progress.stop()
    return history


def _sort_callbacks(
    entries: Iterable[Callback | Recorder | str | PathLike[str]],
) -> tuple[list[Recorder], list[Callback]]:
    """Part the recorders (or paths for them) from what is only called."""
    from engine.recording import Recorder  # which builds networks: importing it above would be a circle

    recorders: list[Recorder] = []
    listeners: list[Callback] = []
    for entry in entries:
        if isinstance(entry, (str, PathLike)):
            recorders.append(Recorder(Path(entry)))
        elif isinstance(entry, Recorder):
            recorders.append(entry)
        else:
            listeners.append(entry)
    return recorders, listeners


def _record_step(recorders: list[Recorder], step: int, network: Network) -> Callable[[], None]:
    def record() -> None:
        for recorder in recorders:
            if step in recorder.snapshot_steps:
                recorder.record_step(step, network.parameters)

    return record
