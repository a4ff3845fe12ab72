"""The innermost code of matrix products: tiles of C.

A tile is held in registers while the products of a column of A and a row of B are added to it, one column and row after
the other: each number that is loaded is used for a whole row or column of the tile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.jit import place
from engine.vectors import INT, MASKS, VECTOR, X86, Vectors, lanes_of

# The sizes of tiles, as registers allow: their rows, the largest first, and how many vectors wide they can be.
ROWS, WIDEST = ((8, 4, 2, 1), 3) if VECTOR == 64 or not X86 else ((6, 3, 2, 1), 2)

# Rows of a panel of B, which lies packed on the stack.
DEPTH = 256


def make_tile(rows: int, vectors: int) -> Any:
    """Make the function that computes a tile of C = A B, or adds to it, with so many rows and vectors of columns.

    Its arguments are the three arrays, flat, each with the place where the tile's part begins and how far apart its
    rows are, for A its columns too; the length of the sums; of how many columns the tile really consists; and whether
    it adds to what is in C.
    """

    @intrinsic
    def tile(
        typing_context, a, a_start, a_row, a_column, b, b_start, b_row, length, c, c_start, c_row, columns, adds
    ):  # fmt: skip
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
            on = Vectors(context, builder, c.dtype)
            left, right = (place(context, builder, kind, args[i], args[i + 1]) for kind, i in ((a, 0), (b, 4)))
            target, last = place(context, builder, c, args[8], args[9]), vectors - 1
            mask = on.mask(builder.sub(args[11], ir.Constant(INT, last * on.lanes)))
            places = [
                [on.at(target, builder.add(builder.mul(args[10], ir.Constant(INT, i)), ir.Constant(INT, v * on.lanes)))
                 for v in range(vectors)]
                for i in range(rows)
            ]  # fmt: skip

            def load(pointer: ir.Value, v: int) -> ir.Value:
                return on.load_first(pointer, mask) if v == last else on.load(pointer)

            def whole(pointer: ir.Value, v: int) -> ir.Value:
                return on.load(pointer)

            # A pointer a row, which the compiler must not count up one from the other: that takes longer than the sums.
            lines = [on.opaque(builder.gep(left, [builder.mul(args[2], ir.Constant(INT, i))])) for i in range(rows)]

            before, old, loop = builder.block, builder.append_basic_block("add"), builder.append_basic_block("loop")
            builder.cbranch(args[12], old, loop)
            builder.position_at_end(old)
            there = [[load(places[i][v], v) for v in range(vectors)] for i in range(rows)]
            builder.branch(loop)

            def vectors_of(p: ir.Value) -> list[ir.Value]:
                row = builder.gep(right, [builder.mul(p, args[6])])
                return [(load if MASKS else whole)(on.at(row, v * on.lanes), v) for v in range(vectors)]

            def factor(i: int, p: ir.Value) -> ir.Value:
                return builder.load(builder.gep(lines[i], [builder.mul(p, args[3])]))

            nothing = [[on.zero] * vectors for _ in range(rows)]
            added = sum_products(on, loop, [(before, nothing), (old, there)], args[7], vectors_of, factor)
            for i in range(rows):
                for v in range(last):
                    on.store(added[i][v], places[i][v])
            full = builder.icmp_signed("==", args[11], ir.Constant(INT, vectors * on.lanes))
            with builder.if_else(full) as (then, otherwise):  # masked stores are slow on some processors
                with then:
                    for i in range(rows):
                        on.store(added[i][last], places[i][last])
                with otherwise:
                    for i in range(rows):
                        on.store_first(added[i][last], places[i][last], mask)
            return context.get_dummy_value()

        index = types.intp
        arguments = (a, index, index, index, b, index, index, index, c, index, index, index, types.boolean)
        return types.void(*arguments), codegen

    return tile


def sum_products(
    on: Vectors,
    loop: ir.Block,
    begun: list[tuple[ir.Block, list[list[ir.Value]]]],
    length: ir.Value,
    vectors_of: Callable[[ir.Value], list[ir.Value]],
    factor: Callable[[int, ir.Value], ir.Value],
) -> list[list[ir.Value]]:
    """Write the loop that adds to a tile's sums the products for each p below `length`, and give the sums.

    `begun` holds what the sums begin with, for each of the blocks that lead to the block `loop`: some rows of vectors.
    ``factor(i, p)`` gives the number of row i with which the vectors ``vectors_of(p)`` are multiplied.
    """
    builder, flags = on.builder, ("contract",)
    builder.position_at_end(loop)
    p = builder.phi(INT)
    sums = [[builder.phi(on.type) for _ in row] for row in begun[0][1]]
    vectors, added = vectors_of(p), []
    for i, row in enumerate(sums):
        repeated = on.repeated(factor(i, p), on.type)
        products = [builder.fmul(repeated, vector, flags) for vector in vectors]
        added.append([builder.fadd(*pair, flags=flags) for pair in zip(products, row, strict=True)])
    after = builder.add(p, ir.Constant(INT, 1))
    for block, number, values in [
        *((block, ir.Constant(INT, 0), values) for block, values in begun),
        (loop, after, added),
    ]:
        p.add_incoming(number, block)
        for i, row in enumerate(sums):
            for v, total in enumerate(row):
                total.add_incoming(values[i][v], block)
    done = builder.append_basic_block("done")
    builder.cbranch(builder.icmp_signed("<", after, length), loop, done)
    builder.position_at_end(done)
    return added


@intrinsic
def _panel(typing_context, array):
    """Room for a panel on the stack, an array of the given one's type that lasts as long as the calling function."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        width, size = array.dtype.bitwidth // 8, DEPTH * WIDEST * lanes_of(array.dtype)
        kind = context.get_data_type(array.dtype)
        with builder.goto_entry_block():
            room = builder.alloca(ir.ArrayType(kind, size))
            room.align = VECTOR
        made = cgutils.create_struct_proxy(array)(context, builder)
        made.data = builder.bitcast(room, kind.as_pointer())
        made.shape = cgutils.pack_array(builder, [ir.Constant(INT, size)])
        made.strides = cgutils.pack_array(builder, [ir.Constant(INT, width)])
        made.itemsize, made.nitems = ir.Constant(INT, width), ir.Constant(INT, size)
        made.meminfo, made.parent = cgutils.get_null_value(made.meminfo.type), cgutils.get_null_value(made.parent.type)
        return made._getvalue()

    return array(array), codegen


panel: Any = _panel
