"""From Gaussians in the world to ellipses on the sensor: EWA splatting as gsplat does it, one splat at a time.

The formulas are gsplat 1.5.3's (`_fully_fused_projection`; Zwicker et al. 2001): the mean's x/z and y/z are clamped
to 1.3 times the field of view inside the Jacobian, 0.3 px^2 is added to the 2-D covariance, and what stays below an
opacity of 1/255 is not drawn. They are evaluated on the three scaled axes of the splat instead of on its covariance:
the determinant becomes the square of a cross product, so thin splats keep their digits in float32.
"""

import math
from typing import no_type_check

import numpy as np
from numba import njit

from camera_motion.generator.splats import SKY

#: Floats of one record: a cache line.
RECORD = 16
#: Where things lie in a record. The mean is split in whole pixels and a rest, so that a pixel is offset exactly.
#: The exponent of a pixel at (dx, dy) from the mean is `level - tall * dy^2 - wide * (dx - slope * dy)^2`, in octaves.
X, X_REST, Y, Y_REST, WIDE, SLOPE, TALL, LEVEL, RED, GREEN, BLUE, DEPTH, TOP, BOTTOM, KIND = range(15)

#: Side of a tile in pixels; also the number of lanes of one row operation.
TILE = 16

F = np.float32
HALF_LOG2E = np.float32(0.5 / math.log(2.0))
NEAR_M = 0.01
FAR_M = 1e10
LOW_PASS_PX2 = np.float32(0.3)
#: Slack in pixels on an ellipse's box, against rounding: the 1/255 cut itself is made per pixel.
BOX_SLACK_PX = np.float32(2e-3)


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def shade(i, mx, my, mz, colours, harmonics, kind, centre, fog):
    """Colour of splat i seen from `centre`: spherical harmonics (3DGS's basis and signs), clamped at 0, then fog."""
    red, green, blue = colours[i, 0], colours[i, 1], colours[i, 2]
    bands = harmonics.shape[1]
    foggy = fog[0] > F(0.0) and kind != SKY
    if bands == 0 and not foggy:
        return red, green, blue
    dx, dy, dz = mx - centre[0], my - centre[1], mz - centre[2]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    if bands > 0:
        per = 1.0 / max(distance, 1e-12)
        x, y, z = F(dx * per), F(dy * per), F(dz * per)
        sh = harmonics[i]
        for c in range(3):
            value = F(0.4886025119029199) * (z * sh[1, c] - y * sh[0, c] - x * sh[2, c])
            if bands > 3:
                xx, yy, zz = x * x, y * y, z * z
                value += F(1.092548430592079) * (x * y * sh[3, c] - y * z * sh[4, c] - x * z * sh[6, c])
                value += F(0.31539156525252) * (F(2.0) * zz - xx - yy) * sh[5, c]
                value += F(0.5462742152960395) * (xx - yy) * sh[7, c]
                if bands > 8:
                    value -= F(0.5900435899266435) * (
                        y * (F(3.0) * xx - yy) * sh[8, c] + x * (xx - F(3.0) * yy) * sh[14, c]
                    )
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
        red, green, blue = max(red, F(0.0)), max(green, F(0.0)), max(blue, F(0.0))
    if foggy:
        clear = F(math.exp(-fog[0] * F(max(distance - fog[1], 0.0))))
        red = fog[2] + (red - fog[2]) * clear
        green = fog[3] + (green - fog[3]) * clear
        blue = fog[4] + (blue - fog[4]) * clear
    return red, green, blue


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def project(
    means, axes, levels, extents, colours, harmonics, kinds, centre, fog, camera_from_world, fx, fy, cx, cy,
    width, height, first, filled, records, boxes, keys, counts,
):  # fmt: skip
    """Write records of the visible splats from `first` on, until the splats or the room in `records` run out.

    `fog` is (per metre, start, red, green, blue); splats of class SKY stay clear of it. `counts[t + 1]`
    grows by one for every splat whose box touches tile t.

    Returns: the next splat to look at, and the number of records now filled.
    """
    r00, r01, r02, t0 = camera_from_world[0]
    r10, r11, r12, t1 = camera_from_world[1]
    r20, r21, r22, t2 = camera_from_world[2]
    f00, f01, f02 = F(r00), F(r01), F(r02)
    f10, f11, f12 = F(r10), F(r11), F(r12)
    f20, f21, f22 = F(r20), F(r21), F(r22)
    right = (width - cx) / fx + 0.15 * width / fx
    left = cx / fx + 0.15 * width / fx
    low = (height - cy) / fy + 0.15 * height / fy
    high = cy / fy + 0.15 * height / fy
    tiles_x = (width + TILE - 1) // TILE
    tiles_y = (height + TILE - 1) // TILE
    room = records.shape[0]
    k = filled
    for i in range(first, means.shape[0]):
        if k == room:
            return i, k
        mx, my, mz = np.float64(means[i, 0]), np.float64(means[i, 1]), np.float64(means[i, 2])
        z = r20 * mx + r21 * my + r22 * mz + t2
        extent = extents[i]
        if z < NEAR_M or z > FAR_M or extent <= F(0.0):
            continue
        x = r00 * mx + r01 * my + r02 * mz + t0
        y = r10 * mx + r11 * my + r12 * mz + t1
        per_z = 1.0 / z
        xz = x * per_z
        yz = y * per_z
        tx = F(min(right, max(-left, xz)))
        ty = F(min(low, max(-high, yz)))
        sx = F(fx * per_z)
        sy = F(fy * per_z)
        # rows of J R, with J's third column folded in
        a0, a1, a2 = sx * (f00 - tx * f20), sx * (f01 - tx * f21), sx * (f02 - tx * f22)
        b0, b1, b2 = sy * (f10 - ty * f20), sy * (f11 - ty * f21), sy * (f12 - ty * f22)
        u0 = a0 * axes[i, 0] + a1 * axes[i, 1] + a2 * axes[i, 2]
        u1 = a0 * axes[i, 3] + a1 * axes[i, 4] + a2 * axes[i, 5]
        u2 = a0 * axes[i, 6] + a1 * axes[i, 7] + a2 * axes[i, 8]
        v0 = b0 * axes[i, 0] + b1 * axes[i, 1] + b2 * axes[i, 2]
        v1 = b0 * axes[i, 3] + b1 * axes[i, 4] + b2 * axes[i, 5]
        v2 = b0 * axes[i, 6] + b1 * axes[i, 7] + b2 * axes[i, 8]
        s00 = u0 * u0 + u1 * u1 + u2 * u2
        s01 = u0 * v0 + u1 * v1 + u2 * v2
        s11 = v0 * v0 + v1 * v1 + v2 * v2
        c0, c1, c2 = u1 * v2 - u2 * v1, u2 * v0 - u0 * v2, u0 * v1 - u1 * v0
        det = c0 * c0 + c1 * c1 + c2 * c2 + LOW_PASS_PX2 * (s00 + s11 + LOW_PASS_PX2)
        s00 += LOW_PASS_PX2
        s11 += LOW_PASS_PX2
        px = fx * xz + cx
        py = fy * yz + cy
        ex = extent * math.sqrt(s00) + BOX_SLACK_PX
        ey = extent * math.sqrt(s11) + BOX_SLACK_PX
        # tiles whose pixel centres the box can reach
        x0 = max(math.floor((px - ex - 0.5) / TILE), 0.0)
        x1 = min(math.floor((px + ex - 0.5) / TILE) + 1.0, tiles_x)
        y0 = max(math.floor((py - ey - 0.5) / TILE), 0.0)
        y1 = min(math.floor((py + ey - 0.5) / TILE) + 1.0, tiles_y)
        if not (x0 < x1 and y0 < y1 and det > F(0.0) and det < F(3e38)):
            continue
        red, green, blue = shade(i, mx, my, mz, colours, harmonics, kinds[i], centre, fog)
        whole_x = math.floor(px)
        whole_y = math.floor(py)
        record = records[k]
        record[X] = F(whole_x)
        record[X_REST] = F(px - whole_x)
        record[Y] = F(whole_y)
        record[Y_REST] = F(py - whole_y)
        record[WIDE] = HALF_LOG2E * s11 / det
        record[SLOPE] = s01 / s11
        record[TALL] = HALF_LOG2E / s11
        record[LEVEL] = levels[i]
        record[RED] = red
        record[GREEN] = green
        record[BLUE] = blue
        record[DEPTH] = F(z)
        record[TOP] = F(py - ey - 0.5)
        record[BOTTOM] = F(py + ey - 0.5)
        record[KIND] = F(kinds[i])
        keys[k] = F(z)
        box = boxes[k]
        box[0], box[1], box[2], box[3] = np.int32(x0), np.int32(x1), np.int32(y0), np.int32(y1)
        for tile_y in range(box[2], box[3]):
            for tile_x in range(box[0], box[1]):
                counts[tile_y * tiles_x + tile_x + 1] += 1
        k += 1
    return means.shape[0], k
