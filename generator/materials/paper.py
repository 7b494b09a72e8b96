"""Books on their shelves, printed pages, and the map on a globe."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float64
from numba import njit

from camera_motion.generator.materials.floors import line
from camera_motion.generator.materials.material import Material
from camera_motion.generator.materials.noise import cell, fbm2, fbm3, mix, smooth

Rgb = tuple[float, float, float]

Out = tuple[float, float, float, float]


@njit(cache=True, nogil=True, fastmath=True)
def book_at(s: float, seed: float) -> tuple[float, float, float]:
    """Which book stands at `s`, and where it begins and ends."""
    wide = 0.037
    i = math.floor(s / wide)
    if s < (i + 0.62 * (cell(i, seed, 81.0) - 0.5)) * wide:
        i -= 1
    elif s >= (i + 1 + 0.62 * (cell(i + 1, seed, 81.0) - 0.5)) * wide:
        i += 1
    return i, (i + 0.62 * (cell(i, seed, 81.0) - 0.5)) * wide, (i + 1 + 0.62 * (cell(i + 1, seed, 81.0) - 0.5)) * wide


@njit(cache=True, nogil=True, fastmath=True)
def _tall(i: float, seed: float, tall: float) -> float:
    run = cell(math.floor(i / 5.0), seed, 82.0)
    return tall * (0.66 + 0.26 * run + 0.07 * cell(i, seed, 83.0) * (1.0 if run > 0.3 else 0.2))


@njit(cache=True, nogil=True, fastmath=True)
def _heights(s: Any, seed: float, tall: float, high: Any, back: Any) -> None:
    for k in range(len(s)):
        i, _, _ = book_at(s[k], seed)
        high[k] = _tall(i, seed, tall)
        back[k] = 0.022 * cell(math.floor(i / 5.0), seed, 84.0) + 0.007 * cell(i, seed, 85.0)


def book_height(
    s_m: Float64[np.ndarray, " n"], seed: int, tall_m: float
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Height of the book at `s_m` along a shelf, and how far its spine stands back; matches `books`."""
    high, back = np.empty(len(s_m)), np.empty(len(s_m))
    _heights(np.ascontiguousarray(s_m, np.float64), float(seed), tall_m, high, back)
    return high, back


def books_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Spines with bands, labels and titles, and the tops of the pages; p: seed, shelf height, eight colours."""
    seed = p[0]
    i, a, b = book_at(s, seed)
    high = _tall(i, seed, p[1])
    run = math.floor(i / 5.0)
    edge = min(s - a, b - s)
    across = (s - a) / (b - a)
    if t > high:
        leafy = 0.5 + 0.5 * math.sin(s * 2600.0) * min(1.0, 0.0012 / max(w, 1e-4))
        tone = (0.62 + 0.2 * leafy) * (1.0 - 0.75 * line(edge, 0.003, w))
        tone *= smooth(0.14, 0.0, t - high)
        return 0.62 * tone, 0.52 * tone, 0.38 * tone, 0.0
    # A set shares its binding; single volumes choose their own.
    chooser = cell(run, seed, 86.0) if cell(run, seed, 87.0) < 0.4 else cell(i, seed, 88.0)
    k = 2 + 3 * int(chooser * 7.999)
    f = t / high
    rubbed = fbm2(s * 40.0, t * 40.0, 3, w * 40.0, i)
    tone = (0.7 + 0.5 * cell(i, seed, 89.0)) * (0.72 + 0.5 * rubbed)
    red, green, blue = p[k] * tone, p[k + 1] * tone, p[k + 2] * tone
    bands = cell(i, seed, 90.0) if chooser != cell(run, seed, 86.0) else cell(run, seed, 90.0)
    gold = 0.0
    if bands > 0.3:
        for q in range(2, 6):
            place = 0.08 + 0.84 * (q - 1.5) / 5.0
            gold = max(gold, line((f - place) * high, 0.0022, w))
    gold = max(gold, max(line((f - 0.04) * high, 0.002, w), line((f - 0.96) * high, 0.002, w)))
    label = 0.0
    if bands > 0.55:
        label = smooth(0.0, 0.004 + w, 0.045 - abs(f - 0.73) * high) * (0.9 if bands < 0.85 else 0.0)
    kk = 2 + 3 * int(cell(i, seed, 91.0) * 7.999)
    red, green, blue = (
        mix(red, p[kk] * 0.8, label),
        mix(green, p[kk + 1] * 0.8, label),
        mix(blue, p[kk + 2] * 0.8, label),
    )
    row = math.floor(t / 0.011)
    letters = (
        smooth(0.52, 0.6, fbm2(s * 240.0, t * 300.0, 2, w * 180.0, 13.0))
        * smooth(0.16, 0.24, across)
        * smooth(0.84, 0.76, across)
    )
    title = (
        letters
        * smooth(0.0, 0.003, 0.04 - abs(f - (0.73 if bands > 0.3 else 0.6)) * high)
        * (row - 2.0 * math.floor(row / 2.0))
    )
    gold = max(gold, title * min(1.0, 0.008 / max(w, 1e-3)))
    red, green, blue = mix(red, 0.62, gold), mix(green, 0.44, gold), mix(blue, 0.16, gold)
    round_ = 1.0 - (2.0 * across - 1.0) ** 2
    dark = (0.45 + 0.55 * smooth(0.0, 0.35, round_)) * (1.0 - 0.8 * line(edge, 0.0016, w))
    return red * dark, green * dark, blue * dark, 0.006 * round_ + 0.001 * gold


def print_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Print a page: lines of words on cream."""
    row = t / 0.009
    f = row - math.floor(row)
    words = smooth(0.42, 0.5, fbm2(s * 130.0, math.floor(row) * 7.0, 2, w * 130.0, 3.0))
    inside = smooth(0.015, 0.02, s) * smooth(0.185, 0.18, s) * smooth(0.02, 0.025, t) * smooth(0.25, 0.245, t)
    ink = words * smooth(0.25, 0.4, f) * smooth(0.85, 0.7, f) * inside * min(1.0, 0.005 / max(w, 1e-3))
    tone = 1.0 - 0.75 * ink
    return 0.72 * tone, 0.66 * tone, 0.53 * tone, 0.0


