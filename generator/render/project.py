"""From Gaussians in the world to ellipses on the sensor: EWA splatting as gsplat does it, 64 splats at a time.

The formulas are gsplat 1.5.3's (`_fully_fused_projection`; Zwicker et al. 2001): the mean's x/z and y/z are clamped
to 1.3 times the field of view inside the Jacobian, 0.3 px^2 is added to the 2-D covariance, and what stays below an
opacity of 1/255 is not drawn. They are evaluated on the three scaled axes of the splat instead of on its covariance:
the determinant becomes the square of a cross product, so thin splats keep their digits in float32. Means go through
float64, which costs little and leaves 6e-8 of mean error in a picture.

Splats lie in blocks of 64 consecutive ones, each field of a block contiguous, so that the compiler vectorises the
arithmetic; only writing the records is done splat by splat.
"""

import math
from typing import no_type_check

import numpy as np
from numba import njit

from camera_motion.generator.splats import SKY

#: Splats of a block.
BLOCK = 64
#: Rows of a block: mean, three scaled axes, log2 of the opacity, extent in standard deviations (0: never drawn).
MEAN, AXES, OCTAVES, EXTENT, FIELDS = 0, 3, 12, 13, 14

#: Floats of one record: a cache line. (Numba's cache looks at a kernel's own file only: after changing a constant that
#: `blend` or `pack` imports, touch those too.)
RECORD = 16
#: Where things lie in a record. The mean is split in whole pixels and a rest, so that a pixel is offset exactly.
#: The exponent of a pixel at (dx, dy) from the mean is `level - tall * dy^2 - wide * (dx - slope * dy)^2`, in octaves;
#: the splat reaches `reach_x` and `reach_y` pixels from its mean.
X, X_REST, Y, Y_REST, WIDE, SLOPE, TALL, LEVEL, REACH_X, REACH_Y, DEPTH, RED, GREEN, BLUE, KIND = range(15)
#: Rows of the workspace: a record's first eleven, then what is worked out beside them.
CLEAR, BOX, SEEN, ROWS = 11, 12, 16, 17

#: Side of a tile in pixels.
TILE = 16

F = np.float32
HALF_LOG2E = np.float32(0.5 / math.log(2.0))
NEAR_M = 0.01
FAR_M = 1e10
LOW_PASS_PX2 = np.float32(0.3)
#: Slack in pixels on an ellipse's box, against rounding: the 1/255 cut itself is made per pixel.
BOX_SLACK_PX = np.float32(2e-3)
#: Bounds on any splat's reach: 3.33 deviations and 3.33 sqrt(0.3) px, each with room for rounding.
REACH_SIGMA = 3.34
REACH_PX = 2.0

