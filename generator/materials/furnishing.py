"""What furniture and ornament are made of: wood, paint, cloth, leather, stone, metal, glaze and clay."""

import math
from typing import Any

from camera_motion.generator.materials.floors import grain, line, veins
from camera_motion.generator.materials.material import Material
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
