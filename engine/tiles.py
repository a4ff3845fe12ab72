"""The innermost code of matrix products, in the processor's vectors: what a compiler does not make of plain loops.

A tile of C is held in registers while the products of a column of A and a row of B are added to it, one column and row
after the other: each number that is loaded is used for a whole row or column of the tile.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.jit import place

# Bytes of a vector and how many of them a tile may keep in registers, as the processor has them.
FEATURES = binding.get_host_cpu_features()
X86 = platform.machine().lower() in ("x86_64", "amd64")
VECTOR = 64 if X86 and FEATURES.get("avx512f") else 32 if X86 and FEATURES.get("avx2") else 16
MANY = VECTOR == 64 or not X86

# Whether reading some lanes of a vector only costs little more than reading all.
MASKS = X86

# The sizes of tiles: their rows, the largest first, and how many vectors wide they can be.
ROWS, WIDEST = ((8, 4, 2, 1), 3) if MANY else ((6, 3, 2, 1), 2)

# Rows of a panel of B, which lies packed on the stack.
DEPTH = 256

INT, INT32, BIT = ir.IntType(64), ir.IntType(32), ir.IntType(1)


def lanes_of(dtype: Any) -> int:
    """How many numbers a vector holds."""
    return VECTOR // (dtype.bitwidth // 8)


@intrinsic
def _lanes(typing_context, array):
    """How many of an array's numbers a vector holds."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        return ir.Constant(INT, lanes_of(array.dtype))

    return types.intp(array), codegen


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


class Vectors:
    """Writes code on vectors of one floating-point type, with the builder of a kernel."""

    def __init__(self, context: Any, builder: Any, dtype: Any) -> None:
        self.builder, self.size, self.lanes = builder, dtype.bitwidth // 8, lanes_of(dtype)
        self.type = ir.VectorType(context.get_data_type(dtype), self.lanes)
        self.zero = ir.Constant(self.type, None)
        self.suffix = f"v{self.lanes}f{dtype.bitwidth}"

    def at(self, pointer: ir.Value, offset: ir.Value | int) -> ir.Value:
        """The place so many numbers behind a pointer, as that of a vector."""
        offset = ir.Constant(INT, offset) if isinstance(offset, int) else offset
        return self.builder.bitcast(self.builder.gep(pointer, [offset]), self.type.as_pointer())

    def load(self, pointer: ir.Value) -> ir.Value:
        loaded = self.builder.load(pointer)
        loaded.align = self.size
        return loaded

    def store(self, vector: ir.Value, pointer: ir.Value) -> None:
        self.builder.store(vector, pointer).align = self.size

    def repeated(self, value: ir.Value, kind: ir.VectorType) -> ir.Value:
        """A vector with one value in all lanes."""
        nothing, first = ir.Constant(kind, ir.Undefined), ir.Constant(INT32, 0)
        single = self.builder.insert_element(nothing, value, first)
        return self.builder.shuffle_vector(single, nothing, ir.Constant(ir.VectorType(INT32, kind.count), None))

    def mask(self, count: ir.Value) -> ir.Value:
        """True in the first `count` lanes."""
        kind = ir.VectorType(INT, self.lanes)
        numbers = ir.Constant(kind, [ir.Constant(INT, i) for i in range(self.lanes)])
        return self.builder.icmp_signed("<", numbers, self.repeated(count, kind))

    def load_first(self, pointer: ir.Value, mask: ir.Value) -> ir.Value:
        """A vector of which only the lanes of the mask are read, zeros in the others."""
        takes = [self.type.as_pointer(), INT32, ir.VectorType(BIT, self.lanes), self.type]
        function = self._intrinsic("load", ir.FunctionType(self.type, takes))
        return self.builder.call(function, [pointer, ir.Constant(INT32, self.size), mask, self.zero])

    def store_first(self, vector: ir.Value, pointer: ir.Value, mask: ir.Value) -> None:
        """Write the lanes of the mask."""
        takes = [self.type, self.type.as_pointer(), INT32, ir.VectorType(BIT, self.lanes)]
        function = self._intrinsic("store", ir.FunctionType(ir.VoidType(), takes))
        self.builder.call(function, [vector, pointer, ir.Constant(INT32, self.size), mask])

    def _intrinsic(self, name: str, kind: ir.FunctionType) -> ir.Value:
        return cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.masked.{name}.{self.suffix}.p0{self.suffix}"
        )


