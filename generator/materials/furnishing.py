"""What furniture and ornament are made of: wood, cloth, leather, stone, metal, glaze, and the pages of books."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float64
from numba import njit

from camera_motion.generator.materials.floors import grain, line, veins
from camera_motion.generator.materials.material import Material, srgb
from camera_motion.generator.materials.noise import cell, fbm2, fbm3, mix, noise3, smooth

Rgb = tuple[float, float, float]
Out = tuple[float, float, float, float]


def wood_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Polished wood, fibres along the longer way of a face (p[7]: 1 along t); p: dark rgb, light rgb, tree."""
    along, across = (t, s) if p[7] > 0.5 else (s, t)
    g = grain(along, across + 3.0 * z * 0.013, p[6], w)
    tone = 0.86 + 0.28 * fbm3(x * 3.0, y * 3.0, z * 3.0, 3, w * 3.0)
    share = min(max(0.1 + 0.8 * g, 0.0), 1.0)
    return mix(p[0], p[3], share) * tone, mix(p[1], p[4], share) * tone, mix(p[2], p[5], share) * tone, 0.0006 * g


def paint_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Brushed paint with worn patches; p: rgb."""
    brushed = fbm2(s * 12.0, t * 60.0, 3, w * 40.0, 1.0)
    cloud = fbm3(x * 4.0, y * 4.0, z * 4.0, 4, w * 4.0)
    tone = 0.8 + 0.16 * brushed + 0.26 * cloud
    return p[0] * tone, p[1] * tone, p[2] * tone * (0.97 + 0.06 * cloud), 0.0008 * brushed


def marble_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Veined marble, in the solid; p: rgb, vein rgb, stone."""
    v = veins(x + 0.37 * z + p[6] * 11.0, y + 0.83 * z, p[6], w)
    cloud = fbm3(x * 5.0, y * 5.0, z * 5.0, 4, w * 5.0)
    fine = noise3(x * 90.0, y * 90.0, z * 90.0) if w < 0.012 else 0.5
    tone = 0.72 + 0.4 * cloud + 0.14 * fine
    share = 0.7 * v
    return mix(p[0], p[3], share) * tone, mix(p[1], p[4], share) * tone, mix(p[2], p[5], share) * tone, 0.0


def cloth_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Woven upholstery: a basket of threads over nap.

    p: rgb, second rgb, style (0 plain, 1 stripes, 2 checks, 3 motif), scale.
    """
    thread = 0.0045
    fade = min(1.0, (0.0011 / max(w, 1e-4)) ** 2)
    weave = math.sin(s * math.pi / thread) * math.sin(t * math.pi / thread)
    slub = fbm2(s * 160.0, t * 24.0, 2, w * 120.0, 1.0) + fbm2(s * 24.0, t * 160.0, 2, w * 120.0, 2.0) - 1.0
    nap = fbm3(x * 6.0, y * 6.0, z * 6.0, 4, w * 6.0)
    share = 0.0
    style, size = p[6], p[7]
    if style > 0.5 and style < 1.5:
        a = s / size
        f = a - math.floor(a)
        share = max(line(f - 0.3, 0.13, w / size), max(line(f - 0.62, 0.03, w / size), line(f - 0.75, 0.03, w / size)))
    elif style > 1.5 and style < 2.5:
        a, b = s / size, t / size
        share = 0.5 * line(a - math.floor(a) - 0.5, 0.22, w / size) + 0.5 * line(
            b - math.floor(b) - 0.5, 0.22, w / size
        )
    elif style > 2.5:
        a, b = s / size, t / size
        row = math.floor(b)
        a += 0.5 * (row - 2.0 * math.floor(row / 2.0))
        fx, fy = a - math.floor(a) - 0.5, b - row - 0.5
        r, angle = math.hypot(fx, fy), math.atan2(fy, fx)
        flower = smooth(0.03 + w / size, -0.03 - w / size, r - 0.32 * (0.55 + 0.45 * math.cos(6.0 * angle)))
        share = max(flower * smooth(0.06, 0.1, r), line(r - 0.42, 0.025, w / size))
    tone = 0.66 + 0.5 * nap + 0.3 * slub + 0.16 * fade * weave
    return (
        mix(p[0], p[3], share) * tone,
        mix(p[1], p[4], share) * tone,
        mix(p[2], p[5], share) * tone,
        0.0009 * fade * weave + 0.002 * nap,
    )


def leather_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Leather with creases and rubbed places; p: rgb."""
    crease = abs(fbm3(x * 16.0, y * 16.0, z * 16.0, 3, w * 16.0) - 0.5) * 2.0
    pore = fbm3(x * 120.0, y * 120.0, z * 120.0, 2, w * 120.0)
    worn = fbm3(x * 3.0, y * 3.0, z * 3.0, 4, w * 3.0)
    tone = (0.55 + 0.8 * worn) * (0.82 + 0.2 * min(crease * 3.0, 1.0)) * (0.85 + 0.3 * pore)
    return p[0] * tone, p[1] * tone, p[2] * tone, 0.002 * min(crease * 3.0, 1.0) + 0.0006 * pore


