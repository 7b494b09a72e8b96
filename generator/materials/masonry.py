"""Walls of brick, ashlar and plaster, weathered by damp from below and rain from above."""

from camera_motion.generator.materials.material import Material, srgb
from camera_motion.generator.materials.noise import cell, compiled, fbm2, fbm3, line, mix, smooth

Rgb = tuple[float, float, float]


def brick(
    light: Rgb = srgb(178, 104, 72),
    dark: Rgb = srgb(146, 72, 50),
    burnt: Rgb = srgb(110, 66, 56),
    mortar: Rgb = srgb(176, 164, 146),
    moss: float = 0.8,
) -> Material:
    """Running-bond brickwork, courses of 75 mm; `s` runs along the wall, `t` upwards."""
    return Material("brick", _brick, (*light, *dark, *burnt, *mortar, moss, 0.075, 0.24))


def ashlar(light: Rgb = srgb(214, 200, 172), dark: Rgb = srgb(168, 150, 124), course_m: float = 0.34) -> Material:
    """Squared stone in courses of uneven length with tight joints."""
    return Material("ashlar", _ashlar, (*light, *dark, course_m))


def plaster(
    colour: Rgb = srgb(214, 172, 118),
    stain: Rgb = srgb(150, 118, 84),
    bare: float = 0.35,
    brick_rgb: Rgb = srgb(156, 88, 62),
) -> Material:
    """Lime plaster, mottled and cracked; a share `bare` of its foot has fallen off the bricks."""
    return Material("plaster", _plaster, (*colour, *stain, bare, *brick_rgb))


