"""How the threads of a launch share out work.

Every function for the GPU is run by all threads of the grid and gets a `team`, six whole numbers: which thread of the
grid this is, how many there are; which block, how many; which thread of its block, how many. Value i of an array
belongs to thread i modulo the number of threads, in every loop over that array: what a thread reads of what it wrote
itself needs no barrier in between.
"""

from __future__ import annotations

from typing import Any

from engine.cuda.linking import device_code

ME, SIZE, BLOCK, BLOCKS, THREAD, THREADS = range(6)

barrier: Any = None  # of the whole team; given by a Linker
block_barrier: Any = None


@device_code
def first_of(team, start):
    """The first index from `start` on that belongs to this thread."""
    return start + (team[ME] - start) % team[SIZE]


@device_code
def copy_values(team, source, target):
    """target = source."""
    for i in range(team[ME], target.size, team[SIZE]):
        target[i] = source[i]


@device_code
def add_up_block(team, shared, width):
    """Add up `shared` over the block: value u becomes the sum of the values u, u + width, u + 2 width, …

    Always in the same order. The number of threads must be `width` times a power of 2.
    """
    block_barrier()
    count = team[THREADS] // 2
    while count >= width:
        if team[THREAD] < count:
            shared[team[THREAD]] += shared[team[THREAD] + count]
        block_barrier()
        count = count // 2
