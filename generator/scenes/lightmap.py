"""Soft light: sky, area lights and bounces, solved on a coarse grid over every patch.

Each patch carries a grid of texels. Cosine-distributed rays leave each texel once; each ends in the sky or at a texel
of another patch (found through the triangle it hits), so that any number of bounces is a product over the stored
links, without further rays: classical radiosity. A texel buried in a solid sees the backs of triangles and is
refilled from its neighbours. Splats read the soft light of their own patch, so nothing leaks through walls.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int32, Int64
from numba import njit

from camera_motion.generator.scenes.cores import Cores
from camera_motion.generator.scenes.rays import Rays
from camera_motion.generator.scenes.sky import Sun, radiance, sky_radiance
from camera_motion.generator.scenes.surface import AreaLight, Model, Patch

_RAYS = 28
_BOUNCES = 4
_OFFSET_M = 0.015
_BURIED = 0.3
_TEXELS_AT_ONCE = 4096
_GOLDEN = 0.6180339887498949
#: Where a ray can end, other than at a texel.
_SKY, _LEAF = -1, -2


@dataclass(frozen=True)
class Mesh:
    """The triangles that cast shadows: those of patches, whose `source` is (patch, i, j, half), then leaves."""

    triangles: Float64[np.ndarray, "F 3 3"]
    source: Int32[np.ndarray, "G 4"]


@dataclass(frozen=True)
class Lightmap:
    """Soft light of all texels: irradiance, its mean direction (shorter the more diffuse) and radiance sent out.

    Patch p owns the texels from `first[p]`, a grid of `grid[p]` = (along u, along v).
    """

    first: Int64[np.ndarray, " P1"]
    grid: Int64[np.ndarray, "P 2"]
    irradiance: Float64[np.ndarray, "G 3"]
    direction: Float64[np.ndarray, "G 3"]
    outgoing: Float64[np.ndarray, "G 3"]


def shadow_mesh(model: Model) -> Mesh:
    """Collect the triangles of solid patches and of leaves that cast shadows."""
    parts, sources = [np.zeros((0, 3, 3))], [np.zeros((0, 4), np.int64)]
    for index, patch in enumerate(model.patches):
        if patch.solid:
            nu, nv = patch.mesh
            parts.append(patch.triangles())
            i, j = (x.ravel() for x in np.meshgrid(np.arange(nu), np.arange(nv), indexing="ij"))
            ones = np.ones(nu * nv, np.int64)
            sources += [np.stack([index * ones, i, j, half * ones], 1) for half in (0, 1)]
    for leaves in model.foliages:
        if leaves.shadows:
            every = slice(None, None, 2)  # every second leaf, as large as two
            a = leaves.axes[every, :, 0] * leaves.half_m[every, :1] * math.sqrt(2)
            b = leaves.axes[every, :, 1] * leaves.half_m[every, 1:2] * math.sqrt(2)
            p = leaves.points_m[every]
            parts += [np.stack([p - a, p + b, p + a], 1), np.stack([p - a, p + a, p - b], 1)]
    return Mesh(np.concatenate(parts), np.concatenate(sources).astype(np.int32))


def solve(
    model: Model, mesh: Mesh, rays: Rays, texel_m: Float64[np.ndarray, " P"], rng: np.random.Generator, cores: Cores
) -> Lightmap:
    """Bake the soft light; `texel_m` is the grid spacing wanted on each patch."""
    first, grid, patch_of, points, normals = _texels(model.patches, texel_m)
    count = len(points)
    tables = _Tables.of(model, mesh, first, grid)
    spin = rng.random((count, 2))
    area, area_aim = np.zeros((count, 3)), np.zeros((count, 3))
    for light in model.lights:
        _area_light(light, model, rays, points, normals, rng, cores, area, area_aim)
    direct = area + sunlight(model.sun, rays, points, normals, rng, cores)
    shots = _RAYS * (4 if model.lights else 1)  # a closed room sees its light through few of them
    links, seen_sky = np.empty((shots, count), np.int32), np.zeros((shots, count, 3), np.float32)
    backs = np.zeros((shots, count), bool)
    aims = np.empty((shots, count, 3), np.float32)

    def shoot(k: int) -> None:
        _aim(normals, spin, k, shots, aims[k])
        tables.shoot(rays, points, aims[k], links[k], seen_sky[k], backs[k])

    cores.each(shoot, range(shots))
    buried = backs.sum(0) > _BURIED * shots
    albedo = np.array([p.albedo for p in model.patches])[patch_of] / math.pi
    glow = np.array([p.glow_rgb for p in model.patches])[patch_of]
    soft, aim = np.zeros((count, 3)), np.zeros((count, 3))
    outgoing = glow + albedo * direct

    def collect(part: slice) -> None:
        _collect(part.start, part.stop, links, seen_sky, aims, outgoing, tables.leaf, soft, aim)

    for _ in range(_BOUNCES):
        soft[:], aim[:] = 0.0, 0.0
        cores.spans(collect, count, _TEXELS_AT_ONCE)
        _refill(first, grid, buried, soft)
        outgoing = glow + albedo * (direct + soft)
    soft, aim = model.soft_gain * soft + area, model.soft_gain * aim + area_aim
    _refill(first, grid, buried, aim)
    for _ in range(2 if model.lights else 1):
        _blur(first, grid, soft)
        _blur(first, grid, aim)
    aim /= soft.sum(1, keepdims=True) + 1e-9
    if model.fill is not None:
        inside = model.fill.holds(points)
        areas = np.array([p.size_m[0] * p.size_m[1] for p in model.patches]) / grid.prod(1)
        soft[inside] = model.fill.brighten(areas[patch_of[inside]], math.pi * albedo[inside], soft[inside])
        outgoing[inside] = (glow + albedo * (model.fill.sun * (direct - area) + soft))[inside]
    return Lightmap(first, grid, soft, aim, outgoing)


def sunlight(
    sun: Sun,
    rays: Rays,
    points_m: Float64[np.ndarray, "N 3"],
    normals: Float64[np.ndarray, "N 3"],
    rng: np.random.Generator,
    cores: Cores,
    samples: int = 2,
) -> Float64[np.ndarray, "N 3"]:
    """Mean irradiance of the sun on points, its disc widened so that few samples give a calm mean."""
    if not sun.shines:
        return np.zeros((len(points_m), 3))
    facing = np.maximum(normals @ sun.direction, 0)
    index = np.flatnonzero(facing > 0)
    lit = np.zeros(len(points_m))
    jitter = rng.normal(size=(samples, len(index), 3))

    def shoot(part: slice) -> None:
        for turn in jitter[:, part]:
            toward = sun.direction + turn * max(sun.radius_rad, 0.02)
            toward /= np.linalg.norm(toward, axis=1, keepdims=True)
            lit[index[part]] += ~rays.blocked(points_m[index[part]], toward)

    cores.spans(shoot, len(index), _TEXELS_AT_ONCE)
    return np.asarray((facing * lit / samples)[:, None] * np.array(sun.irradiance_rgb))


def around(
    model: Model,
    mesh: Mesh,
    rays: Rays,
    lightmap: Lightmap,
    points_m: Float64[np.ndarray, "N 3"],
    rng: np.random.Generator,
    cores: Cores,
    count: int = 14,
) -> Float64[np.ndarray, "N 3"]:
    """Mean irradiance that reaches points from all directions, for leaves."""
    tables = _Tables.of(model, mesh, lightmap.first, lightmap.grid)
    spin = rng.random((count, 2, len(points_m)))
    total = np.empty((len(points_m), 3))

    def gather(part: slice) -> None:
        points = points_m[part]
        n = len(points)
        links, sky, backs = np.empty((1, n), np.int32), np.empty((1, n, 3), np.float32), np.empty(n, bool)
        soft, aim = np.zeros((n, 3)), np.zeros((n, 3))
        for k in range(count):
            z = 1 - 2 * (k + spin[k, 0, part]) / count
            azimuth = 2 * np.pi * spin[k, 1, part]
            ring = np.sqrt(np.maximum(1 - z * z, 0))
            aims = np.stack([ring * np.cos(azimuth), ring * np.sin(azimuth), z], 1).astype(np.float32)
            sky[:] = 0
            tables.shoot(rays, points, aims, links[0], sky[0], backs)
            _collect(0, n, links, sky, aims[None], lightmap.outgoing, tables.leaf, soft, aim)
        total[part] = soft

    cores.spans(gather, len(points_m), _TEXELS_AT_ONCE)
    return model.soft_gain * total / count


@dataclass(frozen=True)
class _Tables:
    """What it takes to say where a ray ended."""

    source: Int32[np.ndarray, "G 4"]
    front: Float64[np.ndarray, "F 3"]
    mesh_grid: Int64[np.ndarray, "P 2"]
    first: Int64[np.ndarray, " P1"]
    grid: Int64[np.ndarray, "P 2"]
    sky: Float64[np.ndarray, " K"]
    leaf: Float64[np.ndarray, "3"]
    closed: bool

    @staticmethod
    def of(model: Model, mesh: Mesh, first: Any, grid: Any) -> "_Tables":
        corners = mesh.triangles[: len(mesh.source)]
        front = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        ambient = np.array(model.ambient_rgb)
        leaf = np.array([0.05, 0.075, 0.025]) * (0.25 * np.array(model.sun.irradiance_rgb) / math.pi + ambient)
        mesh_grid = np.array([p.mesh for p in model.patches], np.int64)
        sky = model.sky.vector(model.sun)
        return _Tables(mesh.source, front, mesh_grid, first, grid, sky, leaf, bool(model.lights))

    def shoot(self, rays: Rays, points: Any, aims: Any, links: Any, sky: Any, backs: Any) -> None:
        """Shoot one ray per point; write where it ended, the sky it saw, and whether it hit a back."""
        _, triangle, weights = rays.nearest(points, aims)
        where = (self.source, self.front, self.mesh_grid, self.first, self.grid)
        _end(*where, self.sky, self.closed, triangle, weights, aims, links, sky, backs)


def _texels(patches: Sequence[Patch], texel_m: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Grids of points just above every patch, a little inside its edges."""
    grids, owners, points, normals = [], [], [], []
    for index, patch in enumerate(patches):
        nu, nv = (int(np.clip(np.ceil(size / texel_m[index]), 1, 160)) for size in patch.size_m)
        grids.append((nu + 1, nv + 1))
        inset_u, inset_v = (min(0.04 / size, 0.12) for size in patch.size_m)
        u, v = np.meshgrid(
            np.clip(np.linspace(0, 1, nu + 1), inset_u, 1 - inset_u),
            np.clip(np.linspace(0, 1, nv + 1), inset_v, 1 - inset_v),
            indexing="ij",
        )
        at, du, dv = patch.jet(u.ravel(), v.ravel())
        normal = np.cross(du, dv)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
        points.append(at + _OFFSET_M * normal)
        normals.append(normal)
        owners.append(np.full(len(at), index))
    grid = np.array(grids, np.int64)
    first = np.concatenate([[0], np.cumsum(grid.prod(1))])
    return first, grid, np.concatenate(owners), np.concatenate(points), np.concatenate(normals)


