"""Small things and works of art: vases with flowers, lamps, candles, house plants, sculpture.

Each is drawn upwards from the origin of its brush.
"""

import math
from collections.abc import Callable

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


def leaves(brush: Brush, kind: str, radius_m: float, tall_m: float, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a house plant from the rim of its pot: arching fronds ("palm") or a clipped ball on a stem ("ball")."""
    green = (srgb(44, 78, 34), srgb(112, 146, 62))
    if kind == "palm":
        for k in range(22):
            turn, reach = 2.4 * k + float(rng.uniform(-0.3, 0.3)), radius_m * float(rng.uniform(0.55, 0.95))
            top = tall_m * float(rng.uniform(0.55, 0.98))
            t = np.linspace(0.02, 1, 26)
            out, up = reach * t**1.35, top * (1.55 * t - 0.62 * t**2.4)
            spine = np.stack([out * math.cos(turn), out * math.sin(turn), up], 1)
            heading = np.gradient(spine, axis=0)
            heading /= np.linalg.norm(heading, axis=1, keepdims=True)
            side = np.array([-math.sin(turn), math.cos(turn), 0.0])
            feet = np.repeat(spine[5:], 2, 0)
            sign = np.tile([1.0, -1.0], len(spine) - 5)[:, None]
            along = sign * side * 0.85 + np.repeat(heading[5:], 2, 0) * 0.75 - (0, 0, 0.18)
            length = 0.2 * radius_m / 0.42 * np.repeat(np.sin(np.pi * (0.15 + 0.85 * t[5:])) + 0.12, 2)
            brush.model.blades(
                brush.world(feet), brush.world(along) - brush.world(0 * along), length, 0.026, *green, rng, shadows=True
            )
            brush.bent(spine[::5], 0.007, f.bark, 0.002, sides=5)
        return
    # A clipped ball on a stem.
    ball = min(radius_m * 0.82, tall_m * 0.36)
    middle = tall_m - ball
    brush.bent(np.array([(0, 0, 0), (0.012, 0.006, middle * 0.5), (0, 0, middle)]), 0.016, f.bark, sides=8)
    brush.ball((0, 0, middle), (ball * 0.82, ball * 0.82, ball * 0.82), f.hedge)
    count = int(15000 * ball**2 / 0.1)
    away = _ball(rng, count)
    points = np.array([0.0, 0.0, middle]) + away * ball * rng.uniform(0.8, 1.0, (count, 1))
    brush.model.foliage(
        brush.world(points), brush.turned_by(away), 0.017, *green, rng, slender=0.62, tumble=0.5, lift=0.3
    )


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


def urn(brush: Brush, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a handled urn, 0.62 m tall."""
    m = f.sculpture[0]
    profile = [
        (0.13, 0.0),
        (0.13, 0.03),
        (0.05, 0.07),
        (0.045, 0.1),
        (0.1, 0.14),
        (0.2, 0.26),
        (0.22, 0.36),
        (0.15, 0.44),
        (0.11, 0.49),
        (0.12, 0.53),
        (0.19, 0.6),
        (0.2, 0.62),
        (0.17, 0.6),
        (0.05, 0.5),
    ]
    brush.turned((0, 0, 0), profile, m, 28, 4)
    for side in (-1, 1):
        t = np.linspace(0, 1, 14)
        line = np.stack([side * (0.16 + 0.13 * np.sin(np.pi * t)), 0 * t, 0.3 + 0.26 * t], 1)
        brush.bent(line, 0.016, m, sides=7)


def amphora(brush: Brush, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a painted amphora, 0.72 m tall."""
    profile = [
        (0.1, 0.0),
        (0.1, 0.02),
        (0.055, 0.05),
        (0.07, 0.09),
        (0.17, 0.26),
        (0.2, 0.4),
        (0.16, 0.52),
        (0.07, 0.59),
        (0.06, 0.66),
        (0.1, 0.71),
        (0.1, 0.72),
        (0.07, 0.7),
    ]
    brush.turned((0, 0, 0), profile, f.ceramics[3], 28, 4)
    for side in (-1, 1):
        t = np.linspace(0, 1, 12)
        line = np.stack([side * (0.07 + 0.11 * np.sin(np.pi * t**0.8)), 0 * t, 0.68 - 0.2 * t], 1)
        brush.bent(line, 0.013, f.ceramics[3], sides=7)


def knot(brush: Brush, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a trefoil knot, 0.62 m tall, on a small base."""
    m = f.sculpture[2]
    t = np.linspace(0, 2 * np.pi, 140, endpoint=False)
    r = 0.155 + 0.075 * np.cos(1.5 * 2 * t)
    line = np.stack([r * np.cos(2 * t), 0.085 * np.sin(3 * t), r * np.sin(2 * t)], 1)
    brush.at((0, 0, 0.34)).bent(line, 0.052, m, closed=True, sides=14)
    brush.lathe((0, 0, 0), [(0.14, 0.0), (0.14, 0.05), (0.05, 0.06), (0.04, 0.1)], m, 20)


def spiral(brush: Brush, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a twisted pillar that swells and tapers, 0.78 m tall."""

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        angle = 2 * np.pi * u
        corner = 1 / (np.abs(np.cos(angle)) ** 5 + np.abs(np.sin(angle)) ** 5) ** 0.2
        r = (0.09 + 0.07 * np.sin(np.pi * v**0.8)) * corner * (1 - 0.75 * np.maximum(v - 0.93, 0) / 0.07)
        turn = angle + 3.6 * v
        return np.stack([r * np.cos(turn), r * np.sin(turn), 0.78 * v], 1)

    brush.patch(surface, (0.9, 0.9), f.sculpture[1], (40, 36))


def cairn(brush: Brush, f: Finishes, rng: np.random.Generator) -> None:
    """Draw five worn stones in balance, 0.7 m tall."""
    z = 0.0
    for k in range(5):
        half = 0.1 - 0.013 * k
        wide = 0.22 - 0.032 * k
        at = (float(rng.normal(0, 0.012)), float(rng.normal(0, 0.012)), z + half)
        brush.at(at, float(rng.uniform(0, 360)), 5.0 * (-1) ** k).ball(
            (0, 0, 0), (wide, wide * 0.86, half), f.sculpture[(k * 2 + 1) % 4], 20
        )
        z += 2 * half * 0.96


def orb(brush: Brush, f: Finishes, rng: np.random.Generator) -> None:
    """Draw an armillary sphere: a ball within rings, 0.66 m tall."""
    centre = (0.0, 0.0, 0.42)
    brush.ball(centre, (0.11, 0.11, 0.11), f.sculpture[3], 20)
    angle = np.linspace(0, 2 * np.pi, 56, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    for yaw, pitch, radius in ((0, 0, 0.235), (30, 66, 0.225), (100, 90, 0.215), (160, 35, 0.205)):
        brush.at(centre, yaw, pitch).bent(ring * radius, 0.011, f.brass, closed=True)
    brush.turned(
        (0, 0, 0),
        [(0.12, 0.0), (0.12, 0.025), (0.04, 0.05), (0.025, 0.1), (0.04, 0.14), (0.02, 0.2), (0.02, 0.31)],
        f.bronze,
        18,
        4,
    )


def ribbon(brush: Brush, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a thick band with half a turn in it, standing on edge, 0.66 m tall."""

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        t, c = 2 * np.pi * u, -2 * np.pi * v
        # The outline of the band: a flat superellipse that turns half round on its way.
        a, b = (
            0.085 * np.sign(np.cos(c)) * np.abs(np.cos(c)) ** 0.5,
            0.022 * np.sign(np.sin(c)) * np.abs(np.sin(c)) ** 0.5,
        )
        x, y = a * np.cos(t / 2) - b * np.sin(t / 2), a * np.sin(t / 2) + b * np.cos(t / 2)
        r = 0.235 + x
        return np.stack([r * np.sin(t), y, 0.37 - r * np.cos(t)], 1)

    brush.patch(surface, (1.5, 0.22), f.sculpture[0], (56, 12))
    brush.lathe((0, 0, 0), [(0.12, 0.0), (0.12, 0.04), (0.02, 0.06)], f.sculpture[3], 20)


#: Sculptures with their drawing, height and radius above the pedestal, and what to call them.
SCULPTORS: dict[str, Callable[[Brush, Finishes, np.random.Generator], None]] = {
    "urn": urn,
    "amphora": amphora,
    "knot": knot,
    "spiral": spiral,
    "cairn": cairn,
    "orb": orb,
    "ribbon": ribbon,
}

#: (height, radius) in metres of each sculpture, and its name in words.
SCULPTURES: dict[str, tuple[float, float, str]] = {
    "urn": (0.63, 0.31, "a bronze urn on a pedestal"),
    "amphora": (0.73, 0.22, "a painted amphora on a pedestal"),
    "knot": (0.63, 0.29, "a knotted bronze sculpture on a pedestal"),
    "spiral": (0.79, 0.2, "a twisted marble sculpture on a pedestal"),
    "cairn": (0.75, 0.24, "a stack of balanced stones on a pedestal"),
    "orb": (0.67, 0.26, "an armillary sphere on a pedestal"),
    "ribbon": (0.7, 0.34, "a looping bronze sculpture on a pedestal"),
}

_FRUIT = tuple(
    earth(srgb(*a), srgb(*b), 30.0)
    for a, b in (((196, 64, 40), (222, 150, 60)), ((226, 150, 50), (240, 184, 80)), ((150, 164, 60), (190, 196, 90)))
)
