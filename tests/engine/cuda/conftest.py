"""These tests run on Numba's CUDA simulator, so that they need no GPU; NUMBA_ENABLE_CUDASIM=0 takes a real one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numba
import pytest

if os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1") == "1":  # which Numba reads when it is imported
    numba.config.ENABLE_CUDASIM = 1

from engine.cuda import gpu, launching, trainer  # noqa: E402  # which read the setting
from engine.cuda.linking import SIMULATED  # noqa: E402
from engine.cuda.program import SHARED_BYTES, Geometry  # noqa: E402

Shape = Callable[..., None]


@pytest.fixture(autouse=True)
def launches(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shape]:
    """Set the shape of all launches: ``launches(side, blocks, in_block=False, backwards=False)``.

    `in_block` lets small networks be trained in one block's shared memory; `backwards` has the simulator's threads
    take turns from the last to the first.
    """
    if not SIMULATED:
        real = launching.geometry()

        def on_gpu(side: int, blocks: int, in_block: bool = False, backwards: bool = False) -> None:
            shape = Geometry(max(4, side), min(blocks, real.most_blocks), SHARED_BYTES if in_block else 0)
            for module in (launching, gpu, trainer):
                monkeypatch.setattr(module, "geometry", lambda: shape)

        yield on_gpu
        return
    from tests.engine.cuda import simulator

    order = [simulator.forwards]

    def simulated(side: int, blocks: int, in_block: bool = False, backwards: bool = False) -> None:
        shape = Geometry(side, blocks, SHARED_BYTES if in_block else 0)
        order[0] = simulator.backwards if backwards else simulator.forwards
        for module in (launching, gpu, trainer):
            monkeypatch.setattr(module, "geometry", lambda: shape)

    simulated(2, 2)
    with simulator.simulated_grid(lambda threads: order[0](threads)):
        yield simulated
