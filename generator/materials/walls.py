"""Walls and ceilings: panelled paint, patterned cloth, wood panelling, painted brick, boards and plaster.

`s` runs along the wall and `t` is the height above the floor, in metres.
"""

import math
from typing import Any

from numba import njit

from camera_motion.generator.materials.floors import grain, line
from camera_motion.generator.materials.material import Material
from camera_motion.generator.materials.noise import cell, fbm2, fbm3, mix, smooth

Rgb = tuple[float, float, float]


@njit(cache=True, nogil=True, fastmath=True)
def _moulding(edge: float) -> float:
    """Profile of a panel's frame, in metres of relief, at `edge` metres inside it: a bead, a step, a fillet."""
    bead = 0.012 * math.exp(-(((edge - 0.02) / 0.011) ** 2))
    return bead + 0.006 * math.exp(-(((edge - 0.05) / 0.007) ** 2)) - 0.007 * smooth(0.045, 0.075, edge)


@njit(cache=True, nogil=True, fastmath=True)
def _in_panel(s: float, t: float, pitch: float, low: float, high: float, margin: float) -> float:
    """Distance inside the panel of this bay, negative outside."""
    a = s / pitch
    f = (a - math.floor(a)) * pitch
    return min(min(f, pitch - f) - margin, min(t - low, high - t))


def panelled_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Painted wall over a panelled dado.

    p: wall rgb, dado rgb, wall height, dado height, bay, panels above (0, 1), mottle.
    """
    height, dado, bay, above, mottle = p[6], p[7], p[8], p[9], p[10]
    brushed = fbm2(s * 55.0, t * 14.0, 3, w * 40.0, 1.0)
    cloud = fbm3(x * 1.5, y * 1.5, z * 1.5, 5, w * 1.5)
    speck = fbm2(s * 120.0, t * 120.0, 2, w * 120.0, 2.0)
    if t < dado:
        edge = _in_panel(s, t, bay * 0.62, 0.26, dado - 0.1, 0.07)
        base = 3
    else:
        edge = _in_panel(s, t, bay, dado + 0.14, height - 0.34, 0.12) if above > 0.5 else -1.0
        base = 0
    relief = 0.0
    shade = 1.0
    if edge > -0.02:
        relief = _moulding(edge)
        shade = 1.0 - 0.3 * math.exp(-(((edge - 0.005) / (0.006 + w)) ** 2)) * min(1.0, 0.02 / max(w, 0.01))
        shade -= 0.2 * math.exp(-(((edge - 0.036) / (0.006 + w)) ** 2)) * min(1.0, 0.02 / max(w, 0.01))
    tone = shade * (1.0 + mottle * (1.5 * (cloud - 0.5) + 0.5 * (brushed - 0.5) + 0.35 * (speck - 0.5)))
    warm = 1.0 + 0.1 * mottle * (cloud - 0.5)
    return (
        p[base] * tone * warm,
        p[base + 1] * tone,
        p[base + 2] * tone / warm,
        relief + 0.0007 * brushed + 0.0006 * speck,
    )


@njit(cache=True, nogil=True, fastmath=True)
def _damask(a: float, b: float) -> float:
    """Palmette in an ogee, for a in -0.5..0.5 and b in -0.5..0.5: signed, positive on the figure."""
    a = abs(a)
    frame = abs(a - 0.46 * abs(math.cos(math.pi * b)) ** 0.8) - 0.028
    r, angle = math.hypot(a, b * 1.25 + 0.04), math.atan2(b * 1.25 + 0.04, a)
    petals = r - 0.27 * (0.5 + 0.5 * abs(math.cos(3.5 * (angle - math.pi / 2)))) * (0.7 + 0.3 * math.sin(angle))
    eye = abs(r - 0.055) - 0.018
    leaf_x, leaf_y = a - 0.16, b + 0.33
    u, v = leaf_x * 0.8 + leaf_y * 0.6, leaf_y * 0.8 - leaf_x * 0.6
    leaf = abs(v) - 0.05 * max(0.0, 1.0 - (u / 0.16) ** 2)
    bud = math.hypot(a - 0.2, b - 0.36) - 0.05 * (0.7 + 0.3 * math.cos(5.0 * math.atan2(b - 0.36, a - 0.2)))
    return max(max(-frame, max(-petals, -bud)), -leaf) if r > 0.085 else -eye


def damask_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Patterned silk above a panelled dado.

    p: ground rgb, figure rgb, dado rgb, wall height, dado height, bay, pattern width.
    """
    height, dado, bay, wide = p[9], p[10], p[11], p[12]
    if t < dado:
        edge = _in_panel(s, t, bay * 0.62, 0.26, dado - 0.1, 0.07)
        cloud = fbm3(x * 2.0, y * 2.0, z * 2.0, 4, w * 2.0)
        fine = fbm2(s * 60.0, t * 16.0, 2, w * 40.0, 1.0)
        shade = 1.0 - 0.3 * math.exp(-(((edge - 0.005) / (0.006 + w)) ** 2)) * min(1.0, 0.02 / max(w, 0.01))
        tone = shade * (0.84 + 0.2 * cloud + 0.12 * fine)
        return p[6] * tone, p[7] * tone, p[8] * tone, _moulding(edge) if edge > -0.02 else 0.0
    a, b = s / wide, (t - dado) / (wide * 1.5)
    i = math.floor(a)
    b += 0.5 * (i - 2.0 * math.floor(i / 2.0))
    figure = smooth(-0.02 - 0.5 * w / wide, 0.02 + 0.5 * w / wide, _damask(a - i - 0.5, b - math.floor(b) - 0.5))
    thread = fbm2(s * 260.0, t * 60.0, 2, w * 200.0, 4.0)
    sheen = fbm3(x * 1.3, y * 1.3, z * 0.7, 4, w * 1.3)
    tone = (0.78 + 0.44 * thread) * (0.72 + 0.56 * sheen)
    tone *= 1.0 - 0.35 * smooth(height - 0.25, height, t)
    return (
        mix(p[0], p[3], figure) * tone,
        mix(p[1], p[4], figure) * tone,
        mix(p[2], p[5], figure) * tone,
        0.0012 * figure + 0.0006 * thread,
    )


