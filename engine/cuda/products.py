"""Matrix products C = A B on the GPU, whatever A and B are: matrices, transposes, images unfolded on the fly.

A product is given three functions by name: ``left(a, sizes, i, l)`` and ``right(b, sizes, l, j)``, which look a factor
up, and ``finish(code, at, total, c, d, e)``, which puts c[at] where it belongs. There are two ways to compute it:

- dots: each value of C by itself, by one thread or by several, each of which takes every so-manieth term;
- tiles: a block computes a square of C from strips of A and B that it copies to shared memory, each thread four values
  of it, so that every value that is read is used `2 SIDE` times.
"""

from __future__ import annotations

from typing import Any

from engine.cuda.linking import device_code
from engine.cuda.team import BLOCK, BLOCKS, THREAD, THREADS, add_up_block
from engine.jit import like

TILES = 0  # instead of a number of threads a value: the product is computed in tiles

SIDE: Any = None  # a block has SIDE² threads and tiles have 2 SIDE rows and columns; given by a Linker
left: Any = None  # what a product is made of
right: Any = None
finish: Any = None
a_along_terms: Any = None  # whether neighbours in memory are neighbouring terms l; else they are neighbouring i or j
b_along_terms: Any = None
block_barrier: Any = None
activate: Any = None
slope: Any = None


@device_code
def product(team, shared, ways, first, m, n, k, a, b, sizes, code, c, d, e):
    """C = A B with A (m, k), B (k, n), C (m, n).

    `ways` is TILES or how many threads share a value, `first` the block that begins, so that the blocks that one
    product leaves idle can take on the next one. Returns the block that follows the last one.
    """
    if ways == TILES:
        return tiles(team, shared, first, m, n, k, a, b, sizes, code, c, d, e)
    return dots(team, shared, ways, first, m, n, k, a, b, sizes, code, c, d, e)


@device_code
def dots(team, shared, ways, first, m, n, k, a, b, sizes, code, c, d, e):
    width = team[THREADS] // ways
    unit, lane = team[THREAD] % width, team[THREAD] // width
    groups = (m * n + width - 1) // width
    for group in range((team[BLOCK] - first) % team[BLOCKS], groups, team[BLOCKS]):
        at = group * width + unit
        i, j, total = at // n, at % n, like(a[0], 0)
        if at < m * n:
            for l in range(lane, k, ways):  # noqa: E741
                total += left(a, sizes, i, l) * right(b, sizes, l, j)
        if ways > 1:
            shared[team[THREAD]] = total
            add_up_block(team, shared, width)
            total = shared[unit]
            block_barrier()
        if lane == 0 and at < m * n:
            finish(code, at, total, c, d, e)
    return (first + groups) % team[BLOCKS]


