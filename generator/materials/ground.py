"""What one walks on outdoors: flagstones, brick paving, gravel, lawn, distant fields."""

import math

from camera_motion.generator.materials.material import Material, srgb
from camera_motion.generator.materials.noise import cell, fbm2, line, mix, noise2, smooth

Rgb = tuple[float, float, float]


def flagstones(light: Rgb = srgb(172, 160, 140), dark: Rgb = srgb(138, 130, 120), slab_m: float = 0.8) -> Material:
    """Rectangular slabs in rows along `s`, mossy joints, worn and stained."""
    return Material("flagstones", _flagstones, (*light, *dark, slab_m))


def herringbone(light: Rgb = srgb(170, 104, 78), dark: Rgb = srgb(130, 78, 60)) -> Material:
    """Bricks on edge in a herringbone, 0.2 by 0.1 m."""
    return Material("herringbone", _herringbone, (*light, *dark))


def gravel(light: Rgb = srgb(190, 172, 142), dark: Rgb = srgb(128, 112, 92)) -> Material:
    """Fine rounded gravel, raked by feet."""
    return Material("gravel", _gravel, (*light, *dark))


def lawn(fresh: Rgb = srgb(72, 92, 40), dry: Rgb = srgb(112, 112, 62)) -> Material:
    """Mown grass seen from above; blades are grown on top of it where it is near."""
    return Material("lawn", _lawn, (*fresh, *dry))


def fields(green: Rgb = srgb(66, 84, 42), straw: Rgb = srgb(124, 120, 70)) -> Material:
    """Meadows and slopes outside the walls."""
    return Material("fields", _fields, (*green, *straw))


