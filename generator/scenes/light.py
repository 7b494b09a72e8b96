"""Light on splats: sharp sun with soft-edged shadows per splat, plus the soft light of the lightmap."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32
from numba import njit
from scipy.spatial import cKDTree

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
) -> Float32[np.ndarray, "N 3"]:
    """Radiance of every surfel: albedo times (sun + soft light) over pi, plus what its patch emits."""
    visible = _sun_on_surfels(model.sun, surfels, rays, rng)
    if model.fill is not None:
        visible[model.fill.holds(surfels.means_m)] *= model.fill.sun
    soft, aim = look_up(lightmap, patch, surfels.uv)
    glow = np.array([p.glow_rgb for p in model.patches], np.float32)
    out = np.empty((len(surfels), 3), np.float32)
    sun = np.array(model.sun.irradiance_rgb)
    _shade(
        surfels.albedo, surfels.normals, surfels.bent, soft, aim, visible, model.sun.direction, sun, glow, patch, out
    )
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
) -> Float32[np.ndarray, "N 3"]:
    """Radiance of leaves: lit from both sides, the light through them yellower than the light off them."""
    count = len(points_m)
    if count == 0:
        return np.zeros((0, 3), np.float32)
    sun = model.sun
    facing = normals @ sun.direction
    lit = np.zeros(count)
    if sun.shines:
        toward = sun.direction + rng.normal(size=(count, 3)) * max(sun.radius_rad, 0.01)
        toward /= np.linalg.norm(toward, axis=1, keepdims=True)
        lit = (~rays.blocked(points_m + 0.1 * sun.direction, toward)).astype(np.float64)
    chosen = np.sort(rng.permutation(count)[: max(1, count // _LEAF_SHARE)])
    soft = around(model, mesh, rays, lightmap, points_m[chosen], rng)
    distance, near = cKDTree(points_m[chosen]).query(points_m, k=min(3, len(chosen)))
    distance, near = np.asarray(distance).reshape(count, -1), np.asarray(near).reshape(count, -1)
    weight = 1 / (distance + 0.3 * distance[:, -1:] + 1e-6)
    soft = (soft[near] * weight[..., None]).sum(1) / weight.sum(1, keepdims=True)
    front, through = np.maximum(facing, 0), np.maximum(-facing, 0)
    sunny = np.array(sun.irradiance_rgb)
    reflected = (lit * (0.22 + 0.62 * front))[:, None] * sunny
    passed = (lit * 0.55 * through)[:, None] * sunny * (1.15, 1.05, 0.55)
    return np.asarray(albedo / math.pi * (reflected + passed + 1.5 * soft), np.float32)


def _sun_on_surfels(sun: Sun, surfels: Surfels, rays: Rays, rng: np.random.Generator) -> Float32[np.ndarray, " N"]:
    """Share of the sun's disc that each surfel sees; more rays where neighbours disagree, the edges of shadows."""
    count = len(surfels)
    visible = np.zeros(count, np.float32)
    if not sun.shines:
        return visible
    toward = sun.direction
    index = np.flatnonzero(
        (surfels.normals @ toward.astype(np.float32) > 0) & (surfels.bent @ toward.astype(np.float32) > 0)
    )
    lift = np.clip(0.4 * surfels.scales_m[:, :2].max(1), 0.012, 0.1)[index, None]
    origins = surfels.means_m[index] + lift * surfels.normals[index] + 0.01 * toward.astype(np.float32)
    visible[index] = ~rays.blocked(origins, np.broadcast_to(toward, origins.shape))
    edge = np.zeros(count, bool)
    _edges(visible, surfels.cell, surfels.row, edge)
    inside = np.flatnonzero(edge[index])
    total = visible[index[inside]].copy()
    for _ in range(_EDGE_RAYS):
        jitter = toward + rng.normal(size=(len(inside), 3)) * sun.radius_rad
        jitter /= np.linalg.norm(jitter, axis=1, keepdims=True)
        total += ~rays.blocked(origins[inside], jitter)
    visible[index[inside]] = total / (1 + _EDGE_RAYS)
    return visible


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
