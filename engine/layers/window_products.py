"""Matrix products in which one factor is what windows see of an image.

That factor U, a row a window and a column a tap, need not be written down: window i and tap k meet at one number of the
image, image[at[i] + to[k]], with two short tables of places. Its transpose is the same with the tables exchanged. Apart
from that, these products are made of tiles as those in `engine.products` are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.jit import inner, place
from engine.tiles import ROWS, WIDEST, sum_products
from engine.vectors import INT, MASKS, VECTOR, Vectors, lanes, lanes_of

# Rows of a tile. There are no smaller ones: tables of rows end with as many as fill it, the last again and again.
HEIGHT = ROWS[0]

# Vectors of half the length suit few columns, where processors work through two of them in the time of a whole one.
HALVES = VECTOR == 64


def make_window_tile(vectors: int, parts: int = 1) -> Any:
    """Make the function that computes C = S + U B for `HEIGHT` rows and so many vectors of columns.

    U[i, k] = a[at[row + i] + to[k]] for all k below `length`; row i of C begins at c[c_start + rows[row + i]] and has
    `columns` columns. Rows of B are `b_row` apart, and those of S lie like C's where `follows` is 1, or where it is 0,
    all of them are the first. Vectors have one of so many `parts` of their length.
    """

    @intrinsic
    def tile(
        typing_context, a, at, row, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns
    ):  # fmt: skip
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
            on = Vectors(context, builder, c.dtype, lanes_of(c.dtype) // parts)
            zero, last = ir.Constant(INT, 0), vectors - 1
            image, right = (place(context, builder, kind, args[i], zero) for kind, i in ((a, 0), (b, 5)))
            before, target = (place(context, builder, kind, args[i], args[i + 1]) for kind, i in ((s, 8), (c, 11)))
            mask = on.mask(builder.sub(args[14], ir.Constant(INT, last * on.lanes)))

            def entry(table: Any, i: int, number: ir.Value) -> ir.Value:
                return builder.load(place(context, builder, table, args[i], number))

            def load(line: ir.Value, masked: bool) -> list[ir.Value]:
                pointers = [on.at(line, v * on.lanes) for v in range(vectors)]
                final = on.load_first(pointers[-1], mask) if masked else on.load(pointers[-1])
                return [*(on.load(pointer) for pointer in pointers[:-1]), final]

            numbers = [builder.add(args[2], ir.Constant(INT, i)) for i in range(HEIGHT)]
            lines = [on.opaque(builder.gep(image, [entry(at, 1, number)])) for number in numbers]
            outputs = [entry(rows, 13, number) for number in numbers]
            # all rows are read before any is written, since S may be C, whose last row may be here several times
            begun = [load(builder.gep(before, [builder.mul(output, args[10])]), True) for output in outputs]

            def vectors_of(k: ir.Value) -> list[ir.Value]:
                return load(builder.gep(right, [builder.add(args[6], builder.mul(k, args[7]))]), MASKS)

            def factor(i: int, k: ir.Value) -> ir.Value:
                return builder.load(builder.gep(lines[i], [entry(to, 3, k)]))

            start, loop = builder.block, builder.append_basic_block("loop")
            builder.branch(loop)
            added = sum_products(on, loop, [(start, begun)], args[4], vectors_of, factor)
            for i in range(HEIGHT):
                line = builder.gep(target, [outputs[i]])
                for v in range(last):
                    on.store(added[i][v], on.at(line, v * on.lanes))
                on.store_first(added[i][last], on.at(line, last * on.lanes), mask)
            return context.get_dummy_value()

        index = types.intp
        arguments = (a, at, index, to, index, b, index, index, s, index, index, c, index, rows, index)
        return types.void(*arguments), codegen

    return tile


# The functions for tiles, by how many vectors of columns they have.
short = make_window_tile(1, 2)
narrow, medium, wide = (make_window_tile(min(vectors, WIDEST)) for vectors in (1, 2, 3))


@inner
def multiply_seen(a, at, count, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns):
    """C = S + U B, for `count` rows and as many columns as a tile may have (see `make_window_tile`)."""
    size = lanes(c)
    vectors = (columns + size - 1) // size
    for row in range(0, count, HEIGHT):
        if HALVES and 2 * columns <= size:
            short(a, at, row, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns)
        elif vectors == 1:
            narrow(a, at, row, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns)
        elif vectors == 2:
            medium(a, at, row, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns)
        else:
            wide(a, at, row, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns)


@inner(counts=True)
def new_table(count):
    """Room for a table of so many places, and for as many as the last tile may be short of."""
    return np.empty(count + HEIGHT, np.int64)


@inner(counts=True)
def end_table(table, count):
    """Fill the rest of a table with its last place."""
    table[count:] = table[count - 1]


@inner(counts=True)
def table_of_rows(count, width):
    """Where rows begin that lie one after the other."""
    table = new_table(count)
    for i in range(count):
        table[i] = i * width
    end_table(table, count)
    return table
