"""Match small windows to a few hundredths of a pixel: translation, and how the window stretches and turns on the way.

Lucas-Kanade with a translation alone matches a window's most textured part, not its centre, as soon as the picture
grows or turns: on a ray-traced zoom of 1.5 that made the motion 0.6 % too large. An affine warp is free of it.
"""

import math
from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float32, Float64
from numba import njit

RADIUS_PX = 7
_ITERATIONS = 25
#: Steps below this many pixels end the search.
_STILL_PX = 0.003
#: A match further than this from its first guess, or with more of its contrast left over than this, is none.
_FAR_PX = 3.0
_LEFT_OVER = 0.5


def match(
    first: Float32[np.ndarray, "h w"],
    second: Float32[np.ndarray, "h w"],
    starts: Float64[np.ndarray, "N 2"],
    goals: Float64[np.ndarray, "N 2"],
    shapes: Float64[np.ndarray, "N 2 2"],
) -> tuple[Float64[np.ndarray, "N 2"], Float64[np.ndarray, "N 2 2"], Bool[np.ndarray, " N"]]:
    """Find the windows of `first` around `starts` in `second`, near `goals`, stretched and turned by about `shapes`.

    Inverse compositional Gauss-Newton on affine warps, with the brightness and contrast of each window taken out
    (Baker and Matthews, IJCV 2004). Points are pixel indices: (0, 0) is the centre of the first pixel. Returns the
    goals, the shapes, and which were found.
    """
    offsets = np.arange(-RADIUS_PX, RADIUS_PX + 1, dtype=np.float64)
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / (2 * (0.6 * RADIUS_PX) ** 2))
    goals, shapes = goals.copy(), shapes.copy()
    found = np.zeros(len(starts), np.bool_)
    _match(first, second, starts, goals, shapes, window, found)
    return goals, shapes, found


@no_type_check
@njit(cache=True, nogil=True)
def _match(first, second, starts, goals, shapes, window, found):
    side = window.shape[0]
    radius = side // 2
    height, width = first.shape
    size = side * side
    template = np.empty(size)
    steepest = np.empty((size, 6))
    sampled = np.empty(size)
    weights = np.empty(size)
    total = 0.0
    for i in range(size):
        weights[i] = window[i // side, i % side]
        total += weights[i]
    normal = np.empty((6, 12))
    right = np.empty(6)
    step = np.empty(6)
    for n in range(starts.shape[0]):
        x0, y0 = starts[n, 0], starts[n, 1]
        margin = radius + 1
        # not even on the rim: reading between pixels takes the next row and column too
        if x0 < margin or y0 < margin or x0 >= width - 1 - margin or y0 >= height - 1 - margin:
            continue
        mean = 0.0
        for i in range(size):
            u, v = i % side - radius, i // side - radius
            x, y = x0 + u, y0 + v
            template[i] = _at(first, x, y)
            mean += weights[i] * template[i]
            gx = 0.5 * (_at(first, x + 1, y) - _at(first, x - 1, y))
            gy = 0.5 * (_at(first, x, y + 1) - _at(first, x, y - 1))
            steepest[i, 0], steepest[i, 1] = gx, gy
            steepest[i, 2], steepest[i, 3] = gx * u, gx * v
            steepest[i, 4], steepest[i, 5] = gy * u, gy * v
        mean /= total
        contrast = 0.0
        for i in range(size):
            template[i] -= mean
            contrast += weights[i] * template[i] ** 2
        contrast = math.sqrt(contrast / total)
        if contrast < 1e-3 or not _invert(steepest, weights, normal):
            continue
        gx, gy = goals[n, 0], goals[n, 1]
        a, b, c, d = shapes[n, 0, 0], shapes[n, 0, 1], shapes[n, 1, 0], shapes[n, 1, 1]
        moved, left = 1e9, 1e9
        for _ in range(_ITERATIONS):
            inside = True
            mean = 0.0
            for i in range(size):
                u, v = i % side - radius, i // side - radius
                x, y = gx + a * u + b * v, gy + c * u + d * v
                if not (x >= 0.0 and y >= 0.0 and x < width - 1 and y < height - 1):
                    inside = False
                    break
                sampled[i] = _at(second, x, y)
                mean += weights[i] * sampled[i]
            if not inside:
                moved = 1e9
                break
            mean /= total
            spread = 0.0
            for i in range(size):
                spread += weights[i] * (sampled[i] - mean) ** 2
            gain = contrast / max(math.sqrt(spread / total), 1e-3)
            left = 0.0
            for k in range(6):
                right[k] = 0.0
            for i in range(size):
                error = (sampled[i] - mean) * gain - template[i]
                left += weights[i] * error * error
                for k in range(6):
                    right[k] += weights[i] * steepest[i, k] * error
            left = math.sqrt(left / total) / contrast
            for k in range(6):
                step[k] = 0.0
                for j in range(6):
                    step[k] += normal[k, 6 + j] * right[j]
            # The warp is composed with the inverse of the step, x -> (1 + S) x + s.
            p, q, r, s = 1 + step[2], step[3], step[4], 1 + step[5]
            det = p * s - q * r
            if not 0.5 < det < 2.0:
                moved = 1e9
                break
            a, b, c, d = (a * s - b * r) / det, (b * p - a * q) / det, (c * s - d * r) / det, (d * p - c * q) / det
            gx -= a * step[0] + b * step[1]
            gy -= c * step[0] + d * step[1]
            moved = math.sqrt(step[0] ** 2 + step[1] ** 2)
            if moved < _STILL_PX:
                break
        far = (gx - goals[n, 0]) ** 2 + (gy - goals[n, 1]) ** 2
        goals[n, 0], goals[n, 1] = gx, gy
        shapes[n, 0, 0], shapes[n, 0, 1], shapes[n, 1, 0], shapes[n, 1, 1] = a, b, c, d
        found[n] = moved < 10 * _STILL_PX and far < _FAR_PX**2 and left < _LEFT_OVER


@no_type_check
@njit(cache=True, nogil=True)
def _at(picture, x, y):
    """Read a picture between its pixels."""
    column, row = int(x), int(y)
    u, v = x - column, y - row
    above = picture[row, column] * (1 - u) + picture[row, column + 1] * u
    below = picture[row + 1, column] * (1 - u) + picture[row + 1, column + 1] * u
    return above * (1 - v) + below * v


@no_type_check
@njit(cache=True, nogil=True)
def _invert(steepest, weights, normal):
    """Invert the 6 x 6 normal matrix by elimination into `normal[:, 6:]`; False if the window is flat."""
    for j in range(6):
        for k in range(j, 6):
            value = 0.0
            for i in range(steepest.shape[0]):
                value += weights[i] * steepest[i, j] * steepest[i, k]
            normal[j, k] = normal[k, j] = value
    for j in range(6):
        if normal[j, j] <= 1e-9:
            return False
        normal[j, j] *= 1.01 if j >= 2 else 1.0  # a stretch that the texture does not show stays what it was
        for k in range(6):
            normal[j, 6 + k] = 1.0 if j == k else 0.0
    for j in range(6):
        pivot = normal[j, j]
        if pivot <= 1e-12:
            return False
        for k in range(12):
            normal[j, k] /= pivot
        for i in range(6):
            if i != j:
                factor = normal[i, j]
                for k in range(12):
                    normal[i, k] -= factor * normal[j, k]
    return True
