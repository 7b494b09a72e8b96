"""What a room's windows look out on: a terrace, lawns, hedges, trees and hills; or a street's roofs and sky."""

import math

import numpy as np

from camera_motion.generator.materials import Material, srgb
from camera_motion.generator.materials.furnishing import earth
from camera_motion.generator.scenes.brush import Brush
from camera_motion.generator.scenes.surface import Model
from camera_motion.generator.seeds import stream

#: How far the ground outside lies below the floor.
DROP_M = 0.45

_GRASS = earth(srgb(110, 132, 62), srgb(150, 160, 84), 1.3)
_PAVING = earth(srgb(196, 184, 160), srgb(160, 150, 132), 2.2)
_HILLS = earth(srgb(96, 116, 72), srgb(140, 144, 92), 0.08)
_BARK = earth(srgb(66, 52, 40), srgb(120, 98, 78), 14.0, 0.25)
_GREENS = (
    (srgb(58, 88, 38), srgb(128, 150, 66)),
    (srgb(88, 106, 42), srgb(176, 168, 76)),
    (srgb(46, 80, 46), srgb(104, 138, 74)),
)


def draw_outside(model: Model, width_m: float, depth_m: float, seed: int) -> None:
    """Draw the ground around the house, hedges, trees and hills. `width_m` and `depth_m` are the room's."""
    ground = Brush(model, (0.0, 0.0, -DROP_M))
    terrace = 5.5
    _ring(ground, (width_m / 2, depth_m / 2), (width_m / 2 + terrace, depth_m / 2 + terrace), _PAVING)
    _ring(ground, (width_m / 2 + terrace, depth_m / 2 + terrace), (95.0, 95.0), _GRASS)
    for k in range(30):
        rng = stream(seed, "tree", k)
        angle = 2 * math.pi * (k + float(rng.uniform(-0.35, 0.35))) / 30
        reach = float(rng.uniform(9.0, 15.0) if k % 3 == 0 else rng.uniform(18.0, 46.0))
        x, y = math.cos(angle) * (width_m / 2 + reach), math.sin(angle) * (depth_m / 2 + reach)
        _tree(model, (x, y, -DROP_M), float(rng.uniform(4.5, 9.5)), rng)
    for k, (cx, cy, long, turned) in enumerate(_hedges(width_m, depth_m, terrace)):
        _hedge(model, (cx, cy), long, turned, stream(seed, "hedge", k))
    _hills(model, seed)


def _ring(brush: Brush, inner: tuple[float, float], outer: tuple[float, float], material: Material) -> None:
    (a, b), (x, y) = inner, outer
    for x0, y0, x1, y1 in ((-x, -y, x, -b), (-x, b, x, y), (-x, -b, -a, b), (a, -b, x, b)):
        brush.quad((x0, y0, 0.0), (x1 - x0, 0, 0), (0, y1 - y0, 0), material, (x0, y0))


def _hedges(width_m: float, depth_m: float, terrace: float) -> list[tuple[float, float, float, bool]]:
    x, y = width_m / 2 + terrace, depth_m / 2 + terrace
    return [
        (sign * fx, sign2 * fy, long, turned)
        for fx, fy, long, turned in ((x * 0.52, y, x * 0.72, False), (x, y * 0.52, y * 0.72, True))
        for sign in (-1, 1)
        for sign2 in (-1, 1)
    ]


def _hedge(model: Model, centre: tuple[float, float], long: float, turned: bool, rng: np.random.Generator) -> None:
    half = np.array([0.4, long / 2, 0.45] if turned else [long / 2, 0.4, 0.45])
    lo = np.array([centre[0], centre[1], -DROP_M + half[2]]) - half
    Brush(model, (0, 0, 0)).box(
        tuple(lo + 0.1), tuple(lo + 2 * half - 0.1), earth(srgb(30, 44, 22), srgb(52, 70, 34), 9.0)
    )
    count = int(long * 420)
    d = rng.uniform(-1, 1, (count, 3))
    face = rng.choice(3, count, p=[0.3, 0.3, 0.4])
    d[np.arange(count), face] = np.where(face == 2, 1.0, np.sign(d[np.arange(count), face]))
    normals = np.zeros((count, 3))
    normals[np.arange(count), face] = d[np.arange(count), face]
    model.foliage(lo + half + d * half * rng.uniform(0.93, 1.05, (count, 1)), normals, 0.045, *_GREENS[2], rng)


def _tree(model: Model, foot: tuple[float, float, float], tall: float, rng: np.random.Generator) -> None:
    brush = Brush(model, foot, float(rng.uniform(0, 360)))
    tips = []
    trunk = np.array([(0, 0, 0), (0.05, 0.02, tall * 0.22), (-0.04, 0.08, tall * 0.45), (0.1, 0, tall * 0.7)]) * (
        1,
        1,
        1.0,
    )
    brush.bent(trunk, tall * 0.032, _BARK, tall * 0.012)
    for k in range(9):
        a, lift = 2.4 * k, float(rng.uniform(0.3, 0.62))
        start = np.array([0.0, 0.04, tall * lift])
        out = tall * float(rng.uniform(0.16, 0.27))
        end = start + np.array([math.cos(a) * out, math.sin(a) * out, tall * float(rng.uniform(0.14, 0.3))])
        middle = (start + end) / 2 - np.array([0, 0, 0.03 * tall])
        brush.bent(np.array([start, middle, end]), tall * 0.014, _BARK, tall * 0.005, sides=6)
        tips += [end, middle + (end - middle) * 0.5]
    tips.append(np.array([0.1, 0, tall * 0.82]))
    count = 5200
    centres = np.array(tips)[rng.integers(0, len(tips), count)]
    off = rng.normal(size=(count, 3)) * tall * (0.075, 0.075, 0.055)
    points = brush.world(centres + off)
    middle_of = brush.world(np.array([[0.0, 0.0, tall * 0.62]]))
    model.foliage(points, points - middle_of, 0.07 * tall / 7, *_GREENS[int(rng.integers(3))], rng)


def _hills(model: Model, seed: int) -> None:
    rng = stream(seed, "hills")
    waves = [(int(rng.integers(2, 9)), float(rng.uniform(0, 6.28)), float(rng.uniform(1.5, 4.5))) for _ in range(5)]

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        angle = -2 * np.pi * u
        crest = 13.0 + sum(h * np.sin(n * angle + p) for n, p, h in waves)
        radius = 88.0 + 75.0 * v
        return np.stack(
            [radius * np.cos(angle), radius * np.sin(angle), -DROP_M - 0.4 + crest * np.sin(np.pi / 2 * v)], 1
        )

    model.patch(surface, (700.0, 90.0), _HILLS, (90, 4))
