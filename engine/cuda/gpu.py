"""What can be asked of a network, answered by the GPU."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine import machine
from engine.cuda.launching import DeviceData, Steps, allocate, configured, forward_kernel, geometry, upload
from engine.cuda.loops import DIFFERENTIATE
from engine.cuda.program import Program
from engine.layers.base import Shape
from engine.losses import Loss
from engine.metrics import Answers
from engine.optimizers import SGD

if TYPE_CHECKING:
    from engine.network import Network


def upload_data(data: machine.Data) -> DeviceData:
    """Examples, copied to the GPU."""
    return DeviceData(*(upload(array.reshape(-1)) for array in data))


class Gpu:
    """A network's passes on the GPU. Each call takes the parameters as they are then on the CPU.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._steps: dict[tuple[str, str], Steps] = {}

    def outputs(self, inputs: NDArray[Any], ends: list[int], shapes: list[Shape], capacity: int) -> list[NDArray[Any]]:
        """The values after each of the operations numbered by `ends` (counted from 1), flat, one row an example."""
        network, plan = self.network, self.network.plan
        program = Program(plan.operations, plan.spans, network.input_shape, network.dtype, capacity, geometry())
        kernel, table, constants = forward_kernel(program), upload(program.table), upload(program.constants)
        per_example, tape_size, _ = machine.values_per_example(program.layout)
        theta, tape = upload(network.parameters), allocate(tape_size * capacity, network.dtype)
        values = allocate(per_example * capacity, network.dtype)
        outputs = [np.empty((inputs.shape[0], prod(shape)), network.dtype) for shape in shapes]
        for start in range(0, inputs.shape[0], capacity):
            batch = inputs[start : start + capacity]
            values[: batch.size].copy_to_device(np.ascontiguousarray(batch.reshape(-1)))
            configured(kernel, program.blocks, program.geometry.threads)(
                table, constants, theta, values, tape, capacity, len(batch), max(ends)
            )
            for end, output in zip(ends, outputs, strict=True):
                first = int(program.layout[end - 1][machine.Y_START]) * capacity if end else 0
                found = values[first : first + output.shape[1] * len(batch)].copy_to_host()
                output[start : start + capacity] = found.reshape(len(batch), -1)
        return outputs

    def evaluate(self, data: machine.Data, loss: Loss, answers: Answers) -> NDArray[np.float64]:
        """Totals over the data: loss, right answers, examples."""
        return self._steps_for(loss, answers).evaluate(self._state(), upload_data(data), data.x.shape[0])

    def gradient(
        self, data: machine.Data, loss: Loss, answers: Answers, training: bool, step: int
    ) -> tuple[float, NDArray[Any]]:
        """The mean loss over a batch and its gradient; in training, running statistics are updated on the CPU too."""
        network, examples = self.network, data.x.shape[0]
        steps, state = self._steps_for(loss, answers), self._state()
        totals = allocate(steps.size_of_totals(examples), np.float64)
        steps.launch(
            DIFFERENTIATE, state, upload_data(data), upload(np.arange(examples)), upload(np.zeros((1, 5))), totals,
            capacity=examples, first=0, last=1, step=step, seed=network.seed, training=training,
        )  # fmt: skip
        found = state.copy_to_host()[: 4 * network.parameter_count].reshape(4, network.parameter_count)
        network.parameters[:] = found[0]
        return float(steps.summed(totals.copy_to_host(), examples)[0]) / examples, found[1]

    def _state(self) -> Any:
        parameters = self.network.parameters
        return upload(np.concatenate([parameters, np.zeros(3 * parameters.size, parameters.dtype)]))

    def _steps_for(self, loss: Loss, answers: Answers) -> Steps:
        if (loss.name, answers) not in self._steps:
            none, unpenalised = np.zeros((0, 2), np.int64), np.zeros((0, 2), self.network.dtype)
            self._steps[loss.name, answers] = Steps(
                self.network, loss, answers, SGD(), segments=none, penalised=none, penalties=unpenalised,
                clip_norm=np.inf, capacity=None, shape=geometry(),
            )  # fmt: skip
        return self._steps[loss.name, answers]
