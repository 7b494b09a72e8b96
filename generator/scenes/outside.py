"""What a room's windows look out on: a terrace, a lawn, hedges, trees and hills."""

import math

import numpy as np

from camera_motion.generator.materials import srgb
from camera_motion.generator.materials.furnishing import earth
from camera_motion.generator.scenes.brush import Brush
from camera_motion.generator.scenes.surface import Model
from camera_motion.generator.seeds import stream

#: How far the ground outside lies below the floor.
DROP_M = 0.45
_TERRACE_M = 5.5

_GRASS = earth(srgb(110, 132, 62), srgb(150, 160, 84), 1.3)
_PAVING = earth(srgb(196, 184, 160), srgb(160, 150, 132), 2.2)
_HILLS = earth(srgb(96, 116, 72), srgb(140, 144, 92), 0.08)
_DARK = earth(srgb(30, 44, 22), srgb(52, 70, 34), 9.0)
_BARK = earth(srgb(66, 52, 40), srgb(120, 98, 78), 14.0, 0.25)
_GREENS = (
    (srgb(58, 88, 38), srgb(128, 150, 66)),
    (srgb(88, 106, 42), srgb(176, 168, 76)),
    (srgb(46, 80, 46), srgb(104, 138, 74)),
)


def draw_outside(model: Model, width_m: float, depth_m: float, sides: set[int], seed: int) -> None:
    """Draw what lies before the walls `sides` that have windows; `width_m` and `depth_m` are the room's."""
    for side in sorted(sides):
        along, across = (width_m, depth_m) if side % 2 == 0 else (depth_m, width_m)
        # x runs along the wall, y away from the house.
        yard = Brush(model, (0.0, 0.0, -DROP_M), 180.0 + 90.0 * side, detail=0.5).at((0.0, across / 2, 0.0))
        near = along / 2 + 12.0
        yard.quad((-near, 0.0, 0.0), (2 * near, 0, 0), (0, _TERRACE_M, 0), _PAVING)
        yard.quad((-70.0, _TERRACE_M, 0.0), (140.0, 0, 0), (0, 80.0, 0), _GRASS)
        # A second layer closes what pinholes the first one has.
        yard.quad((-70.0, 0.0, -0.15), (140.0, 0, 0), (0, 86.0, 0), _GRASS)
        for k in range(15):
            rng = stream(seed, "tree", side, k)
            x = (k - 7) * 5.2 + float(rng.uniform(-2.0, 2.0))
            y = float(rng.uniform(9.0, 15.0) if k % 3 == 0 else rng.uniform(17.0, 44.0))
            _tree(yard.at((x, y, 0.0)), float(rng.uniform(4.5, 9.5)), rng)
        for k, x in enumerate((-along * 0.62, along * 0.62)):
            _hedge(yard.at((x, _TERRACE_M + 0.3, 0.0)), along * 0.9, stream(seed, "hedge", side, k))
        _hills(yard, stream(seed, "hills", side))


def _hedge(brush: Brush, long: float, rng: np.random.Generator) -> None:
    half = np.array([long / 2, 0.4, 0.45])
    x, y, z = half - 0.08
    brush.box((-x, -y, 0.0), (x, y, 2 * z), _DARK)
    count = int(long * 420)
    d = rng.uniform(-1, 1, (count, 3))
    face = rng.choice(3, count, p=[0.2, 0.4, 0.4])
    rows = np.arange(count)
    d[rows, face] = np.where(face == 2, 1.0, np.sign(d[rows, face]))
    normals = np.zeros((count, 3))
    normals[rows, face] = d[rows, face]
    points = (d * rng.uniform(0.93, 1.05, (count, 1)) + (0.0, 0.0, 1.0)) * half
    brush.model.foliage(brush.world(points), brush.turned_by(normals), 0.045, *_GREENS[2], rng)


def _tree(yard: Brush, tall: float, rng: np.random.Generator) -> None:
    brush = yard.at((0.0, 0.0, 0.0), float(rng.uniform(0, 360)))
    trunk = np.array([(0, 0, 0), (0.05, 0.02, 0.22), (-0.04, 0.08, 0.45), (0.1, 0, 0.7)]) * (1, 1, tall)
    brush.bent(trunk, tall * 0.032, _BARK, tall * 0.012)
    tips = [np.array([0.1, 0, tall * 0.82])]
    for k in range(9):
        a, lift = 2.4 * k, float(rng.uniform(0.3, 0.62))
        start = np.array([0.0, 0.04, tall * lift])
        out = tall * float(rng.uniform(0.16, 0.27))
        end = start + np.array([math.cos(a) * out, math.sin(a) * out, tall * float(rng.uniform(0.14, 0.3))])
        middle = (start + end) / 2 - np.array([0, 0, 0.03 * tall])
        brush.bent(np.array([start, middle, end]), tall * 0.014, _BARK, tall * 0.005, sides=6)
        tips += [end, middle + (end - middle) * 0.5]
    count = 5200
    centres = np.array(tips)[rng.integers(0, len(tips), count)]
    points = centres + rng.normal(size=(count, 3)) * tall * np.array([0.075, 0.075, 0.055])
    normals = brush.turned_by(points - (0.0, 0.0, tall * 0.62))
    brush.model.foliage(brush.world(points), normals, 0.07 * tall / 7, *_GREENS[int(rng.integers(3))], rng)


def _hills(brush: Brush, rng: np.random.Generator) -> None:
    waves = [(float(rng.uniform(1, 5)), float(rng.uniform(0, 6.28)), float(rng.uniform(1.0, 4.0))) for _ in range(5)]

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        angle = np.pi * (1.04 - 1.08 * u)
        crest = 14.0 + sum(h * np.sin(n * 3.0 * u + p) for n, p, h in waves)
        radius = 70.0 + 80.0 * v
        return np.stack([radius * np.cos(angle), radius * np.sin(angle), crest * np.sin(np.pi / 2 * v) - 0.5], 1)

    brush.patch(surface, (350.0, 90.0), _HILLS, (48, 4))
