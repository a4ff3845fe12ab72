"""Reading a run directory, also while it is being written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigurationError, DataError, RecordingError
from engine.recording.data import RecordedData, read_data
from engine.recording.description import DataDescription, RunDescription, State, read_description
from engine.recording.directory import EXPERIMENT, METRICS, RUN, wait_until_settled
from engine.recording.files import read_file, sha256
from engine.recording.lines import Line, columns, read_lines
from engine.recording.lock import is_locked
from engine.recording.resuming import as_checkpoint, read_checkpoint
from engine.recording.snapshots import read_snapshot, snapshot_file

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.network import Network

EXPERIMENT_LIMIT = 1 << 20  # bytes of experiment.toml that are read


class Recording:
    """A recorded training: how it went, and the network as it was after any epoch.

    Opening one reads run.json and metrics.jsonl; snapshots and data are read when they are asked for (large ones are
    memory-mapped) and checked against their checksums. What is recorded after opening is seen by opening it again.

    Parameters
    ----------
    path : path-like
        A run directory.

    Attributes
    ----------
    path : Path
    name : str
        Of the directory.
    epochs : list of int
        Epochs that have a snapshot; 0 is the untrained network. ``len(recording)`` is their number and iterating
        yields them.
    steps : list of int
        Single optimisation steps that have a snapshot.
    training, network_config, versions : dict
    message : str
        What was noted about how the run ended.
    best_epoch : int or None
        The epoch that early stopping found best.
    test : dict or None
        What was measured on the test data at the end: ``"loss"`` and, for classification, ``"accuracy"``.

    Raises
    ------
    RecordingError
        When there is no recording, or the file in question is missing or damaged.

    Examples
    --------
    >>> run = Recording("runs/spirals")
    >>> run.metrics["loss"][-1], run.network(epoch=100).predict(run.data.x)
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name = self.path.resolve().name
        self._run, self._lines = _open(self.path)
        self._by_epoch = {line.epoch: line.snapshot for line in self._lines if line.snapshot is not None}
        self._by_step = {step: snapshot for line in self._lines for step, snapshot in line.steps.items()}
        self.epochs = list(self._by_epoch)
        self.steps = sorted(self._by_step)
        self.message = self._run.message
        self.best_epoch = self._run.best_epoch
        self.test = self._run.test
        self.training = self._run.training
        self.network_config = self._run.network
        self.versions = self._run.versions
        self._evaluated: dict[int, dict[str, float]] = {}

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[int]:
        return iter(self.epochs)

    def __bool__(self) -> bool:
        return True  # a run whose first epoch is still to come is one all the same

    def __repr__(self) -> str:
        return f"Recording({str(self.path)!r}, {self.state}, {len(self)} epochs)"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A recording never changes, and scenes that are copied need not read it again."""
        return self

    @property
    def state(self) -> State:
        """``"running"``, ``"finished"``, ``"stopped"``, ``"interrupted"`` or ``"diverged"``.

        A run whose process was killed is interrupted; one that a callback ended early is stopped.
        """
        if self._run.state != "running" or is_locked(self.path):
            return self._run.state
        # nobody writes: was it killed, or has it ended since this was opened, with more to see when it is opened again?
        return "interrupted" if read_description(self.path / RUN).state == "running" else "running"

    @cached_property
    def metrics(self) -> dict[str, NDArray[np.float64]]:
        """One array a metric, over all epochs (also those without a snapshot); NaN where an epoch has no value."""
        return columns(self.path / METRICS, self._lines)

    @cached_property
    def experiment(self) -> Experiment | None:
        """What was run, if it was run from an experiment."""
        if self._run.experiment_sha256 is None:
            return None
        from engine.experiment import Experiment

        path = self.path / EXPERIMENT
        text = bytes(read_file(path, EXPERIMENT_LIMIT))
        if sha256(text) != self._run.experiment_sha256:
            raise RecordingError(f"{path} is damaged or was changed: it is not the experiment that was recorded")
        try:
            return Experiment.from_toml(text.decode() + "\n")  # with which it is never taken for a path
        except UnicodeDecodeError:
            raise RecordingError(f"{path} is not an experiment: it is not UTF-8 text") from None
        except ConfigurationError as error:
            raise RecordingError(f"{path} is not an experiment that this version can run: {error}") from None

    @cached_property
    def data(self) -> RecordedData:
        """What the network was trained on."""
        return read_data(self.path, self._run.data, self.experiment)

    @property
    def data_description(self) -> DataDescription:
        """What the data are called and how many there are, known without reading (or making) them."""
        return self._run.data

    def parameters(self, epoch: int = -1, *, step: int | None = None) -> NDArray[Any]:
        """All parameters after an epoch, or after a single step.

        Parameters
        ----------
        epoch : int
            One of `epochs`; negative ones count from the last, -1.
        step : int, optional
            One of `steps`, in place of an epoch.

        Returns
        -------
        ndarray, shape (parameter_count,), read-only, in the network's dtype
        """
        if step is not None:
            if step not in self._by_step:
                raise RecordingError(f"{self.path} has no snapshot of step {step}{_nearest(step, self.steps)}")
            return read_snapshot(self.path, self._run, "step", step, self._by_step[step])
        epoch = self._find(epoch)
        return read_snapshot(self.path, self._run, "epoch", epoch, self._by_epoch[epoch])

    @property
    def snapshot_files(self) -> list[str]:
        """The files that hold the snapshots, within the run directory."""
        clocks = {"epoch": self._by_epoch, "step": self._by_step}
        names = [snapshot_file(clock, n, each) for clock, known in clocks.items() for n, each in known.items()]
        return sorted(set(names))

    @property
    def final_epoch(self) -> int:
        """The epoch whose parameters training ended with: the best where early stopping took it back, or the last."""
        rule = self.training.get("early_stopping") or {}
        restored = self.best_epoch is not None and rule.get("restore_best", False)
        return self._find(self.best_epoch if restored and self.best_epoch is not None else -1)

    def _find(self, epoch: int) -> int:
        if not self.epochs:
            raise RecordingError(f"{self.path} has no epoch yet")
        if -len(self.epochs) <= epoch < 0:
            epoch = self.epochs[epoch]
        if epoch not in self._by_epoch:
            raise RecordingError(f"{self.path} has no snapshot of epoch {epoch}{_nearest(epoch, self.epochs)}")
        return epoch

    def network(self, epoch: int = -1, step: int | None = None) -> Network:
        """The network as it was after an epoch, or after a single step; see `parameters`."""
        values = self.parameters(epoch, step=step)
        network = self.build_network()
        network.parameters[:] = values
        return network

    def build_network(self) -> Network:
        """The network as it was before training, from its configuration alone.

        Raises
        ------
        RecordingError
            When it cannot be built; before anything is allocated where its size is not what was recorded.
        """
        from engine.network import Network

        self.check_network()
        with self._describing_a_network():
            return Network.from_config(self.network_config)

    @cached_property
    def parameter_count(self) -> int:
        """How many parameters the configured layers have, worked out without making them."""
        from engine.layers import layer_from_config

        with self._describing_a_network():
            shape, count = tuple(self.network_config["input_shape"]), 0
            for settings in self.network_config["layers"]:
                layer = layer_from_config(settings)
                count += sum(parameter.size for parameter in layer.parameters(shape))
                shape = layer.output_shape(shape)
            return count

    def check_network(self) -> None:
        """Raise RecordingError when the configuration is not that of the network that was recorded."""
        with self._describing_a_network():
            if self.parameter_count != self._run.parameter_count:
                raise ConfigurationError(
                    f"its layers have {self.parameter_count} parameters, not {self._run.parameter_count}"
                )

    @contextmanager
    def _describing_a_network(self) -> Iterator[None]:
        """Whatever is wrong with a configuration is a fault of run.json."""
        try:
            yield
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise RecordingError(f"{self.path / RUN} describes a network that cannot be built: {error}") from None

    @cached_property
    def _evaluator(self) -> Network:
        return self.build_network()

    @property
    def _loss(self) -> str:
        if "loss" not in self.training:
            raise RecordingError(f"{self.path / RUN} does not say which loss was made small")
        return str(self.training["loss"])

    def evaluate(self, epoch: int = -1) -> dict[str, float]:
        """Loss and, for classification, accuracy on the training data with the network of an epoch."""
        epoch = self._find(epoch)
        if epoch not in self._evaluated:
            self._evaluator.parameters[:] = self.parameters(epoch)
            try:
                self._evaluated[epoch] = self._evaluator.evaluate(self.data.x, self.data.y, loss=self._loss)
            except (ConfigurationError, DataError) as error:
                raise RecordingError(
                    f"{self.path} holds data that its network cannot be measured on: {error}"
                ) from None
        return dict(self._evaluated[epoch])

    def checkpoint(self) -> dict[str, Any]:
        """What training goes on from: ``"epoch"``, ``"parameters"`` and the arrays of the optimizer."""
        return as_checkpoint(read_checkpoint(self.path))

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of what pictures depend on: network, training, data, metrics and snapshots.

        The wall-clock time of an epoch (the metric ``seconds``) is left out, so that a run made twice has one digest.
        """
        run = self._run
        sha = hashlib.sha256()
        parts: list[Any] = [
            run.network,
            run.training,
            run.data.arrays,
            run.data.class_names,
            run.data.feature_names,
            run.state,
        ]
        parts += [run.data.label_names, run.best_epoch, run.test]
        sha.update(json.dumps(parts, sort_keys=True).encode())
        for line in self._lines:
            metrics = {name: value for name, value in line.metrics.items() if name != "seconds"}
            snapshot = None if line.snapshot is None else line.snapshot.checksum
            steps = {step: each.checksum for step, each in line.steps.items()}
            sha.update(json.dumps([line.epoch, metrics, snapshot, steps], sort_keys=True).encode())
        return sha.hexdigest()


