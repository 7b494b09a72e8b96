"""Paintings in oil, by formula: landscapes, seas, fields of colour, geometry, gesture, blossom.

Every painting is a function of (s, t) on a canvas with (0, 0) at its lower left, and p = seed, width, height (metres),
then six colours of three numbers. Brushwork is a warp of the coordinates along strokes, and relief.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from camera_motion.generator.materials.floors import line
from camera_motion.generator.materials.material import Material, Shade, srgb
from camera_motion.generator.materials.noise import cell, fbm2, mix, smooth

Rgb = tuple[float, float, float]
Out = tuple[float, float, float, float]


@njit(cache=True, nogil=True, fastmath=True)
def _finish(red: float, green: float, blue: float, s: float, t: float, w: float, angle: float, p: Any) -> Out:
    """Bristle marks along `angle`, canvas, old varnish, and the shadow of the frame's lip."""
    c, n = math.cos(angle), math.sin(angle)
    u, v = s * c + t * n, t * c - s * n
    bristle = fbm2(u * 26.0, v * 190.0, 3, w * 130.0, p[0])
    dab = fbm2(u * 11.0, v * 34.0, 3, w * 24.0, p[0] + 3.0)
    lip = min(min(s, p[1] - s), min(t, p[2] - t))
    tone = (0.72 + 0.34 * bristle + 0.24 * dab) * (0.55 + 0.45 * smooth(-0.004, 0.02, lip))
    return red * tone, green * tone, blue * tone * 0.96, 0.0022 * bristle + 0.0015 * dab


@njit(cache=True, nogil=True, fastmath=True)
def _warp(s: float, t: float, size: float, amount: float, seed: float, w: float) -> tuple[float, float]:
    """Displace a place as if it had been dabbed on with a brush of `size`."""
    du = fbm2(s / size, t / size, 2, w / size, seed + 11.0) - 0.5
    dv = fbm2(s / size, t / size, 2, w / size, seed + 12.0) - 0.5
    return s + amount * du, t + amount * dv


