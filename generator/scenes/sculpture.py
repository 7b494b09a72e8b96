"""Works of art for pedestals, each drawn upwards from its brush's origin."""

from collections.abc import Callable

import numpy as np

from camera_motion.generator.materials.interior import Finishes
from camera_motion.generator.scenes.brush import Brush


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