def _open(path: Path) -> tuple[RunDescription, list[Line]]:
    """Read run.json and metrics.jsonl as they are at one moment."""
    if not path.is_dir():
        what = "is not a directory" if path.exists() else "does not exist"
        raise RecordingError(f"{path} {what}: give a run directory, such as runs/spirals")
    wait_until_settled(path)
    if not (path / RUN).exists():
        raise RecordingError(f"{path} is not a run directory: it has no {RUN}")
    run, lines = _read_unchanged(path)
    if run.last_epoch is not None and (not lines or lines[-1].epoch != run.last_epoch):
        raise RecordingError(
            f"{path / METRICS} is damaged: its last epoch is {lines[-1].epoch if lines else 'missing'}, and epoch "
            f"{run.last_epoch} was recorded"
        )
    return run, lines


def _read_unchanged(path: Path) -> tuple[RunDescription, list[Line]]:
    """Read both files, again if the run was replaced or ended meanwhile."""
    while True:
        before = _stamp(path / RUN)
        error = None
        try:
            run, (lines, _) = read_description(path / RUN), read_lines(path / METRICS)
        except RecordingError as found:
            error = found
        if before == _stamp(path / RUN):
            if error is not None:
                raise error
            return run, lines
        wait_until_settled(path)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _nearest(number: int, known: list[int]) -> str:
    """What there is instead of a number that there isn't."""
    if not known:
        return ""
    return f": the nearest is {min(known, key=lambda other: abs(other - number))}"
