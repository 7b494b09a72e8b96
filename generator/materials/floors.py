"""Floors: herringbone and plank parquet, chequered marble, slabs with cabochons, terrazzo.

Wood runs along its own blocks; every block and slab has its own tone. Parameters are colours (three numbers each).
"""

import math
from typing import Any

from numba import njit

from camera_motion.generator.materials.material import Material, srgb
from camera_motion.generator.materials.noise import cell, fbm2, mix, noise2, smooth

Rgb = tuple[float, float, float]


@njit(cache=True, nogil=True, fastmath=True)
def line(d: float, half: float, w: float) -> float:
    """Coverage of a line of half-width `half` at distance `d`, averaged over `w`: thin lines pale, not crawl."""
    soft = max(w, 0.0015)
    return min(max((half - abs(d)) / soft + 0.5, 0.0), 1.0) * min(1.0, 2.0 * half / soft)


@njit(cache=True, nogil=True, fastmath=True)
def grain(along: float, across: float, tree: float, w: float) -> float:
    """Wood's figure in 0..1: long fibres, growth rings that wander, pores."""
    shift = tree * 57.0
    wander = fbm2(along * 1.1 + shift, across * 5.0 + shift, 3, w * 2.0, 3.0)
    rings = 0.5 + 0.5 * math.sin(across * 210.0 + wander * 17.0 + shift)
    fade = min(1.0, 0.004 / max(w, 1e-4))
    fibre = fbm2(along * 7.0 + shift, across * 170.0, 3, w * 30.0, 5.0)
    return 0.5 + (rings - 0.5) * 0.26 * fade + (fibre - 0.5) * 1.1 + (wander - 0.5) * 0.6


