"""Depth order, and each tile's splats in that order."""

from typing import no_type_check

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

DIGIT = np.uint32(2047)
#: How many splats ahead a box is fetched.
AHEAD = 16


@no_type_check
@intrinsic
def fetch(typing_context, array, index):
    """Ask for the cache line at the start of `array[index]`; nothing waits for it."""

    def codegen(context, builder, signature, arguments):
        struct = context.make_array(signature.args[0])(context, builder, arguments[0])
        stride = builder.extract_value(struct.strides, 0)
        base = builder.bitcast(struct.data, ir.IntType(8).as_pointer())
        line = builder.gep(base, [builder.mul(builder.sext(arguments[1], ir.IntType(64)), stride)])
        word = ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch", (line.type,), ir.FunctionType(ir.VoidType(), [line.type, word, word, word])
        )
        builder.call(prefetch, [line, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, types.int32), codegen


@no_type_check
@njit(nogil=True, cache=True)
def sort_by_depth(keys, order, keys_b, order_b, keys_c):
    """Stable radix sort (three 11-bit digits) of positive float32 `keys`, given as their bits.

    Writes the sorted indices to `order`; the other arrays are workspace of the same length. Equal depths keep the
    scene's order, as in gsplat.
    """
    n = keys.shape[0]
    starts = np.zeros((3, 2048), np.int64)
    for j in range(n):
        key = keys[j]
        starts[0, key & DIGIT] += 1
        starts[1, (key >> np.uint32(11)) & DIGIT] += 1
        starts[2, key >> np.uint32(22)] += 1
    for p in range(3):
        total = 0
        for digit in range(2048):
            count = starts[p, digit]
            starts[p, digit] = total
            total += count
    for j in range(n):
        key = keys[j]
        at = starts[0, key & DIGIT]
        starts[0, key & DIGIT] = at + 1
        keys_b[at] = key
        order[at] = j
    for j in range(n):
        key = keys_b[j]
        digit = (key >> np.uint32(11)) & DIGIT
        at = starts[1, digit]
        starts[1, digit] = at + 1
        keys_c[at] = key
        order_b[at] = order[j]
    for j in range(n):
        digit = keys_c[j] >> np.uint32(22)
        at = starts[2, digit]
        starts[2, digit] = at + 1
        order[at] = order_b[j]


@no_type_check
@njit(nogil=True, cache=True)
def accumulate(counts):
    """Turn counts (shifted by one) into starts, in place; returns the total."""
    for tile in range(1, counts.shape[0]):
        counts[tile] += counts[tile - 1]
    return counts[counts.shape[0] - 1]


@no_type_check
@njit(nogil=True, cache=True)
def fill_tiles(plain, order, boxes, tiles_x, starts, members):
    """List every tile's splats front to back: `members[starts[t]:starts[t + 1]]`.

    Boxes are read in depth order, that is at random, so they are fetched ahead unless `plain` is True (else None).
    """
    position = starts.copy()
    last = order.shape[0] - 1
    for j in range(order.shape[0]):
        if plain is None:
            fetch(boxes, order[min(j + AHEAD, last)])
        splat = order[j]
        x0, x1, y0, y1 = boxes[splat, 0], boxes[splat, 1], boxes[splat, 2], boxes[splat, 3]
        for tile_y in range(y0, y1):
            for tile_x in range(x0, x1):
                tile = tile_y * tiles_x + tile_x
                members[position[tile]] = splat
                position[tile] += 1
