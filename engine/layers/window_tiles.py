"""The innermost code of convolutions: tiles of products in which one factor is what windows see.

What windows see is a matrix U, a row a window and a column a tap, that need not be written down: window i and tap k
meet at one number of the image, image[at[i] + to[k]], with two short tables of places. Its transpose is the same with
the tables exchanged. Apart from that the tiles are those of `engine.tiles`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.jit import place
from engine.tiles import ROWS
from engine.vectors import INT, MASKS, Vectors, lanes_of

# Rows of a tile. There are no smaller ones: tables of rows end with as many as fill it, the last again and again.
HEIGHT = ROWS[0]


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
            zero, one, last = ir.Constant(INT, 0), ir.Constant(INT, 1), vectors - 1
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

            start, loop, done = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("done")
            builder.branch(loop)
            builder.position_at_end(loop)
            k, sums = builder.phi(INT), [[builder.phi(on.type) for _ in range(vectors)] for _ in range(HEIGHT)]
            column = entry(to, 3, k)
            factors = load(builder.gep(right, [builder.add(args[6], builder.mul(k, args[7]))]), MASKS)
            added, flags = [], ("contract",)
            for i in range(HEIGHT):
                factor = on.repeated(builder.load(builder.gep(lines[i], [column])), on.type)
                added.append(
                    [builder.fadd(builder.fmul(factor, factors[v], flags), sums[i][v], flags=flags)
                     for v in range(vectors)]
                )  # fmt: skip
            after = builder.add(k, one)
            for block, number in ((start, zero), (loop, after)):
                k.add_incoming(number, block)
            for i in range(HEIGHT):
                for v in range(vectors):
                    for block, value in ((start, begun[i][v]), (loop, added[i][v])):
                        sums[i][v].add_incoming(value, block)
            builder.cbranch(builder.icmp_signed("<", after, args[4]), loop, done)

            builder.position_at_end(done)
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
