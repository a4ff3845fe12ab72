"""Training on the GPU: whole epochs in one launch, the next one begun before the last one is reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from engine import machine
from engine.cuda.gpu import upload_data
from engine.cuda.launching import DeviceData, Steps, allocate, geometry, upload
from engine.cuda.loops import TRAIN
from engine.jit import specialise
from engine.metrics import Answers
from engine.objective import summarise
from engine.optimizers import OPTIMIZERS
from engine.schedules import Plateau
from engine.trainer import Metrics, Trainer, check_clip_norm, stretches

# About how long a launch may last, in seconds: an interruption waits for its end, and so does a screen that is drawn
# by the same GPU.
LAUNCH_SECONDS = 0.2
FIRST_LAUNCH = 256  # steps, before it is known how long they take

coefficients: Any = None  # given by `specialise`


def fill_coefficients(settings, rates, step, table):
    """table[i] = the optimizer's coefficients of step number `step` + i, whose learning rate is rates[i]."""
    for i in range(rates.size):
        settings[0] = rates[i]
        c = coefficients(settings, step + i)
        for k in range(5):
            table[i, k] = c[k]


@cache
def _fill_kernel(name: str) -> Any:
    return specialise(fill_coefficients, name, coefficients=OPTIMIZERS[name].coefficients)


class Epoch(NamedTuple):
    """What the launches of one epoch read and write on the GPU."""

    number: int
    order: Any
    coefficients: Any
    totals: Any
    signals: Any
    rate: float  # of the last step


