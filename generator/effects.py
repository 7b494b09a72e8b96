"""From radiance to the 8-bit picture that is encoded: background, bloom, tone, vignette, sharpening.

Everything is a single-threaded kernel on float32, so equal frames give equal bytes on one machine class. A `display`
look is only laid over its background, clipped and rounded.
"""

import math
from functools import cache
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, UInt8
from numba import njit

from camera_motion.generator.splats import Look

F = np.float32
#: Radiance above this is white before and after bloom: one bright splat must not light the whole picture.
WHITE = np.float32(8.0)
#: Bloom works on means of 4 x 4 pixels, blurred by this share of the picture's width.
BLOOM_STEP = 4
BLOOM_SIGMA = 1.0 / 60.0
#: The unsharp mask's radius; with strength 0.35 it makes up for the renderer's 0.3 px^2 low-pass.
SHARPEN_SIGMA_PX = 0.9
GAMMA = 2.2
#: Entries of the tone table, spaced evenly in the square root of radiance: the error stays below 0.02 / 255.
TONES = 4096


def finish(
    rgb: Float32[np.ndarray, "H W 3"], alpha: Float32[np.ndarray, "H W"], look: Look
) -> UInt8[np.ndarray, "H W 3"]:
    """Turn a rendered frame (`generator.render.frame.Frame`) into display-referred 8-bit RGB as `look` says.

    The tone curve of a linear look is Narkowicz's fit of ACES (2015), with a gamma of 2.2.
    """
    height, width = alpha.shape
    background = np.array(look.background_rgb, np.float32)
    out = np.empty((height, width, 3), np.uint8)
    if look.transfer == "display":
        _clip(rgb, alpha, background, out)
        return out
    shown = np.empty((height, width, 3), np.float32)
    glow = np.zeros((-(-height // BLOOM_STEP), -(-width // BLOOM_STEP), 3), np.float32)
    if look.bloom > 0:
        _shrink(rgb, alpha, background, glow)
        glow = _blur(glow, gaussian(BLOOM_SIGMA * width / BLOOM_STEP))
    _grade(rgb, alpha, background, glow, F(look.bloom), F(look.exposure), F(look.vignette), _tones(), shown)
    _sharpen(shown, gaussian(SHARPEN_SIGMA_PX), F(look.sharpen), out)
    return out


def aces(radiance: np.ndarray) -> np.ndarray:
    """Display value in 0..1 of a radiance: Narkowicz's ACES fit, then gamma."""
    x = np.asarray(radiance, np.float64)
    return np.asarray(np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1) ** (1 / GAMMA))


@cache
def _tones() -> Float32[np.ndarray, " N"]:
    table: Float32[np.ndarray, " N"] = aces(np.linspace(0, np.sqrt(float(WHITE)), TONES) ** 2).astype(np.float32)
    table.setflags(write=False)
    return table


@cache
def gaussian(sigma: float) -> Float32[np.ndarray, " K"]:
    """Half of a normalised kernel: weight of distance 0, 1, 2, ... up to three sigma."""
    reach = max(1, int(np.ceil(3 * sigma)))
    weights = np.exp(-0.5 * (np.arange(reach + 1) / max(sigma, 1e-3)) ** 2)
    half: Float32[np.ndarray, " K"] = (weights / (weights[0] + 2 * weights[1:].sum())).astype(np.float32)
    half.setflags(write=False)
    return half


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def _clip(rgb, alpha, background, out):
    height, width = alpha.shape
    for y in range(height):
        for x in range(width):
            clear = F(1.0) - alpha[y, x]
            for c in range(3):
                value = (rgb[y, x, c] + clear * background[c]) * F(255.0) + F(0.5)
                out[y, x, c] = np.uint8(min(max(value, F(0.0)), F(255.0)))


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def _shrink(rgb, alpha, background, out):
    """Mean over blocks of BLOOM_STEP squared pixels of the laid-over, bounded radiance."""
    height, width = alpha.shape
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(3):
                out[y, x, c] = F(0.0)
    for y in range(height):
        for x in range(width):
            clear = F(1.0) - alpha[y, x]
            for c in range(3):
                out[y // BLOOM_STEP, x // BLOOM_STEP, c] += min(rgb[y, x, c] + clear * background[c], WHITE)
    for y in range(out.shape[0]):
        rows = min(BLOOM_STEP, height - y * BLOOM_STEP)
        for x in range(out.shape[1]):
            per = F(1.0) / F(rows * min(BLOOM_STEP, width - x * BLOOM_STEP))
            for c in range(3):
                out[y, x, c] *= per


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def _blur(picture, half):
    """Separable Gaussian; the border repeats its last pixel."""
    height, width, _ = picture.shape
    across = np.empty_like(picture)
    out = np.empty_like(picture)
    for y in range(height):
        for x in range(width):
            for c in range(3):
                total = half[0] * picture[y, x, c]
                for k in range(1, half.shape[0]):
                    total += half[k] * (picture[y, max(x - k, 0), c] + picture[y, min(x + k, width - 1), c])
                across[y, x, c] = total
    for y in range(height):
        out[y] = half[0] * across[y]
        for k in range(1, half.shape[0]):
            above, below = max(y - k, 0), min(y + k, height - 1)
            for x in range(width):
                for c in range(3):
                    out[y, x, c] += half[k] * (across[above, x, c] + across[below, x, c])
    return out


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def _grade(rgb, alpha, background, glow, bloom, exposure, vignette, tones, out):
    """Background, bloom (bilinear from the small picture), exposure, tone table, vignette."""
    height, width = alpha.shape
    last = F(tones.shape[0] - 1)
    per_root = last / math.sqrt(WHITE)
    row = np.empty((width, 3), np.float32)
    rows, columns, _ = glow.shape
    for y in range(height):
        at = min(max((F(y) + F(0.5)) / F(BLOOM_STEP) - F(0.5), F(0.0)), F(rows - 1))
        y0 = int(at)
        y1 = min(y0 + 1, rows - 1)
        fy = at - F(y0)
        for x in range(width):
            clear = F(1.0) - alpha[y, x]
            for c in range(3):
                row[x, c] = rgb[y, x, c] + clear * background[c]
        if bloom > F(0.0):
            for x in range(width):
                at = min(max((F(x) + F(0.5)) / F(BLOOM_STEP) - F(0.5), F(0.0)), F(columns - 1))
                x0 = int(at)
                x1 = min(x0 + 1, columns - 1)
                fx = at - F(x0)
                for c in range(3):
                    upper = glow[y0, x0, c] + (glow[y0, x1, c] - glow[y0, x0, c]) * fx
                    lower = glow[y1, x0, c] + (glow[y1, x1, c] - glow[y1, x0, c]) * fx
                    row[x, c] += (upper + (lower - upper) * fy - row[x, c]) * bloom
        v = (F(y) + F(0.5)) / F(height) - F(0.5)
        for x in range(width):
            u = (F(x) + F(0.5)) / F(width) - F(0.5)
            bright = F(1.0) - vignette * (u * u + v * v)
            for c in range(3):
                radiance = min(max(row[x, c] * exposure, F(0.0)), WHITE)
                at = math.sqrt(radiance) * per_root
                k = min(int(at), tones.shape[0] - 2)
                out[y, x, c] = (tones[k] + (tones[k + 1] - tones[k]) * (at - F(k))) * bright


@no_type_check
@njit(nogil=True, cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def _sharpen(picture, half, strength, out):
    """Unsharp mask and rounding to 8 bits."""
    height, width, _ = picture.shape
    reach = half.shape[0] - 1
    down = np.empty((width + 2 * reach) * 3, np.float32)
    flat = picture.reshape(height, width * 3)
    result = out.reshape(height, width * 3)
    soft = np.empty(width * 3, np.float32)
    for y in range(height):
        if strength == F(0.0):
            for i in range(width * 3):
                result[y, i] = np.uint8(min(max(flat[y, i] * F(255.0) + F(0.5), F(0.0)), F(255.0)))
            continue
        inner = down[reach * 3 : (reach + width) * 3]
        for i in range(width * 3):
            inner[i] = half[0] * flat[y, i]
        for k in range(1, reach + 1):
            above, below = flat[max(y - k, 0)], flat[min(y + k, height - 1)]
            for i in range(width * 3):
                inner[i] += half[k] * (above[i] + below[i])
        for i in range(reach * 3):
            down[i] = inner[i % 3]
            down[(reach + width) * 3 + i] = inner[(width - 1) * 3 + i % 3]
        for i in range(width * 3):
            soft[i] = half[0] * inner[i]
        for k in range(1, reach + 1):
            left, right = down[(reach - k) * 3 :], down[(reach + k) * 3 :]
            for i in range(width * 3):
                soft[i] += half[k] * (left[i] + right[i])
        for i in range(width * 3):
            value = flat[y, i] + strength * (flat[y, i] - soft[i])
            result[y, i] = np.uint8(min(max(value * F(255.0) + F(0.5), F(0.0)), F(255.0)))