def _area_light(
    light: AreaLight,
    model: Model,
    rays: Rays,
    points: Any,
    normals: Any,
    rng: np.random.Generator,
    cores: Cores,
    out: Any,
    aim: Any,
) -> None:
    """Add the light of one parallelogram, sampled on a jittered grid."""
    cross = np.cross(light.edge_u, light.edge_v)
    area = float(np.linalg.norm(cross))
    front = cross / area
    n = 3 if light.radiance_rgb is None or area > 0.5 else 2
    near = np.flatnonzero((points - light.origin) @ front > 0.005)
    jitter = rng.random((n, n, 2, len(near)))

    def shine(part: slice) -> None:
        for a, b in np.ndindex(n, n):
            index = near[part]
            u, v = (a + jitter[a, b, 0, part]) / n, (b + jitter[a, b, 1, part]) / n
            to = light.origin + u[:, None] * light.edge_u + v[:, None] * light.edge_v - points[index]
            distance = np.linalg.norm(to, axis=1)
            to /= distance[:, None]
            cosines = np.maximum((normals[index] * to).sum(1), 0) * np.maximum(-(to @ front), 0)
            keep = np.flatnonzero(cosines > 1e-4)
            index, to, distance = index[keep], to[keep], distance[keep]
            if light.radiance_rgb is None:
                free = ~rays.blocked(points[index], to)
                colour = radiance(model.sky, model.sun, to, clouds=False)
            else:
                free = ~rays.blocked(points[index], to, distance - 0.02)
                colour = np.broadcast_to(light.radiance_rgb, to.shape)
            share = free * cosines[keep] * np.minimum(area / (n * n * np.maximum(distance, 0.05) ** 2), 3.0)
            gained = share[:, None] * colour
            out[index] += gained
            aim[index] += gained.sum(1, keepdims=True) * to

    cores.spans(shine, len(near), _TEXELS_AT_ONCE)