class CudaTrainer(Trainer):
    """A Trainer whose network computes on the GPU; see Trainer.

    What is on the CPU counts: the network's parameters, the moments and the epoch are those after the last epoch that
    `train_epoch` gave. The GPU goes on with the next epoch meanwhile. When something has changed by the time that this
    epoch is asked for, such as weights that a callback has set, it begins anew with what the CPU has.
    """

    def _set_up(self, answers: Answers) -> None:
        network = self.network
        segments, penalised, penalties = stretches(network)
        self._steps = Steps(
            network, self.loss, answers, self.optimizer, segments=segments, penalised=penalised, penalties=penalties,
            clip_norm=check_clip_norm(self.clip_norm), capacity=self.batch_size, shape=geometry(),
        )  # fmt: skip
        self._stream, self._copies = cuda.stream(), cuda.stream()
        self._data: dict[int, tuple[machine.Data, DeviceData]] = {}
        parameters = network.parameter_count
        self._state = allocate(4 * parameters, network.dtype)  # parameters, gradient, two moments
        self._snapshot = allocate(4 * parameters, network.dtype)
        self._evaluated = allocate(4 * parameters, network.dtype)
        self._arrived = cuda.pinned_array(4 * parameters, network.dtype)
        self._ahead: tuple[Epoch, int] | None = None  # the epoch that is under way, and its steps that are launched
        self._launch_steps = FIRST_LAUNCH

    @property
    def in_block(self) -> bool:
        """Whether one block trains the network in its shared memory."""
        return self._steps.in_block

    def train_epoch(self, at_steps: Mapping[int, Callable[[], None]] | None = None) -> Metrics:
        before = self.step
        halts = {step - before for step in at_steps or () if before < step <= before + self.batches}
        start = self.network.parameters.copy()
        epoch, launched = self._take_ahead() or self._begin()
        for stop in sorted({*halts, self.batches}):
            self._run(epoch, launched, stop)
            launched = max(launched, stop)
            self._check_signals(epoch)
            if at_steps and before + stop in at_steps:
                self._fetch()
                at_steps[before + stop]()
        self._snapshot.copy_to_device(self._state, stream=self._stream)
        taken = cuda.event()
        taken.record(self._stream)
        totals = self._steps.summed(epoch.totals.copy_to_host(stream=self._stream), self.data.x.shape[0])
        self._stream.synchronize()
        self.run[machine.STEP] = before + self.batches
        self.epoch += 1
        upcoming = at_steps is None or not any(self.step < step <= self.step + self.batches for step in at_steps)
        if self.epoch < self.epochs and upcoming and not isinstance(self.schedule, Plateau):
            following = self._prepare()
            count = min(self._launch_steps, self.batches)
            self._launch(following, 0, count)
            self._ahead = following, count
        taken.wait(self._copies)
        self._fetch(self._snapshot, self._copies)
        self._check_finite(totals)
        return self._measurements(totals, start, epoch.rate)

    def evaluate(self, data: machine.Data | None = None) -> Metrics:
        data = self.data if data is None else data
        theta = np.concatenate(
            [self.network.parameters, np.zeros(3 * self.network.parameter_count, self.network.dtype)]
        )
        self._evaluated.copy_to_device(theta, stream=self._stream)
        totals = self._steps.evaluate(self._evaluated, self._uploaded(data), data.x.shape[0], self._stream)
        return summarise(totals, self.classification)

    # --- epochs on the GPU ----------------------------------------------------------------------------------------

    def _take_ahead(self) -> tuple[Epoch, int] | None:
        """The epoch that is under way, if it is the one that is wanted and began with what the CPU has now."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead[0].number != self.epoch + 1:
            return None
        parameters = self.network.parameters.size
        theta, moments = self._arrived[:parameters], self._arrived[2 * parameters :]
        same = np.array_equal(theta, self.network.parameters) and np.array_equal(moments, self.moments)
        return ahead if same else None

    def _begin(self) -> tuple[Epoch, int]:
        """An epoch that starts with what the CPU has."""
        values = np.concatenate([self.network.parameters, self.gradient, self.moments])
        self._state.copy_to_device(values, stream=self._stream)
        return self._prepare(), 0

    def _prepare(self) -> Epoch:
        """What the epoch to come needs on the GPU, where nothing of it has been launched yet."""
        rates = self._learning_rates()
        table = np.empty((self.batches, 5))
        _fill_kernel(self.optimizer.name)(self.optimizer.settings(), rates, self.step + 1, table)
        machine.lay_out_epoch(self._order, self.run[machine.SEED], self.epoch + 1, self.shuffle)
        team = self._steps.prepare(self.batch_size).program.team
        return Epoch(
            self.epoch + 1,
            upload(self._order, self._stream),
            upload(table, self._stream),
            upload(np.zeros(3 * team), self._stream),
            upload(np.zeros(1, np.int64), self._stream),
            float(rates[-1]),
        )

    def _run(self, epoch: Epoch, launched: int, stop: int) -> None:
        """Launch what has not been of the steps up to `stop` and wait for their end."""
        self._stream.synchronize()
        while launched < stop:
            if self.run[machine.STOP]:
                raise KeyboardInterrupt  # within an epoch, which does not count
            count = min(self._launch_steps, stop - launched)
            began = time.perf_counter()
            self._launch(epoch, launched, launched + count)
            self._stream.synchronize()
            launched += count
            if count == self._launch_steps:
                longer = LAUNCH_SECONDS / max(time.perf_counter() - began, 1e-6)
                self._launch_steps = max(1, int(self._launch_steps * min(longer, 4)))
        if self.run[machine.STOP]:
            raise KeyboardInterrupt

    def _launch(self, epoch: Epoch, first: int, last: int) -> None:
        self._steps.launch(
            TRAIN, self._state, self._uploaded(self.data), epoch.order, epoch.coefficients, epoch.totals, epoch.signals,
            capacity=self.batch_size, first=first, last=last, step=(epoch.number - 1) * self.batches + first + 1,
            seed=int(self.run[machine.SEED]), stream=self._stream,
        )  # fmt: skip

    def _check_signals(self, epoch: Epoch) -> None:
        signal = int(epoch.signals.copy_to_host()[0])
        if signal:
            self._fetch()
            self.run[machine.STEP] = signal
            self._check_finite(np.full(3, np.nan))

    def _fetch(self, state: Any = None, stream: Any = None) -> None:
        """Copy parameters, gradient and moments to the CPU."""
        stream = self._stream if stream is None else stream
        (self._state if state is None else state).copy_to_host(self._arrived, stream=stream)
        stream.synchronize()
        parameters = self.network.parameter_count
        self.network.parameters[:] = self._arrived[:parameters]
        self.gradient[:] = self._arrived[parameters : 2 * parameters]
        self.moments[:] = self._arrived[2 * parameters :]

    def _uploaded(self, data: machine.Data) -> DeviceData:
        """Examples on the GPU, copied there once."""
        if id(data) not in self._data:
            self._data[id(data)] = data, upload_data(data)
        return self._data[id(data)][1]
