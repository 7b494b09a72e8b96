"""Wood and clay over one's head and on trees: planks, beams, roof tiles, bark."""

import math

from camera_motion.generator.materials.material import Material, srgb
from camera_motion.generator.materials.noise import cell, fbm2, fbm3, line, mix, smooth

Rgb = tuple[float, float, float]


def planks(dark: Rgb = srgb(104, 74, 48), light: Rgb = srgb(156, 114, 76), board_m: float = 0.16) -> Material:
    """Boards along `s`, one after another along `t`."""
    return Material("planks", _planks, (*dark, *light, board_m))


def roof_tiles(dark: Rgb = srgb(176, 92, 58), light: Rgb = srgb(204, 132, 88), lichen: float = 0.6) -> Material:
    """Clay barrel tiles: columns of 0.22 m along `s`, rows of 0.35 m along `t`, which runs up the slope."""
    return Material("roof tiles", _roof_tiles, (*dark, *light, lichen))


def bark(dark: Rgb = srgb(62, 48, 36), light: Rgb = srgb(128, 108, 86)) -> Material:
    """Rough bark with furrows along the trunk."""
    return Material("bark", _bark, (*dark, *light))


def _planks(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    board = int(t // p[6])
    f = t - board * p[6]
    shift = 50.0 * cell(board, 3.0)
    grain = fbm2(s * 1.2 + shift, t * 40.0, 4, 12.0 * w)
    fibre = fbm2(s * 8.0 + shift, t * 160.0, 2, 60.0 * w, 1.0)
    tone = (0.72 + 0.56 * cell(board, 1.0)) * (0.8 + 0.4 * fibre)
    joint = line(min(f, p[6] - f), 0.0035, w)
    shade = tone * (1.0 - 0.82 * joint)
    return (
        mix(p[0], p[3], grain) * shade,
        mix(p[1], p[4], grain) * shade,
        mix(p[2], p[5], grain) * shade,
        0.006 * (1.0 - joint) + 0.004 * grain,
    )


def _roof_tiles(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    column, row = int(s // 0.22), int(t // 0.35)
    fx, fy = s / 0.22 - column, t - row * 0.35
    even = smooth(0.2, 0.6, w)
    kind, tint = mix(cell(column, row), 0.5, even), mix(cell(column, row, 4.0), 0.5, even)
    grain = fbm3(x * 14.0, y * 14.0, z * 14.0, 4, 14.0 * w)
    tone = (0.58 + 0.7 * grain) * (0.8 + 0.4 * tint)
    gutter = smooth(0.30, 0.5, abs(fx - 0.5)) * (1.0 - 0.7 * even)
    lip = smooth(0.05, 0.0, fy) * (1.0 - 0.7 * even)
    moss = p[6] * smooth(0.52, 0.68, fbm3(x * 2.4, y * 2.4, z * 2.4, 4, 2.4 * w))
    r, g, b = mix(p[0], p[3], kind) * tone, mix(p[1], p[4], kind) * tone, mix(p[2], p[5], kind) * tone
    r, g, b = mix(r, 0.30 * tone, moss), mix(g, 0.29 * tone, moss), mix(b, 0.20 * tone, moss)
    shade = (1.0 - 0.45 * gutter) * (1.0 - 0.5 * lip)
    barrel = 0.045 * math.sqrt(max(1.0 - 4.0 * (fx - 0.5) * (fx - 0.5), 0.0)) * (1.0 - even)
    return r * shade, g * shade, b * shade, barrel + 0.008 * grain - 0.03 * lip


def _bark(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    furrow = fbm3(x * 16.0, y * 16.0, z * 3.0, 4, 16.0 * w)
    broad = fbm3(x * 2.0, y * 2.0, z * 1.0, 3, 2.0 * w)
    share = smooth(0.25, 0.75, furrow)
    tone = 0.75 + 0.5 * broad
    green = 0.35 * smooth(0.55, 0.75, broad)
    return (
        mix(mix(p[0], p[3], share) * tone, 0.09, green),
        mix(mix(p[1], p[4], share) * tone, 0.11, green),
        mix(mix(p[2], p[5], share) * tone, 0.04, green),
        0.02 * furrow,
    )