def metal_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Bronze or brass, bright on its ridges, with patina in patches; p: rgb, patina rgb, patina share."""
    n = fbm3(x * 8.0, y * 8.0, z * 8.0, 5, w * 8.0)
    fine = fbm3(x * 70.0, y * 70.0, z * 70.0, 2, w * 70.0)
    run = fbm3(x * 18.0, y * 18.0, z * 3.5, 3, w * 18.0)
    share = smooth(1.0 - p[6], 1.12 - p[6], 0.55 * n + 0.45 * run + 0.25)
    tone = 0.5 + 0.7 * n + 0.3 * fine
    return (
        mix(p[0], p[3], share) * tone,
        mix(p[1], p[4], share) * tone,
        mix(p[2], p[5], share) * tone,
        0.0015 * fine + 0.003 * share,
    )


def glaze_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Glazed ware; p: ground rgb, figure rgb, style (0 crackle and drip, 1 painted bands and scrolls, 2 dots), seed."""
    n = fbm3(x * 9.0, y * 9.0, z * 9.0, 4, w * 9.0)
    style, seed = p[6], p[7]
    share = 0.0
    if style < 0.5:
        drip = t + 0.12 * fbm2(s * 14.0 + seed, seed, 3, w * 14.0, 1.0)
        share = smooth(0.14, 0.22, drip - 0.03 * math.floor(drip / 0.4))
    elif style < 1.5:
        band = t / 0.07
        f = band - math.floor(band)
        row = cell(math.floor(band), seed, 71.0)
        a = s / 0.05
        scroll = (
            math.sin(a * 6.2832 + 2.4 * math.sin(f * 6.2832))
            if row > 0.4
            else math.sin(a * 12.566) * math.cos(f * 6.2832)
        )
        share = smooth(0.1, 0.45, scroll) * smooth(0.02, 0.1, f) * smooth(0.98, 0.9, f)
        share = max(share, max(line(f, 0.06, w / 0.07), line(f - 1.0, 0.06, w / 0.07)))
    else:
        a, b = s / 0.03, t / 0.03
        row = math.floor(b)
        a += 0.5 * (row - 2.0 * math.floor(row / 2.0))
        share = smooth(0.34, 0.26, math.hypot(a - math.floor(a) - 0.5, b - row - 0.5))
    tone = 0.78 + 0.42 * n
    share *= 0.92
    return mix(p[0], p[3], share) * tone, mix(p[1], p[4], share) * tone, mix(p[2], p[5], share) * tone, 0.001 * share