def landscape_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Sky, four ridges that pale with distance, trees, a meadow with a path of light."""
    seed, high = p[0], p[2]
    sw, tw = _warp(s, t, 0.035, 0.022, seed, w)
    a, b = sw / high, tw / high
    horizon = 0.36 + 0.16 * cell(seed, 1.0)
    sky = smooth(horizon, 1.0, b)
    cloud = smooth(0.48, 0.66, fbm2(a * 1.7 + seed, b * 4.2, 5, w * 4.0 / high, seed + 1.0))
    glow = math.exp(-(((a - p[1] / high * (0.25 + 0.5 * cell(seed, 2.0))) / 0.5) ** 2) - ((b - horizon) / 0.22) ** 2)
    red, green, blue = mix(p[6], p[3], sky), mix(p[7], p[4], sky), mix(p[8], p[5], sky)
    share = cloud * (0.35 + 0.5 * sky)
    red, green, blue = mix(red, 0.78, share), mix(green, 0.7, share), mix(blue, 0.6, share)
    red, green, blue = mix(red, 0.85, 0.75 * glow), mix(green, 0.6, 0.75 * glow), mix(blue, 0.28, 0.75 * glow)
    angle = 0.15
    for k in range(4):
        f = 1.2 + 1.1 * k
        ridge = (
            horizon + 0.1 - 0.085 * k + (0.2 - 0.035 * k) * (fbm2(a * f + 7.0 * k + seed, 0.5, 4, 0.0, seed + k) - 0.5)
        )
        if k > 0:
            ridge += 0.035 * k * smooth(0.5, 0.62, fbm2(a * 9.0 + k, 0.3, 3, 0.0, seed + 5.0 + k))
        if b < ridge:
            depth = k / 3.0
            leafy = fbm2(a * 14.0, b * 20.0, 4, w * 16.0 / high, seed + 20.0 + k)
            red = mix(mix(p[6], p[9], 0.35 + 0.65 * depth), p[12], leafy * 0.9) * (0.65 + 0.6 * leafy)
            green = mix(mix(p[7], p[10], 0.35 + 0.65 * depth), p[13], leafy * 0.9) * (0.65 + 0.6 * leafy)
            blue = mix(mix(p[8], p[11], 0.35 + 0.65 * depth), p[14], leafy * 0.9) * (0.65 + 0.6 * leafy)
            angle = 0.6 * (leafy - 0.5) + 1.1 * (1.0 - depth)
    if b < horizon - 0.2:
        flower = cell(math.floor(a * 46.0), math.floor(b * 60.0), seed)
        if flower > 0.86:
            red, green, blue = mix(red, p[15], 0.8), mix(green, p[16], 0.8), mix(blue, p[17], 0.8)
    # One tall tree on a third of the canvas, or none.
    trunk = p[1] / high * (0.12 + 0.2 * cell(seed, 4.0) + (0.55 if cell(seed, 3.0) < 0.5 else 0.0))
    size = 0.14 + 0.14 * cell(seed, 5.0) if cell(seed, 6.0) < 0.7 else 0.0
    top = 0.5 + 0.2 * cell(seed, 7.0)
    crown = math.hypot((a - trunk) / max(size, 0.01), (b - top) / (1.3 * max(size, 0.01)))
    crown += 0.55 * (fbm2(a * 9.0, b * 9.0, 4, w * 9.0 / high, seed + 40.0) - 0.5)
    if size > 0.0 and (crown < 0.85 or (abs(a - trunk) < 0.018 and 0.12 < b < top)):
        leaf = fbm2(a * 26.0, b * 26.0, 3, w * 26.0 / high, seed + 41.0)
        lit = smooth(-0.2, 0.25, (b - top) - (a - trunk) * 0.7 + leaf * 0.3)
        red, green, blue = (
            mix(0.03, p[12], lit) * (0.5 + leaf),
            mix(0.04, p[13], lit) * (0.5 + leaf),
            mix(0.02, p[14], lit) * (0.5 + leaf),
        )
        angle = 1.2
    return _finish(red, green, blue, s, t, w, angle, p)


def sea_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Waves under a broken sky, with a few sails."""
    seed, high = p[0], p[2]
    sw, tw = _warp(s, t, 0.03, 0.02, seed, w)
    a, b = sw / high, tw / high
    wide = p[1] / high
    horizon = 0.34 + 0.14 * cell(seed, 1.0)
    sun = wide * (0.25 + 0.5 * cell(seed, 2.0))
    if b > horizon:
        sky = smooth(horizon, 1.0, b)
        storm = fbm2(a * 2.1 + seed, b * 3.6, 6, w * 3.6 / high, seed)
        lit = smooth(0.4, 0.66, storm)
        glow = math.exp(-(((a - sun) / 0.32) ** 2) - ((b - horizon - 0.12) / 0.2) ** 2)
        red, green, blue = mix(p[6], p[3], sky), mix(p[7], p[4], sky), mix(p[8], p[5], sky)
        red, green, blue = (
            mix(red * 0.55, 0.82, lit * 0.8),
            mix(green * 0.55, 0.74, lit * 0.8),
            mix(blue * 0.6, 0.64, lit * 0.8),
        )
        red, green, blue = mix(red, 0.95, glow), mix(green, 0.66, glow), mix(blue, 0.26, glow)
        angle = 2.0 * (storm - 0.5)
    else:
        d = (horizon - b) / horizon
        scale = 0.02 + 0.2 * d
        wave = fbm2(a / (scale * 3.0), d * 9.0 / (0.25 + d), 4, w / scale / high, seed + 5.0)
        crest = smooth(0.56, 0.66, wave)
        glint = smooth(0.5, 0.62, wave) * math.exp(-(((a - sun) / (0.06 + 0.28 * d)) ** 2))
        red, green, blue = (
            mix(p[9], p[12], wave) * (0.6 + 0.7 * wave),
            mix(p[10], p[13], wave) * (0.6 + 0.7 * wave),
            mix(p[11], p[14], wave) * (0.6 + 0.7 * wave),
        )
        red, green, blue = (
            mix(red, 0.7, crest * d * 0.8),
            mix(green, 0.74, crest * d * 0.8),
            mix(blue, 0.7, crest * d * 0.8),
        )
        red, green, blue = mix(red, 0.95, glint), mix(green, 0.68, glint), mix(blue, 0.3, glint)
        angle = 0.35 * (wave - 0.5)
    for k in range(3):
        size = 0.26 * (0.35 + 0.65 * cell(seed, k, 5.0))
        at, foot = wide * (0.12 + 0.76 * cell(seed, k, 6.0)), horizon - 0.35 * size
        dx, dy = (a - at) / size, (b - foot) / size
        if 0.0 < dy < 1.0 and -0.34 * (1.0 - dy) < dx < 0.42 * (1.0 - dy) * (0.5 + 0.5 * dy) + 0.02 and abs(dx) > 0.012:
            red, green, blue = (
                mix(p[15], 0.8, 0.4 + 0.5 * dy),
                mix(p[16], 0.74, 0.4 + 0.5 * dy),
                mix(p[17], 0.62, 0.4 + 0.5 * dy),
            )
            angle = 1.4
        if -0.14 < dy < 0.0 and abs(dx) < 0.42 + dy:
            red, green, blue, angle = 0.05, 0.03, 0.02, 0.0
    return _finish(red, green, blue, s, t, w, angle, p)


