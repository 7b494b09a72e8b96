"""Things that grow: trees, cypresses, clipped balls and boxes, ivy and tufts of grass.

Each draws from the generator it is given, one per plant, so that planting another moves none of the others.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from camera_motion.generator.materials import Material, srgb
from camera_motion.generator.materials.noise import pattern as noise_pattern
from camera_motion.generator.scenes.surface import Model

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Leafage:
    """Colours of leaves between which each leaf is drawn."""

    shade: Rgb
    light: Rgb


OAK = Leafage(srgb(64, 88, 34), srgb(122, 146, 58))
PLANE = Leafage(srgb(98, 104, 36), srgb(170, 156, 62))
LIME = Leafage(srgb(58, 92, 40), srgb(104, 140, 62))
AUTUMN = Leafage(srgb(146, 84, 28), srgb(206, 140, 50))
OLIVE = Leafage(srgb(92, 104, 78), srgb(150, 158, 126))
BOX = Leafage(srgb(44, 78, 26), srgb(104, 140, 58))
CYPRESS = Leafage(srgb(34, 56, 30), srgb(70, 96, 52))
IVY = Leafage(srgb(54, 82, 32), srgb(120, 138, 54))


def _dim(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    return 0.012, 0.02, 0.007, 0.0


_DARK = Material("inside of a bush", _dim)
_INSIDE = 0.25


def tree(
    model: Model,
    foot_m: tuple[float, float, float],
    height_m: float,
    crown_m: float,
    leaves: int,
    leafage: Leafage,
    bark: Material,
    rng: np.random.Generator,
    leaf_m: float = 0.07,
) -> None:
    """Grow a broad-leaved tree by forking: leaves sit in clumps around the tips, brighter outside."""
    tips: list[Float64[np.ndarray, 3]] = []
    branches: list[tuple[Float64[np.ndarray, 3], Float64[np.ndarray, 3], float]] = []

    def grow(
        start: Float64[np.ndarray, "3"], along: Float64[np.ndarray, "3"], length: float, radius: float, left: int
    ) -> None:
        bend = along + rng.normal(size=3) * 0.06
        end = start + bend / np.linalg.norm(bend) * length
        branches.append((start, end, radius))
        if left == 0:
            tips.append(end)
            return
        for _ in range(int(rng.integers(3, 5)) if left > 1 else 4):
            side = rng.normal(size=3)
            side -= side @ along * along
            side /= np.linalg.norm(side)
            turn = along * rng.uniform(0.55, 0.9) + side * rng.uniform(0.5, 0.95) + np.array([0, 0, 0.14])
            turn /= np.linalg.norm(turn)
            share = rng.uniform(0.65, 1.0)
            grow(start + (end - start) * share, turn, length * rng.uniform(0.62, 0.8), radius * 0.58, left - 1)

    foot = np.array(foot_m, np.float64)
    lean = np.array([rng.normal() * 0.06, rng.normal() * 0.06, 1.0])
    grow(foot, lean / np.linalg.norm(lean), height_m * 0.36, height_m * 0.03, 4)
    ends = np.array(tips)
    reach = float(np.percentile(np.linalg.norm((ends - ends.mean(0))[:, :2], axis=1), 90))
    fit = np.array([crown_m / reach, crown_m / reach, height_m / max(float(ends[:, 2].max() - foot[2]), 1.0)])
    for start, end, radius in branches:
        if radius > 0.04:
            model.tube(foot + (start - foot) * fit, foot + (end - foot) * fit, radius, radius * 0.72, bark, mesh=(5, 1))
    ends = foot + (ends - foot) * fit
    middle = ends.mean(0)
    which = rng.integers(0, len(ends), leaves)
    off = rng.normal(size=(leaves, 3)) * crown_m * 0.12 * (1.0, 1.0, 0.75)
    points = ends[which] + off
    outward = (points - middle) / np.linalg.norm(points - middle, axis=1, keepdims=True)
    clump = off / (np.linalg.norm(off, axis=1, keepdims=True) + 1e-9)
    tint = rng.uniform(0.8, 1.15, (len(ends), 1))[which]
    normals = 0.6 * outward + 0.6 * clump
    _leaves(model, points, normals, leaf_m, leafage, rng, tint)


def cypress(
    model: Model, foot_m: tuple[float, float, float], height_m: float, radius_m: float, rng: np.random.Generator
) -> None:
    """Grow a narrow column of dense foliage around a dark core."""
    x, y, z = foot_m
    core = [
        (0.1, 0.0),
        (radius_m * 0.55, height_m * 0.08),
        (radius_m * 0.72, height_m * 0.3),
        (radius_m * 0.45, height_m * 0.7),
        (0.03, height_m * 0.94),
    ]
    model.lathe((x, y, z), core, _DARK, mesh=(8, 6), detail=_INSIDE)
    n = int(2600 * height_m * radius_m)
    up = rng.beta(1.25, 1.5, n)
    width = radius_m * np.interp(up, [0, 0.06, 0.3, 0.7, 0.95, 1.0], [0.35, 0.7, 1.0, 0.62, 0.16, 0.02])
    azimuth = rng.uniform(0, 2 * np.pi, n)
    lobes = 1 + 0.16 * np.sin(5 * azimuth + 9 * up + rng.uniform(0, 6)) + 0.08 * np.sin(11 * azimuth - 17 * up)
    radius = width * lobes * rng.uniform(0.75, 1.05, n)
    points = np.stack([x + radius * np.cos(azimuth), y + radius * np.sin(azimuth), z + up * height_m], 1)
    normals = np.stack([np.cos(azimuth), np.sin(azimuth), np.full(n, 0.5)], 1)
    _leaves(model, points, normals, 0.085, CYPRESS, rng, rng.uniform(0.8, 1.2, (n, 1)), slender=0.4)


def ball(
    model: Model, centre_m: tuple[float, float, float], radius_m: float, leafage: Leafage, rng: np.random.Generator
) -> None:
    """Clip a bush to a ball: leaves on a shell around a dark core."""
    model.ball(centre_m, (0.84 * radius_m,) * 3, _DARK, mesh=(12, 8), detail=_INSIDE)
    n = int(14500 * radius_m**1.5)
    out = rng.normal(size=(n, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    bumps = 1 + 0.05 * np.sin(7 * out[:, 0] + 4 * out[:, 2]) * np.sin(6 * out[:, 1] - 5 * out[:, 2])
    depth = rng.uniform(0.84, 1.04, (n, 1)) * bumps[:, None]
    points = np.array(centre_m) + out * radius_m * depth
    _leaves(
        model,
        points,
        out,
        0.03,
        leafage,
        rng,
        rng.uniform(0.75, 1.15, (n, 1)) * (0.55 + 0.5 * (depth - 0.84) / 0.2),
        slender=0.6,
    )


def hedge(
    model: Model,
    lo_m: tuple[float, float, float],
    hi_m: tuple[float, float, float],
    leafage: Leafage,
    rng: np.random.Generator,
) -> None:
    """Clip a bush to a box standing on the ground."""
    lo, hi = np.array(lo_m), np.array(hi_m)
    model.box(lo + np.array([0.09, 0.09, 0.0]), hi - 0.09, _DARK, "xXyYZ", detail=_INSIDE)
    size = hi - lo
    faces = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1)]
    for axis, side in faces:
        a, b = (k for k in range(3) if k != axis)
        n = int(1500 * size[a] * size[b])
        points = lo + rng.uniform(0, 1, (n, 3)) * size
        inward = rng.uniform(-0.03, 0.1, n) + 0.03 * np.sin(7 * points[:, a]) * np.sin(6 * points[:, b])
        points[:, axis] = (hi[axis] - inward) if side else (lo[axis] + inward)
        normals = np.zeros((n, 3))
        normals[:, axis] = 2 * side - 1
        tint = rng.uniform(0.75, 1.15, (n, 1)) * (1.05 - 4 * np.clip(inward, 0, 0.1))[:, None]
        _leaves(model, points, normals, 0.034, leafage, rng, tint, slender=0.6)


def ivy(
    model: Model,
    origin_m: Float64[np.ndarray, "3"],
    along_m: Float64[np.ndarray, "3"],
    height_m: float,
    normal: Float64[np.ndarray, "3"],
    cover: float,
    hanging: bool,
    leafage: Leafage,
    rng: np.random.Generator,
    free: list[tuple[float, float, float]] | None = None,
) -> None:
    """Spread leaves over a wall from its foot, or `hanging` from its top, where a seeded pattern says.

    `free` lists openings (from, to, up to which height) along the wall, in metres, that stay clear.
    """
    length = float(np.linalg.norm(along_m))
    n = int(760 * length * height_m * cover)
    s = rng.uniform(0, length, n)
    rise = rng.beta(1.1, 2.0, n) * height_m
    z = height_m - rise if hanging else rise
    shift = rng.uniform(0, 100, 2)
    pattern = noise_pattern(s * 0.42 + shift[0], z * 0.3 + shift[1], 4)
    reach = noise_pattern(s * 0.55 + shift[1], np.full(n, 3.7), 3)
    ragged = noise_pattern(s * 2.1 + shift[0], rise * 1.6, 3)
    limit = height_m * (0.1 + 1.3 * cover * reach) * (0.35 + 1.3 * ragged) * rng.uniform(0.75, 1.1, n)
    keep = (pattern > 0.62 - 0.28 * cover) & (rise < limit) & (z > 0.04)
    for start, stop, top in free or []:
        keep &= ~((s > start) & (s < stop) & (z < top))
    s, z = s[keep], z[keep]
    lift = 0.02 + 0.13 * rng.beta(1.2, 1.6, len(s)) * (0.4 + pattern[keep])
    points = origin_m + s[:, None] * along_m / length + z[:, None] * np.array([0, 0, 1.0]) + lift[:, None] * normal
    tint = (0.55 + 0.55 * lift / lift.max(initial=0.01))[:, None] * rng.uniform(0.8, 1.15, (len(s), 1))
    _leaves(
        model,
        points,
        np.broadcast_to(normal + np.array([0, 0, 0.35]), points.shape),
        0.05,
        leafage,
        rng,
        tint,
        slender=0.85,
    )


def tufts(
    model: Model, feet_m: Float64[np.ndarray, "n 3"], longest_m: float, rng: np.random.Generator, width_m: float = 0.009
) -> None:
    """Grow a blade of grass at every foot."""
    n = len(feet_m)
    direction = np.concatenate([rng.normal(size=(n, 2)) * 0.4, np.ones((n, 1))], 1)
    length = rng.uniform(0.35, 1.0, n) * longest_m
    model.blades(feet_m, direction, length, width_m, srgb(62, 80, 34), srgb(124, 126, 66), rng)


def patchy(points_m: Float64[np.ndarray, "n 2"], grain_m: float, share: float, shift: float) -> np.ndarray:
    """Choose places in patches about `grain_m` wide: a mask that keeps roughly `share` of them."""
    value = noise_pattern(points_m[:, 0] / grain_m + shift, points_m[:, 1] / grain_m, 3)
    return value > np.quantile(value, 1 - share) if len(value) else np.zeros(0, bool)


def _leaves(
    model: Model,
    points: Float64[np.ndarray, "n 3"],
    normals: Float64[np.ndarray, "n 3"],
    size_m: float,
    leafage: Leafage,
    rng: np.random.Generator,
    tint: Float64[np.ndarray, "n 1"],
    slender: float = 0.62,
) -> None:
    model.foliage(points, normals, size_m, leafage.shade, leafage.light, rng, slender=slender, tint=tint)


def spread_evenly(start: float, stop: float, step: float) -> list[float]:
    """Places from `start` to `stop`, both included, about `step` apart."""
    n = max(1, round((stop - start) / step))
    return [start + (stop - start) * k / n for k in range(n + 1)] if math.isfinite(step) else []
