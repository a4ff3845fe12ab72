"""Launches, with all that they take along, and the kernels, compiled once for all networks that need the same code."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numba.cuda
import numpy as np
from numpy.typing import NDArray

from engine import machine
from engine.cuda.linking import SIMULATED
from engine.cuda.loops import EVALUATE
from engine.cuda.program import Geometry, Program, on_gpu
from engine.errors import TrainingError
from engine.losses import Loss
from engine.metrics import Answers, accuracy_kernel, count_above, count_nothing
from engine.objective import count_operations
from engine.optimizers import Optimizer

if TYPE_CHECKING:
    from engine.network import Network


def geometry() -> Geometry:
    """The shape that launches have on this GPU."""
    if SIMULATED:
        return Geometry(side=4, most_blocks=1)
    # One block a multiprocessor: it always fits, whatever the kernel needs, and so all of them run at the same time.
    return Geometry(side=16, most_blocks=int(cuda.get_current_device().MULTIPROCESSOR_COUNT))


cuda: Any = numba.cuda


class Prepared(NamedTuple):
    """A program for batches of one size, its table and constants on the GPU, and its buffers there."""

    program: Program
    table: Any
    constants: Any
    space: Any
    partial: Any


class DeviceData(NamedTuple):
    """Examples on the GPU, each array flat."""

    x: Any
    y: Any
    weights: Any


def allocate(size: int, dtype: Any) -> Any:
    """An array on the GPU; TrainingError when its memory is full."""
    try:
        return cuda.device_array(max(1, size), dtype)
    except Exception as error:
        raise _full(size * np.dtype(dtype).itemsize, error) from None


def upload(values: NDArray[Any], stream: Any = 0) -> Any:
    """A copy of an array on the GPU; TrainingError when its memory is full."""
    try:
        filled = values if values.size else np.zeros((1, *values.shape[1:]), values.dtype)  # an empty stretch
        return cuda.to_device(np.ascontiguousarray(filled), stream=stream)
    except Exception as error:
        raise _full(values.nbytes, error) from None


def _full(size: int, error: Exception) -> Exception:
    if "MEMORY" not in str(error).upper():
        return error
    return TrainingError(
        f"the GPU has no room for {size / 2**20:,.0f} MiB more: train with smaller batches, fewer examples, or on the "
        f"CPU (device='cpu')"
    )


_kernels: dict[Any, Any] = {}


def steps_kernel(program: Program, loss: Loss, count_right: Any, optimizer: Optimizer) -> Any:
    """The kernel that takes steps, compiled for the first network that needs this code."""
    key = (*_code(program), loss.name, id(count_right), optimizer.name)
    if key not in _kernels:
        _kernels[key] = program.steps_kernel(loss, count_right, optimizer)
    return _kernels[key]


def forward_kernel(program: Program) -> Any:
    """The kernel that runs a batch forwards, likewise."""
    if _code(program) not in _kernels:
        _kernels[_code(program)] = program.forward_kernel()
    return _kernels[_code(program)]


def configured(kernel: Any, blocks: int, threads: int, stream: Any = 0, shared: int = 0) -> Any:
    """A kernel with the shape of its launch.

    Numba would warn that few blocks leave a part of the GPU idle; small networks have no more to do.
    """
    settings: Any = numba.config
    previous = getattr(settings, "CUDA_LOW_OCCUPANCY_WARNINGS", 0)
    settings.CUDA_LOW_OCCUPANCY_WARNINGS = 0
    try:
        return kernel[blocks, threads, stream, shared]
    finally:
        settings.CUDA_LOW_OCCUPANCY_WARNINGS = previous


def _code(program: Program) -> tuple[Any, ...]:
    shape = program.geometry
    return tuple(program.variants), tuple(program.rules), program.dtype.name, shape.side, program.in_block


class Steps:
    """Steps of a network on the GPU, for one loss and one optimizer.

    Parameters
    ----------
    network : Network
    loss, answers : Loss, Answers
        See `engine.objective`.
    optimizer : Optimizer
    segments, penalised : ndarray, shape (S, 2)
        Stretches of parameters that are trainable, that have a penalty; see `machine.Descent`.
    penalties : ndarray, shape (P, 2)
    clip_norm : float
    capacity : int or None
        The most examples in a batch that is trained on; None where there is no training.
    shape : Geometry
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        answers: Answers,
        optimizer: Optimizer,
        *,
        segments: NDArray[np.int64],
        penalised: NDArray[np.int64],
        penalties: NDArray[Any],
        clip_norm: float,
        capacity: int | None,
        shape: Geometry,
    ) -> None:
        self.network, self.loss, self.shape = network, loss, shape
        self.operations = count_operations(network, loss)
        outputs = prod(network.output_shape)
        from_logits = loss.from_logits(network.output_activation)
        count_right, constants = accuracy_kernel(answers, outputs, loss, from_logits)
        # Where each output counts by itself, each is a thread's; else a thread takes a whole row.
        alone = loss.rows is None and count_right in (count_nothing, count_above)
        self.item, self.outputs, self.targets = 1 if alone else outputs, outputs, 1 if loss.labels_only else outputs
        plan = network.plan
        layout = machine.lay_out(on_gpu(plan.operations), plan.spans, network.input_shape, network.dtype)[2]
        self.values, self.tape, _ = machine.values_per_example(layout)
        self.in_block = capacity is not None and capacity <= self.most_in_block()
        self._prepared: dict[int, Prepared] = {}
        self.kernel = steps_kernel(self.program(1), loss, count_right, optimizer)
        self._objective = upload(np.array([self.item], np.int64)), upload(np.array(constants, network.dtype))
        self._descent = [upload(each) for each in (segments, penalised, penalties)]
        self.clip_norm = float(clip_norm)

    @property
    def space_per_example(self) -> int:
        """Values that the buffers need for one example."""
        return 2 * self.values + self.tape + self.targets + 1

    def most_in_block(self) -> int:
        """How many examples one block can work on in its shared memory, beside the parameters; below 1 where none."""
        values = self.shape.shared_bytes // self.network.dtype.itemsize
        return (values - self.shape.threads - 4 * self.network.parameter_count) // self.space_per_example

    def program(self, capacity: int) -> Program:
        """The program for batches of up to `capacity` examples."""
        plan, shape, dtype = self.network.plan, self.network.input_shape, self.network.dtype
        return Program(plan.operations, plan.spans, shape, dtype, capacity, self.shape, self.in_block)

    def prepare(self, capacity: int) -> Prepared:
        """The program and its buffers, kept for the next call."""
        if capacity not in self._prepared:
            program, dtype = self.program(capacity), self.network.dtype
            self._prepared[capacity] = Prepared(
                program,
                upload(program.table),
                upload(program.constants),
                allocate(self.space_per_example * capacity, dtype),
                allocate(program.blocks, dtype),
            )
        return self._prepared[capacity]

    def launch(
        self,
        mode: int,
        state: Any,
        data: DeviceData,
        order: Any,
        coefficients: Any,
        totals: Any,
        *,
        capacity: int,
        first: int,
        last: int,
        step: int = 0,
        seed: int = 0,
        training: bool = True,
        stream: Any = 0,
    ) -> None:
        """Go through the batches `first` … `last` - 1 of what `order` lays out; see `loops.take_steps`.

        `totals` has the size `size_of_totals`.
        """
        program, table, constants, space, partial = self.prepare(capacity)
        parameters = self.network.parameter_count
        numbers = (
            mode, int(training), capacity, first, last, self.operations, step, seed, parameters, self.values,
            self.tape, self.targets, self.item, 1 if self.loss.labels_only else self.item,
        )  # fmt: skip
        shared = self.shape.threads + 4 * parameters + self.space_per_example * capacity if self.in_block else 0
        configured(
            self.kernel, program.blocks, self.shape.threads, stream, shared * self.network.dtype.itemsize
        )(
            table, constants, *self._objective, state, space, *data, order, coefficients, *self._descent,
            self.clip_norm, totals, partial, numbers,
        )  # fmt: skip

    def size_of_totals(self, capacity: int, used: bool = False) -> int:
        """The size of `totals`: the step that diverged, and two numbers for each thread, or only for those in use."""
        threads = self.prepare(capacity).program.team
        return 1 + 2 * (min(threads, capacity * self.outputs // self.item) if used else threads)

    def summed(self, totals: NDArray[np.float64], examples: int) -> NDArray[np.float64]:
        """The totals of all threads together, as `machine.train_batches` counts: loss, right answers, examples."""
        share = self.item / self.outputs
        return np.array([*(totals[1:].reshape(-1, 2).sum(0) * share), examples])

    def evaluate(self, state: Any, data: DeviceData, examples: int, stream: Any = 0) -> NDArray[np.float64]:
        """The totals of a pass over data without training."""
        network = self.network
        capacity = min(examples, self.most_in_block() if self.in_block else network.chunk(examples))
        totals = allocate(self.size_of_totals(capacity), np.float64)
        self.launch(
            EVALUATE, state, data, upload(np.arange(examples), stream), upload(np.zeros((1, 5)), stream), totals,
            capacity=capacity, first=0, last=-(-examples // capacity), training=False, stream=stream,
        )  # fmt: skip
        return self.summed(totals.copy_to_host(stream=stream), examples)