def field_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Soft blocks of colour that breathe at their edges."""
    seed = p[0]
    sw, tw = _warp(s, t, 0.05, 0.03, seed, w)
    a, b = sw / p[1], tw / p[2]
    wash = fbm2(s * 3.2, t * 2.1, 5, w * 3.2, seed)
    red, green, blue = p[3], p[4], p[5]
    cut = 0.3 + 0.16 * cell(seed, 1.0)
    cut2 = cut + 0.14 + 0.22 * cell(seed, 2.0)
    for k in range(3):
        low = 0.06 if k == 0 else (cut + 0.02 if k == 1 else cut2 + 0.02)
        top = cut - 0.02 if k == 0 else (cut2 - 0.02 if k == 1 else 0.95)
        edge = min(min(a - 0.07, 0.93 - a) * p[1], min(b - low, top - b) * p[2])
        share = smooth(-0.012, 0.03, edge + 0.03 * (fbm2(s * 16.0, t * 16.0, 3, w * 16.0, seed + k) - 0.5)) * (
            0.86 + 0.14 * wash
        )
        i = 6 + 3 * k
        lift = 0.7 + 0.7 * fbm2(s * 5.0 + 9.0 * k, t * 7.0, 4, w * 7.0, seed + 7.0)
        red, green, blue = (
            mix(red, p[i] * lift, share),
            mix(green, p[i + 1] * lift, share),
            mix(blue, p[i + 2] * lift, share),
        )
    tone = 0.75 + 0.5 * wash
    return _finish(red * tone, green * tone, blue * tone, s, t, w, 1.5 * wash, p)


def geometric_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Canvas cut again and again into blocks, with discs, arcs and black rules."""
    seed = p[0]
    lo_a, hi_a, lo_b, hi_b = 0.0, p[1], 0.0, p[2]
    path = seed
    rule = 1.0
    for k in range(4):
        h = cell(path, k, 3.0)
        share = 0.3 + 0.4 * cell(path, k, 4.0)
        if (hi_a - lo_a) * (0.7 + 0.6 * h) > hi_b - lo_b:
            at = mix(lo_a, hi_a, share)
            rule = min(rule, abs(s - at))
            lo_a, hi_a, path = (lo_a, at, path * 2.0 + 1.0) if s < at else (at, hi_a, path * 2.0 + 2.0)
        else:
            at = mix(lo_b, hi_b, share)
            rule = min(rule, abs(t - at))
            lo_b, hi_b, path = (lo_b, at, path * 2.0 + 3.0) if t < at else (at, hi_b, path * 2.0 + 4.0)
    i = 3 + 3 * int(cell(path, 5.0) * 5.999)
    red, green, blue = p[i], p[i + 1], p[i + 2]
    side = min(hi_a - lo_a, hi_b - lo_b)
    u, v = s - 0.5 * (lo_a + hi_a), t - 0.5 * (lo_b + hi_b)
    figure = cell(path, 6.0)
    j = 3 + 3 * int(cell(path, 7.0) * 5.999)
    r = math.hypot(u, v)
    inside = 0.0
    if figure < 0.3:
        inside = smooth(0.001 + w, -0.001 - w, r - 0.36 * side)
    elif figure < 0.5:
        q = math.hypot(s - lo_a, t - lo_b) / side * 5.0
        inside = 1.0 if q < 5.0 and (q - math.floor(q)) > 0.5 else 0.0
    elif figure < 0.65:
        q = (u + v) / side * 7.0
        inside = 1.0 if q - math.floor(q) > 0.5 else 0.0
    red, green, blue = mix(red, p[j], inside), mix(green, p[j + 1], inside), mix(blue, p[j + 2], inside)
    big = abs(math.hypot(s - 0.42 * p[1], t - 0.56 * p[2]) - 0.3 * min(p[1], p[2]))
    black = max(line(rule, 0.006, w), line(big, 0.005, w))
    wash = fbm2(s * 12.0, t * 12.0, 4, w * 12.0, seed)
    tone = (0.72 + 0.5 * wash) * (1.0 - 0.93 * black)
    return _finish(red * tone, green * tone, blue * tone, s, t, w, 1.57 * cell(path, 8.0), p)