def paper_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Cut edges of a book's leaves."""
    leaf = fbm2(s * 6.0, t * 900.0, 2, w * 400.0, 1.0)
    tone = 0.6 + 0.6 * leaf
    return 0.62 * tone, 0.54 * tone, 0.4 * tone, 0.0


def map_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Map of an old globe: continents, coast lines, a net of meridians; p: centre xyz, radius."""
    dx, dy, dz = (x - p[0]) / p[3], (y - p[1]) / p[3], (z - p[2]) / p[3]
    n = fbm3(dx * 1.7 + 5.0, dy * 1.7 + 2.0, dz * 1.7, 6, w * 6.0)
    land = smooth(0.515, 0.53, n)
    coast = smooth(0.016, 0.0, abs(n - 0.522))
    green = fbm3(dx * 5.0, dy * 5.0, dz * 5.0, 3, w * 15.0)
    lon, lat = math.atan2(dy, dx) * 12.0 / math.pi, math.asin(min(max(dz, -1.0), 1.0)) * 12.0 / math.pi
    ring = max(math.sqrt(max(1.0 - dz * dz, 0.0)), 0.05)
    net = max(
        line((lon - math.floor(lon + 0.5)) * p[3] * ring * 0.26, 0.0015, w),
        line((lat - math.floor(lat + 0.5)) * p[3] * 0.26, 0.0015, w),
    )
    red, grn, blu = (
        mix(0.16, mix(0.52, 0.3, green), land),
        mix(0.27, mix(0.38, 0.33, green), land),
        mix(0.3, mix(0.18, 0.13, green), land),
    )
    dark = (1.0 - 0.55 * coast) * (1.0 - 0.35 * net) * (0.8 + 0.4 * fbm3(dx * 14.0, dy * 14.0, dz * 14.0, 3, w * 40.0))
    return red * dark, grn * dark, blu * dark, 0.0


def books(seed: int, tall_m: float, colours: tuple[Rgb, ...]) -> Material:
    """Spines of a shelf, in eight colours."""
    return Material("books", books_shade, (float(seed), tall_m, *(c for rgb in colours[:8] for c in rgb)))


def printed() -> Material:
    """Pages of print."""
    return Material("print", print_shade)


def pages() -> Material:
    """Edges of leaves."""
    return Material("paper", paper_shade)


def world_map(centre: tuple[float, float, float], radius_m: float) -> Material:
    """Map on a globe."""
    return Material("map", map_shade, (*centre, radius_m))
