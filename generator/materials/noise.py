"""Seeded patterns for materials: value noise, its fractal sum, and hashes of cells; all for Numba code.

Noise has mean 0.5 and a lattice of one unit: scale the coordinates to choose the grain. Functions of whole numbers
give the same value for the same cell in every scene; offset the coordinates to make two surfaces differ.
"""

import math
from typing import Any

import numpy as np
from jaxtyping import Float64
from numba import njit

_A, _B, _C = 0x1B873593, 0x27D4EB2F, 0x165667B1
_K1, _K2 = 0x2C1B3C6D, 0x297A2D39
_UNIT = 1.0 / 16777216.0


def compiled(function: Any) -> Any:
    """Compile a scalar function that materials call."""
    return njit(cache=True, nogil=True, fastmath=True)(function)


@compiled
def _mix32(n: int) -> float:
    """Finish a hash: the low 32 bits of `n` to a number in [0, 1)."""
    n &= 0xFFFFFFFF
    n = ((n ^ (n >> 15)) * _K1) & 0xFFFFFFFF
    n = ((n ^ (n >> 12)) * _K2) & 0xFFFFFFFF
    return ((n ^ (n >> 15)) & 0xFFFFFF) * _UNIT


@compiled
def cell(i: float, j: float, k: float = 0.0) -> float:
    """Return a hash of three whole numbers in [0, 1): the character of one brick or slab."""
    return _mix32(int(i) * _A + int(j) * _B + int(k) * _C + 0x51ED27)


@compiled
def smooth(low: float, high: float, x: float) -> float:
    """Smoothstep: 0 at `low`, 1 at `high` (which may be the smaller), and flat at both."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@compiled
def mix(a: float, b: float, share: float) -> float:
    """Blend from `a` at 0 to `b` at 1."""
    return a + (b - a) * share


@compiled
def line(distance: float, half: float, w: float) -> float:
    """Cover of a line of half-width `half`, `distance` away, averaged over a width `w`."""
    return min(max((half - distance) / max(w, 0.004) + 0.5, 0.0), 1.0)


@compiled
def noise3(x: float, y: float, z: float) -> float:
    """Value noise with quintic blending, in [0, 1)."""
    fx, fy, fz = math.floor(x), math.floor(y), math.floor(z)
    x, y, z = x - fx, y - fy, z - fz
    x = x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
    y = y * y * y * (y * (y * 6.0 - 15.0) + 10.0)
    z = z * z * z * (z * (z * 6.0 - 15.0) + 10.0)
    a0, b0, c0 = int(fx) * _A, int(fy) * _B, int(fz) * _C
    a1, b1, c1 = a0 + _A, b0 + _B, c0 + _C
    near = mix(
        mix(_mix32(a0 + b0 + c0), _mix32(a1 + b0 + c0), x), mix(_mix32(a0 + b1 + c0), _mix32(a1 + b1 + c0), x), y
    )
    far = mix(mix(_mix32(a0 + b0 + c1), _mix32(a1 + b0 + c1), x), mix(_mix32(a0 + b1 + c1), _mix32(a1 + b1 + c1), x), y)
    return mix(near, far, z)


@compiled
def noise2(x: float, y: float, layer: float = 0.0) -> float:
    """Value noise in the plane; half the price of `noise3`. Another `layer` is another pattern."""
    fx, fy = math.floor(x), math.floor(y)
    x, y = x - fx, y - fy
    x = x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
    y = y * y * y * (y * (y * 6.0 - 15.0) + 10.0)
    a0, b0 = int(fx) * _A + int(layer) * _C, int(fy) * _B
    low = mix(_mix32(a0 + b0), _mix32(a0 + _A + b0), x)
    return mix(low, mix(_mix32(a0 + b0 + _B), _mix32(a0 + _A + b0 + _B), x), y)


@compiled
def fbm3(x: float, y: float, z: float, octaves: int, w: float) -> float:
    """Sum `octaves` of `noise3`, each finer by 2.03 and fainter by half.

    `w` is the averaging width in the same units as x, y, z: octaves finer than it fade to their mean, which saves
    their cost and keeps distant texture calm.
    """
    total, weight, gain, wave = 0.0, 0.0, 1.0, 1.0
    for k in range(octaves):
        fade = min(2.0 - 2.0 * w / wave, 1.0)
        if fade > 0.0:
            total += gain * (0.5 + fade * (noise3(x, y, z) - 0.5))
        else:
            total += 0.5 * gain
        weight += gain
        gain *= 0.5
        wave *= 1.0 / 2.03
        shift = 17.3 * (k + 1)
        x, y, z = x * 2.03 + shift, y * 2.03 + shift, z * 2.03 + shift
    return total / weight


@compiled
def fbm2(x: float, y: float, octaves: int, w: float, layer: float = 0.0) -> float:
    """Sum octaves of `noise2` as `fbm3` does."""
    total, weight, gain, wave = 0.0, 0.0, 1.0, 1.0
    for k in range(octaves):
        fade = min(2.0 - 2.0 * w / wave, 1.0)
        if fade > 0.0:
            total += gain * (0.5 + fade * (noise2(x, y, layer) - 0.5))
        else:
            total += 0.5 * gain
        weight += gain
        gain *= 0.5
        wave *= 1.0 / 2.03
        shift = 17.3 * (k + 1)
        x, y = x * 2.03 + shift, y * 2.03 + shift
    return total / weight


def pattern(x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"], octaves: int) -> Float64[np.ndarray, " n"]:
    """Evaluate `fbm2` at many places, for shapes that follow a pattern."""
    out = np.empty(len(x))
    _pattern(np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64), octaves, out)
    return out


@compiled
def _pattern(x: Any, y: Any, octaves: int, out: Any) -> None:
    for i in range(len(x)):
        out[i] = fbm2(x[i], y[i], octaves, 0.0)
