"""What no program can undercut on this GPU: its launches, its barriers, its arithmetic and its memory.

The launch, the barrier and the bandwidth are measured, the arithmetic is that of the data sheet.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import numba.cuda
import numpy as np

from benchmarks.training.ours import make_network
from benchmarks.training.workloads import Workload
from engine.cuda.layers import KINDS
from engine.cuda.program import kind_of

cuda: Any = numba.cuda

# float32 units of a multiprocessor, by compute capability (CUDA C++ Programming Guide, arithmetic instructions).
UNITS = {(6, 0): 64, (7, 0): 64, (7, 2): 64, (7, 5): 64, (8, 0): 64}
BARRIERS = 1000


@dataclass(frozen=True)
class Floor:
    """Seconds for a launch and for a barrier of the whole grid, float operations and bytes a second, bytes of cache."""

    launch: float
    barrier: float
    flops: float
    bandwidth: float
    cache: int

    def __str__(self) -> str:
        return (
            f"launch {self.launch * 1e6:.1f} µs, barrier of the grid {self.barrier * 1e6:.2f} µs, "
            f"{self.flops / 1e12:.1f} TFLOP/s in float32, {self.bandwidth / 1e9:,.0f} GB/s"
        )


@dataclass(frozen=True)
class Work:
    """What a step has to do: float operations, bytes of parameters that it holds, bytes that it reads and writes."""

    flops: int
    held: int
    moved: int

    def seconds(self, floor: Floor, steps: int) -> float:
        """The least time of a step, in an epoch of so many of them that is one launch.

        What the cache holds need not come from memory.
        """
        moved = self.moved if self.held > floor.cache else 0
        return max(self.flops / floor.flops, moved / floor.bandwidth) + floor.launch / steps


def work_of(workload: Workload) -> Work:
    """What a step of a workload has to do."""
    network = make_network(workload)
    flops, operations = 0, network.plan.operations
    for index, operation in enumerate(operations):
        products = KINDS[kind_of(operation)].products
        sizes = products(operation.dims, workload.batch_size) if products is not None else []
        if index == 0:
            sizes = sizes[:-1]  # the data need no gradient
        flops += sum(2 * m * n * k for m, n, k in sizes)
    moments = 2 if workload.optimizer["name"] == "adam" else 0
    width = 4 * network.parameter_count
    # forwards and backwards read the parameters; the optimizer reads and writes them and their moments
    return Work(flops, width * (2 + moments), width * (4 + 2 * moments))


def measure_floor() -> Floor:
    """Measure this GPU."""

    @cuda.jit
    def nothing(values):
        pass

    @cuda.jit
    def wait(values):
        grid = cuda.cg.this_grid()
        for _ in range(BARRIERS):
            grid.sync()

    device = cuda.get_current_device()
    blocks, values = int(device.MULTIPROCESSOR_COUNT), cuda.device_array(1, np.float32)
    launch = _time(lambda: nothing[1, 32](values))
    barrier = (_time(lambda: wait[blocks, 256](values)) - launch) / BARRIERS
    size = 2**28
    source, target = cuda.device_array(size, np.uint8), cuda.device_array(size, np.uint8)
    bandwidth = 2 * size / _time(lambda: target.copy_to_device(source))
    units = UNITS.get(tuple(device.compute_capability), 128)
    flops = 2.0 * units * blocks * device.CLOCK_RATE * 1e3  # a fused multiply-add is two; the clock is in kHz
    return Floor(launch, barrier, flops, bandwidth, int(device.L2_CACHE_SIZE))


def _time(work: Any) -> float:
    """The median time of something on the GPU, in seconds."""
    times = []
    for _ in range(15):
        cuda.synchronize()
        began = time.perf_counter()
        work()
        cuda.synchronize()
        times.append(time.perf_counter() - began)
    return median(times[3:])