def gestural_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Broad loaded strokes over one another, with splashes."""
    seed = p[0]
    ground = fbm2(s * 4.0, t * 4.0, 4, w * 4.0, seed)
    red, green, blue = p[3] * (0.7 + 0.6 * ground), p[4] * (0.7 + 0.6 * ground), p[5] * (0.7 + 0.6 * ground)
    side = min(p[1], p[2])
    bristle_angle = 0.3
    relief = 0.0
    for k in range(16):
        cx, cy = p[1] * cell(seed, k, 1.0), p[2] * cell(seed, k, 2.0)
        angle = 3.1416 * cell(seed, k, 3.0)
        c, n = math.cos(angle), math.sin(angle)
        u, v = (s - cx) * c + (t - cy) * n, (t - cy) * c - (s - cx) * n
        long = side * (0.16 + 0.4 * cell(seed, k, 4.0))
        bend = (cell(seed, k, 5.0) - 0.5) * 2.4 / long
        v += bend * u * u
        thick = side * (0.02 + 0.075 * cell(seed, k, 6.0) ** 2)
        hair = fbm2(u * 5.0 / side, v * 70.0 / side, 3, w * 50.0 / side, seed + k)
        dry = smooth(0.4, 1.0, (u / long + 1.0) * 0.5)
        share = (
            smooth(thick, thick * 0.8 - w, abs(v))
            * smooth(long, long * 0.93, abs(u))
            * smooth(0.75 * dry - 0.1, 0.75 * dry + 0.06, hair)
        )
        i = 6 + 3 * int(cell(seed, k, 7.0) * 4.999)
        tone = 0.6 + 0.8 * hair
        red, green, blue = (
            mix(red, p[i] * tone, share),
            mix(green, p[i + 1] * tone, share),
            mix(blue, p[i + 2] * tone, share),
        )
        if share > 0.5:
            bristle_angle = angle
        relief = mix(relief, 0.003 * hair, share)
    for size in range(2):
        g = side * (0.05 if size == 0 else 0.022)
        i, j = math.floor(s / g), math.floor(t / g)
        if cell(i, j, seed + size) > 0.86:
            d = math.hypot(s / g - i - 0.3 - 0.4 * cell(i, j, 8.0), t / g - j - 0.3 - 0.4 * cell(i, j, 9.0))
            share = smooth(0.06 + 0.22 * cell(i, j, 10.0), 0.0, d) ** 0.3 * (
                1.0 if d < 0.06 + 0.22 * cell(i, j, 10.0) else 0.0
            )
            q = 6 + 3 * int(cell(i, j, seed + 11.0) * 4.999)
            red, green, blue = mix(red, p[q], share), mix(green, p[q + 1], share), mix(blue, p[q + 2], share)
    red, green, blue, h = _finish(red, green, blue, s, t, w, bristle_angle, p)
    return red, green, blue, h + relief


def blossom_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Flowering branches against a flat ground of gold, green or dusk."""
    seed = p[0]
    sw, tw = _warp(s, t, 0.02, 0.01, seed, w)
    wash = fbm2(s * 5.0, t * 5.0, 5, w * 5.0, seed)
    red, green, blue = p[3] * (0.6 + 0.8 * wash), p[4] * (0.6 + 0.8 * wash), p[5] * (0.6 + 0.8 * wash)
    # Leaf-gold squares, faintly.
    leaf = cell(math.floor(s / 0.11), math.floor(t / 0.11), seed)
    red, green, blue = red * (0.86 + 0.24 * leaf), green * (0.86 + 0.24 * leaf), blue * (0.86 + 0.24 * leaf)
    angle = 3.0 * wash
    for k in range(5):
        c = 0.15 + 0.2 * k + 0.12 * (cell(seed, k, 1.0) - 0.5)
        bend = (
            c * p[1]
            + (cell(seed, k, 2.0) - 0.5) * 1.1 * tw
            + 0.16 * p[1] * (fbm2(tw * 3.0 + k, 0.5, 3, 0.0, seed + k) - 0.5) * 2.0
        )
        d = abs(sw - bend)
        thick = 0.014 * p[2] * (1.1 - 0.75 * tw / p[2])
        if d < thick:
            rough = fbm2(s * 60.0, t * 20.0, 2, w * 60.0, seed)
            red, green, blue, angle = 0.07 + 0.1 * rough, 0.045 + 0.06 * rough, 0.03 + 0.03 * rough, 1.5
    for layer in range(3):
        g = p[2] * (0.085 - 0.02 * layer)
        i, j = math.floor(sw / g), math.floor(tw / g)
        for di in range(-1, 2):
            for dj in range(-1, 2):
                ci, cj = i + di, j + dj
                if cell(ci, cj, seed + 5.0 + layer) < 0.42:
                    continue
                dx = sw / g - ci - cell(ci, cj, 3.0 + layer)
                dy = tw / g - cj - cell(ci, cj, 4.0 + layer)
                r, turn = math.hypot(dx, dy), math.atan2(dy, dx) + 6.0 * cell(ci, cj, 6.0)
                rim = 0.42 * (0.62 + 0.38 * abs(math.cos(2.5 * turn))) * (0.55 + 0.45 * cell(ci, cj, 7.0))
                if r < rim:
                    q = 6 + 3 * int(cell(ci, cj, seed + 8.0) * 3.999)
                    lift = 0.55 + 0.75 * r / rim + 0.25 * math.cos(2.5 * turn)
                    red, green, blue, angle = p[q] * lift, p[q + 1] * lift, p[q + 2] * lift, turn
                    if r < 0.09:
                        red, green, blue = 0.62, 0.4, 0.06
    return _finish(red, green, blue, s, t, w, angle, p)