@njit(cache=True, nogil=True, fastmath=True)
def _aim(normals: Any, spin: Any, k: int, shots: int, out: Any) -> None:
    """Cosine-distributed direction number `k` of every texel: a stratified spiral, turned by the texel's `spin`."""
    for i in range(len(normals)):
        nx, ny, nz = normals[i]
        if abs(nx) < 0.7:
            tx, ty, tz = 0.0, nz, -ny
        else:
            tx, ty, tz = -nz, 0.0, nx
        length = math.sqrt(tx * tx + ty * ty + tz * tz)
        tx, ty, tz = tx / length, ty / length, tz / length
        bx, by, bz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
        share = (k + spin[i, 0]) / shots
        angle = 2.0 * math.pi * (k * _GOLDEN + spin[i, 1])
        a, b, c = math.sqrt(share) * math.cos(angle), math.sqrt(share) * math.sin(angle), math.sqrt(1.0 - share)
        out[i, 0], out[i, 1], out[i, 2] = (
            a * tx + b * bx + c * nx,
            a * ty + b * by + c * ny,
            a * tz + b * bz + c * nz,
        )


@njit(cache=True, nogil=True, fastmath=True)
def _end(
    source: Any,
    front: Any,
    mesh_grid: Any,
    first: Any,
    grid: Any,
    sky: Any,
    closed: bool,
    triangle: Any,
    weights: Any,
    aims: Any,
    links: Any,
    seen: Any,
    backs: Any,
) -> None:
    for i in range(len(triangle)):
        f = triangle[i]
        if f < 0:
            links[i] = _SKY
            if not closed:
                seen[i] = sky_radiance(sky, aims[i, 0], aims[i, 1], aims[i, 2], False)
            continue
        if f >= len(source):
            links[i] = _LEAF
            continue
        p, a, b, half = source[f]
        if front[f, 0] * aims[i, 0] + front[f, 1] * aims[i, 1] + front[f, 2] * aims[i, 2] > 0.0:
            backs[i] = True
        w1, w2 = weights[i]
        u, v = (a + w1 + w2, b + w2) if half == 0 else (a + w1, b + w1 + w2)
        nu, nv = grid[p]
        j = int(u / mesh_grid[p, 0] * (nu - 1) + 0.5)
        k = int(v / mesh_grid[p, 1] * (nv - 1) + 0.5)
        links[i] = first[p] + min(max(j, 0), nu - 1) * nv + min(max(k, 0), nv - 1)


