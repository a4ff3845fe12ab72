"""Code on the processor's vectors, for the inner loops of kernels: what a compiler does not make of plain loops.

Short stretches, whose length it does not know, it leaves to one number at a time; a vector takes them in one step, of
which only the lanes that are wanted count.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.jit import place

# Bytes of a vector, as the processor has them.
FEATURES = binding.get_host_cpu_features()
X86 = platform.machine().lower() in ("x86_64", "amd64")
VECTOR = 64 if X86 and FEATURES.get("avx512f") else 32 if X86 and FEATURES.get("avx2") else 16

# Whether reading some lanes of a vector only costs little more than reading all.
MASKS = X86

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


class Vectors:
    """Writes code on vectors of one floating-point type, with the builder of a kernel."""

    def __init__(self, context: Any, builder: Any, dtype: Any, lanes: int | None = None) -> None:
        self.builder, self.size, self.lanes = builder, dtype.bitwidth // 8, lanes or lanes_of(dtype)
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

    def opaque(self, pointer: ir.Value) -> ir.Value:
        """The same pointer, of which the compiler does not know where it comes from."""
        return self.builder.asm(ir.FunctionType(pointer.type, [pointer.type]), "", "=r,0", [pointer], side_effect=False)

    def repeated(self, value: ir.Value, kind: ir.VectorType) -> ir.Value:
        """A vector with one value in all lanes."""
        nothing, first = ir.Constant(kind, ir.Undefined), ir.Constant(INT32, 0)
        single = self.builder.insert_element(nothing, value, first)
        return self.builder.shuffle_vector(single, nothing, ir.Constant(ir.VectorType(INT32, kind.count), None))

    def mask(self, count: ir.Value) -> ir.Value:
        """True in the first `count` lanes."""
        kind = ir.VectorType(INT32, self.lanes)
        numbers = ir.Constant(kind, [ir.Constant(INT32, i) for i in range(self.lanes)])
        return self.builder.icmp_signed("<", numbers, self.repeated(self.builder.trunc(count, INT32), kind))

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
    """Put the first `count` numbers of a vector elsewhere, with zeros behind them."""

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


@intrinsic
def _largest(typing_context, image, at, line, channels, down, right, channel, best, places, first):
    """best[first + c] = the largest of the window's values image[at + p·line + q·channels + c], for a vector of c.

    The window reaches `down` lines and `right` places; places[first + c] = at + p·line + q·channels of the first of
    equals. The vector begins with c = `channel`.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        on, channel = Vectors(context, builder, image.dtype), args[6]
        mask = on.mask(builder.sub(args[3], channel))

        def seen(offset: ir.Value) -> ir.Value:
            pointer = place(context, builder, image, args[0], builder.add(offset, channel))
            return on.load_first(on.at(pointer, 0), mask)

        def number(offset: ir.Value) -> ir.Value:
            return on.repeated(builder.sitofp(offset, on.type.element), on.type)

        value, where = (cgutils.alloca_once_value(builder, each(args[1])) for each in (seen, number))
        with cgutils.for_range(builder, args[4]) as p, cgutils.for_range(builder, args[5]) as q:
            offset = builder.add(builder.mul(p.index, args[2]), builder.mul(q.index, args[3]))
            offset = builder.add(args[1], offset)
            new, old = seen(offset), builder.load(value)
            better = builder.fcmp_ordered(">", new, old)
            builder.store(builder.select(better, new, old), value)
            builder.store(builder.select(better, number(offset), builder.load(where)), where)
        for slot, kind, i in ((value, best, 7), (where, places, 8)):
            pointer = place(context, builder, kind, args[i], builder.add(args[9], channel))
            on.store_first(builder.load(slot), on.at(pointer, 0), mask)
        return context.get_dummy_value()

    index = types.intp
    return types.void(image, *[index] * 6, best, places, index), codegen


lanes: Any = _lanes
copy_vector: Any = _copy_vector
copy_transposed: Any = _copy_transposed
largest: Any = _largest
