"""Knotted carpets: borders, medallions and scattered flowers."""

import math
from typing import Any

from camera_motion.generator.materials.material import Material
from camera_motion.generator.materials.noise import cell, fbm2, mix, smooth

Rgb = tuple[float, float, float]

Out = tuple[float, float, float, float]


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


def carpet(width_m: float, depth_m: float, style: int, seed: int, colours: tuple[Rgb, Rgb, Rgb, Rgb, Rgb]) -> Material:
    """Knotted carpet: field, border, light, dark and accent colours; style 0 medallion, 1 corners, 2 all over."""
    return Material(
        "carpet", rug_shade, (width_m / 2, depth_m / 2, float(style), float(seed), *(c for rgb in colours for c in rgb))
    )