def _flagstones(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    high = p[6]
    row = int(t // high)
    wide = high * (1.15 + 0.5 * cell(row, 11.0))
    across = s / wide + cell(row, 7.0)
    column = int(across // 1.0)
    fx, fy = (across - column) * wide, t - row * high
    grain = fbm2(s * 9.0, t * 9.0, 6, 9.0 * w)
    broad = fbm2(s * 1.1 + 3.0, t * 1.1, 4, 1.1 * w, 1.0)
    speck = fbm2(s * 45.0, t * 45.0, 2, 45.0 * w, 2.0)
    edge = min(min(fx, wide - fx), min(fy, high - fy)) + 0.014 * (grain - 0.5)
    joint = line(edge, 0.012, w)
    even = smooth(0.5, 1.5, w)
    kind, tint = mix(cell(column, row), 0.5, even), mix(cell(column, row, 3.0), 0.5, even)
    tone = (0.58 + 0.8 * grain) * (0.74 + 0.46 * broad) * (0.85 + 0.3 * speck) * (0.86 + 0.28 * tint)
    r, g, b = mix(p[0], p[3], kind) * tone, mix(p[1], p[4], kind) * tone, mix(p[2], p[5], kind) * tone
    stain = 0.5 * smooth(0.56, 0.72, fbm2(s * 0.6 + 21.0, t * 0.6, 5, 0.6 * w, 3.0))
    r, g, b = r * (1 - 0.5 * stain), g * (1 - 0.5 * stain), b * (1 - 0.52 * stain)
    mossy = joint * (0.55 + 0.45 * smooth(0.35, 0.6, broad))
    wet = 0.5 + speck
    r, g, b = mix(r, 0.062 * wet, mossy), mix(g, 0.070 * wet, mossy), mix(b, 0.022 * wet, mossy)
    return r, g, b, 0.012 * (1.0 - joint) + 0.012 * grain + 0.006 * tint


def _herringbone(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    unit = 0.1
    i, j = math.floor(s / unit), math.floor(t / unit)
    fx, fy = s / unit - i, t / unit - j
    step = (i - j) % 4
    if step < 2:  # lies along s
        along, across = fx + step, fy
        name_i, name_j = i - step, j
    else:  # lies along t
        along, across = fy + (3 - step), fx
        name_i, name_j = i, j - (3 - step) + 1000
    grain = fbm2(s * 24.0, t * 24.0, 4, 24.0 * w)
    edge = unit * min(min(along, 2.0 - along), min(across, 1.0 - across)) + 0.006 * (grain - 0.5)
    joint = line(edge, 0.005, w)
    even = smooth(0.1, 0.4, w)
    kind, tint = mix(cell(name_i, name_j), 0.5, even), mix(cell(name_i, name_j, 3.0), 0.5, even)
    broad = fbm2(s * 0.8, t * 0.8, 4, 0.8 * w, 1.0)
    tone = (0.62 + 0.72 * grain) * (0.78 + 0.44 * tint) * (0.7 + 0.5 * broad)
    r, g, b = mix(p[0], p[3], kind) * tone, mix(p[1], p[4], kind) * tone, mix(p[2], p[5], kind) * tone
    worn = 0.45 * smooth(0.45, 0.7, fbm2(s * 0.45 + 5.0, t * 0.45, 5, 0.45 * w, 4.0))
    r, g, b = mix(r, 0.26 * tone, worn), mix(g, 0.21 * tone, worn), mix(b, 0.165 * tone, worn)
    moss = smooth(0.5, 0.68, fbm2(s * 0.9 + 9.0, t * 0.9, 4, 0.9 * w, 2.0))
    fill = joint * (0.8 + 0.2 * moss)
    r, g, b = mix(r, mix(0.13, 0.06, moss), fill), mix(g, mix(0.12, 0.075, moss), fill), mix(b, 0.05, fill)
    return r, g, b, 0.010 * (1.0 - joint) + 0.006 * grain + 0.006 * tint


def _gravel(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    calm = 1.0 - smooth(0.008, 0.03, w)  # single stones fade before they sparkle
    stone = 0.5 + calm * (noise2(s * 42.0, t * 42.0) - 0.5)
    name = 0.5 + calm * (cell(s * 42.0 // 1.0, t * 42.0 // 1.0) - 0.5)
    fine = fbm2(s * 90.0, t * 90.0, 2, 90.0 * w, 1.0)
    drift = fbm2(s * 3.1, t * 3.1, 4, 3.1 * w, 4.0)
    broad = fbm2(s * 0.5, t * 0.5, 5, 0.5 * w, 2.0)
    trodden = smooth(0.42, 0.66, broad)
    share = min(max(0.55 * name + 0.9 * (broad - 0.3) + 0.3 * (drift - 0.5), 0.0), 1.0)
    tone = (0.60 + 0.42 * stone + 0.22 * fine) * (0.66 + 0.5 * drift) * (1.0 - 0.22 * trodden)
    soil = 0.55 * smooth(0.56, 0.72, drift) * trodden
    return (
        mix(mix(p[0], p[3], share) * tone, 0.13, soil),
        mix(mix(p[1], p[4], share) * tone, 0.115, soil),
        mix(mix(p[2], p[5], share) * tone, 0.075, soil),
        0.012 * stone + 0.006 * fine + 0.02 * drift,
    )


def _lawn(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    broad = fbm2(x * 0.5, y * 0.5, 4, 0.5 * w)
    tuft = fbm2(x * 14.0, y * 14.0, 3, 14.0 * w, 1.0)
    blade = fbm2(x * 70.0, y * 70.0, 2, 70.0 * w, 2.0)
    dry = smooth(0.45, 0.75, broad) * 0.8
    tone = (0.42 + 0.72 * tuft) * (0.6 + 0.7 * blade) * 1.15
    return (
        mix(p[0], p[3], dry) * tone,
        mix(p[1], p[4], dry) * tone,
        mix(p[2], p[5], dry) * tone,
        0.03 * tuft + 0.012 * blade,
    )


def _fields(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    broad = fbm2(x * 0.045, y * 0.045, 5, 0.045 * w)
    tuft = fbm2(x * 0.5, y * 0.5, 5, 0.5 * w, 1.0)
    fine = fbm2(x * 9.0, y * 9.0, 3, 9.0 * w, 2.0)
    straw = smooth(0.42, 0.62, broad + 0.2 * (tuft - 0.5))
    tone = (0.40 + 0.85 * tuft) * (0.5 + 1.0 * fine)
    return (
        mix(p[0], p[3], straw) * tone,
        mix(p[1], p[4], straw) * tone,
        mix(p[2], p[5], straw) * tone,
        0.25 * tuft + 0.03 * fine,
    )