def _block(
    along: float, across: float, edge: float, tree: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    g = grain(along, across, tree, w)
    tone = 0.72 + 0.5 * cell(math.floor(tree * 4096.0), 3.0) + 0.14 * (fbm2(along * 2.0, across * 2.0, 2, w, 9.0) - 0.5)
    share = min(max(0.15 + 0.75 * g, 0.0), 1.0)
    gap = line(edge, 0.0016, w)
    dark = tone * (1.0 - 0.72 * gap)
    return (
        mix(p[0], p[3], share) * dark,
        mix(p[1], p[4], share) * dark,
        mix(p[2], p[5], share) * dark,
        0.0008 * g - 0.0022 * smooth(0.004, 0.0, edge),
    )


_block = njit(cache=True, nogil=True, fastmath=True)(_block)


def herringbone_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Oak blocks 9 cm by 54 cm, laid in a zigzag across the room."""
    wide, n = 0.09, 6
    a, b = (s + t) * 0.70710678 / wide, (t - s) * 0.70710678 / wide
    i, j = math.floor(a), math.floor(b)
    k = (i - j) % (2 * n)
    if k < n:
        along, across = a - (i - k), b - j
        tree = cell(i - k, j, 11.0)
    else:
        along, across = b - (j - (2 * n - 1 - k)), a - i
        tree = cell(i, j - (2 * n - 1 - k), 12.0)
    edge = min(min(across, 1.0 - across), min(along, n - along)) * wide
    return _block(along * wide, across * wide, edge, tree, w, p)


def planks_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Wide boards of 1.2 to 2.4 m, butted at random."""
    wide = p[6]
    row = math.floor(t / wide)
    length = 1.3 + 1.1 * cell(row, 4.0)
    u = s / length + cell(row, 5.0)
    k = math.floor(u)
    edge = min(min(t - row * wide, row * wide + wide - t), min(u - k, k + 1.0 - u) * length)
    return _block((u - k) * length, t - row * wide, edge, cell(row, k, 6.0), w, p)


@njit(cache=True, nogil=True, fastmath=True)
def veins(x: float, y: float, stone: float, w: float) -> float:
    """Marble's veins in 0..1: ridges of warped noise, coarse and fine."""
    sx, sy = x + stone * 31.0, y + stone * 17.0
    wx = fbm2(sx * 1.6, sy * 1.6, 4, w * 1.6, 1.0) - 0.5
    wy = fbm2(sx * 1.6 + 9.2, sy * 1.6 + 3.1, 4, w * 1.6, 2.0) - 0.5
    a = abs(fbm2(sx * 1.5 + wx * 2.6, sy * 2.3 + wy * 2.6, 4, w * 2.0, 3.0) - 0.5) * 2.0
    b = abs(fbm2(sx * 5.0 + wy * 4.0, sy * 4.0 + wx * 4.0, 3, w * 5.0, 4.0) - 0.5) * 2.0
    return min(1.0, smooth(0.16, 0.0, a) + 0.55 * smooth(0.1, 0.0, b))


def marble_tiles_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Two marbles in a chequer; p: light rgb, dark rgb, vein rgb, tile size, quarter turn (0 or 1)."""
    size = p[9]
    a, b = s / size, t / size
    if p[10] > 0.5:
        a, b = (s + t) * 0.70710678 / size, (t - s) * 0.70710678 / size
    i, j = math.floor(a), math.floor(b)
    fx, fy = (a - i) * size, (b - j) * size
    dark = (i + j) % 2
    stone = cell(i, j, 21.0)
    v = veins(fx + stone * 3.0, fy, stone, w)
    cloud = fbm2(a * 3.0 + stone * 9.0, b * 3.0, 4, w * 3.0 / size, 7.0)
    fine = fbm2(s * 60.0, t * 60.0, 2, w * 60.0, 8.0)
    tone = (0.8 + 0.2 * stone) * (0.72 + 0.4 * cloud + 0.16 * fine)
    base = 3 if dark > 0.5 else 0
    share = v * (0.6 if dark > 0.5 else 0.5)
    edge = min(min(fx, size - fx), min(fy, size - fy))
    tone *= 1.0 - 0.6 * line(edge, 0.0018, w)
    return (
        mix(p[base], p[6], share) * tone,
        mix(p[base + 1], p[7], share) * tone,
        mix(p[base + 2], p[8], share) * tone,
        -0.0015 * smooth(0.004, 0.0, edge),
    )


def slabs_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Pale limestone octagons with a dark diamond at every corner."""
    size, cut = 0.62, 0.085
    a, b = s / size, t / size
    i, j = math.floor(a), math.floor(b)
    fx, fy = (a - i) * size, (b - j) * size
    cx, cy = min(fx, size - fx), min(fy, size - fy)
    corner = cx + cy - cut
    inlay = line(min(corner, 0.0), 0.0, w) if corner >= 0.0 else 1.0
    stone = cell(i, j, 22.0)
    edge = min(min(cx, cy), abs(corner) * 0.7071)
    if corner < 0.0:
        edge = -corner * 0.7071
    n = fbm2(s * 5.0 + stone * 40.0, t * 5.0, 5, w * 5.0, 1.0)
    fossil = smooth(0.56, 0.7, fbm2(s * 26.0, t * 26.0 + stone * 9.0, 3, w * 26.0, 2.0))
    tone = (0.78 + 0.26 * stone) * (0.6 + 0.75 * n) * (1.0 - 0.22 * fossil) * (1.0 - 0.6 * line(edge, 0.002, w))
    base = 3 if inlay > 0.5 else 0
    return p[base] * tone, p[base + 1] * tone, p[base + 2] * tone, -0.0016 * smooth(0.005, 0.0, edge) - 0.0004 * fossil


def terrazzo_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Marble chips of four colours in cement, divided by brass strips; p: cement rgb, four chip colours."""
    red, green, blue = p[0], p[1], p[2]
    haze = 0.82 + 0.36 * fbm2(s * 2.2, t * 2.2, 4, w * 2.2, 3.0)
    for layer in range(2):
        size = 0.085 if layer == 0 else 0.034
        fade = min(max(1.6 - 1.1 * w / size, 0.0), 1.0)
        if fade <= 0.0:
            continue
        a, b = s / size, t / size
        i, j = math.floor(a), math.floor(b)
        nearest, chip = 9.0, 0.0
        for di in range(-1, 2):
            for dj in range(-1, 2):
                ci, cj = i + di, j + dj
                h = cell(ci, cj, 31.0 + layer)
                dx = a - ci - 0.2 - 0.6 * cell(ci, cj, 33.0 + layer)
                dy = b - cj - 0.2 - 0.6 * cell(ci, cj, 35.0 + layer)
                turn = h * 19.0
                ex, ey = dx * math.cos(turn) + dy * math.sin(turn), dy * math.cos(turn) - dx * math.sin(turn)
                d = max(abs(ex) * (0.75 + h), abs(ey) + 0.35 * abs(ex)) + 0.12 * (
                    noise2(a * 3.0, b * 3.0, h * 9.0) - 0.5
                )
                reach = 0.2 + 0.24 * cell(ci, cj, 37.0 + layer)
                if d - reach < nearest:
                    nearest, chip = d - reach, h
        inside = fade * smooth(0.03 + 0.5 * w / size, -0.03 - 0.5 * w / size, nearest)
        k = 3 + 3 * int(chip * 3.999)
        shade = 0.75 + 0.5 * cell(math.floor(chip * 4096.0), 5.0)
        red, green, blue = (
            mix(red, p[k] * shade, inside),
            mix(green, p[k + 1] * shade, inside),
            mix(blue, p[k + 2] * shade, inside),
        )
    bay = 1.5
    strip = max(
        line(s - bay * math.floor(s / bay + 0.5), 0.003, w), line(t - bay * math.floor(t / bay + 0.5), 0.003, w)
    )
    return mix(red * haze, 0.3, strip), mix(green * haze, 0.22, strip), mix(blue * haze, 0.1, strip), 0.0


_OAKS = {
    "honey": (srgb(108, 76, 46), srgb(190, 148, 100)),
    "smoked": (srgb(58, 38, 26), srgb(128, 92, 62)),
    "pale": (srgb(138, 108, 76), srgb(212, 182, 140)),
    "chestnut": (srgb(84, 54, 36), srgb(154, 106, 72)),
}
_MARBLES = {
    "black and white": (srgb(226, 220, 208), srgb(48, 46, 48), srgb(140, 132, 122)),
    "cream and rosso": (srgb(226, 208, 178), srgb(132, 62, 48), srgb(196, 168, 140)),
    "white and green": (srgb(222, 220, 208), srgb(48, 78, 64), srgb(150, 158, 146)),
}
_TERRAZZOS = {
    "grey": (srgb(176, 172, 164), srgb(236, 230, 220), srgb(92, 88, 86), srgb(176, 112, 84), srgb(208, 182, 130)),
    "rose": (srgb(206, 178, 160), srgb(240, 228, 214), srgb(140, 66, 54), srgb(96, 88, 84), srgb(222, 168, 130)),
}


def floor(kind: str, tone: str) -> Material:
    """Make a floor of this kind ("herringbone", "planks", "marble", "slabs", "terrazzo") in one of its `TONES`."""
    if kind == "herringbone":
        return Material("herringbone parquet", herringbone_shade, _flat(*_OAKS[tone]))
    if kind == "planks":
        return Material("floorboards", planks_shade, (*_flat(*_OAKS[tone]), 0.16))
    if kind == "marble":
        return Material(
            "marble tiles", marble_tiles_shade, (*_flat(*_MARBLES[tone]), 0.52, float(tone != "white and green"))
        )
    if kind == "slabs":
        return Material("limestone slabs", slabs_shade, _flat(srgb(212, 198, 172), srgb(62, 56, 52)))
    return Material("terrazzo", terrazzo_shade, _flat(*_TERRAZZOS[tone]))


#: Tones of each kind of floor.
TONES = {
    "herringbone": tuple(_OAKS),
    "planks": tuple(_OAKS),
    "marble": tuple(_MARBLES),
    "slabs": ("pale",),
    "terrazzo": tuple(_TERRAZZOS),
}


def _flat(*colours: Rgb) -> tuple[float, ...]:
    return tuple(channel for colour in colours for channel in colour)