@intrinsic
def _copy_vector(typing_context, source, source_start, target, target_start, count):
    """A vector's numbers from `source` to `target`: the first `count` of them, zeros behind."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        on = Vectors(context, builder, source.dtype)
        taken = on.at(place(context, builder, source, args[0], args[1]), 0)
        given = on.at(place(context, builder, target, args[2], args[3]), 0)
        on.store(on.load_first(taken, on.mask(args[4])), given)
        return context.get_dummy_value()

    index = types.intp
    return types.void(source, index, target, index, index), codegen


@intrinsic
def _copy_transposed(typing_context, source, source_start, source_stride, target, target_start, target_stride):
    """A square of as many rows as a vector has lanes, its rows to columns: two at a time trade every other block."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        on = Vectors(context, builder, source.dtype)
        taken = place(context, builder, source, args[0], args[1])
        given = place(context, builder, target, args[3], args[4])
        rows = [on.load(on.at(taken, builder.mul(args[2], ir.Constant(INT, i)))) for i in range(on.lanes)]
        width = 1
        while width < on.lanes:
            upper = [i if not i & width else on.lanes + i - width for i in range(on.lanes)]
            lower = [i + width if not i & width else on.lanes + i for i in range(on.lanes)]
            masks = [ir.Constant(ir.VectorType(INT32, on.lanes), each) for each in (upper, lower)]
            for i in range(on.lanes):
                if not i & width:
                    pair = rows[i], rows[i + width]
                    rows[i], rows[i + width] = (builder.shuffle_vector(*pair, mask) for mask in masks)
            width *= 2
        for i, row in enumerate(rows):
            on.store(row, on.at(given, builder.mul(args[5], ir.Constant(INT, i))))
        return context.get_dummy_value()

    index = types.intp
    return types.void(source, index, index, target, index, index), codegen


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

            before, old = builder.block, builder.append_basic_block("add")
            loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
            builder.cbranch(args[12], old, loop)
            builder.position_at_end(old)
            there = [[load(places[i][v], v) for v in range(vectors)] for i in range(rows)]
            builder.branch(loop)

            builder.position_at_end(loop)
            p, sums = builder.phi(INT), [[builder.phi(on.type) for _ in range(vectors)] for _ in range(rows)]
            row = builder.gep(right, [builder.mul(p, args[6])])
            column = builder.gep(left, [builder.mul(p, args[3])])
            factors = [(load if MASKS else whole)(on.at(row, v * on.lanes), v) for v in range(vectors)]
            added, flags = [], ("contract",)
            for i in range(rows):
                number = builder.load(builder.gep(column, [builder.mul(args[2], ir.Constant(INT, i))]))
                factor = on.repeated(number, on.type)
                added.append(
                    [builder.fadd(builder.fmul(factor, factors[v], flags), sums[i][v], flags=flags)
                     for v in range(vectors)]
                )  # fmt: skip
            after = builder.add(p, ir.Constant(INT, 1))
            for block, number in ((before, ir.Constant(INT, 0)), (old, ir.Constant(INT, 0)), (loop, after)):
                p.add_incoming(number, block)
            for i in range(rows):
                for v in range(vectors):
                    for block, value in ((before, on.zero), (old, there[i][v]), (loop, added[i][v])):
                        sums[i][v].add_incoming(value, block)
            builder.cbranch(builder.icmp_signed("<", after, args[7]), loop, done)

            builder.position_at_end(done)
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


lanes: Any = _lanes
panel: Any = _panel
copy_vector: Any = _copy_vector
copy_transposed: Any = _copy_transposed