@njit(cache=True, nogil=True, fastmath=True)
def _collect(
    start: int, stop: int, links: Any, sky: Any, aims: Any, outgoing: Any, leaf: Any, soft: Any, aim: Any
) -> None:
    """Add up what every stored ray of texels start..stop brings, times pi over their number."""
    share = math.pi / len(links)
    for k in range(len(links)):
        for i in range(start, stop):
            end = links[k, i]
            if end >= 0:
                r, g, b = outgoing[end]
            elif end == _LEAF:
                r, g, b = leaf
            else:
                r, g, b = sky[k, i, 0], sky[k, i, 1], sky[k, i, 2]
            soft[i, 0] += share * r
            soft[i, 1] += share * g
            soft[i, 2] += share * b
            weight = share * (r + g + b)
            aim[i, 0] += weight * aims[k, i, 0]
            aim[i, 1] += weight * aims[k, i, 1]
            aim[i, 2] += weight * aims[k, i, 2]


@njit(cache=True, nogil=True)
def _refill(first: Any, grid: Any, buried: Any, values: Any) -> None:
    """Replace the values of buried texels by those of the nearest free ones, ring by ring."""
    for p in range(len(grid)):
        nu, nv = grid[p]
        at = first[p]
        known = ~buried[at : at + nu * nv]
        missing = nu * nv - known.sum()
        if missing == 0 or missing == nu * nv:
            continue
        while missing > 0:
            fresh = known.copy()
            for i in range(nu):
                for j in range(nv):
                    if known[i * nv + j]:
                        continue
                    total, weight = np.zeros(3), 0.0
                    for a in range(max(i - 1, 0), min(i + 2, nu)):
                        for b in range(max(j - 1, 0), min(j + 2, nv)):
                            if known[a * nv + b]:
                                total += values[at + a * nv + b]
                                weight += 1.0
                    if weight > 0.0:
                        values[at + i * nv + j] = total / weight
                        fresh[i * nv + j] = True
                        missing -= 1
            known = fresh


