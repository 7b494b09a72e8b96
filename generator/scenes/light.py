"""Light on splats: sharp sun with soft-edged shadows per splat, plus the soft light of the lightmap."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32
from numba import njit
from scipy.spatial import cKDTree

from camera_motion.generator.scenes.cores import Cores
from camera_motion.generator.scenes.lightmap import Lightmap, Mesh, around, look_up
from camera_motion.generator.scenes.rays import Rays
from camera_motion.generator.scenes.sky import Sun
from camera_motion.generator.scenes.surface import Model
from camera_motion.generator.scenes.surfels import Surfels

_EDGE_RAYS = 3
_LEAF_SHARE = 16


def light_surfels(
    model: Model,
    surfels: Surfels,
    patch: Int32[np.ndarray, " N"],
    lightmap: Lightmap,
    rays: Rays,
    rng: np.random.Generator,
    cores: Cores,
) -> Float32[np.ndarray, "N 3"]:
    """Radiance of every surfel: albedo times (sun + soft light) over pi, plus what its patch emits."""
    visible = _sun_on_surfels(model.sun, surfels, rays, rng, cores)
    glow = np.array([p.glow_rgb for p in model.patches], np.float32)
    out = np.empty((len(surfels), 3), np.float32)
    sun = (model.sun.direction, np.array(model.sun.irradiance_rgb))

    def shade(part: slice) -> None:
        lit = visible[part]
        if model.fill is not None:
            lit[model.fill.holds(surfels.means_m[part])] *= model.fill.sun
        soft, aim = look_up(lightmap, patch[part], surfels.uv[part])
        surface = (surfels.albedo[part], surfels.normals[part], surfels.bent[part])
        _shade(*surface, soft, aim, lit, *sun, glow, patch[part], out[part])

    cores.spans(shade, len(surfels))
    return out


def light_leaves(
    model: Model,
    points_m: Float64[np.ndarray, "N 3"],
    normals: Float64[np.ndarray, "N 3"],
    albedo: Float64[np.ndarray, "N 3"],
    mesh: Mesh,
    lightmap: Lightmap,
    rays: Rays,
    rng: np.random.Generator,
    cores: Cores,
) -> Float32[np.ndarray, "N 3"]:
    """Radiance of leaves: lit from both sides, the light through them yellower than the light off them."""
    count = len(points_m)
    if count == 0:
        return np.zeros((0, 3), np.float32)
    sun = model.sun
    jitter = rng.normal(size=(count, 3)) if sun.shines else np.zeros((count, 3))
    chosen = np.sort(rng.permutation(count)[: max(1, count // _LEAF_SHARE)])
    soft = around(model, mesh, rays, lightmap, points_m[chosen], rng, cores)
    tree = cKDTree(points_m[chosen])
    sunny = np.array(sun.irradiance_rgb)
    out = np.empty((count, 3), np.float32)

    def shade(part: slice) -> None:
        points = points_m[part]
        lit = np.zeros(len(points))
        if sun.shines:
            toward = sun.direction + jitter[part] * max(sun.radius_rad, 0.01)
            toward /= np.linalg.norm(toward, axis=1, keepdims=True)
            lit = (~rays.blocked(points + 0.1 * sun.direction, toward)).astype(np.float64)
        distance, near = (np.asarray(x).reshape(len(points), -1) for x in tree.query(points, k=min(3, len(chosen))))
        weight = 1 / (distance + 0.3 * distance[:, -1:] + 1e-6)
        diffuse = (soft[near] * weight[..., None]).sum(1) / weight.sum(1, keepdims=True)
        facing = normals[part] @ sun.direction
        front, through = np.maximum(facing, 0), np.maximum(-facing, 0)
        reflected = (lit * (0.22 + 0.62 * front))[:, None] * sunny
        passed = (lit * 0.55 * through)[:, None] * sunny * (1.15, 1.05, 0.55)
        out[part] = albedo[part] / math.pi * (reflected + passed + 1.5 * diffuse)

    cores.spans(shade, count)
    return out


def _sun_on_surfels(
    sun: Sun, surfels: Surfels, rays: Rays, rng: np.random.Generator, cores: Cores
) -> Float32[np.ndarray, " N"]:
    """Share of the sun's disc that each surfel sees; more rays where neighbours disagree, the edges of shadows."""
    count = len(surfels)
    visible = np.zeros(count, np.float32)
    if not sun.shines:
        return visible
    toward = sun.direction
    toward_single = toward.astype(np.float32)
    facing = np.zeros(count, bool)

    def once(part: slice) -> None:
        facing[part] = (surfels.normals[part] @ toward_single > 0) & (surfels.bent[part] @ toward_single > 0)
        index = part.start + np.flatnonzero(facing[part])
        origins = _above(surfels, index, toward_single)
        visible[index] = ~rays.blocked(origins, np.broadcast_to(toward_single, origins.shape))

    cores.spans(once, count)
    edge = np.zeros(count, bool)
    _edges(visible, surfels.cell, surfels.row, edge)
    inside = np.flatnonzero(edge & facing)
    jitter = [rng.normal(size=(len(inside), 3)) for _ in range(_EDGE_RAYS)]

    def again(part: slice) -> None:
        index = inside[part]
        origins = _above(surfels, index, toward_single)
        total = visible[index]
        for turn in jitter:
            aim = toward + turn[part] * sun.radius_rad
            aim /= np.linalg.norm(aim, axis=1, keepdims=True)
            total += ~rays.blocked(origins, aim)
        visible[index] = total / (1 + _EDGE_RAYS)

    cores.spans(again, len(inside))
    return visible


def _above(surfels: Surfels, index: Any, toward: Float32[np.ndarray, "3"]) -> Float32[np.ndarray, "N 3"]:
    """Where the rays of surfels start: off their own surface, and a little towards the light."""
    lift = np.clip(0.4 * np.maximum(surfels.scales_m[index, 0], surfels.scales_m[index, 1]), 0.012, 0.1)[:, None]
    return np.asarray(surfels.means_m[index] + lift * surfels.normals[index] + 0.01 * toward)


@njit(cache=True, nogil=True)
def _edges(visible: Any, cell: Any, row: Any, edge: Any) -> None:
    """Mark surfels that differ from a neighbour along v or along u within two steps."""
    n = len(visible)
    for i in range(n):
        for k in range(4):
            j = i + (k + 1 if k < 2 else (k - 1) * row[i])
            if j < n and abs(cell[j] - cell[i]) < 2 and visible[i] != visible[j]:
                edge[i] = edge[j] = True


@njit(cache=True, nogil=True, fastmath=True)
def _shade(
    albedo: Any,
    normal: Any,
    bent: Any,
    soft: Any,
    aim: Any,
    visible: Any,
    to_sun: Any,
    sun: Any,
    glow: Any,
    patch: Any,
    out: Any,
) -> None:
    for i in range(len(albedo)):
        facing = bent[i, 0] * to_sun[0] + bent[i, 1] * to_sun[1] + bent[i, 2] * to_sun[2]
        direct = max(facing, 0.0) * visible[i]
        lean = 0.0
        for a in range(3):
            lean += aim[i, a] * (bent[i, a] - normal[i, a])
        relief = min(max(1.0 + 1.3 * lean, 0.45), 1.5)
        for c in range(3):
            light = direct * sun[c] + relief * soft[i, c]
            out[i, c] = albedo[i, c] / math.pi * light + glow[patch[i], c]
