"""The simulator sees what it is there to see."""

from __future__ import annotations

import numpy as np
import pytest

from engine.cuda.linking import BLOCK_BARRIER, GRID_BARRIER, SIMULATED, Code, Linker
from engine.cuda.loops import cuda
from tests.engine.cuda.conftest import Shape

pytestmark = pytest.mark.skipif(not SIMULATED, reason="there is a GPU")

barrier = GRID_BARRIER
block_barrier = BLOCK_BARRIER
waits = True


def pass_on(values, passed):
    """passed[i] = what the next thread has written to values"""
    me, count = cuda.grid(1), cuda.gridsize(1)
    values[me] = me + 1
    if waits:
        barrier()
    passed[me] = values[(me + 1) % count]


def wait_alone(values, passed):
    if cuda.threadIdx.x == 0:
        block_barrier()


def run(function, **names):
    values, passed = cuda.to_device(np.zeros(6)), cuda.to_device(np.zeros(6))
    Linker(names).kernel(Code(function))[3, 2](values, passed)
    return passed.copy_to_host().tolist()


@pytest.mark.parametrize("backwards", [False, True])
def test_a_grid_waits_for_all_its_blocks(backwards: bool, launches: Shape) -> None:
    launches(2, 3, backwards=backwards)
    assert run(pass_on) == [2, 3, 4, 5, 6, 1]


def test_where_a_barrier_is_missing_the_order_of_the_threads_shows(launches: Shape) -> None:
    assert run(pass_on, waits=False) == [0, 0, 0, 0, 0, 1]
    launches(2, 3, backwards=True)
    assert run(pass_on, waits=False) == [2, 3, 4, 5, 6, 0]


def test_a_barrier_that_some_threads_do_not_reach_is_an_error() -> None:
    with pytest.raises(AssertionError, match="threads of one block wait at different barriers: \\['block', 'done'\\]"):
        run(wait_alone)