@device_code
def tiles(team, shared, first, m, n, k, a, b, sizes, code, c, d, e):
    """Strips hold SIDE terms. While one is multiplied, the values of the next one are on their way from memory."""
    thread, edge, pitch = team[THREAD], 2 * SIDE, 2 * SIDE + 1  # the pitch keeps columns in different banks
    next_thread, strips = thread + SIDE * SIDE, (k + SIDE - 1) // SIDE
    across, zero = (n + edge - 1) // edge, like(a[0], 0)
    count = (m + edge - 1) // edge * across
    row, column = thread // SIDE, thread % SIDE
    for tile in range((team[BLOCK] - first) % team[BLOCKS], count, team[BLOCKS]):
        i_start, j_start = tile // across * edge, tile % across * edge
        t00, t01, t10, t11 = zero, zero, zero, zero
        a0 = fetch_left(a, sizes, thread, i_start, 0, m, k)
        a1 = fetch_left(a, sizes, next_thread, i_start, 0, m, k)
        b0 = fetch_right(b, sizes, thread, j_start, 0, n, k)
        b1 = fetch_right(b, sizes, next_thread, j_start, 0, n, k)
        put_strip(shared, 0, pitch, thread, next_thread, a0, a1, b0, b1)
        block_barrier()
        for strip in range(strips):
            l_start, here, there = (strip + 1) * SIDE, strip % 2 * edge * pitch, (strip + 1) % 2 * edge * pitch
            if strip + 1 < strips:
                a0 = fetch_left(a, sizes, thread, i_start, l_start, m, k)
                a1 = fetch_left(a, sizes, next_thread, i_start, l_start, m, k)
                b0 = fetch_right(b, sizes, thread, j_start, l_start, n, k)
                b1 = fetch_right(b, sizes, next_thread, j_start, l_start, n, k)
            for l in range(SIDE):  # noqa: E741
                a_at, b_at = here + l * pitch + row, here + (SIDE + l) * pitch + column
                above, below, one, other = shared[a_at], shared[a_at + SIDE], shared[b_at], shared[b_at + SIDE]
                t00, t01, t10, t11 = t00 + above * one, t01 + above * other, t10 + below * one, t11 + below * other
            if strip + 1 < strips:
                put_strip(shared, there, pitch, thread, next_thread, a0, a1, b0, b1)
            block_barrier()
        i, j = i_start + row, j_start + column
        if i < m and j < n:
            finish(code, i * n + j, t00, c, d, e)
        if i < m and j + SIDE < n:
            finish(code, i * n + j + SIDE, t01, c, d, e)
        if i + SIDE < m and j < n:
            finish(code, (i + SIDE) * n + j, t10, c, d, e)
        if i + SIDE < m and j + SIDE < n:
            finish(code, (i + SIDE) * n + j + SIDE, t11, c, d, e)
    return (first + count) % team[BLOCKS]


@device_code
def fetch_left(a, sizes, s, i_start, l_start, m, k):
    """Value s of a strip of A, in the order in which neighbours lie in memory; 0 beyond its edges."""
    i = i_start + (s // SIDE if a_along_terms else s % (2 * SIDE))
    l = l_start + (s % SIDE if a_along_terms else s // (2 * SIDE))  # noqa: E741
    return left(a, sizes, i, l) if i < m and l < k else like(a[0], 0)


@device_code
def fetch_right(b, sizes, s, j_start, l_start, n, k):
    """Value s of a strip of B, likewise."""
    j = j_start + (s // SIDE if b_along_terms else s % (2 * SIDE))
    l = l_start + (s % SIDE if b_along_terms else s // (2 * SIDE))  # noqa: E741
    return right(b, sizes, l, j) if j < n and l < k else like(b[0], 0)


@device_code
def put_strip(shared, start, pitch, s, t, a0, a1, b0, b1):
    """Put the values s and t of both strips where they are multiplied: term by term, that of A before that of B."""
    edge, b_start = 2 * SIDE, start + SIDE * pitch
    if a_along_terms:
        shared[start + s % SIDE * pitch + s // SIDE] = a0
        shared[start + t % SIDE * pitch + t // SIDE] = a1
    else:
        shared[start + s // edge * pitch + s % edge] = a0
        shared[start + t // edge * pitch + t % edge] = a1
    if b_along_terms:
        shared[b_start + s % SIDE * pitch + s // SIDE] = b0
        shared[b_start + t % SIDE * pitch + t // SIDE] = b1
    else:
        shared[b_start + s // edge * pitch + s % edge] = b0
        shared[b_start + t // edge * pitch + t % edge] = b1


# --- what becomes of a value --------------------------------------------------------------------------------------


@device_code
def keep(code, at, total, c, d, e):
    """c = total"""
    c[at] = total


@device_code
def add_on(code, at, total, c, d, e):
    """c = c + total"""
    c[at] += total


@device_code
def keep_and_activate(code, at, total, c, d, e):
    """c = total, and d = rule(total) of the activation function that follows, if one does."""
    c[at] = total
    if code > 0:
        d[at] = activate(code, total)


@device_code
def keep_slope(code, at, total, c, d, e):
    """c = total, times derivative(d, e) of the activation function that comes before, if one does."""
    c[at] = total * slope(code, d[at], e[at]) if code > 0 else total
