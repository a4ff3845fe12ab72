"""Training on the GPU: whole epochs in one launch, the next one begun before the last one is reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numba.cuda
import numpy as np
from numpy.typing import NDArray

from engine import machine
from engine.cuda.gpu import upload_data
from engine.cuda.launching import DeviceData, Steps, allocate, geometry, upload
from engine.cuda.loops import TRAIN
from engine.descent import check_clip_norm, stretches
from engine.errors import ConfigurationError
from engine.jit import specialise
from engine.metrics import Answers
from engine.objective import measured_outputs, summarise
from engine.optimizers import OPTIMIZERS
from engine.schedules import Plateau
from engine.trainer import Metrics, Trainer

# About how long a launch may last, in seconds: an interruption waits for its end, and so does a screen that is drawn
# by the same GPU.
LAUNCH_SECONDS = 0.2
FIRST_LAUNCH = 64  # steps, before it is known how long they take

cuda: Any = numba.cuda

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


class Slot:
    """What the launches of one epoch read and write: one of two, since an epoch is under way while one is reported."""

    def __init__(self, steps: Steps, batch_size: int, batches: int, examples: int) -> None:
        size, dtype = 4 * steps.network.parameter_count, steps.network.dtype
        self.order, self.host_order = allocate(examples, np.int64), cuda.pinned_array(examples, np.int64)
        self.coefficients = upload(np.zeros((batches, 5)))
        self.host_coefficients = cuda.pinned_array((batches, 5), np.float64)
        self.totals = allocate(steps.size_of_totals(batch_size), np.float64)
        self.host_totals = cuda.pinned_array(steps.size_of_totals(batch_size, used=True), np.float64)
        self.snapshot, self.host_snapshot = allocate(size, dtype), cuda.pinned_array(size, dtype)
        self.epoch = 0  # the number of the epoch that it is used for
        self.launched = 0  # how many of its steps have been launched
        self.rate = 0.0  # of its last step


class CudaTrainer(Trainer):
    """A Trainer whose network computes on the GPU; see Trainer.

    What is on the CPU counts: the network's parameters, the moments and the epoch are those after the last epoch that
    `train_epoch` gave. The GPU goes on with the next epoch meanwhile. When something has changed by the time that this
    epoch is asked for, such as weights that a callback has set, it begins anew with what the CPU has.
    """

    def _set_up(self, answers: Answers) -> None:
        network = self.network
        network.check_that_it_computes()
        if not network.parameter_count:
            raise ConfigurationError("the network has no parameters, so there is nothing to train on the GPU")
        segments, penalised, penalties = stretches(network)
        self._steps = Steps(
            network, self.loss, answers, self.optimizer, segments=segments, penalised=penalised, penalties=penalties,
            clip_norm=check_clip_norm(self.clip_norm), capacity=self.batch_size, shape=geometry(),
        )  # fmt: skip
        self._stream, self._copies = cuda.stream(), cuda.stream()
        self._data: dict[int, tuple[machine.Data, DeviceData]] = {}
        self._state = allocate(4 * network.parameter_count, network.dtype)  # parameters, gradient, two moments
        self._evaluated = allocate(4 * network.parameter_count, network.dtype)
        self._slots = [Slot(self._steps, self.batch_size, self.batches, self.data.x.shape[0]) for _ in range(2)]
        self._reported: Slot | None = None  # that of the epoch that was given last
        self._ahead: Slot | None = None  # that of the epoch that is under way
        self._launch_steps = FIRST_LAUNCH

    @property
    def in_block(self) -> bool:
        """Whether one block trains the network in its shared memory."""
        return self._steps.in_block

    def train_epoch(self, at_steps: Mapping[int, Callable[[], None]] | None = None) -> Metrics:
        self._check_stop()
        before, start = self.step, self.network.parameters.copy()
        slot = self._take_ahead() or self._begin()
        halts = {step - before for step in at_steps or () if before < step <= before + self.batches}
        for stop in sorted({*halts, self.batches}):
            self._run(slot, stop)
            if at_steps and before + stop in at_steps:
                self._state.copy_to_host(slot.host_snapshot, stream=self._stream)
                self._stream.synchronize()
                self._give(slot)
                at_steps[before + stop]()
        done = self._take_snapshot(slot)
        following = before + self.batches
        halted = any(following < step <= following + self.batches for step in at_steps or ())
        if slot.epoch < self.epochs and not halted and not isinstance(self.schedule, Plateau):
            self._ahead = self._prepare(slot.epoch + 1)
            self._launch(self._ahead, min(self._launch_steps, self.batches))
        done.wait(self._copies)
        slot.snapshot.copy_to_host(slot.host_snapshot, stream=self._copies)
        self._copies.synchronize()
        self._give(slot)
        self._reported = slot
        totals = self._steps.summed(slot.host_totals, self.data.x.shape[0])
        self.run[machine.STEP] = int(slot.host_totals[0]) or following
        self._check_finite(totals)
        self.epoch += 1
        return self._measurements(totals, start, slot.rate)

    def evaluate(self, data: machine.Data | None = None, outputs: NDArray[Any] | None = None) -> Metrics:
        data = self.data if data is None else data
        if outputs is not None:
            outputs[:] = measured_outputs(self.network, self.loss, data.x.reshape(-1, *self.network.input_shape))
        self._upload_state(self._evaluated)
        totals = self._steps.evaluate(self._evaluated, self._uploaded(data), data.x.shape[0], self._stream)
        return summarise(totals, self.classification)

    # --- epochs on the GPU ----------------------------------------------------------------------------------------

    def _take_ahead(self) -> Slot | None:
        """The epoch that is under way, if it is the one that is wanted and began with what the CPU has now."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or self._reported is None or ahead.epoch != self.epoch + 1:
            return None
        parameters, given = self.network.parameter_count, self._reported.host_snapshot
        same = np.array_equal(given[:parameters], self.network.parameters)
        return ahead if same and np.array_equal(given[2 * parameters :], self.moments) else None

    def _begin(self) -> Slot:
        """An epoch that starts with what the CPU has."""
        self._upload_state(self._state)
        return self._prepare(self.epoch + 1)

    def _upload_state(self, state: Any) -> None:
        state.copy_to_device(
            np.concatenate([self.network.parameters, self.gradient, self.moments]), stream=self._stream
        )

    def _prepare(self, epoch: int) -> Slot:
        """What an epoch needs on the GPU, where nothing of it has been launched yet."""
        slot = self._slots[epoch % 2]
        rates = self._learning_rates(epoch - 1)
        first = (epoch - 1) * self.batches + 1
        _fill_kernel(self.optimizer.name)(self.optimizer.settings(), rates, first, slot.host_coefficients)
        machine.lay_out_epoch(slot.host_order, self.run[machine.SEED], epoch, self.shuffle)
        slot.order.copy_to_device(slot.host_order, stream=self._stream)
        slot.coefficients.copy_to_device(slot.host_coefficients, stream=self._stream)
        slot.epoch, slot.launched, slot.rate = epoch, 0, float(rates[-1])
        return slot

    def _run(self, slot: Slot, stop: int) -> None:
        """Launch what has not been of the steps up to `stop`, and wait in between, so that no launch lasts long."""
        while slot.launched < stop:
            self._stream.synchronize()
            self._check_stop()
            began, count = time.perf_counter(), min(self._launch_steps, stop - slot.launched)
            self._launch(slot, slot.launched + count)
            if slot.launched < self.batches or count < stop:
                self._stream.synchronize()
                longer = LAUNCH_SECONDS / max(time.perf_counter() - began, 1e-6)
                self._launch_steps = max(1, int(count * min(longer, 4)), self._launch_steps if longer > 1 else 1)

    def _launch(self, slot: Slot, stop: int) -> None:
        self._steps.launch(
            TRAIN, self._state, self._uploaded(self.data), slot.order, slot.coefficients, slot.totals,
            capacity=self.batch_size, first=slot.launched, last=stop,
            step=(slot.epoch - 1) * self.batches + slot.launched + 1, seed=int(self.run[machine.SEED]),
            stream=self._stream,
        )  # fmt: skip
        slot.launched = stop

    def _take_snapshot(self, slot: Slot) -> Any:
        """Keep what the epoch leaves from the next one, and give the event by which all of it has been kept."""
        slot.snapshot.copy_to_device(self._state, stream=self._stream)
        slot.totals[: slot.host_totals.size].copy_to_host(slot.host_totals, stream=self._stream)
        done = cuda.event()
        done.record(self._stream)
        return done

    def _give(self, slot: Slot) -> None:
        """Give parameters, gradient and moments to the CPU."""
        parameters, given = self.network.parameter_count, slot.host_snapshot
        self.network.parameters[:] = given[:parameters]
        self.gradient[:] = given[parameters : 2 * parameters]
        self.moments[:] = given[2 * parameters :]

    def _check_stop(self) -> None:
        if self.run[machine.STOP]:
            raise KeyboardInterrupt  # within an epoch, which does not count

    def _uploaded(self, data: machine.Data) -> DeviceData:
        """Examples on the GPU, copied there once."""
        if id(data) not in self._data:
            self._data[id(data)] = data, upload_data(data)
        return self._data[id(data)][1]