def clay_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Terracotta, bark or soot: coarse matter in two colours; p: rgb, second rgb, grain per metre, stretch along z."""
    n = fbm3(x * p[6], y * p[6], z * p[6] * p[7], 4, w * p[6])
    fine = fbm3(x * 60.0, y * 60.0, z * 60.0, 2, w * 60.0)
    stain = smooth(0.45, 0.7, fbm3(x * 5.0, y * 5.0, z * 2.0, 3, w * 5.0))
    share = min(max(1.4 * (n - 0.5) + 0.35 + 0.4 * stain, 0.0), 1.0)
    tone = 0.72 + 0.55 * fine
    return (
        mix(p[0], p[3], share) * tone,
        mix(p[1], p[4], share) * tone,
        mix(p[2], p[5], share) * tone,
        0.004 * n + 0.0015 * fine,
    )


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


def rug_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Knotted carpet centred on s = t = 0; p: half width, half depth, style, seed, then five colours.

    The colours are field, border, light, dark and accent.
    """
    hw, hd, style, seed = p[0], p[1], p[2], p[3]
    knot = 0.006
    if w < knot:
        s, t = (math.floor(s / knot) + 0.5) * knot, (math.floor(t / knot) + 0.5) * knot
    edge = min(hw - abs(s), hd - abs(t))
    along = t if hw - abs(s) < hd - abs(t) else s
    a = 7
    ink = 4
    share = 0.0
    if edge < 0.035:
        ink = 13
    elif edge < 0.075:
        ink = 10
        v = along / 0.05
        share, a = smooth(0.06, -0.06, abs(v - math.floor(v) - 0.5) + abs(edge - 0.055) / 0.05 - 0.42), 16
    elif edge < 0.30:
        ink = 7
        v = along / 0.24
        i = math.floor(v)
        fx, fy = (v - i - 0.5) * 0.24, edge - 0.1875
        r, angle = math.hypot(fx, fy), math.atan2(fy, fx)
        rose = r - 0.085 * (0.72 + 0.28 * math.cos(8.0 * angle))
        odd = i - 2.0 * math.floor(i / 2.0)
        vine = abs(fy - 0.05 * math.sin(along * 26.18)) - 0.009
        if rose < 0.0:
            ink = 16 if odd > 0.5 else 4
            if r < 0.05 * (0.8 + 0.2 * math.cos(6.0 * angle)):
                ink = 10
            if r < 0.02:
                ink = 13
        elif vine < 0.0:
            ink = 10
        elif abs(rose - 0.012) < 0.006:
            ink = 13
    elif edge < 0.345:
        ink = 10
        v = along / 0.04
        if v - math.floor(v) > 0.5:
            ink = 13
    else:
        u, v = abs(s), abs(t)
        size = min(hw, hd) - 0.345
        r, angle = math.hypot(u, v), math.atan2(v, u)
        lobes = size * 0.82 * (0.86 + 0.14 * math.cos(8.0 * angle) + 0.04 * math.cos(16.0 * angle))
        corner = math.hypot(hw - 0.345 - u, hd - 0.345 - v) - size * 0.6 * (
            0.9 + 0.1 * math.cos(9.0 * math.atan2(hd - v, hw - u))
        )
        ink = 4
        if style < 0.5 and r < lobes:
            ink = 7 if r < lobes - 0.03 else 10
            if r < lobes * 0.66:
                ink = 16 if r < lobes * 0.62 else 13
            if r < lobes * 0.34:
                ink = 7 if r < lobes * 0.3 else 10
        elif corner < 0.0 and style < 1.5:
            ink = 7 if corner < -0.03 else 10
        # Scrolling flowers over whatever ground is there.
        g = 0.19
        ci, cj = math.floor(u / g), math.floor(v / g)
        fx, fy = u - (ci + 0.5) * g, v - (cj + 0.5) * g
        h = cell(ci, cj, seed)
        rr, aa = math.hypot(fx, fy), math.atan2(fy, fx)
        petal = 0.058 * (0.6 + 0.4 * abs(math.cos((2.0 + math.floor(h * 3.0)) * aa)))
        stem = abs(fbm2(u * 9.0, v * 9.0, 2, w * 9.0, seed) - 0.5)
        if rr < petal:
            ink = (10 if h < 0.4 else 16) if rr > 0.02 else 13
            if ink == 16 and r < lobes * 0.62 and style < 0.5:
                ink = 10
        elif stem < 0.022:
            ink = 13 if h < 0.5 else 10
    red, green, blue = p[ink], p[ink + 1], p[ink + 2]
    red, green, blue = mix(red, p[a], share), mix(green, p[a + 1], share), mix(blue, p[a + 2], share)
    abrash = 0.8 + 0.4 * fbm2(s * 0.6, t * 7.0, 3, w * 7.0, seed + 1.0)
    pile = fbm2(s * 170.0, t * 170.0, 2, w * 150.0, 2.0)
    tone = abrash * (0.7 + 0.6 * pile)
    return red * tone, green * tone, blue * tone, 0.003 * pile


def wood(dark: Rgb, light: Rgb, tree: float = 0.0, upright: bool = False) -> Material:
    """Furniture wood."""
    return Material("wood", wood_shade, (*dark, *light, tree, float(upright)))


def upright(material: Material) -> Material:
    """Turn the fibres of wood by a quarter; other materials stay as they are."""
    if material.shade is not wood_shade:
        return material
    return Material(material.name, wood_shade, (*material.params[:7], 1.0 - material.params[7]))


def paint(colour: Rgb) -> Material:
    """Painted joinery."""
    return Material("paint", paint_shade, colour)


def marble(colour: Rgb, vein: Rgb, stone: float = 0.0) -> Material:
    """Marble with veins through the solid."""
    return Material("marble", marble_shade, (*colour, *vein, stone))


def cloth(colour: Rgb, second: Rgb, style: str = "plain", size_m: float = 0.1) -> Material:
    """Upholstery; `style` is plain, stripes, checks or motif."""
    return Material(
        "cloth", cloth_shade, (*colour, *second, float(("plain", "stripes", "checks", "motif").index(style)), size_m)
    )


def leather(colour: Rgb) -> Material:
    """Worn leather."""
    return Material("leather", leather_shade, colour)


def metal(colour: Rgb, patina: Rgb, share: float) -> Material:
    """Bronze, brass, gilding."""
    return Material("metal", metal_shade, (*colour, *patina, share))


def glaze(ground: Rgb, figure: Rgb, style: int, seed: float = 0.0) -> Material:
    """Glazed ceramics: 0 dripping glaze, 1 painted scrolls, 2 dots."""
    return Material("glaze", glaze_shade, (*ground, *figure, float(style), seed))


def earth(colour: Rgb, second: Rgb, grain_per_m: float = 18.0, stretch: float = 1.0) -> Material:
    """Terracotta, bark, soot."""
    return Material("earth", clay_shade, (*colour, *second, grain_per_m, stretch))


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


def carpet(width_m: float, depth_m: float, style: int, seed: int, colours: tuple[Rgb, Rgb, Rgb, Rgb, Rgb]) -> Material:
    """Knotted carpet: field, border, light, dark and accent colours; style 0 medallion, 1 corners, 2 all over."""
    return Material(
        "carpet", rug_shade, (width_m / 2, depth_m / 2, float(style), float(seed), *(c for rgb in colours for c in rgb))
    )


__all__ = ["book_height", "srgb"]
