"""Front-to-back blending, one tile of 16 x 16 pixels at a time, its accumulators in the first-level cache.

A row of 16 pixels is one sequence of 16-lane vector operations, emitted through an LLVM intrinsic so that it becomes
AVX-512, AVX2, SSE or NEON without C; `blend(None, ...)` takes that way and `blend(True, ...)` the plain loop beside
it. The loop over a tile's splats waits on memory, so records are fetched ahead: that halves the time at 300,000
splats. The row itself is written down once for each way, because the compiler does not vectorise across the early
stop by itself. The rules are gsplat's: alpha is capped at 0.999, alphas below 1/255 are not drawn, and a pixel stops
*before* the splat that would leave it a transmittance of 1e-4 or less.
"""

import math
from typing import no_type_check

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

from camera_motion.generator.render.project import (
    BLUE,
    C0,
    C1,
    C2,
    C3,
    C4,
    C5,
    DEPTH,
    GREEN,
    KIND,
    LEVEL,
    REACH_X,
    REACH_Y,
    RED,
    ROUND,
    SLOPE,
    TALL,
    TILE,
    WIDE,
    X_REST,
    Y_REST,
    X,
    Y,
)

#: Pixels of a tile. A tile's buffer has planes of this size: transmittance, red, green, blue, depth, then the weight
#: of each class (of everything, in the first, where classes are not asked for).
AREA = TILE * TILE
WEIGHT = 5

F = np.float32
LEAST = np.float32(-math.log2(255.0))
CAP = np.float32(0.999)
STOP = np.float32(1e-4)
#: How many list entries ahead a record is fetched.
AHEAD = 8
#: Splats between two looks at whether the whole tile has stopped.
BLOCK = 32


@no_type_check
@intrinsic
def row_simd(typing_context, buffer, at, plane, level, start, wide, red, green, blue, depth):
    """Blend one splat over the 16 pixels at `buffer[at:]`, in explicit vectors; see `row_plain`."""
    signature = types.void(buffer, types.intp, types.intp, *[types.float32] * 7)

    def codegen(context, builder, signature, arguments):
        lanes = ir.VectorType(ir.FloatType(), TILE)
        words = ir.VectorType(ir.IntType(32), TILE)
        flags = ("contract", "nsz")
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        base = builder.gep(array.data, [arguments[1]])

        def constant(value):
            return ir.Constant(lanes, [float(value)] * TILE)

        def every(scalar):
            one = builder.insert_element(ir.Constant(lanes, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
            return builder.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), ir.Constant(words, [0] * TILE))

        def multiply_add(x, y, z):
            return builder.fadd(builder.fmul(x, y, flags=flags), z, flags=flags)

        def pointer(index):
            return builder.bitcast(builder.gep(base, [index]), lanes.as_pointer())

        def load(index):
            value = builder.load(pointer(index))
            value.align = 64
            return value

        def store(value, index):
            builder.store(value, pointer(index)).align = 64

        def fixed(plane_index):
            return ir.Constant(ir.IntType(64), plane_index * AREA)

        level, start, wide, red, green, blue, depth = (every(a) for a in arguments[3:])
        across = builder.fadd(start, ir.Constant(lanes, [float(i) for i in range(TILE)]), flags=flags)
        square = builder.fmul(across, across, flags=flags)
        octaves = builder.fsub(level, builder.fmul(wide, square, flags=flags), flags=flags)
        drawn = builder.fcmp_ordered(">=", octaves, constant(LEAST))
        shifted = builder.fadd(octaves, constant(ROUND))
        rest = builder.fsub(octaves, builder.fsub(shifted, constant(ROUND)))
        power = constant(C5)
        for c in (C4, C3, C2, C1, C0):
            power = multiply_add(rest, power, constant(c))
        exponent = builder.shl(builder.bitcast(shifted, words), ir.Constant(words, [23] * TILE))
        alpha = builder.bitcast(builder.add(builder.bitcast(power, words), exponent), lanes)
        alpha = builder.select(builder.fcmp_ordered("<", alpha, constant(CAP)), alpha, constant(CAP))
        alpha = builder.select(drawn, alpha, constant(0.0))
        before = load(fixed(0))
        weight = builder.fmul(alpha, before, flags=flags)
        after = builder.fsub(before, weight, flags=flags)
        going = builder.fcmp_ordered(">", after, constant(STOP))
        weight = builder.select(going, weight, constant(0.0))
        store(builder.select(going, after, constant(0.0)), fixed(0))
        for k, value in enumerate((red, green, blue, depth)):
            store(multiply_add(weight, value, load(fixed(k + 1))), fixed(k + 1))
        store(builder.fadd(weight, load(arguments[2]), flags=flags), arguments[2])
        return context.get_dummy_value()

    return signature, codegen


