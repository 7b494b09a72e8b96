"""Front-to-back blending, one tile of 16 x 16 pixels at a time, its accumulators in the first-level cache.

A patch of 4 x 4 pixels is one sequence of 16-lane vector operations, emitted through an LLVM intrinsic so that it
becomes AVX-512, AVX2, SSE or NEON without C; `blend(None, ...)` takes that way and `blend(True, ...)` a plain loop.
Waiting for memory is kept down by fetching records ahead of their use, which halves the time at 300,000 splats. The
rules are gsplat's: alpha is capped at 0.999, alphas below 1/255 are not drawn, and a pixel stops *before* the splat
that would leave it a transmittance of 1e-4 or less.
"""

import math
from typing import no_type_check

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

from camera_motion.generator.render.bins import fetch
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

#: A patch: small splats waste fewer lanes of 4 x 4 than of 8 x 2 (5 % slower) or 16 x 1 (15 %).
PATCH_X, PATCH_Y = 4, 4
LANES = PATCH_X * PATCH_Y
LANE_X = (np.arange(LANES) % PATCH_X).astype(np.float32)
LANE_Y = (np.arange(LANES) // PATCH_X).astype(np.float32)
ACROSS, DOWN = TILE // PATCH_X, TILE // PATCH_Y
#: Pixels of a tile, patch by patch. Its buffer has planes of this size: transmittance (negative once a pixel has
#: stopped), red, green, blue, depth, then the weight of each class.
AREA = TILE * TILE
WEIGHT = 5
PLANES = WEIGHT + 4

F = np.float32
LEAST = np.float32(-math.log2(255.0))
CAP = np.float32(0.999)
STOP = np.float32(1e-4)
#: Added before truncation it rounds up, but for less than the slack in a splat's reach.
UP = np.float32(0.999)
#: How many list entries ahead a record is fetched.
AHEAD = 12
#: Splats between two looks at whether the whole tile has stopped.
BLOCK = 32


@no_type_check
@intrinsic
def patch_simd(typing_context, buffer, at, plane, level, wide, slope, tall, dx, dy, red, green, blue, depth):
    """Blend one splat over a patch in explicit vectors; see `patch_plain`."""
    signature = types.void(buffer, types.intp, types.intp, *[types.float32] * 10)

    def codegen(context, builder, signature, arguments):
        lanes = ir.VectorType(ir.FloatType(), LANES)
        words = ir.VectorType(ir.IntType(32), LANES)
        flags = ("contract", "nsz")
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        base = builder.gep(array.data, [arguments[1]])

        def constant(value):
            return ir.Constant(lanes, [float(value)] * LANES)

        def every(scalar):
            one = builder.insert_element(ir.Constant(lanes, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
            return builder.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), ir.Constant(words, [0] * LANES))

        def multiply(x, y):
            return builder.fmul(x, y, flags=flags)

        def add(x, y):
            return builder.fadd(x, y, flags=flags)

        def subtract(x, y):
            return builder.fsub(x, y, flags=flags)

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

        level, wide, slope, tall, dx, dy, red, green, blue, depth = (every(a) for a in arguments[3:])
        lane_x = ir.Constant(lanes, [float(i % PATCH_X) for i in range(LANES)])
        lane_y = ir.Constant(lanes, [float(i // PATCH_X) for i in range(LANES)])
        down = add(dy, lane_y)
        across = add(subtract(dx, multiply(slope, dy)), subtract(lane_x, multiply(slope, lane_y)))
        octaves = subtract(level, multiply(tall, multiply(down, down)))
        octaves = subtract(octaves, multiply(wide, multiply(across, across)))
        drawn = builder.fcmp_ordered(">=", octaves, constant(LEAST))
        shifted = builder.fadd(octaves, constant(ROUND))
        rest = builder.fsub(octaves, builder.fsub(shifted, constant(ROUND)))
        power = constant(C5)
        for c in (C4, C3, C2, C1, C0):
            power = add(multiply(rest, power), constant(c))
        exponent = builder.shl(builder.bitcast(shifted, words), ir.Constant(words, [23] * LANES))
        alpha = builder.bitcast(builder.add(builder.bitcast(power, words), exponent), lanes)
        alpha = builder.select(builder.fcmp_ordered("<", alpha, constant(CAP)), alpha, constant(CAP))
        alpha = builder.select(drawn, alpha, constant(0.0))
        before = load(fixed(0))
        weight = multiply(alpha, before)
        after = subtract(before, weight)
        going = builder.fcmp_ordered(">", after, constant(STOP))
        weight = builder.select(going, weight, constant(0.0))
        sign = ir.Constant(words, [-0x80000000] * LANES)
        stopped = builder.bitcast(builder.or_(builder.bitcast(before, words), sign), lanes)
        store(builder.select(going, after, stopped), fixed(0))
        for k, value in enumerate((red, green, blue, depth)):
            store(add(multiply(weight, value), load(fixed(k + 1))), fixed(k + 1))
        with builder.if_then(builder.icmp_signed(">", arguments[2], ir.Constant(arguments[2].type, 0))):
            store(add(weight, load(arguments[2])), arguments[2])
        return context.get_dummy_value()

    return signature, codegen


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def patch_plain(weights, buffer, at, plane, level, wide, slope, tall, dx, dy, red, green, blue, depth):
    """Blend one splat over the patch at `buffer[at:]`, whose first pixel lies (dx, dy) from the splat's mean.

    Its weights are added to the plane that starts `plane` further on, unless that is 0; `weights` [LANES] is scratch.
    """
    lanes = weights.shape[0]  # unknown to the compiler, which would unroll the loops rather than vectorise them
    # Slices keep the indices below free of signs, and so the loops vectorisable.
    clear = buffer[at : at + LANES]
    reds = buffer[at + AREA : at + AREA + LANES]
    greens = buffer[at + 2 * AREA : at + 2 * AREA + LANES]
    blues = buffer[at + 3 * AREA : at + 3 * AREA + LANES]
    depths = buffer[at + 4 * AREA : at + 4 * AREA + LANES]
    for i in range(lanes):
        down = dy + LANE_Y[i]
        across = (dx - slope * dy) + (LANE_X[i] - slope * LANE_Y[i])
        octaves = level - tall * (down * down) - wide * (across * across)
        octaves = octaves if octaves > F(-126.0) else F(-126.0)
        shifted = octaves + ROUND
        rest = octaves - (shifted - ROUND)
        power = C0 + rest * (C1 + rest * (C2 + rest * (C3 + rest * (C4 + rest * C5))))
        bits = F(power).view(np.int32) + (F(shifted).view(np.int32) << np.int32(23))
        alpha = np.int32(bits).view(np.float32)
        alpha = alpha if alpha < CAP else CAP
        weights[i] = alpha if octaves >= LEAST else F(0.0)
    for i in range(lanes):
        weight = weights[i] * clear[i]
        after = clear[i] - weight
        going = after > STOP
        weights[i] = weight if going else F(0.0)
        clear[i] = after if going else -abs(clear[i])
    for i in range(lanes):
        reds[i] += weights[i] * red
    for i in range(lanes):
        greens[i] += weights[i] * green
    for i in range(lanes):
        blues[i] += weights[i] * blue
    for i in range(lanes):
        depths[i] += weights[i] * depth
    if plane > 0:
        shares = buffer[at + plane : at + plane + LANES]
        for i in range(lanes):
            shares[i] += weights[i]


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def blend(plain, starts, members, records, tiles_x, buffer, rgb, alpha, depth_m, classes):
    """Blend every tile's `members` into the pictures. `plain` is None for explicit vectors, else True.

    `buffer` [PLANES * AREA] starts on a cache line; `classes` has no pixels where they are not asked for.
    """
    height, width = alpha.shape
    by_class = classes.shape[0] > 0
    alive = np.empty(ACROSS * DOWN, np.bool_)
    weights = np.empty(LANES, np.float32)
    for tile in range(starts.shape[0] - 1):
        top = tile // tiles_x * TILE
        left = tile % tiles_x * TILE
        buffer[:AREA] = F(1.0)
        buffer[AREA : (PLANES if by_class else WEIGHT) * AREA] = F(0.0)
        alive[:] = True
        first_x = F(left) + F(0.5)
        first_y = F(top) + F(0.5)
        j = starts[tile]
        end = starts[tile + 1]
        while j < end:
            block_end = min(end, j + BLOCK)
            for jj in range(j, block_end):
                if plain is None:
                    fetch(records, members[min(jj + AHEAD, end - 1)])
                record = records[members[jj]]
                level, wide, slope, tall = record[LEVEL], record[WIDE], record[SLOPE], record[TALL]
                red, green, blue, depth = record[RED], record[GREEN], record[BLUE], record[DEPTH]
                plane = (WEIGHT + int(record[KIND])) * AREA if by_class else 0
                dx = (first_x - record[X]) - record[X_REST]
                dy = (first_y - record[Y]) - record[Y_REST]
                x0 = int(max(UP - dx - record[REACH_X], F(0.0))) // PATCH_X
                x1 = int(min(record[REACH_X] - dx, F(TILE - 1))) // PATCH_X
                y0 = int(max(UP - dy - record[REACH_Y], F(0.0))) // PATCH_Y
                y1 = int(min(record[REACH_Y] - dy, F(TILE - 1))) // PATCH_Y
                for y in range(y0, y1 + 1):
                    for x in range(x0, x1 + 1):
                        patch = y * ACROSS + x
                        if not alive[patch]:
                            continue
                        px, py = dx + F(x * PATCH_X), dy + F(y * PATCH_Y)
                        at = patch * LANES
                        if plain is None:
                            patch_simd(buffer, at, plane, level, wide, slope, tall, px, py, red, green, blue, depth)
                        else:
                            patch_plain(
                                weights, buffer, at, plane, level, wide, slope, tall, px, py, red, green, blue, depth
                            )
            j = block_end
            going = False
            for patch in range(ACROSS * DOWN):
                most = F(0.0)
                for i in range(LANES):
                    most = max(most, buffer[patch * LANES + i])
                alive[patch] = most > F(0.0)
                going |= alive[patch]
            if not going:
                break
        for y in range(min(TILE, height - top)):
            for x in range(min(TILE, width - left)):
                k = ((y // PATCH_Y) * ACROSS + x // PATCH_X) * LANES + (y % PATCH_Y) * PATCH_X + x % PATCH_X
                covered = F(1.0) - abs(buffer[k])
                rgb[top + y, left + x, 0] = buffer[k + AREA]
                rgb[top + y, left + x, 1] = buffer[k + 2 * AREA]
                rgb[top + y, left + x, 2] = buffer[k + 3 * AREA]
                alpha[top + y, left + x] = covered
                depth_m[top + y, left + x] = buffer[k + 4 * AREA] / max(covered, F(1e-10))
                if by_class:
                    for c in range(4):
                        classes[top + y, left + x, c] = buffer[k + (WEIGHT + c) * AREA]
