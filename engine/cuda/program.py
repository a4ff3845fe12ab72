"""A network's program on the GPU: its table, the code that it needs compiled together, the shape of its launches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numba import types

from engine import machine
from engine.activations import ACTIVATIONS
from engine.cuda import loops
from engine.cuda.choosing import backward_of, forward_of, rule_of, slope_of
from engine.cuda.layers import KINDS, Kind
from engine.cuda.linking import BLOCK_BARRIER, GRID_BARRIER, Code, Linker
from engine.cuda.products import TILES
from engine.layers.base import Operation, Shape
from engine.losses import Loss, elementwise_loss
from engine.optimizers import Optimizer
from engine.plan import Plan

SHARED_BYTES = 48 * 1024  # what every GPU gives a block without being asked


@dataclass(frozen=True)
class Geometry:
    """The shape of the launches.

    Attributes
    ----------
    side : int
        A block has side² threads; a power of 2.
    most_blocks : int
        How many blocks the GPU runs at the same time, which is the most that can wait for each other.
    shared_bytes : int
        Shared memory that a block may have.
    """

    side: int = 16
    most_blocks: int = 1
    shared_bytes: int = SHARED_BYTES

    @property
    def threads(self) -> int:
        return self.side**2

    @property
    def scratch(self) -> int:
        """Values of shared memory that products and sums need."""
        return 4 * self.side * (2 * self.side + 1)  # two strips of both factors, and more than a block has threads


def kind_of(operation: Operation) -> str:
    """The entry of KINDS for an operation; "" where there is none."""
    if operation.activation is not None:
        return "activation" if ACTIVATIONS[operation.activation].rows is None else "softmax"
    return operation.kind if operation.kind in KINDS else ""


def without_kernels(plan: Plan) -> int | None:
    """The first layer of which the GPU cannot compute an operation."""
    for k, operation in enumerate(plan.operations):
        if not kind_of(operation):
            return next(index for index, end in enumerate(plan.layer_ends) if k < end)
    return None


def on_gpu(operations: Sequence[Operation]) -> list[Operation]:
    """The operations with as much tape as the GPU's kernels need."""
    tapes = [KINDS[kind_of(operation)].tape for operation in operations]
    return [
        operation if tape is None else replace(operation, tape_per_example=tape(operation.dims))
        for operation, tape in zip(operations, tapes, strict=True)
    ]


class Program:
    """The table of a network, for batches of up to `capacity` examples, and its code.

    Parameters
    ----------
    operations, spans, input_shape, dtype
        As for `machine.assemble`.
    capacity : int
    geometry : Geometry
    in_block : bool
        Whether launches have one block, which works in shared memory.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        spans: Sequence[tuple[int, int]],
        input_shape: Shape,
        dtype: np.dtype[Any],
        capacity: int,
        geometry: Geometry,
        in_block: bool = False,
    ) -> None:
        self.geometry, self.capacity, self.dtype, self.in_block = geometry, capacity, dtype, in_block
        operations = on_gpu(operations)
        kinds = [kind_of(operation) for operation in operations]
        variants = [
            (name, operation.dims if KINDS[name].fixed else None)
            for name, operation in zip(kinds, operations, strict=True)
        ]
        self.variants = list(dict.fromkeys(variants))
        self.rules = list(dict.fromkeys(
            each.activation for each, kind in zip(operations, kinds, strict=True) if kind == "activation"
        ))  # fmt: skip
        dims, self.constants, self.layout = machine.lay_out(operations, spans, input_shape, dtype)
        self.blocks = 1 if in_block else self._count_blocks(operations, kinds)
        self.table = np.zeros((len(operations), loops.DIMS + max(3, dims.shape[1])), np.int64)
        for k, (operation, name) in enumerate(zip(operations, kinds, strict=True)):
            row, kind = self.table[k], KINDS[name]
            row[loops.KIND], row[loops.FUSES] = self.variants.index(variants[k]), kind.fuses
            row[loops.THETA_START : loops.WAYS] = self.layout[k]
            for product, sizes in enumerate(_products(kind, operation, capacity)):
                row[loops.WAYS + product] = self.ways(*sizes)
            row[loops.DIMS : loops.DIMS + len(operation.dims)] = operation.dims
            row[-1] = dims[k, -1]
            if name == "activation":
                row[loops.RULE] = row[loops.DIMS + 1] = self.rules.index(operation.activation) + 1

    @property
    def team(self) -> int:
        """Threads of a launch."""
        return self.blocks * self.geometry.threads

    def linker(self, **names: Any) -> Linker:
        """What puts the code of this program together."""
        barrier = BLOCK_BARRIER if self.in_block else GRID_BARRIER
        rules = [ACTIVATIONS[name] for name in self.rules if name is not None]
        return Linker(
            {
                "barrier": barrier,
                "block_barrier": BLOCK_BARRIER,
                "SIDE": self.geometry.side,
                "SCRATCH": self.geometry.scratch,
                "REAL": types.float32 if self.dtype == np.float32 else types.float64,
                "forward_of": forward_of([(KINDS[name].forward, dims) for name, dims in self.variants]),
                "backward_of": backward_of([(KINDS[name].backward, dims) for name, dims in self.variants]),
                "activate": rule_of([rule.rule_for(self.dtype) for rule in rules]),
                "gate": ACTIVATIONS["sigmoid"].rule_for(self.dtype),
                "bounded": ACTIVATIONS["tanh"].rule_for(self.dtype),
                "slope": slope_of([rule.derivative for rule in rules]),
                **names,
            }
        )

    def steps_kernel(self, loss: Loss, count_right: Any, optimizer: Optimizer) -> Any:
        """The kernel that takes steps."""
        rows = loss.rows or elementwise_loss
        own = {} if loss.rows else {"rule": loss.rule, "derivative": loss.derivative}
        linker = self.linker(
            loss_of_rows=Code(rows, own), count_right=count_right, move=optimizer.rule, MOMENTS=optimizer.moments
        )
        return linker.kernel(loops.in_block if self.in_block else loops.in_grid)

    def forward_kernel(self) -> Any:
        """The kernel that runs a batch forwards."""
        return self.linker().kernel(loops.forward_in_grid)

    def _count_blocks(self, operations: Sequence[Operation], kinds: Sequence[str]) -> int:
        """As many blocks as have something to do where there is most of it: waiting for more takes longer."""
        most = 1
        for operation, name in zip(operations, kinds, strict=True):
            most = max(most, self.capacity * prod(operation.output_shape))
            for m, n, k in _products(KINDS[name], operation, self.capacity):
                most = max(most, m * n * max(1, k // 16))
        return max(1, min(self.geometry.most_blocks, -(-most // self.geometry.threads)))

    def ways(self, m: int, n: int, k: int) -> int:
        """How a product is best computed: in tiles where there are enough, else by as many threads a value as idle."""
        edge = 2 * self.geometry.side
        tiles = -(-m // edge) * -(-n // edge)
        if not self.in_block and min(m, n, k) >= 8 and tiles >= max(4, self.blocks // 8):
            return TILES
        ways, idle = 1, self.team // (m * n)
        while 2 * ways <= min(self.geometry.threads, idle, k // 4):
            ways *= 2
        return ways


def _products(kind: Kind, operation: Operation, capacity: int) -> list[tuple[int, int, int]]:
    return [] if kind.products is None else kind.products(operation.dims, capacity)
