"""Matrix products of flat arrays, whole or a block at a time.

The three loops around the tiles (see `engine.tiles`) are those of Goto and van de Geijn, "Anatomy of high-performance
matrix multiplication" (2008), without the outer ones, which only matrices need that are too large for the cache. Each
number of C is a sum in one fixed order, so that it has the same bits however C is cut into blocks.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import from_dtype, types

from engine.jit import address, call, inner, kernel, specialise
from engine.tiles import DEPTH, ROWS, WIDEST, make_tile, panel
from engine.vectors import MASKS, copy_transposed, copy_vector, lanes

# Blocks begin at multiples of this, which is a multiple of every vector's length.
GRAIN = 32

# Up to how many rows of A a panel of B is read as it lies: it is not read often enough to be worth packing.
FEW = 16

# Where `run` holds the address of `product`.
PRODUCT = 9


@inner
def pack(b, start, stride, packed, depth, columns, width):
    """Copy `depth` rows of B, of `columns` columns, to rows of `width`, with zeros behind."""
    for first in range(0, width, lanes(b)):
        count = min(columns - first, lanes(b))
        for p in range(depth):
            copy_vector(b, start + p * stride + first, packed, p * width + first, count)


@inner
def pack_transposed(b, start, stride, packed, depth, columns, width):
    """The same where rows of B are columns in memory: squares of vectors are turned, and what is left one by one."""
    size = lanes(b)
    squares = depth // size * size
    for first in range(0, width, size):
        count = min(columns - first, size)
        done = squares if count == size else 0
        for p in range(0, done, size):
            copy_transposed(b, start + first * stride + p, stride, packed, p * width + first, width)
        for column in range(count):
            for p in range(done, depth):
                packed[p * width + first + column] = b[start + (first + column) * stride + p]
        for p in range(depth):
            for column in range(count, size):
                packed[p * width + first + column] = 0


# The functions for tiles of each number of rows; each copy of the loop over them has its own, given by `specialise`.
first_tile: Any = None
second_tile: Any = None
third_tile: Any = None
last_tile: Any = None


def column_of_tiles(a, a_start, a_row, a_column, b, b_start, b_row, depth, c, c_start, c_row, columns, adds, m):
    """The tiles of C one below the other, with as many rows at a time as there still are."""
    i = 0
    while m - i >= ROWS[0]:
        a_at, c_at = a_start + i * a_row, c_start + i * c_row
        first_tile(a, a_at, a_row, a_column, b, b_start, b_row, depth, c, c_at, c_row, columns, adds)
        i += ROWS[0]
    if m - i >= ROWS[1]:
        a_at, c_at = a_start + i * a_row, c_start + i * c_row
        second_tile(a, a_at, a_row, a_column, b, b_start, b_row, depth, c, c_at, c_row, columns, adds)
        i += ROWS[1]
    if m - i >= ROWS[2]:
        a_at, c_at = a_start + i * a_row, c_start + i * c_row
        third_tile(a, a_at, a_row, a_column, b, b_start, b_row, depth, c, c_at, c_row, columns, adds)
        i += ROWS[2]
    if m > i:
        a_at, c_at = a_start + i * a_row, c_start + i * c_row
        last_tile(a, a_at, a_row, a_column, b, b_start, b_row, depth, c, c_at, c_row, columns, adds)


def _columns(vectors: int) -> Any:
    """The loop over tiles that are so many vectors wide, or the widest that there are."""
    tiles = [make_tile(rows, min(vectors, WIDEST)) for rows in ROWS]
    names = dict(zip(("first_tile", "second_tile", "third_tile", "last_tile"), tiles, strict=True))
    return specialise(column_of_tiles, f"{vectors}_wide", counts=False, **names)


narrow, medium, wide = (_columns(vectors) for vectors in (1, 2, 3))


@kernel(counts=False)
def product(flip_a, flip_b, adds, m, n, k, a, a_start, a_stride, b, b_start, b_stride, c, c_start, c_stride):
    """C (m, n) = A (m, k) B (k, n), each a block of a flat array: where it starts, and how far apart its rows are.

    With `flip_a`, A is the transpose of the block (k, m) that is given; likewise for B. With `adds`, the product is
    added to what is in C.
    """
    size, packed = lanes(c), panel(c)
    a_row, a_column = (1, a_stride) if flip_a else (a_stride, 1)
    for first in range(0, n, WIDEST * size):
        columns = min(n - first, WIDEST * size)
        vectors = (columns + size - 1) // size
        width = vectors * size
        lies_well = not flip_b and (m <= FEW or b_stride <= width) and (MASKS or columns == width)
        for p in range(0, k, DEPTH):
            depth, at, a_at, more = min(k - p, DEPTH), c_start + first, a_start + p * a_column, adds or p > 0
            source, begin, stride = packed, 0, width
            if lies_well:
                source, begin, stride = b, b_start + first + p * b_stride, b_stride
            elif flip_b:
                pack_transposed(b, b_start + first * b_stride + p, b_stride, packed, depth, columns, width)
            else:
                pack(b, b_start + first + p * b_stride, b_stride, packed, depth, columns, width)
            if vectors == 1:
                narrow(a, a_at, a_row, a_column, source, begin, stride, depth, c, at, c_stride, columns, more, m)
            elif vectors == 2:
                medium(a, a_at, a_row, a_column, source, begin, stride, depth, c, at, c_stride, columns, more, m)
            else:
                wide(a, a_at, a_row, a_column, source, begin, stride, depth, c, at, c_stride, columns, more, m)


@cache
def product_address(dtype_name: str) -> int:
    """Where the compiled `product` for arrays of a dtype is: kernels find it in `run`, and none compiles its own."""
    whole, flag = types.intp, types.boolean
    array = types.Array(from_dtype(np.dtype(dtype_name)), 1, "C")
    return address(product, types.void(*[flag] * 3, *[whole] * 3, *[array, whole, whole] * 3))


@kernel(counts=False)
def multiply(run, flip_a, a, flip_b, b, c, m, n, k):
    """C (m, n) = A (m, k) B (k, n), all flat and whole. With `flip_a`, `a` holds Aᵀ (k, m); likewise for `b`."""
    a_stride, b_stride = m if flip_a else k, k if flip_b else n
    call(run[PRODUCT], (flip_a, flip_b, False, m, n, k, a, 0, a_stride, b, 0, b_stride, c, 0, n))


@kernel(counts=False)
def add_product(run, flip_a, a, flip_b, b, c, m, n, k):
    """C ← C + A B, likewise."""
    a_stride, b_stride = m if flip_a else k, k if flip_b else n
    call(run[PRODUCT], (flip_a, flip_b, True, m, n, k, a, 0, a_stride, b, 0, b_stride, c, 0, n))


@kernel(counts=False)
def block_of(m, n, share, shares):
    """The rows and columns of a matrix (m, n) that make one of its shares: first row, rows, first column, columns.

    A share is a block of columns, or of rows where there are more of them.
    """
    length = max(m, n)
    grains = (length + GRAIN - 1) // GRAIN
    first, last = share * grains // shares * GRAIN, min((share + 1) * grains // shares * GRAIN, length)
    size = max(last - first, 0)
    if n >= m:
        return 0, m, first, size
    return first, size, 0, n


@kernel(counts=False)
def share_of_product(run, flip_a, a, flip_b, b, c, m, n, k):
    """The share run[SHARE] of run[SHARES] of C (m, n) = A (m, k) B (k, n), all flat: what `block_of` gives.

    With `flip_a`, `a` holds Aᵀ (k, m); with `flip_b`, `b` holds Bᵀ (n, k).
    """
    row, rows, column, columns = block_of(m, n, run[5], run[6])
    a_start, a_stride = (row, m) if flip_a else (row * k, k)
    b_start, b_stride = (column * k, k) if flip_b else (column, n)
    if rows > 0 and columns > 0:
        c_start = row * n + column
        call(
            run[PRODUCT],
            (flip_a, flip_b, False, rows, columns, k, a, a_start, a_stride, b, b_start, b_stride, c, c_start, n),
        )
