"""Writing a run directory while a network trains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import RecordingError, nearest
from engine.layers.recurrent import Recurrent
from engine.recording.data import describe_data, describe_dataset
from engine.recording.description import (
    RunDescription,
    Slot,
    State,
    as_json,
    check_layout,
    read_description,
    versions,
    write_description,
)
from engine.recording.directory import DATA, EXPERIMENT, METRICS, RUN, SNAPSHOTS, RunDirectory, check_free
from engine.recording.files import Buffer, sha256, write_file
from engine.recording.lines import encode_metrics
from engine.recording.resuming import check_same, repair
from engine.recording.snapshots import header
from engine.recording.tensors import pack_tensors, plain
from engine.recording.writer import Writer
from engine.validation import as_count

if TYPE_CHECKING:
    from engine.datasets.dataset import Dataset
    from engine.experiment import Experiment
    from engine.network import Network


class Recorder:
    """Writes the snapshots, metrics and checkpoints of one training into a run directory.

    Parameters
    ----------
    path : path-like
        The run directory. It is made by `start`.
    experiment : Experiment, optional
        Kept as experiment.toml, so that the run can be made again.
    dataset : Dataset, optional
        Names what `start` is given as data: the data set, its features and its classes.
    overwrite : bool
        Whether a run directory that exists may be replaced. The old run stays until the first epoch of the new one
        has been recorded. Files of others in the directory stay where they are.
    snapshot_every : int
        Epochs from one snapshot to the next. The first and the last epoch always have one.
    snapshot_steps : iterable of int
        Optimisation steps, counted from 1 over the whole training, after which a snapshot is wanted too.
    labels : mapping of str to array_like
        Arrays to keep beside the data: ``"labels"``, ``"labels_validation"``, ``"labels_test"``, classes that are not
        the target.

    Attributes
    ----------
    path : Path
    snapshot_every : int
    snapshot_steps : frozenset of int
    epoch : int or None
        The last epoch that was given to record.

    Raises
    ------
    RecordingError
        When something else is at `path`, another process writes there, or a file cannot be written. What goes wrong
        while an epoch is written is raised by the next call.

    Notes
    -----
    What takes less than 0.3 ms to write is written at once. Otherwise a thread writes epoch n while epoch n + 1 is
    trained; `record_epoch` waits for it, so that never more than one epoch is waiting. The order is always: snapshots,
    checkpoint, line in metrics.jsonl; an epoch counts when its line is complete.

    What is promised when the process is killed, at any moment: the run directory holds every epoch before the one in
    flight, and training goes on from there to the same bits. In flight is the epoch being trained and, for the fraction
    of a millisecond that it takes with a small network, the one before it while it is being written. What is promised
    when the power fails: everything is flushed to the disk every 5 seconds and by `finish`, so that the last seconds of
    a run can be lost, or left damaged; what is damaged is found by its checksum and never read as wrong numbers.

    Examples
    --------
    >>> network.fit(x, y, loss="binary_crossentropy", epochs=200, record=Recorder("runs/mine", snapshot_every=10))
    """

    def __init__(
        self,
        path: str | Path,
        *,
        experiment: Experiment | None = None,
        dataset: Dataset | None = None,
        overwrite: bool = False,
        snapshot_every: int = 1,
        snapshot_steps: Iterable[int] = (),
        labels: Mapping[str, ArrayLike] | None = None,
    ) -> None:
        self.path = Path(path)
        self.experiment = experiment
        self._about_data = None if dataset is None else describe_dataset(dataset)
        self.overwrite = overwrite
        self.labels = dict(labels or {})
        self.snapshot_every = as_count("snapshot_every", snapshot_every)
        self.snapshot_steps = frozenset(as_count("snapshot_steps", step) for step in snapshot_steps)
        self.epoch: int | None = None
        self._directory = RunDirectory(self.path)
        self._resumed: RunDescription | None = None
        self._writer: Writer | None = None
        check_free(self.path, overwrite)

    @classmethod
    def resume(cls, path: str | Path) -> tuple[Recorder, dict[str, Any]]:
        """Claim a run directory to go on with its training after the last epoch that it holds.

        What a killed process left behind is cleared away. Calling `start` next is optional: it checks
        that the network and the data are the same, and notes settings that differ, such as more epochs.

        Returns
        -------
        recorder : Recorder
        checkpoint : dict
            ``"epoch"`` (int), ``"parameters"`` and every array that `record_epoch` was given as checkpoint.

        Raises
        ------
        RecordingError
            When there is no run, another process writes there, or what is needed to go on is damaged.
        """
        recorder = cls(path, overwrite=True)
        directory = recorder._directory
        directory.resume()
        try:
            run = read_description(directory.path / RUN)
            checkpoint = repair(directory.path, run)
        except BaseException:
            directory.release()
            raise
        recorder._resumed = run
        recorder.snapshot_every, recorder.snapshot_steps = run.snapshot_every, frozenset(run.snapshot_steps)
        recorder.epoch = checkpoint["epoch"]
        return recorder, checkpoint

    def start(self, network: Network, training: Mapping[str, Any], data: Mapping[str, ArrayLike]) -> None:
        """Make the run directory, or go on in the one that is resumed.

        Parameters
        ----------
        network : Network
        training : mapping
            How it is trained (loss, optimizer, batch_size, epochs, …), as JSON can hold it.
        data : mapping of str to array_like
            ``"x"``, ``"y"`` and, where there are any, ``"x_validation"`` and ``"y_validation"``, ``"x_test"`` and
            ``"y_test"``.

        Raises
        ------
        RecordingError
            When the directory cannot be had, or a resumed run was recorded from another network or other data.
        """
        if self._writer is not None:
            raise RecordingError(f"{self.path} is being recorded already: use a new Recorder for another training")
        given = {**data, **self.labels}
        arrays = {name: plain(array) for name, array in given.items() if array is not None}
        run = self._describe(network, training, arrays)
        if self._resumed is not None:
            check_same(self.path, run, self._resumed)
            self._go_on(replace(self._resumed, training=run.training))
            return
        self._directory.create(self.overwrite)
        try:
            files = self._write_beginning(run, arrays)
        except BaseException:
            self._directory.release()
            raise
        self._writer = Writer(self._directory, run, unflushed=files)

    def _go_on(self, run: RunDescription) -> Writer:
        run = replace(
            run, state="running", message="", last_epoch=None, best_epoch=None, test=None, versions=versions()
        )
        write_description(self.path / RUN, run)
        self._writer = Writer(self._directory, run, self.epoch)
        return self._writer

    def _describe(
        self, network: Network, training: Mapping[str, Any], arrays: dict[str, NDArray[Any]]
    ) -> RunDescription:
        layout = [Slot(slot.name, tuple(slot.shape), slot.start, slot.stop) for slot in network.layout]
        try:
            check_layout(layout)
        except ValueError as error:
            raise RecordingError(f"the layout of the network's parameters cannot be recorded: {error}") from None
        sequences = any(isinstance(layer, Recurrent) for layer in network.layers)
        return RunDescription(
            network=as_json("the network's configuration", network.config()),
            dtype=np.dtype(network.dtype).name,
            layout=layout,
            training=as_json("the training's settings", training),
            data=describe_data(arrays, self._about_data, self.experiment is not None, sequences),
            experiment_sha256=None if self.experiment is None else sha256(self.experiment.to_toml().encode()),
            snapshot_every=self.snapshot_every,
            snapshot_steps=sorted(self.snapshot_steps),
            versions=versions(),
        )

    def _write_beginning(self, run: RunDescription, arrays: dict[str, NDArray[Any]]) -> list[Path]:
        """Write what is known before the first epoch, and give the files."""
        folder = self._directory.folder
        files: dict[str, list[Buffer]] = {METRICS: [], SNAPSHOTS: [header(run, 0)]}
        if self.experiment is not None:
            files[EXPERIMENT] = [self.experiment.to_toml().encode()]
        if run.data.stored:
            files[DATA] = pack_tensors(arrays, {"name": run.data.name})
        for name, chunks in files.items():
            write_file(folder / name, *chunks, durable=False)
        write_description(folder / RUN, run, durable=False)
        if not self._directory.replaces:
            self._directory.publish()
        return [self._directory.folder / name for name in [*files, RUN]]

    def record_step(self, step: int, parameters: NDArray[Any]) -> None:
        """Write a snapshot of the parameters after a single optimisation step.

        It counts as recorded once the epoch that it belongs to is.

        Parameters
        ----------
        step : int
            Counted from 1 over the whole training.
        parameters : ndarray, shape (parameter_count,)
            Copied before this returns.
        """
        writer = self._started()
        writer.submit_step(as_count("step", step), self._copy(writer, parameters))

    def record_epoch(
        self,
        epoch: int,
        parameters: NDArray[Any],
        metrics: Mapping[str, Any],
        checkpoint: Mapping[str, ArrayLike],
        snapshot: bool | None = None,
    ) -> None:
        """Write what there is to keep of an epoch; epoch 0 is the untrained network.

        The arrays are copied before this returns.

        Parameters
        ----------
        epoch : int
            Larger than the last.
        parameters : ndarray, shape (parameter_count,)
        metrics : mapping of str to float or array of float
            ``epoch`` may be among them.
        checkpoint : mapping of str to array_like
            All that is needed to go on to the same bits: moments, counters, the state of random numbers. The
            parameters are added to it.
        snapshot : bool, optional
            Whether this epoch gets one; if not given, the schedule decides.
        """
        writer = self._started()
        if self.epoch is not None and epoch <= self.epoch:
            raise RecordingError(f"{self.path}: epoch {epoch} was given after epoch {self.epoch}: epochs must go up")
        if snapshot is None:
            last = epoch == writer.run.training.get("epochs")
            snapshot = self.epoch is None or epoch % self.snapshot_every == 0 or last
        vector = self._copy(writer, parameters)
        kept = {name: plain(np.array(value)) for name, value in checkpoint.items()}
        kept.setdefault("parameters", vector)
        writer.submit_epoch(epoch, vector, encode_metrics(metrics), kept, snapshot)
        self.epoch = epoch

    def finish(
        self,
        state: State = "finished",
        message: str = "",
        *,
        best: tuple[int, NDArray[Any]] | None = None,
        test: Mapping[str, float] | None = None,
    ) -> None:
        """Give the last epoch a snapshot, note how the run ended, and let others write.

        Parameters
        ----------
        state : {"finished", "stopped", "interrupted", "diverged"}
            ``"stopped"`` is a run that was meant to end early.
        message : str
            What there is to say about it, for a person.
        best : (int, ndarray), optional
            The epoch that early stopping found best and its parameters, which get a snapshot too.
        test : mapping of str to float, optional
            What was measured on the test data, such as ``{"loss": 0.1, "accuracy": 0.97}``.
        """
        ends = [end for end in get_args(State) if end != "running"]
        if state not in ends:
            raise nearest("end of a run", state, ends)
        try:
            if self._writer is not None:
                kept = None if best is None else (best[0], self._copy(self._writer, best[1]))
                measured = None if test is None else {name: float(value) for name, value in test.items()}
                self._writer.close(state, message, kept, measured)
        finally:
            self._writer = self._resumed = None
            self._directory.release()

    def _started(self) -> Writer:
        if self._writer is None and self._resumed is not None:
            return self._go_on(self._resumed)
        if self._writer is None:
            raise RecordingError(f"{self.path} is not being recorded: start has not been called, or finish has")
        return self._writer

    def _copy(self, writer: Writer, parameters: NDArray[Any]) -> NDArray[Any]:
        vector = np.array(parameters, dtype=writer.run.dtype, order="C")
        if vector.shape != (writer.run.parameter_count,):
            raise RecordingError(
                f"{self.path}: parameters of shape {vector.shape} were given to record, and the network has "
                f"({writer.run.parameter_count},)"
            )
        return vector