def frame_shade(x: float, y: float, z: float, s: float, t: float, w: float, p: Any) -> Out:
    """Carved and gilded (or dark) frame: beads and leaves along s; p: rgb, worn rgb."""
    v = s / 0.045
    f = v - math.floor(v) - 0.5
    carve = math.cos(f * 6.2832) * math.cos(t * 140.0)
    n = fbm2(s * 40.0, t * 40.0, 3, w * 40.0, 1.0)
    worn = 0.7 * smooth(0.54, 0.74, n)
    tone = 0.7 + 0.5 * n + 0.12 * carve * min(1.0, 0.008 / max(w, 1e-3)) ** 2
    return mix(p[0], p[3], worn) * tone, mix(p[1], p[4], worn) * tone, mix(p[2], p[5], worn) * tone, 0.003 * carve


_SHADES: dict[str, Shade] = {
    "landscape": landscape_shade,
    "sea": sea_shade,
    "colour field": field_shade,
    "geometric": geometric_shade,
    "gestural": gestural_shade,
    "blossom": blossom_shade,
}

_NATURE: tuple[tuple[Rgb, ...], ...] = (
    (srgb(96, 140, 186), srgb(214, 200, 168), srgb(64, 84, 48), srgb(150, 152, 74), srgb(206, 78, 50)),
    (srgb(70, 96, 140), srgb(226, 172, 120), srgb(52, 58, 54), srgb(128, 104, 60), srgb(232, 196, 96)),
    (srgb(128, 164, 190), srgb(226, 214, 200), srgb(48, 92, 92), srgb(120, 160, 120), srgb(226, 226, 214)),
    (srgb(116, 104, 134), srgb(232, 184, 150), srgb(72, 56, 60), srgb(172, 120, 70), srgb(240, 214, 130)),
)
_VIVID: tuple[tuple[Rgb, ...], ...] = (
    (
        srgb(226, 214, 190),
        srgb(186, 48, 36),
        srgb(34, 68, 128),
        srgb(226, 168, 48),
        srgb(40, 40, 44),
        srgb(224, 222, 210),
    ),
    (srgb(58, 40, 44), srgb(176, 58, 42), srgb(212, 122, 58), srgb(116, 28, 34), srgb(232, 176, 96), srgb(70, 84, 110)),
    (
        srgb(206, 210, 200),
        srgb(44, 96, 104),
        srgb(214, 124, 92),
        srgb(236, 196, 160),
        srgb(32, 44, 60),
        srgb(150, 180, 160),
    ),
    (
        srgb(40, 62, 84),
        srgb(224, 190, 110),
        srgb(86, 140, 160),
        srgb(188, 76, 72),
        srgb(230, 222, 204),
        srgb(24, 34, 52),
    ),
    (
        srgb(196, 158, 84),
        srgb(238, 224, 214),
        srgb(226, 164, 164),
        srgb(180, 70, 86),
        srgb(250, 240, 232),
        srgb(96, 116, 70),
    ),
    (
        srgb(92, 106, 84),
        srgb(236, 226, 206),
        srgb(214, 136, 120),
        srgb(240, 204, 140),
        srgb(170, 92, 120),
        srgb(44, 50, 40),
    ),
)


def painting(style: str, width_m: float, height_m: float, rng: np.random.Generator) -> Material:
    """Paint a canvas of this style and size."""
    if style in ("landscape", "sea"):
        five = _NATURE[int(rng.integers(len(_NATURE)))]
        colours: tuple[Rgb, ...] = (
            five if style == "landscape" else (five[0], five[1], (0.02, 0.06, 0.08), (0.1, 0.22, 0.24), five[4])
        )
    elif style == "blossom":
        colours = _VIVID[int(rng.choice([3, 4, 5, 2]))]
    else:
        colours = _VIVID[int(rng.integers(len(_VIVID)))]
    seed = float(rng.integers(1, 4000))
    numbers = tuple(channel for colour in colours for channel in colour)
    return Material(style, _SHADES[style], (seed, width_m, height_m, *numbers))


def gilding(dark: bool) -> Material:
    """Make the wood of a frame."""
    if dark:
        return Material("dark frame", frame_shade, (*srgb(58, 40, 30), *srgb(92, 66, 46)))
    return Material("gilt frame", frame_shade, (*srgb(190, 150, 82), *srgb(128, 84, 50)))