def _brick(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    high, wide = p[13], p[14]
    row = int(t // high)
    across = s / wide + 0.5 * (row % 2) + 0.12 * (cell(row, 17.0) - 0.5)
    column = int(across // 1.0)
    fx, fy = (across - column) * wide, t - row * high
    grain = fbm2(s * 30.0, t * 30.0, 5, 30.0 * w)
    pit = smooth(0.62, 0.8, fbm2(s * 95.0, t * 95.0, 2, 95.0 * w, 3.0))
    edge = min(min(fx, wide - fx), min(fy, high - fy)) + 0.007 * (grain - 0.5)
    joint = line(edge, 0.0062, w)
    even = smooth(0.12, 0.5, w)
    kind, odd = mix(cell(column, row), 0.5, even), mix(cell(column, row, 5.0), 0.35, even)
    tint = mix(cell(column, row, 9.0), 0.5, even)
    burnt = 0.75 * smooth(0.72, 0.98, odd)
    tone = (0.70 + 0.60 * grain) * (0.84 + 0.32 * tint) * (1.0 - 0.3 * pit)
    r = mix(mix(p[3], p[0], kind), p[6], burnt) * tone
    g = mix(mix(p[4], p[1], kind), p[7], burnt) * tone
    b = mix(mix(p[5], p[2], kind), p[8], burnt) * tone
    sand = 0.74 + 0.5 * grain
    film = 0.22 * smooth(0.35, 0.75, fbm3(x * 2.3 + 70.0, y * 2.3, z * 2.3, 4, 2.3 * w))  # lime washed over the faces
    r, g, b = mix(r, p[9] * sand, film), mix(g, p[10] * sand, film), mix(b, p[11] * sand, film)
    r, g, b = mix(r, p[9] * sand, joint), mix(g, p[10] * sand, joint), mix(b, p[11] * sand, joint)
    soot = 0.5 * smooth(0.5, 0.75, fbm3(x * 0.9, y * 0.9, z * 0.35, 4, 0.9 * w))
    r, g, b = r * (1 - 0.60 * soot), g * (1 - 0.60 * soot), b * (1 - 0.62 * soot)
    bloom = smooth(0.58, 0.8, fbm3(x * 1.3 + 31.0, y * 1.3, z * 0.9, 4, 1.3 * w)) * (0.25 + 0.5 * grain)
    r, g, b = mix(r, p[9], 0.5 * bloom), mix(g, p[10], 0.5 * bloom), mix(b, p[11], 0.5 * bloom)
    damp = smooth(1.4, 0.0, z)
    if damp > 0.0:
        moss = p[12] * damp * smooth(0.52, 0.68, fbm3(x * 1.7 + 9.0, y * 1.7, z * 1.7, 4, 1.7 * w))
        r, g, b = mix(r, 0.088 * sand, moss), mix(g, 0.118 * sand, moss), mix(b, 0.025 * sand, moss)
    return r, g, b, 0.012 * (1.0 - joint) + 0.006 * grain + 0.004 * tint - 0.003 * pit


def _ashlar(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    high = p[6]
    row = int(t // high)
    wide = high * (1.5 + 0.9 * cell(row, 3.0))
    across = s / wide + cell(row, 7.0)
    column = int(across // 1.0)
    fx, fy = (across - column) * wide, t - row * high
    grain = fbm2(s * 14.0, t * 14.0, 5, 14.0 * w)
    speck = fbm2(s * 85.0, t * 85.0, 2, 85.0 * w, 2.0)
    edge = min(min(fx, wide - fx), min(fy, high - fy)) + 0.008 * (grain - 0.5)
    joint = line(edge, 0.005, w)
    worn = smooth(0.045, 0.0, edge)
    even = smooth(0.3, 1.0, w)
    kind = mix(cell(column, row), 0.5, even)
    tint = mix(cell(column, row, 4.0), 0.5, even)
    patina = smooth(0.32, 0.72, fbm3(x * 1.1, y * 1.1, z * 0.7, 5, 1.1 * w))
    share = min(max(0.75 * kind + 0.6 * (patina - 0.4), 0.0), 1.0)
    tone = (0.66 + 0.6 * grain) * (0.9 + 0.2 * tint) * (0.82 + 0.36 * speck)
    r, g, b = mix(p[0], p[3], share) * tone, mix(p[1], p[4], share) * tone, mix(p[2], p[5], share) * tone
    rain = smooth(0.5, 0.74, fbm3(x * 5.0, y * 5.0, z * 0.4, 4, 2.0 * w))
    shade = (1.0 - 0.38 * rain) * (1.0 - 0.6 * joint) * (1.0 - 0.12 * worn)
    damp = smooth(0.9, 0.0, z) * smooth(0.45, 0.66, fbm3(x * 1.6, y * 1.6, z * 1.6, 3, 1.6 * w))
    return (
        mix(r * shade, 0.10, 0.6 * damp),
        mix(g * shade, 0.115, 0.6 * damp),
        mix(b * shade, 0.055, 0.6 * damp),
        0.010 * (1.0 - joint) - 0.008 * worn + 0.010 * grain,
    )


def _plaster(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    grain = fbm2(s * 22.0, t * 22.0, 5, 22.0 * w)
    cloud = fbm3(x * 0.7, y * 0.7, z * 0.7, 5, 0.7 * w)
    patch = fbm3(x * 2.4 + 5.0, y * 2.4, z * 2.4, 4, 2.4 * w)
    trowel = fbm2(s * 5.0 + 1.5 * grain, t * 11.0, 3, 8.0 * w, 7.0)
    speck = smooth(0.66, 0.78, fbm2(s * 120.0, t * 120.0, 2, 120.0 * w, 9.0))
    tone = (0.82 + 0.30 * grain) * (0.72 + 0.5 * cloud) * (0.92 + 0.16 * trowel) * (1.0 - 0.22 * speck)
    r, g, b = p[0] * tone, p[1] * tone, p[2] * tone
    pale = 0.35 * smooth(0.5, 0.7, patch)
    r, g, b = mix(r, 0.68, pale), mix(g, 0.62, pale), mix(b, 0.52, pale)
    rain = smooth(0.5, 0.78, fbm3(x * 4.0, y * 4.0, z * 0.35, 4, 2.0 * w)) * 0.55
    foot = smooth(1.3, 0.0, z + 1.3 * (cloud - 0.5)) * 0.75
    dirt = 1.0 - (1.0 - rain) * (1.0 - foot)
    r, g, b = mix(r, p[3] * tone, dirt), mix(g, p[4] * tone, dirt), mix(b, p[5] * tone, dirt)
    vein = abs(fbm2(s * 0.9 + 3.0, t * 0.9, 5, 0.9 * w, 2.0) - 0.5)
    crack = line(vein * 1.6, 0.0025, 0.6 * w) * smooth(0.56, 0.7, fbm2(s * 0.8, t * 0.8, 3, 0.8 * w, 5.0)) * 0.55
    r, g, b = r * (1 - 0.7 * crack), g * (1 - 0.72 * crack), b * (1 - 0.74 * crack)
    height = 0.008 * grain + 0.012 * cloud + 0.008 * trowel - 0.006 * crack
    gone = fbm3(x * 0.85 + 40.0, y * 0.85, z * 1.1, 5, 0.85 * w) - 0.13 * min(z, 4.0)
    edge = 0.60 - 0.34 * p[6]
    if p[6] > 0.0 and gone > edge - 0.02:
        br, bg, bb, bh = _bare_brick(s, t, w, p[7], p[8], p[9])
        open_ = smooth(edge - 0.004, edge + 0.008, gone)
        rim = smooth(edge - 0.02, edge, gone) * (1.0 - open_)
        r, g, b = mix(r, 0.6, 0.3 * rim), mix(g, 0.56, 0.3 * rim), mix(b, 0.48, 0.3 * rim)
        r, g, b, height = mix(r, br, open_), mix(g, bg, open_), mix(b, bb, open_), mix(height, bh - 0.02, open_)
    return r, g, b, height


@compiled
def _bare_brick(s, t, w, r, g, b):  # type: ignore[no-untyped-def]
    high, wide = 0.075, 0.24
    row = int(t // high)
    across = s / wide + 0.5 * (row % 2)
    column = int(across // 1.0)
    fx, fy = (across - column) * wide, t - row * high
    grain = fbm2(s * 26.0, t * 26.0, 3, 26.0 * w)
    joint = line(min(min(fx, wide - fx), min(fy, high - fy)) + 0.008 * (grain - 0.5), 0.008, w)
    tone = (0.6 + 0.7 * grain) * (0.75 + 0.5 * cell(column, row))
    sand = 0.36 * (0.7 + 0.5 * grain)
    return (
        mix(r * tone, sand, joint),
        mix(g * tone, 0.9 * sand, joint),
        mix(b * tone, 0.75 * sand, joint),
        -0.01 * joint,
    )
