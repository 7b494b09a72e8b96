"""Carved and cast things: limestone, marble, terracotta, bronze."""

from camera_motion.generator.materials.material import Material, srgb
from camera_motion.generator.materials.noise import cell, fbm3, line, mix, smooth

Rgb = tuple[float, float, float]


def limestone(light: Rgb = srgb(222, 208, 182), dark: Rgb = srgb(176, 156, 128), drip: float = 0.65) -> Material:
    """Weathered limestone: mottled, streaked downwards by rain in proportion to `drip`."""
    return Material("limestone", _limestone, (*light, *dark, drip))


def voussoirs(light: Rgb = srgb(222, 208, 182), dark: Rgb = srgb(176, 156, 128), block_m: float = 0.42) -> Material:
    """Limestone cut into blocks along `s`, for arches and copings."""
    return Material("voussoirs", _voussoirs, (*light, *dark, 0.6, block_m))


def terracotta(colour: Rgb = srgb(182, 112, 80)) -> Material:
    """Fire clay: turned rings and a bloom of lime."""
    return Material("terracotta", _terracotta, colour)


def bronze() -> Material:
    """Dark bronze with green patina where rain runs."""
    return Material("bronze", _bronze)


def _limestone(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    broad = fbm3(x * 3.0, y * 3.0, z * 1.2, 5, 3.0 * w)
    grain = fbm3(x * 16.0, y * 16.0, z * 16.0, 4, 16.0 * w)
    share = smooth(0.35, 0.7, broad)
    tone = 0.74 + 0.48 * grain
    streak = p[6] * smooth(0.5, 0.72, fbm3(x * 7.0, y * 7.0, z * 0.5, 4, 3.0 * w))
    dirt = 1.0 - 0.62 * streak
    return (
        mix(p[0], p[3], share) * tone * dirt,
        mix(p[1], p[4], share) * tone * (dirt - 0.03 * streak),
        mix(p[2], p[5], share) * tone * (dirt - 0.08 * streak),
        0.010 * grain,
    )


def _voussoirs(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    broad = fbm3(x * 3.0, y * 3.0, z * 1.2, 5, 3.0 * w)
    grain = fbm3(x * 16.0, y * 16.0, z * 16.0, 4, 16.0 * w)
    number = int(s // p[7])
    fraction = s - number * p[7]
    joint = line(min(fraction, p[7] - fraction) + 0.006 * (grain - 0.5), 0.006, w)
    share = min(max(smooth(0.35, 0.7, broad) * 0.7 + 0.45 * (cell(number, 2.0) - 0.3), 0.0), 1.0)
    streak = p[6] * smooth(0.5, 0.72, fbm3(x * 7.0, y * 7.0, z * 0.5, 4, 3.0 * w))
    tone = (0.74 + 0.48 * grain) * (0.86 + 0.28 * cell(number, 5.0)) * (1.0 - 0.72 * joint) * (1.0 - 0.55 * streak)
    return (
        mix(p[0], p[3], share) * tone,
        mix(p[1], p[4], share) * tone,
        mix(p[2], p[5], share) * tone,
        0.012 * grain - 0.018 * joint,
    )


def _terracotta(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    grain = fbm3(x * 18.0, y * 18.0, z * 18.0, 4, 18.0 * w)
    bloom = 0.5 * smooth(0.52, 0.74, fbm3(x * 5.0, y * 5.0, z * 3.0, 4, 5.0 * w))
    ring = 0.5 + 0.5 * smooth(0.0, 1.0, abs((t * 28.0) % 2.0 - 1.0))
    tone = (0.66 + 0.62 * grain) * (0.92 + 0.08 * ring)
    return (
        mix(p[0] * tone, 0.52, bloom),
        mix(p[1] * tone, 0.44, bloom),
        mix(p[2] * tone, 0.36, bloom),
        0.004 * grain + 0.003 * ring,
    )


def _bronze(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    grain = fbm3(x * 20.0, y * 20.0, z * 20.0, 4, 20.0 * w)
    run = smooth(0.42, 0.66, fbm3(x * 9.0, y * 9.0, z * 1.6, 4, 5.0 * w))
    tone = 0.7 + 0.6 * grain
    return (
        mix(0.115, 0.135, run) * tone,
        mix(0.082, 0.235, run) * tone,
        mix(0.045, 0.185, run) * tone,
        0.004 * grain,
    )
