"""Small things: vases with flowers, fruit, candles, lamps, books. Each is drawn upwards from its brush's origin."""

import math

import numpy as np

from camera_motion.generator.materials import Material, srgb
from camera_motion.generator.materials.furnishing import earth
from camera_motion.generator.materials.interior import Finishes
from camera_motion.generator.scenes.brush import Brush

Rgb = tuple[float, float, float]

_VASES = (
    [
        (0.42, 0.0),
        (0.46, 0.03),
        (0.62, 0.22),
        (0.72, 0.42),
        (0.6, 0.66),
        (0.32, 0.82),
        (0.27, 0.9),
        (0.36, 1.0),
        (0.3, 0.99),
    ],
    [
        (0.5, 0.0),
        (0.5, 0.04),
        (0.36, 0.1),
        (0.55, 0.35),
        (0.68, 0.62),
        (0.66, 0.8),
        (0.4, 0.92),
        (0.44, 1.0),
        (0.36, 0.98),
    ],
    [(0.3, 0.0), (0.34, 0.03), (0.4, 0.3), (0.44, 0.6), (0.4, 0.86), (0.34, 0.95), (0.42, 1.0), (0.36, 0.98)],
    [
        (0.36, 0.0),
        (0.55, 0.12),
        (0.7, 0.3),
        (0.55, 0.48),
        (0.22, 0.6),
        (0.16, 0.8),
        (0.18, 0.92),
        (0.28, 1.0),
        (0.2, 0.98),
    ],
)

_FRUIT = tuple(
    earth(srgb(*a), srgb(*b), 30.0)
    for a, b in (((196, 64, 40), (222, 150, 60)), ((226, 150, 50), (240, 184, 80)), ((150, 164, 60), (190, 196, 90)))
)


def vase(brush: Brush, material: Material, height_m: float, rng: np.random.Generator) -> None:
    """Draw a vase, its belly about 0.7 of its height wide."""
    profile = _VASES[int(rng.integers(len(_VASES)))]
    brush.turned((0, 0, 0), [(r * height_m * 0.5, z * height_m) for r, z in profile], material, 24, 4)


def bouquet(brush: Brush, radius_m: float, rng: np.random.Generator) -> None:
    """Draw stems, leaves and blooms out of a vase's neck at the origin."""
    colours: list[tuple[Rgb, Rgb]] = [
        (srgb(226, 120, 116), srgb(250, 196, 180)),
        (srgb(236, 186, 60), srgb(250, 224, 140)),
        (srgb(230, 226, 214), srgb(252, 248, 236)),
        (srgb(150, 70, 120), srgb(206, 140, 190)),
        (srgb(190, 40, 36), srgb(230, 92, 70)),
    ]
    chosen = [colours[int(k)] for k in rng.choice(len(colours), 2, replace=False)]
    green = (srgb(52, 84, 36), srgb(120, 150, 66))
    heads = _scatter(rng, 26, radius_m, 0.55, radius_m * 0.75)
    feet = brush.world(np.zeros((26, 3)) + rng.normal(0, 0.008, (26, 3)))
    tops = brush.world(heads)
    along = tops - feet
    brush.model.blades(feet, along, np.linalg.norm(along, axis=1), 0.006, *green, rng)
    brush.model.foliage(
        brush.world(_scatter(rng, 130, radius_m * 0.9, 0.6, radius_m * 0.5)), _out(rng, 130), 0.03, *green, rng
    )
    for k, pair in enumerate(chosen):
        centres = tops[k::2]
        petals = np.repeat(centres, 26, 0) + _ball(rng, len(centres) * 26) * 0.03
        brush.model.foliage(
            petals, petals - np.repeat(centres, 26, 0) + 1e-6, 0.014, *pair, rng, slender=0.8, tumble=0.02
        )


