"""Training: checks what it is given, runs epochs on the machine, and reports after each."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine import machine
from engine.errors import ConfigurationError, TrainingError
from engine.jit import address
from engine.losses import Loss, get_loss
from engine.network import CHUNK, summarise
from engine.objective import build_objective, prepare_data
from engine.optimizers import Optimizer, get_optimizer

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recorder

Metrics = dict[str, float]

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
        Whether all epochs ran, a callback stopped them, or Ctrl-C did.
    """

    def __init__(self) -> None:
        self.epochs: list[Metrics] = []
        self.state = "finished"

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        """One column as an array, with NaN for epochs that lack it; KeyError for a name that no epoch has."""
        if not any(column in metrics for metrics in self.epochs):
            known = sorted({name for metrics in self.epochs for name in metrics})
            raise KeyError(f"history has no {column!r}: it has {', '.join(known)}")
        return np.array([metrics.get(column, np.nan) for metrics in self.epochs])

    def __len__(self) -> int:
        return len(self.epochs)


class Trainer:
    """The state of one training: a network, its optimizer's moments, its data and buffers.

    `fit` drives it; use it directly to train step by step.

    Parameters
    ----------
    network : Network
        Trained in place.
    x, y, weights
        As for `Network.evaluate`.
    loss : str or Loss
    optimizer : str, dict or Optimizer
    batch_size : int or None
        Examples in a step; None takes all of them.
    shuffle : bool
        Whether each epoch takes the examples in an order of its own.
    seed : int, optional
        Of the shuffles; the network's seed by default.
    """

    def __init__(
        self,
        network: Network,
        x: ArrayLike,
        y: ArrayLike,
        *,
        loss: str | Loss,
        optimizer: str | dict[str, Any] | Optimizer = "adam",
        batch_size: int | None = 32,
        shuffle: bool = True,
        seed: int | None = None,
        weights: ArrayLike | None = None,
    ) -> None:
        self.network = network
        self.loss = get_loss(loss)
        self.optimizer = get_optimizer(optimizer)
        self.data, self.classification = prepare_data(network, x, y, self.loss, weights)
        self.objective = build_objective(network, self.loss, self.classification)
        examples = self.data.x.shape[0]
        if batch_size is not None:
            _check_count("batch_size", batch_size)
        self.batch_size = min(examples if batch_size is None else batch_size, examples)
        self.batches = -(-examples // self.batch_size)
        self.shuffle = shuffle
        self.epoch = 0
        self.gradient = np.zeros_like(network.parameters)
        self.moments = np.zeros(2 * network.parameter_count, network.dtype)
        self.run = network.new_run()
        self.run[machine.TRAINING] = 1
        if seed is not None:
            self.run[machine.SEED] = seed
        self._settings = self.optimizer.settings()
        self._update = address(self.optimizer.kernel(), machine.signatures(network.dtype.name)["update"])
        self._order = np.arange(examples)
        self._space = machine.workspace(network.program, self.batch_size, network.dtype)

    @property
    def step(self) -> int:
        """How many optimisation steps have been taken."""
        return int(self.run[machine.STEP])

    def train_epoch(self, at_steps: Mapping[int, Callable[[], None]] | None = None) -> Metrics:
        """Train one epoch.

        Parameters
        ----------
        at_steps : mapping of int to callable, optional
            What to call after certain optimisation steps, numbered from 1 over the whole training.

        Returns
        -------
        dict
            ``loss`` and, for classification, ``accuracy``: means over the epoch's batches, each taken just before
            its step; ``gradient_norm`` of the last batch; ``learning_rate``.

        Raises
        ------
        TrainingError
            When the loss or a parameter is no longer finite.
        """
        totals = np.zeros(3)
        machine.lay_out_epoch(self._order, self.run[machine.SEED], self.epoch + 1, self.shuffle)
        first, before = 0, self.step
        halts = sorted(step - before for step in at_steps or () if before < step <= before + self.batches)
        for last in [*halts, self.batches]:
            machine.train_batches(
                self.network.program, self.objective, self._update, self._settings, self.network.parameters,
                self.gradient, self.moments, self.data, self._order, self._space, self.run, first, last, totals,
            )  # fmt: skip
            self._check_finite(totals)
            if at_steps and before + last in at_steps:
                at_steps[before + last]()
            first = last
        self.epoch += 1
        return {
            **summarise(totals, self.classification),
            "gradient_norm": float(np.linalg.norm(self.gradient)),
            "learning_rate": self.optimizer.learning_rate,
        }

    def _check_finite(self, totals: NDArray[np.float64]) -> None:
        if np.isfinite(totals[0]) and np.isfinite(self.network.parameters).all():
            return
        raise TrainingError(
            f"training diverged in epoch {self.epoch + 1} (step {self.step}): the loss or a weight is no longer "
            f"finite; try a smaller learning rate than {self.optimizer.learning_rate:g}"
        )

    def checkpoint(self) -> dict[str, NDArray[Any]]:
        """Everything that training needs to go on to the same bits."""
        return {
            "parameters": self.network.parameters,
            "moments": self.moments,
            "epoch": np.array([self.epoch], np.int64),
            "step": np.array([self.step], np.int64),
        }

    def restore(self, checkpoint: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a checkpoint; ConfigurationError when it belongs to another network or optimizer."""
        for name, own in (("parameters", self.network.parameters), ("moments", self.moments)):
            given = checkpoint[name]
            if given.shape != own.shape or given.dtype != own.dtype:
                raise ConfigurationError(
                    f"the checkpoint's {name} ({given.dtype}, {given.shape}) do not fit this network "
                    f"({own.dtype}, {own.shape}): resume with the network that was recorded"
                )
            own[:] = given
        self.epoch = int(checkpoint["epoch"][0])
        self.run[machine.STEP] = int(checkpoint["step"][0])


def fit(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    loss: str | Loss,
    epochs: int,
    optimizer: str | dict[str, Any] | Optimizer = "adam",
    batch_size: int | None = 32,
    validation_data: tuple[ArrayLike, ArrayLike] | None = None,
    record: Recorder | str | PathLike[str] | None = None,
    callbacks: Iterable[Callback | Recorder] = (),
    progress: Progress | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    weights: ArrayLike | None = None,
    checkpoint: Mapping[str, NDArray[Any]] | None = None,
) -> History:
    """Train a network.

    Parameters
    ----------
    network : Network
        Trained in place.
    x : array_like, shape (N, *input_shape)
    y : array_like
        Integer labels (N,), or targets (N, *output_shape).
    loss : str or Loss
        A name in LOSSES.
    epochs : int
        How many epochs there shall be in all; after a checkpoint of epoch 40, ``epochs=100`` trains 60 more.
    optimizer : str, dict or Optimizer
        A name in OPTIMIZERS, its settings, or an instance such as ``Adam(learning_rate=0.01)``.
    batch_size : int or None
        Examples in a step; None takes all of them (gradient descent on the whole set).
    validation_data : (x, y), optional
        Measured after every epoch as ``val_loss`` and ``val_accuracy``.
    record : Recorder or path, optional
        Where to record the run; a path makes a Recorder with a snapshot every epoch.
    callbacks : iterable of callable
        Called after every epoch with ``(network, epoch, metrics)``; training stops when one returns True. A Recorder
        may stand here too.
    progress : object, optional
        Told of every epoch: ``start(total_epochs, first_epoch)``, ``update(epoch, metrics)``, ``stop()``.
    shuffle, seed, weights
        See Trainer.
    checkpoint : mapping, optional
        Go on from here, as `Recorder.resume` gives it.

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
    _check_count("epochs", epochs)
    trainer = Trainer(
        network,
        x,
        y,
        loss=loss,
        optimizer=optimizer,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        weights=weights,
    )
    validation = None
    if validation_data is not None:
        validation = prepare_data(network, *validation_data, trainer.loss)[0]
    recorders: list[Recorder] = []
    listeners: list[Callback] = []
    for entry in [*callbacks, *([] if record is None else [record])]:
        if hasattr(entry, "record_epoch"):
            recorders.append(entry)
        elif isinstance(entry, (str, PathLike)):
            recorders.append(_recorder(entry))
        else:
            listeners.append(entry)
    if checkpoint is not None:
        trainer.restore(checkpoint)
    else:
        training = {
            "loss": trainer.loss.name,
            "optimizer": trainer.optimizer.config(),
            "epochs": epochs,
            "batch_size": batch_size,
            "shuffle": shuffle,
            "seed": int(trainer.run[machine.SEED]),
        }
        arrays = {"x": np.asarray(x), "y": np.asarray(y)}
        if validation_data is not None:
            arrays |= {"x_validation": np.asarray(validation_data[0]), "y_validation": np.asarray(validation_data[1])}
        for recorder in recorders:
            recorder.start(network, training, arrays)

    at_steps = {step: _record_step(recorders, step, network) for each in recorders for step in each.snapshot_steps}
    history = History()

    def report(metrics: Metrics, began: float) -> bool:
        """Complete an epoch's metrics and pass them on; True when a listener wants training to stop."""
        if validation is not None:
            for name, value in _evaluate(trainer, validation).items():
                metrics[f"val_{name}"] = value
        metrics = {"epoch": trainer.epoch, **metrics, "seconds": time.perf_counter() - began}
        history.epochs.append(metrics)
        for recorder in recorders:
            recorder.record_epoch(trainer.epoch, network.parameters, metrics, trainer.checkpoint())
        if progress is not None:
            progress.update(trainer.epoch, metrics)
        return any([listener(network, trainer.epoch, metrics) is True for listener in listeners])

    message = ""
    try:
        with _interruptible() as interrupted:
            if progress is not None:
                progress.start(epochs, trainer.epoch)
            if trainer.epoch == 0:
                began = time.perf_counter()
                report(_evaluate(trainer, trainer.data), began)
            while trainer.epoch < epochs:
                began = time.perf_counter()
                if report(trainer.train_epoch(at_steps), began):
                    history.state = "stopped"
                    break
                if interrupted():
                    history.state = "interrupted" if trainer.epoch < epochs else "finished"
                    break
    except TrainingError as error:
        history.state, message = "diverged", str(error)
        raise
    except BaseException:
        history.state = "interrupted"
        raise
    finally:
        for recorder in recorders:
            recorder.finish(history.state, message)
        if progress is not None:
            progress.stop()
    return history


def _recorder(path: str | PathLike[str]) -> Recorder:
    from engine.recording import Recorder  # which reads networks: importing it above would be a circle

    return Recorder(path)


def _record_step(recorders: list[Recorder], step: int, network: Network) -> Callable[[], None]:
    def record() -> None:
        for recorder in recorders:
            if step in recorder.snapshot_steps:
                recorder.record_step(step, network.parameters)

    return record


def _evaluate(trainer: Trainer, data: machine.Data) -> Metrics:
    network, totals = trainer.network, np.zeros(3)
    space = network.workspace(min(CHUNK, data.x.shape[0]))
    machine.evaluate_batches(
        network.program, trainer.objective, network.parameters, data, np.arange(data.x.shape[0]), space,
        network.new_run(), totals,
    )  # fmt: skip
    return summarise(totals, trainer.classification)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C wait for the end of the epoch: the first press is remembered, a second one stops at once."""
    pressed = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set  # signals reach the main thread only; elsewhere the caller decides
        return
    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, previous)


def _check_count(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ConfigurationError(f"{name}={value!r} must be a whole number of at least 1")