#: Adding and taking away 1.5 * 2^23 rounds a float32 to an integer and leaves that integer in its low bits.
ROUND = np.float32(12582912.0)
#: 2^x on [-1/2, 1/2] with a relative error of 7.5e-8 (least squares on Chebyshev points, reweighted to equal ripple).
C0, C1, C2, C3, C4, C5 = (
    np.float32(c) for c in (1.000000072, 0.6931469671, 0.2402211972, 0.05550713275, 0.009675541503, 0.001327647196)
)


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def project(
    blocks, spheres, colours, harmonics, kinds, centre, fog, camera_from_world, lens, width, height, first, filled,
    records, boxes, keys, counts,
):  # fmt: skip
    """Write records of the visible splats of `blocks` from block `first` on, while `records` has room for a block.

    `lens` is (fx, fy, cx, cy) in pixels. `fog` is (per metre, start, red, green, blue); splats of class SKY stay
    clear of it. `counts[t + 1]` grows by one for every splat whose box touches tile t.

    Returns: the next block to look at, and the number of records now filled.
    """
    tiles_x = (width + TILE - 1) // TILE
    work = np.empty(ROWS * BLOCK, np.float32)
    k = filled
    for b in range(first, blocks.shape[0]):
        if k + BLOCK > records.shape[0]:
            return b, k
        if _hidden(spheres[b], camera_from_world, lens, width, height):
            continue
        _measure(blocks[b].reshape(FIELDS * BLOCK), camera_from_world, lens, width, height, fog, work)
        for lane in range(BLOCK):
            if work[SEEN * BLOCK + lane] == F(0.0):
                continue
            i = b * BLOCK + lane
            record = records[k]
            for row in range(RED):
                record[row] = work[row * BLOCK + lane]
            clear = F(1.0) if kinds[i] == SKY else work[CLEAR * BLOCK + lane]
            red, green, blue = colours[i, 0], colours[i, 1], colours[i, 2]
            if harmonics.shape[1] > 0:
                red, green, blue = _shade(i, blocks[b, MEAN : MEAN + 3, lane], colours, harmonics, centre)
            record[RED] = fog[2] + (red - fog[2]) * clear if clear < F(1.0) else red
            record[GREEN] = fog[3] + (green - fog[3]) * clear if clear < F(1.0) else green
            record[BLUE] = fog[4] + (blue - fog[4]) * clear if clear < F(1.0) else blue
            record[KIND] = F(kinds[i])
            keys[k] = record[DEPTH]
            x0, x1 = np.int32(work[BOX * BLOCK + lane]), np.int32(work[(BOX + 1) * BLOCK + lane])
            y0, y1 = np.int32(work[(BOX + 2) * BLOCK + lane]), np.int32(work[(BOX + 3) * BLOCK + lane])
            box = boxes[k]
            box[0], box[1], box[2], box[3] = x0, x1, y0, y1
            for tile_y in range(y0, y1):
                for tile_x in range(x0, x1):
                    counts[tile_y * tiles_x + tile_x + 1] += 1
            k += 1
    return blocks.shape[0], k