@njit(cache=True, nogil=True)
def _blur(first: Any, grid: Any, values: Any) -> None:
    """Smooth every patch's grid by (1 2 1)/4 along u and v to calm the noise of the rays."""
    for p in range(len(grid)):
        nu, nv = grid[p]
        at = first[p]
        if nu < 3 and nv < 3:
            continue
        old = values[at : at + nu * nv].copy()
        for i in range(nu):
            for j in range(nv):
                total, weight = np.zeros(3), 0.0
                for a in range(-1, 2):
                    for b in range(-1, 2):
                        if 0 <= i + a < nu and 0 <= j + b < nv:
                            w = (2.0 - abs(a)) * (2.0 - abs(b))
                            total += w * old[(i + a) * nv + j + b]
                            weight += w
                values[at + i * nv + j] = total / weight


def look_up(
    lightmap: Lightmap, patch: Int32[np.ndarray, " N"], uv: Float[np.ndarray, "N 2"]
) -> tuple[Float64[np.ndarray, "N 3"], Float64[np.ndarray, "N 3"]]:
    """Interpolate irradiance and direction at places of patches."""
    irradiance, direction = np.empty((len(patch), 3)), np.empty((len(patch), 3))
    _bilinear(lightmap.first, lightmap.grid, lightmap.irradiance, lightmap.direction, patch, uv, irradiance, direction)
    return irradiance, direction


@njit(cache=True, nogil=True, fastmath=True)
def _bilinear(first: Any, grid: Any, light: Any, aim: Any, patch: Any, uv: Any, out_light: Any, out_aim: Any) -> None:
    for i in range(len(patch)):
        p = patch[i]
        nu, nv = grid[p]
        x, y = uv[i, 0] * (nu - 1), uv[i, 1] * (nv - 1)
        a, b = min(int(x), nu - 2), min(int(y), nv - 2)
        x, y = x - a, y - b
        at = first[p] + a * nv + b
        w00, w01, w10, w11 = (1 - x) * (1 - y), (1 - x) * y, x * (1 - y), x * y
        for c in range(3):
            out_light[i, c] = (
                w00 * light[at, c] + w01 * light[at + 1, c] + w10 * light[at + nv, c] + w11 * light[at + nv + 1, c]
            )
            out_aim[i, c] = w00 * aim[at, c] + w01 * aim[at + 1, c] + w10 * aim[at + nv, c] + w11 * aim[at + nv + 1, c]