def boiserie_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Wood panelling in three tiers; p: dark rgb, light rgb, wall height, bay."""
    height, bay = p[6], p[7]
    low = 0.95
    if t < low:
        edge, tier = _in_panel(s, t, bay, 0.24, low - 0.09, 0.085), 0.0
    elif t < height - 0.95:
        edge, tier = _in_panel(s, t, bay, low + 0.09, height - 1.02, 0.085), 1.0
    else:
        edge, tier = _in_panel(s, t, bay, height - 0.88, height - 0.3, 0.085), 2.0
    k = math.floor(s / bay)
    inside = edge > 0.0
    tree = cell(k, tier, 41.0) if inside else cell(k, tier, 43.0)
    g = grain(t, s - k * bay, tree, w) if inside or (s - k * bay < 0.085) else grain(s, t, tree, w)
    relief = _moulding(edge) + 0.012 * smooth(0.09, 0.15, edge) if edge > -0.03 else 0.0
    tone = (0.74 + 0.45 * tree) * (0.9 + 0.2 * fbm3(x * 2.0, y * 2.0, z * 2.0, 3, w * 2.0))
    if edge > -0.03:
        tone *= 1.0 - 0.45 * math.exp(-(((edge - 0.004) / (0.006 + w)) ** 2)) * min(1.0, 0.02 / max(w, 0.01))
        tone *= 1.0 - 0.25 * math.exp(-(((edge - 0.075) / (0.008 + w)) ** 2)) * min(1.0, 0.02 / max(w, 0.01))
    share = min(max(0.1 + 0.8 * g, 0.0), 1.0)
    return (
        mix(p[0], p[3], share) * tone,
        mix(p[1], p[4], share) * tone,
        mix(p[2], p[5], share) * tone,
        relief + 0.0006 * g,
    )


def brick_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Brickwork under worn paint; p: paint rgb, brick rgb, how much paint is left (0..1)."""
    high, wide = 0.075, 0.25
    row = math.floor(t / high)
    u = s / wide + 0.5 * (row - 2.0 * math.floor(row / 2.0))
    k = math.floor(u)
    edge = min(min(u - k, k + 1.0 - u) * wide, min(t - row * high, row * high + high - t))
    edge += 0.005 * (fbm2(s * 30.0, t * 30.0, 2, w * 30.0, 1.0) - 0.5)
    joint = smooth(0.009 + w * 0.4, 0.004 - w * 0.4, edge) * min(1.0, 0.03 / max(w, 0.01))
    one = cell(k, row, 51.0)
    n = fbm2(s * 22.0, t * 22.0, 4, w * 22.0, 2.0)
    wear = fbm3(x * 1.2, y * 1.2, z * 1.2, 4, w * 1.2) + 0.35 * (n - 0.5) + 0.12 * (one - 0.5)
    bare = smooth(p[6] - 0.05, p[6] + 0.07, wear)
    tone = (0.66 + 0.5 * n) * (0.82 + 0.3 * one)
    red, green, blue = mix(p[0], p[3], bare) * tone, mix(p[1], p[4], bare) * tone, mix(p[2], p[5], bare) * tone
    dull = mix(1.0, 0.62, joint)
    return red * dull, green * dull, blue * dull, 0.007 * (1.0 - joint) + 0.004 * n