def bowl_of_fruit(brush: Brush, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a bowl heaped with fruit."""
    brush.lathe(
        (0, 0, 0),
        [(0.06, 0.0), (0.065, 0.012), (0.12, 0.05), (0.16, 0.085), (0.15, 0.085), (0.1, 0.05), (0.01, 0.03)],
        f.ceramics[1],
        24,
    )
    for k in range(7):
        angle, reach = k * 1.05, 0.075 if k < 6 else 0.0
        size = float(rng.uniform(0.034, 0.043))
        spot = (reach * math.cos(angle), reach * math.sin(angle), 0.085 if k < 6 else 0.13)
        brush.ball(spot, (size, size, size * 0.94), _FRUIT[int(rng.integers(len(_FRUIT)))], 12)


def candlestick(brush: Brush, f: Finishes) -> None:
    """Draw a brass candlestick and its candle."""
    brush.turned(
        (0, 0, 0),
        [
            (0.055, 0.0),
            (0.05, 0.015),
            (0.016, 0.03),
            (0.012, 0.1),
            (0.022, 0.13),
            (0.012, 0.16),
            (0.03, 0.2),
            (0.02, 0.21),
        ],
        f.brass,
        12,
        3,
    )
    brush.lathe((0, 0, 0.2), [(0.011, 0.0), (0.011, 0.17), (0.002, 0.175)], f.wax, 8)


def lampshade(brush: Brush, low_m: float, high_m: float, tall_m: float, f: Finishes, glow: float = 0.06) -> None:
    """Draw a lit shade, open above and below: `low_m` and `high_m` are its radii."""
    light = (1.0 * glow, 0.66 * glow, 0.34 * glow)

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        r = low_m + (high_m - low_m) * v
        r = r + 0.004 * np.abs(np.sin(np.pi * 14 * u))
        return np.stack([r * np.cos(2 * np.pi * u), r * np.sin(2 * np.pi * u), v * tall_m], 1)

    brush.patch(surface, (math.pi * (low_m + high_m), tall_m), f.shade, (20, 2), glow=light)
    brush.patch(
        lambda u, v: surface(1 - u, v) * (0.975, 0.975, 1.0),
        (math.pi * (low_m + high_m), tall_m),
        f.shade,
        (20, 2),
        glow=light,
        solid=False,
    )
    brush.rod((0, 0, -0.04), (0, 0, tall_m * 0.5), 0.012, f.brass)


def table_lamp(brush: Brush, f: Finishes, rng: np.random.Generator, height: float = 0.5) -> None:
    """Draw a lamp on a ceramic foot."""
    foot = height - 0.22
    vase(brush, f.ceramics[int(rng.integers(len(f.ceramics)))], foot, rng)
    brush.rod((0, 0, foot - 0.03), (0, 0, foot + 0.06), 0.008, f.brass)
    lampshade(brush.at((0, 0, foot + 0.02)), 0.16, 0.1, 0.2, f)


def stack(brush: Brush, f: Finishes, rng: np.random.Generator, count: int, lying: bool) -> None:
    """Pile books on one another."""
    z = 0.0
    for _ in range(count):
        w, d, t = rng.uniform(0.2, 0.27), rng.uniform(0.15, 0.19), rng.uniform(0.022, 0.042)
        one = brush.at(
            (float(rng.uniform(-0.01, 0.01)), float(rng.uniform(-0.01, 0.01)), z), float(rng.uniform(-14, 14))
        )
        cover = f.covers[int(rng.integers(len(f.covers)))]
        one.soft((-w / 2, -d / 2, 0.0), (w / 2, d / 2, t), 0.004, cover, faces="yZ")
        one.box((-w / 2 + 0.004, -d / 2, 0.003), (w / 2 - 0.004, d / 2 - 0.003, t - 0.003), f.paper, "xXY")
        z += t + 0.001


def open_book(brush: Brush, f: Finishes) -> None:
    """Lay an open book: two curved pages on a cover."""
    w, d = 0.2, 0.27
    for side in (-1, 1):

        def page(u: np.ndarray, v: np.ndarray, side: int = side) -> np.ndarray:
            x = (u if side > 0 else u - 1) * w
            a = np.abs(x) / w
            return np.stack([x, (v - 0.5) * d, 0.006 + 0.03 * np.sqrt(a + 0.02) * (1 - a) ** 0.8], 1)

        brush.patch(page, (w, d), f.print, (6, 1))
    brush.box((-w - 0.006, -d / 2 - 0.006, 0.0), (w + 0.006, d / 2 + 0.006, 0.005), f.covers[0], "xXyYZ")


def _scatter(rng: np.random.Generator, count: int, radius_m: float, flat: float, lift_m: float) -> np.ndarray:
    p = _ball(rng, count) * radius_m * rng.uniform(0.5, 1.0, (count, 1))
    p[:, 2] = np.abs(p[:, 2]) * (0.6 + flat) + lift_m
    return p


def _ball(rng: np.random.Generator, count: int) -> np.ndarray:
    d = rng.normal(size=(count, 3))
    unit: np.ndarray = d / np.linalg.norm(d, axis=1, keepdims=True)
    return unit


def _out(rng: np.random.Generator, count: int) -> np.ndarray:
    return _ball(rng, count) + np.array([0, 0, 0.6])
