"""Compile the GPU's kernels of some networks as for a real GPU, on a machine that has none.

    pip install 'neurofilm[cuda]'
    python tools/compile_cuda.py [COMPUTE_CAPABILITY, such as 8.0]

Numba's simulator, which the tests use, runs Python and never sees what the compiler refuses. This says for each network
how long compiling took and, from NVIDIA's assembler, how many registers and how much shared memory the kernel takes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numba import cuda, types
from numba.cuda import dispatcher

from engine.cuda.program import Geometry, Program
from engine.layers import (
    GRU,
    LSTM,
    Activation,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    Residual,
    SimpleRNN,
    UpSample2D,
)
from engine.losses import LOSSES
from engine.metrics import count_above, count_class, count_largest, count_nothing
from engine.optimizers import get_optimizer
from engine.plan import make_plan

Case = tuple[Sequence[Layer], tuple[int, ...], str, Any, str, str, bool]

SMALL = [Dense(16, "tanh"), Dense(16, "tanh"), Dense(1, "sigmoid")]
WIDE = [Dense(512, "relu"), Dense(512, "silu"), Dense(10, "softmax")]
IMAGES = [
    Conv2D(8, 5, activation="relu"), MaxPool2D(2), Conv2D(16, 5, activation="gelu"), AvgPool2D(2), UpSample2D(2),
    Flatten(), Dropout(0.2), BatchNorm(), Dense(64, "elu"), Dense(10, "softmax"),
]  # fmt: skip
BLOCKS = [
    Residual([Conv2D(8, 3, padding="same", strides=2)], "silu"), Residual([Conv2D(8, 3, padding="same")]), Flatten(),
    Dense(4, "leaky_relu"), Activation("softplus"), Activation("step"),
]  # fmt: skip
SEQUENCES = [LSTM(16, return_sequences=True), GRU(16, return_sequences=True), SimpleRNN(8), Dense(1)]

CASES: dict[str, Case] = {
    "small, in one block": (SMALL, (2,), "binary_crossentropy", count_above, "adam", "float32", True),
    "wide": (WIDE, (784,), "sparse_categorical_crossentropy", count_class, "adagrad", "float32", False),
    "images": (IMAGES, (28, 28, 1), "categorical_crossentropy", count_largest, "adamw", "float32", False),
    "residual blocks": (BLOCKS, (9, 9, 3), "mae", count_nothing, "nesterov", "float64", False),
    "sequences": (SEQUENCES, (30, 2), "huber", count_nothing, "rmsprop", "float32", False),
}


def signatures(real: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The types of what the kernel that takes steps is launched with, and of that which runs a batch forwards."""
    reals, ints, doubles = real[::1], types.int64[::1], types.float64[::1]
    tables, descent = (types.int64[:, ::1], real[:, ::1]), (types.int64[:, ::1], types.int64[:, ::1], real[:, ::1])
    numbers = types.UniTuple(types.int64, 14)
    steps = (
        *tables, ints, reals, reals, reals, reals, reals, reals, ints, types.float64[:, ::1], *descent, types.float64,
        doubles, reals, numbers,
    )  # fmt: skip
    return steps, (*tables, reals, reals, reals, types.int64, types.int64, types.int64)


def assemble(ptx: str, capability: tuple[int, int]) -> str:
    """What NVIDIA's assembler says of the code."""
    root = Path(sys.prefix)
    found = [*root.glob("lib/python*/site-packages/nvidia/*/bin/ptxas")]
    if not found:
        return "no ptxas: install nvidia-cuda-nvcc-cu12 to see registers"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(ptx)
        target = f"-arch=sm_{capability[0]}{capability[1]}"
        command = [str(found[0]), target, "-v", "-o", str(source.with_suffix(".o")), "-c", str(source)]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return "; ".join(line.split(":")[-1].strip() for line in done.stderr.splitlines() if "registers" in line)


def main() -> None:
    major, minor = (sys.argv[1] if len(sys.argv) > 1 else "8.0").split(".")
    capability = int(major), int(minor)

    class Device:
        compute_capability = capability

    dispatcher.get_current_device = lambda: Device  # device functions are compiled for the GPU that is there
    for name, (layers, shape, loss, count, optimizer, dtype, in_block) in CASES.items():
        plan = make_plan(list(layers), shape)
        program = Program(plan.operations, plan.spans, shape, np.dtype(dtype), 33, Geometry(16, 100), in_block=in_block)
        steps, forward = signatures(types.float32 if dtype == "float32" else types.float64)
        kernels = [("steps", program.steps_kernel(LOSSES[loss], count, get_optimizer(optimizer)), steps)]
        if not in_block:
            kernels.append(("forward", program.forward_kernel(), forward))
        for what, kernel, signature in kernels:
            began = time.perf_counter()
            ptx, _ = cuda.compile_ptx(kernel.py_func, signature, cc=capability, device=False)
            seconds = time.perf_counter() - began
            print(f"{name}, {what}: {seconds:.1f} s, {assemble(ptx, capability)}", flush=True)


if __name__ == "__main__":
    main()