def plaster_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Trowelled plaster; p: rgb, mottle."""
    cloud = fbm3(x * 1.4, y * 1.4, z * 1.4, 5, w * 1.4)
    trowel = fbm2(s * 9.0 + cloud * 3.0, t * 22.0, 4, w * 16.0, 1.0)
    fine = fbm2(s * 90.0, t * 90.0, 2, w * 90.0, 2.0)
    tone = 1.0 + p[3] * (1.1 * (cloud - 0.5) + 0.7 * (trowel - 0.5) + 0.35 * (fine - 0.5))
    return p[0] * tone, p[1] * tone, p[2] * tone, 0.003 * trowel + 0.0007 * fine


def boards_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Matchboarding with a bead at every joint; p: dark rgb, light rgb, board width."""
    wide = p[6]
    k = math.floor(t / wide)
    f = t - k * wide
    edge = min(f, wide - f)
    tree = cell(k, 61.0)
    g = grain(s, f, tree, w)
    share = min(max(0.1 + 0.8 * g, 0.0), 1.0)
    tone = (0.75 + 0.45 * tree) * (1.0 - 0.7 * line(edge, 0.004, w))
    return (
        mix(p[0], p[3], share) * tone,
        mix(p[1], p[4], share) * tone,
        mix(p[2], p[5], share) * tone,
        -0.004 * smooth(0.008, 0.0, edge),
    )


def coffer_shade(
    x: float, y: float, z: float, s: float, t: float, w: float, p: Any
) -> tuple[float, float, float, float]:
    """Sunk fields of a coffered ceiling: frames and a rosette; p: rgb, gilt rgb, pitch along s and t."""
    fx, fy = s / p[6], t / p[7]
    i, j = math.floor(fx), math.floor(fy)
    u, v = (fx - i - 0.5) * p[6], (fy - j - 0.5) * p[7]
    edge = min(p[6] / 2 - abs(u), p[7] / 2 - abs(v)) - 0.13
    r, angle = math.hypot(u, v), math.atan2(v, u)
    frame = max(line(edge - 0.07, 0.012, w), line(edge - 0.13, 0.006, w))
    petal = r - 0.2 * (0.6 + 0.4 * abs(math.cos(4.0 * angle)))
    inner = r - 0.1 * (0.6 + 0.4 * abs(math.cos(4.0 * angle + 1.57)))
    gilt = smooth(0.006 + w, -0.006 - w, petal)
    rim = max(line(petal, 0.005, w), line(inner, 0.005, w))
    n = fbm3(x * 3.0, y * 3.0, z * 3.0, 4, w * 3.0)
    fine = fbm2(s * 50.0, t * 50.0, 3, w * 50.0, 1.0)
    tone = (0.75 + 0.3 * n + 0.16 * fine) * (1.0 - 0.5 * rim) * (1.0 - 0.3 * line(edge, 0.02, w))
    gilt = max(gilt * (0.6 + 0.4 * fine), 0.85 * frame)
    relief = 0.02 * gilt - 0.01 * rim
    return mix(p[0], p[3], gilt) * tone, mix(p[1], p[4], gilt) * tone, mix(p[2], p[5], gilt) * tone, relief


def coffers(colour: Rgb, gilt: Rgb, along_m: float, across_m: float) -> Material:
    """Make the sunk fields between the beams of a coffered ceiling."""
    return Material("coffers", coffer_shade, (*colour, *gilt, along_m, across_m))


def panelled(
    wall: Rgb, dado: Rgb, height_m: float, dado_m: float, bay_m: float, above: bool, mottle: float = 0.3
) -> Material:
    """Painted plaster with mouldings."""
    return Material("painted panelling", panelled_shade, (*wall, *dado, height_m, dado_m, bay_m, float(above), mottle))


def damask(
    ground: Rgb, figure: Rgb, dado: Rgb, height_m: float, dado_m: float, bay_m: float, repeat_m: float
) -> Material:
    """Silk wall covering with a large repeat."""
    return Material("damask", damask_shade, (*ground, *figure, *dado, height_m, dado_m, bay_m, repeat_m))


def boiserie(dark: Rgb, light: Rgb, height_m: float, bay_m: float) -> Material:
    """Wood panelling from floor to ceiling."""
    return Material("wood panelling", boiserie_shade, (*dark, *light, height_m, bay_m))


def brick(paint: Rgb, bare: Rgb, left: float) -> Material:
    """Painted brickwork, worn where noise exceeds `left`."""
    return Material("brick", brick_shade, (*paint, *bare, left))


def plaster(colour: Rgb, mottle: float = 0.3) -> Material:
    """Plain plaster that the eye can still hold on to."""
    return Material("plaster", plaster_shade, (*colour, mottle))


def boards(dark: Rgb, light: Rgb, width_m: float) -> Material:
    """Wooden boards, along s."""
    return Material("boards", boards_shade, (*dark, *light, width_m))