@no_type_check
@njit(nogil=True, cache=True, error_model="numpy")
def _hidden(sphere, camera_from_world, lens, width, height):
    """Whether the block in `sphere` (centre, radius, largest deviation) is certainly outside the picture.

    A splat at (x, y, z) of largest deviation s reaches at most 3.33 (fx / z) sqrt(1 + t^2) s + 3.33 sqrt(0.3) px to
    either side of fx x / z + cx, where t bounds the clamped x / z. Times z, "that stays outside" is linear in (x, z):
    it holds for a sphere when it holds for its centre with the radius times the gradient to spare.
    """
    fx, fy, cx, cy = lens
    m = camera_from_world
    x = m[0, 0] * sphere[0] + m[0, 1] * sphere[1] + m[0, 2] * sphere[2] + m[0, 3]
    y = m[1, 0] * sphere[0] + m[1, 1] * sphere[1] + m[1, 2] * sphere[2] + m[1, 3]
    z = m[2, 0] * sphere[0] + m[2, 1] * sphere[1] + m[2, 2] * sphere[2] + m[2, 3]
    radius, sigma = sphere[3], sphere[4]
    if z + radius < NEAR_M or z - radius > FAR_M:
        return True
    for side in range(4):
        along, focal, before, after = (x, fx, cx, width - cx) if side < 2 else (y, fy, cy, height - cy)
        sign, edge = (1.0, after) if side % 2 == 0 else (-1.0, before)
        edge += REACH_PX
        clamp = (max(abs(before), abs(after)) + 0.15 * (before + after)) / focal
        reach = REACH_SIGMA * focal * math.sqrt(1.0 + clamp * clamp) * sigma
        if sign * focal * along - edge * z - radius * math.sqrt(focal * focal + edge * edge) > reach:
            return True
    return False


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def _measure(block, camera_from_world, lens, width, height, fog, work):
    """Fill the rows of `work` for one block; a single loop without branches, for the vectoriser."""
    r00, r01, r02, t0 = camera_from_world[0]
    r10, r11, r12, t1 = camera_from_world[1]
    r20, r21, r22, t2 = camera_from_world[2]
    f00, f01, f02 = F(r00), F(r01), F(r02)
    f10, f11, f12 = F(r10), F(r11), F(r12)
    f20, f21, f22 = F(r20), F(r21), F(r22)
    fx, fy, cx, cy = lens
    right = F((width - cx) / fx + 0.15 * width / fx)
    left = -F(cx / fx + 0.15 * width / fx)
    low = F((height - cy) / fy + 0.15 * height / fy)
    high = -F(cy / fy + 0.15 * height / fy)
    tiles_x = F((width + TILE - 1) // TILE)
    tiles_y = F((height + TILE - 1) // TILE)
    per_tile = F(1.0 / TILE)
    density = fog[0] * F(2.0) * HALF_LOG2E
    for i in range(BLOCK):
        mx = np.float64(block[MEAN * BLOCK + i])
        my = np.float64(block[(MEAN + 1) * BLOCK + i])
        mz = np.float64(block[(MEAN + 2) * BLOCK + i])
        x = r00 * mx + r01 * my + r02 * mz + t0
        y = r10 * mx + r11 * my + r12 * mz + t1
        z = r20 * mx + r21 * my + r22 * mz + t2
        per_z = 1.0 / z
        xz = x * per_z
        yz = y * per_z
        tx, ty = F(xz), F(yz)
        tx = right if tx > right else tx
        tx = left if tx < left else tx
        ty = low if ty > low else ty
        ty = high if ty < high else ty
        sx = F(fx * per_z)
        sy = F(fy * per_z)
        # rows of J R, with J's third column folded in
        a0, a1, a2 = sx * (f00 - tx * f20), sx * (f01 - tx * f21), sx * (f02 - tx * f22)
        b0, b1, b2 = sy * (f10 - ty * f20), sy * (f11 - ty * f21), sy * (f12 - ty * f22)
        p0, p1, p2 = block[AXES * BLOCK + i], block[(AXES + 1) * BLOCK + i], block[(AXES + 2) * BLOCK + i]
        q0, q1, q2 = block[(AXES + 3) * BLOCK + i], block[(AXES + 4) * BLOCK + i], block[(AXES + 5) * BLOCK + i]
        w0, w1, w2 = block[(AXES + 6) * BLOCK + i], block[(AXES + 7) * BLOCK + i], block[(AXES + 8) * BLOCK + i]
        u0, v0 = a0 * p0 + a1 * p1 + a2 * p2, b0 * p0 + b1 * p1 + b2 * p2
        u1, v1 = a0 * q0 + a1 * q1 + a2 * q2, b0 * q0 + b1 * q1 + b2 * q2
        u2, v2 = a0 * w0 + a1 * w1 + a2 * w2, b0 * w0 + b1 * w1 + b2 * w2
        s00 = u0 * u0 + u1 * u1 + u2 * u2
        s01 = u0 * v0 + u1 * v1 + u2 * v2
        s11 = v0 * v0 + v1 * v1 + v2 * v2
        c0, c1, c2 = u1 * v2 - u2 * v1, u2 * v0 - u0 * v2, u0 * v1 - u1 * v0
        det = c0 * c0 + c1 * c1 + c2 * c2 + LOW_PASS_PX2 * (s00 + s11 + LOW_PASS_PX2)
        s00 += LOW_PASS_PX2
        s11 += LOW_PASS_PX2
        extent = block[EXTENT * BLOCK + i]
        reach_x = extent * np.sqrt(s00) + BOX_SLACK_PX
        reach_y = extent * np.sqrt(s11) + BOX_SLACK_PX
        px = fx * xz + cx
        py = fy * yz + cy
        whole_x = np.floor(px)
        whole_y = np.floor(py)
        per_s11 = F(1.0) / s11
        work[X * BLOCK + i] = F(whole_x)
        work[X_REST * BLOCK + i] = F(px - whole_x)
        work[Y * BLOCK + i] = F(whole_y)
        work[Y_REST * BLOCK + i] = F(py - whole_y)
        work[WIDE * BLOCK + i] = HALF_LOG2E * s11 / det
        work[SLOPE * BLOCK + i] = s01 * per_s11
        work[TALL * BLOCK + i] = HALF_LOG2E * per_s11
        work[LEVEL * BLOCK + i] = block[OCTAVES * BLOCK + i]
        work[REACH_X * BLOCK + i] = reach_x
        work[REACH_Y * BLOCK + i] = reach_y
        work[DEPTH * BLOCK + i] = F(z)
        # fog's transmission, by the exponential of the blend
        x32, y32, z32 = F(x), F(y), F(z)
        gap = np.sqrt(x32 * x32 + y32 * y32 + z32 * z32) - fog[1]
        octaves = density * (gap if gap > F(0.0) else F(0.0))
        octaves = -(octaves if octaves < F(100.0) else F(100.0))
        shifted = octaves + ROUND
        rest = octaves - (shifted - ROUND)
        power = C0 + rest * (C1 + rest * (C2 + rest * (C3 + rest * (C4 + rest * C5))))
        bits = F(power).view(np.int32) + (F(shifted).view(np.int32) << np.int32(23))
        clear = np.int32(bits).view(np.float32)
        work[CLEAR * BLOCK + i] = clear if octaves < F(0.0) else F(1.0)
        # tiles whose pixel centres the box can reach
        middle_x, middle_y = F(px - 0.5), F(py - 0.5)
        x0 = np.floor((middle_x - reach_x) * per_tile)
        x1 = np.floor((middle_x + reach_x) * per_tile) + F(1.0)
        y0 = np.floor((middle_y - reach_y) * per_tile)
        y1 = np.floor((middle_y + reach_y) * per_tile) + F(1.0)
        x0 = x0 if x0 > F(0.0) else F(0.0)
        y0 = y0 if y0 > F(0.0) else F(0.0)
        x1 = x1 if x1 < tiles_x else tiles_x
        y1 = y1 if y1 < tiles_y else tiles_y
        work[BOX * BLOCK + i] = x0
        work[(BOX + 1) * BLOCK + i] = x1
        work[(BOX + 2) * BLOCK + i] = y0
        work[(BOX + 3) * BLOCK + i] = y1
        finite = (det < F(3e38)) & (abs(middle_x) < F(1e9)) & (abs(middle_y) < F(1e9))
        seen = finite & (z >= NEAR_M) & (z <= FAR_M) & (extent > F(0.0)) & (x0 < x1) & (y0 < y1)
        work[SEEN * BLOCK + i] = F(1.0) if seen else F(0.0)


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def _shade(i, mean, colours, harmonics, centre):
    """Colour of splat i seen from `centre`: spherical harmonics (3DGS's basis and signs), clamped at 0."""
    red, green, blue = colours[i, 0], colours[i, 1], colours[i, 2]
    dx, dy, dz = mean[0] - centre[0], mean[1] - centre[1], mean[2] - centre[2]
    per = 1.0 / max(math.sqrt(dx * dx + dy * dy + dz * dz), 1e-12)
    x, y, z = F(dx * per), F(dy * per), F(dz * per)
    xx, yy, zz = x * x, y * y, z * z
    sh = harmonics[i]
    for c in range(3):
        value = F(0.4886025119029199) * (z * sh[1, c] - y * sh[0, c] - x * sh[2, c])
        if sh.shape[0] > 3:
            value += F(1.092548430592079) * (x * y * sh[3, c] - y * z * sh[4, c] - x * z * sh[6, c])
            value += F(0.31539156525252) * (F(2.0) * zz - xx - yy) * sh[5, c]
            value += F(0.5462742152960395) * (xx - yy) * sh[7, c]
        if sh.shape[0] > 8:
            value -= F(0.5900435899266435) * (y * (F(3.0) * xx - yy) * sh[8, c] + x * (xx - F(3.0) * yy) * sh[14, c])
            value += F(2.890611442640554) * x * y * z * sh[9, c]
            value += F(1.445305721320277) * z * (xx - yy) * sh[13, c]
            value -= F(0.4570457994644658) * (F(4.0) * zz - xx - yy) * (y * sh[10, c] + x * sh[12, c])
            value += F(0.3731763325901154) * z * (F(2.0) * zz - F(3.0) * (xx + yy)) * sh[11, c]
        if c == 0:
            red += value
        elif c == 1:
            green += value
        else:
            blue += value
    return max(red, F(0.0)), max(green, F(0.0)), max(blue, F(0.0))