@no_type_check
@intrinsic
def fetch(typing_context, records, index):
    """Prefetch `records[index]`, one cache line, into the first-level cache."""

    def codegen(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        stride = builder.extract_value(array.strides, 0)
        base = builder.bitcast(array.data, ir.IntType(8).as_pointer())
        line = builder.gep(base, [builder.mul(builder.sext(arguments[1], ir.IntType(64)), stride)])
        word = ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch", (line.type,), ir.FunctionType(ir.VoidType(), [line.type, word, word, word])
        )
        builder.call(prefetch, [line, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(records, types.int32), codegen


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def row_plain(buffer, at, plane, level, start, wide, red, green, blue, depth):
    """Blend one splat over the 16 pixels at `buffer[at:]`; the first is `start` pixels right of the row's centre."""
    alphas = np.empty(TILE, np.float32)
    for x in range(TILE):
        across = start + F(x)
        octaves = max(level - wide * across * across, F(-126.0))
        shifted = octaves + ROUND
        rest = octaves - (shifted - ROUND)
        power = C0 + rest * (C1 + rest * (C2 + rest * (C3 + rest * (C4 + rest * C5))))
        bits = F(power).view(np.int32) + (F(shifted).view(np.int32) << np.int32(23))
        alpha = min(np.int32(bits).view(np.float32), CAP)
        alphas[x] = alpha if octaves >= LEAST else F(0.0)
    for x in range(TILE):
        k = at + x
        weight = alphas[x] * buffer[k]
        after = buffer[k] - weight
        going = after > STOP
        buffer[k] = after if going else F(0.0)
        weight = weight if going else F(0.0)
        buffer[k + AREA] += weight * red
        buffer[k + 2 * AREA] += weight * green
        buffer[k + 3 * AREA] += weight * blue
        buffer[k + 4 * AREA] += weight * depth
        buffer[k + plane] += weight


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def blend(plain, starts, members, records, tiles_x, buffer, rgb, alpha, depth_m, classes):
    """Blend every tile's `members` into the pictures. `plain` is None for explicit vectors, else True.

    `buffer` [9 * AREA] starts on a cache line; `classes` has no pixels where they are not asked for.
    """
    height, width = alpha.shape
    by_class = classes.shape[0] > 0
    planes = WEIGHT + (4 if by_class else 1)
    for tile in range(starts.shape[0] - 1):
        top = tile // tiles_x * TILE
        left = tile % tiles_x * TILE
        buffer[:AREA] = F(1.0)
        buffer[AREA : planes * AREA] = F(0.0)
        above = F(top)
        first_centre = F(left) + F(0.5)
        j = starts[tile]
        end = starts[tile + 1]
        while j < end:
            block_end = min(end, j + BLOCK)
            for jj in range(j, block_end):
                if plain is None:
                    fetch(records, members[min(jj + AHEAD, end - 1)])
                record = records[members[jj]]
                wide, slope, tall, level = record[WIDE], record[SLOPE], record[TALL], record[LEVEL]
                red, green, blue, depth = record[RED], record[GREEN], record[BLUE], record[DEPTH]
                plane = (WEIGHT + (int(record[KIND]) if by_class else 0)) * AREA
                dx = (first_centre - record[X]) - record[X_REST]
                dy = (above + F(0.5) - record[Y]) - record[Y_REST]
                y0 = max(0, int(math.ceil(-dy - record[REACH_Y])))
                y1 = min(TILE - 1, int(math.floor(record[REACH_Y] - dy)))
                dy += F(y0)
                for y in range(y0, y1 + 1):
                    row_level = level - tall * dy * dy
                    start = dx - slope * dy
                    if plain is None:
                        row_simd(buffer, y * TILE, plane, row_level, start, wide, red, green, blue, depth)
                    else:
                        row_plain(buffer, y * TILE, plane, row_level, start, wide, red, green, blue, depth)
                    dy += F(1.0)
            j = block_end
            most = F(0.0)
            for k in range(AREA):
                most = max(most, buffer[k])
            if most <= F(0.0):
                break
        for y in range(min(TILE, height - top)):
            for x in range(min(TILE, width - left)):
                k = y * TILE + x
                covered = buffer[k + WEIGHT * AREA]
                if by_class:
                    for c in range(4):
                        classes[top + y, left + x, c] = buffer[k + (WEIGHT + c) * AREA]
                        covered += buffer[k + (WEIGHT + c) * AREA] if c > 0 else F(0.0)
                rgb[top + y, left + x, 0] = buffer[k + AREA]
                rgb[top + y, left + x, 1] = buffer[k + 2 * AREA]
                rgb[top + y, left + x, 2] = buffer[k + 3 * AREA]
                alpha[top + y, left + x] = covered
                depth_m[top + y, left + x] = buffer[k + 4 * AREA] / max(covered, F(1e-10))
