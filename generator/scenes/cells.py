"""How finely each part of each surface must be sampled: its size on the screen of the view that sees it best.

Every patch is cut into cells of about 0.4 m. A cell's spacing along u and along v is `spacing_px` screen pixels in the
worst view whose frustum holds it and whose line of sight to it is free; cells that no view sees get a coarse spacing,
since they still carry light and may be glimpsed between key poses.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64
from numba import njit

from camera_motion.generator.scenes.cores import Cores
from camera_motion.generator.scenes.rays import Rays
from camera_motion.generator.scenes.surface import Mirror, Patch
from camera_motion.generator.scenes.views import Views

_CELL_M = 0.4
_MOST_CELLS = 9000
_FINEST_M = 0.004
_COARSEST_M = 0.5
_COARSEST_FAR_M = 2.5
_UNSEEN_M, _FINEST_UNSEEN_M, _UNSEEN_SHARE = 0.16, 0.05, 0.02
_LONGEST = 5.0
_CELLS_AT_ONCE = 8192
#: A reflection is rippled and dimmed: it needs fewer splats than the thing itself.
_MIRROR_SHARE = 0.6


@dataclass(frozen=True)
class Cells:
    """Pieces of patches: (u, v) of the centres and widths, and the vectors across each piece in metres."""

    patch: Int32[np.ndarray, " C"]
    uv: Float64[np.ndarray, "C 2"]
    width_uv: Float64[np.ndarray, "C 2"]
    centres_m: Float64[np.ndarray, "C 3"]
    across_u_m: Float64[np.ndarray, "C 3"]
    across_v_m: Float64[np.ndarray, "C 3"]
    normals: Float64[np.ndarray, "C 3"]

    def __len__(self) -> int:
        return len(self.patch)

    def __getitem__(self, index: slice | Int64[np.ndarray, " D"]) -> "Cells":
        """Return some of the cells."""
        return Cells(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def cut(patches: Sequence[Patch]) -> Cells:
    """Cut patches into cells."""
    parts: list[tuple[np.ndarray, ...]] = []
    for index, patch in enumerate(patches):
        nu, nv = (max(1, int(np.ceil(size / _CELL_M))) for size in patch.size_m)
        if patch.closed:
            nu = max(nu, 8 if patch.size_m[0] > 0.5 else 6)  # so that a cell in sight does not reach out of it
        if patch.tangents is None:  # and so that a cell across a ribbon or round a bead does not hide its own bend
            nu, nv = max(nu, min(patch.mesh[0] // 2, 4)), max(nv, min(patch.mesh[1] // 2, 8))
        if nu * nv > _MOST_CELLS:
            shrink = (nu * nv / _MOST_CELLS) ** 0.5
            nu, nv = max(1, int(nu / shrink)), max(1, int(nv / shrink))
        u, v = (x.ravel() for x in np.meshgrid((np.arange(nu) + 0.5) / nu, (np.arange(nv) + 0.5) / nv, indexing="ij"))
        if patch.tangents is not None:
            centre = patch.point(u, v)
            across_u = np.broadcast_to(patch.tangents[0] / nu, centre.shape)
            across_v = np.broadcast_to(patch.tangents[1] / nv, centre.shape)
            normal = np.broadcast_to(_unit(np.cross(*patch.tangents)), centre.shape)
        else:
            n = len(u)
            all_u = np.concatenate([u, u - 0.25 / nu, u + 0.25 / nu, u, u])
            all_v = np.concatenate([v, v, v, v - 0.25 / nv, v + 0.25 / nv])
            centre, west, east, south, north = patch.point(all_u, all_v).reshape(5, n, 3)
            across_u, across_v = 2 * (east - west), 2 * (north - south)
            normal = _unit(np.cross(across_u, across_v))
        ones = np.ones(len(u))
        parts.append(
            (
                np.full(len(u), index, np.int32),
                np.stack([u, v], 1),
                np.stack([ones / nu, ones / nv], 1),
                centre,
                across_u,
                across_v,
                normal,
            )
        )
    return Cells(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@dataclass(frozen=True)
class Demand:
    """Spacing wanted along u and v in metres, and whether any view sees the cell, directly or in a mirror."""

    spacing_m: Float64[np.ndarray, "C 2"]
    seen: Bool[np.ndarray, " C"]


def demand(
    cells: Cells,
    patches: Sequence[Patch],
    views: Views,
    rays: Rays,
    mirrors: Sequence[Mirror],
    spacing_px: float,
    cores: Cores,
) -> Demand:
    """Find the spacing of every cell. Planes are never seen from behind."""
    look = partial(_demand, patches=patches, views=views, rays=rays, mirrors=mirrors, spacing_px=spacing_px)
    parts = cores.spans(lambda part: look(cells[part]), len(cells), _CELLS_AT_ONCE)
    return Demand(np.concatenate([part.spacing_m for part in parts]), np.concatenate([part.seen for part in parts]))


def _demand(
    cells: Cells,
    patches: Sequence[Patch],
    views: Views,
    rays: Rays,
    mirrors: Sequence[Mirror],
    spacing_px: float,
) -> Demand:
    count = len(cells)
    flat = np.array([p.tangents is not None for p in patches])
    detail = np.array([p.detail for p in patches])[cells.patch]
    screen = np.zeros((count, 2))
    back = np.where(flat[cells.patch], 0.0, 0.45)
    wanted = np.empty((count, 2))
    for k in range(len(views)):
        eye = views.centres_m[k]
        lens = (views.camera_from_world[k], eye, views.lens[k], views.focal_px[k])
        _project(cells.centres_m, cells.across_u_m, cells.across_v_m, cells.normals, back, *lens, wanted)
        index = np.flatnonzero((wanted > 1.03 * screen).any(1))
        free = _in_sight(cells, index, eye, rays)
        screen[index[free]] = np.maximum(screen[index[free]], wanted[index[free]])
        for mirror in mirrors:
            for index in _mirrored(cells, back, mirror, views, k, rays, wanted):
                screen[index] = np.maximum(screen[index], _MIRROR_SHARE * wanted[index])
    lengths = np.stack([np.linalg.norm(cells.across_u_m, axis=1), np.linalg.norm(cells.across_v_m, axis=1)], 1)
    seen = np.asarray((screen > 0).any(1))
    coarsest = np.where(lengths > 1.0, _COARSEST_FAR_M, _COARSEST_M)
    wished = lengths * (spacing_px / detail)[:, None] / np.maximum(screen, 1e-6)
    wished = np.clip(wished, _FINEST_M, coarsest)
    nearest = np.min([np.linalg.norm(cells.centres_m - eye, axis=1) for eye in views.centres_m], axis=0)
    # Near a camera, big splats on the far sides of things would show as a fringe around them.
    small = np.clip(_UNSEEN_SHARE * nearest / detail, _FINEST_UNSEEN_M, _UNSEEN_M)[:, None]
    small = np.where(flat[cells.patch][:, None], small, np.minimum(small, np.maximum(lengths / 3, _FINEST_M)))
    coarse = np.where(lengths > 1.0, np.minimum(lengths, 8.0), small)
    spacing = np.where(seen[:, None], wished, coarse)
    return Demand(np.minimum(spacing, _LONGEST * spacing.min(1, keepdims=True)), seen)


def turned_away(
    cells: Cells, patches: Sequence[Patch], views: Views, mirrors: Sequence[Mirror], margin_m: float = 0.05
) -> Bool[np.ndarray, " C"]:
    """Tell which cells of planes have every eye, and its image in every mirror, behind them: such are never drawn.

    Between two eyes behind a plane a straight path stays behind it; `margin_m` is for bent ones.
    """
    flat = np.array([p.tangents is not None for p in patches])[cells.patch]
    eyes = [views.centres_m]
    for mirror in mirrors:
        flip, shift = reflection(mirror)
        eyes.append(views.centres_m @ flip.T + shift)
    highest = (np.concatenate(eyes) @ cells.normals[flat].T).max(0)
    away = np.zeros(len(cells), bool)
    away[flat] = highest - (cells.centres_m[flat] * cells.normals[flat]).sum(1) < -margin_m
    return away


def seen_mirrored(
    cells: Cells, views: Views, rays: Rays, mirrors: Sequence[Mirror], cores: Cores
) -> Bool[np.ndarray, " C"]:
    """Tell which cells some view sees in some mirror."""
    parts = cores.spans(lambda part: _seen_mirrored(cells[part], views, rays, mirrors), len(cells), _CELLS_AT_ONCE)
    return np.concatenate(parts)


def _seen_mirrored(cells: Cells, views: Views, rays: Rays, mirrors: Sequence[Mirror]) -> Bool[np.ndarray, " C"]:
    seen = np.zeros(len(cells), bool)
    back, wanted = np.full(len(cells), 0.45), np.empty((len(cells), 2))
    for k in range(len(views)):
        for mirror in mirrors:
            for index in _mirrored(cells, back, mirror, views, k, rays, wanted, ~seen):
                seen[index] = True
    return seen


def _mirrored(
    cells: Cells, back: Any, mirror: Mirror, views: Views, k: int, rays: Rays, wanted: Any, only: Any = None
) -> Iterator[Any]:
    """Yield the indices of cells that view `k` sees in a mirror; their screen size is then in `wanted`."""
    flip, shift = reflection(mirror)
    eye = views.centres_m[k]
    if (eye - mirror.origin) @ np.cross(mirror.edge_u, mirror.edge_v) <= 0:
        return
    image = flip @ eye + shift
    lens = (views.camera_from_world[k] @ flip, image, views.lens[k], views.focal_px[k])
    _project(cells.centres_m, cells.across_u_m, cells.across_v_m, cells.normals, back, *lens, wanted)
    candidates = np.flatnonzero((wanted > 0).any(1) if only is None else (wanted > 0).any(1) & only)
    _, inside = through(mirror, image, cells.centres_m[candidates])
    candidates = candidates[inside]
    free = np.zeros(len(candidates), bool)
    for a, b in ((0.0, 0.0), (0.5, 0.5), (-0.5, 0.5), (0.5, -0.5), (-0.5, -0.5)):
        left = np.flatnonzero(~free)
        if len(left) == 0:
            break
        at = candidates[left]
        target = cells.centres_m[at] + a * cells.across_u_m[at] + b * cells.across_v_m[at]
        crossing, _ = through(mirror, image, target)
        line = target - crossing
        length = np.linalg.norm(line, axis=1)
        direction = line / np.maximum(length, 1e-6)[:, None]
        free[left] = ~rays.blocked(crossing + 0.02 * direction, direction, np.maximum(length - 0.3, 0.01))
    yield candidates[free]


def reflection(mirror: Mirror) -> tuple[Float64[np.ndarray, "3 3"], Float64[np.ndarray, "3"]]:
    """Linear part and shift of the reflection in a mirror's plane."""
    normal = _unit(np.cross(mirror.edge_u, mirror.edge_v)[None])[0]
    return np.eye(3) - 2 * np.outer(normal, normal), 2 * (mirror.origin @ normal) * normal


def through(
    mirror: Mirror, image_m: Float64[np.ndarray, "3"], points_m: Float64[np.ndarray, "N 3"], margin_m: float = 0.3
) -> tuple[Float64[np.ndarray, "N 3"], Bool[np.ndarray, " N"]]:
    """Where the lines from a mirrored eye to points cross the mirror, and whether they do so inside it."""
    normal = _unit(np.cross(mirror.edge_u, mirror.edge_v)[None])[0]
    depth, height = (mirror.origin - image_m) @ normal, (points_m - mirror.origin) @ normal
    share = depth / np.maximum(depth + height, 1e-9)
    crossing = image_m + share[:, None] * (points_m - image_m)
    local = crossing - mirror.origin
    inside = height > 1e-3
    for edge in (mirror.edge_u, mirror.edge_v):
        length = float(np.linalg.norm(edge))
        along = local @ edge / length
        inside &= (along > -margin_m) & (along < length + margin_m)
    return crossing, inside


def _in_sight(cells: Cells, index: Any, eye: Any, rays: Rays) -> Any:
    """Tell which cells have their centre, or one of four places near their edges, in free sight of the eye.

    The shadow mesh is coarser than the surface: large cells are given the benefit of the doubt.
    """
    free = np.zeros(len(index), bool)
    size = np.linalg.norm(cells.across_u_m[index], axis=1) + np.linalg.norm(cells.across_v_m[index], axis=1)
    slack = np.maximum(0.12, 0.25 * size)
    for a, b in ((0.0, 0.0), (0.42, 0.42), (-0.42, 0.42), (0.42, -0.42), (-0.42, -0.42)):
        left = np.flatnonzero(~free)
        if len(left) == 0:
            break
        at = index[left]
        target = cells.centres_m[at] + a * cells.across_u_m[at] + b * cells.across_v_m[at]
        line = target + 0.04 * slack[left, None] * cells.normals[at] - eye
        length = np.linalg.norm(line, axis=1)
        limit = np.maximum(length - slack[left], 0.01)
        free[left] = ~rays.blocked(np.broadcast_to(eye, line.shape), line / length[:, None], limit)
    return free


def _unit(v: Float64[np.ndarray, "*B 3"]) -> Float64[np.ndarray, "*B 3"]:
    return np.asarray(v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-12))


@njit(cache=True, nogil=True, fastmath=True)
def _project(
    centre: Any, across_u: Any, across_v: Any, normal: Any, back: Any, r: Any, eye: Any, lens: Any, focal: Any, out: Any
) -> None:
    """Screen length in pixels of every cell along u and v; 0 outside the frustum or when turned away."""
    right, left = (1.0 - lens[2]) / lens[0], lens[2] / lens[0]
    below, above = (1.0 - lens[3]) / lens[1], lens[3] / lens[1]
    for i in range(len(centre)):
        out[i, 0] = out[i, 1] = 0.0
        dx, dy, dz = centre[i, 0] - eye[0], centre[i, 1] - eye[1], centre[i, 2] - eye[2]
        distance = np.sqrt(dx * dx + dy * dy + dz * dz)
        facing = -(dx * normal[i, 0] + dy * normal[i, 1] + dz * normal[i, 2])
        if facing < -back[i] * distance:
            continue
        ux, uy, uz = across_u[i]
        vx, vy, vz = across_v[i]
        radius = 0.5 * np.sqrt(ux * ux + uy * uy + uz * uz + vx * vx + vy * vy + vz * vz)
        x = r[0, 0] * dx + r[0, 1] * dy + r[0, 2] * dz
        y = r[1, 0] * dx + r[1, 1] * dy + r[1, 2] * dz
        z = r[2, 0] * dx + r[2, 1] * dy + r[2, 2] * dz
        ahead = max(z, 0.05)
        if z < -radius or x > ahead * right + radius or x < -ahead * left - radius:
            continue
        if y > ahead * below + radius or y < -ahead * above - radius:
            continue
        depth = max(z - 0.6 * radius, max(0.5, 0.4 * z))
        safe = max(z, 0.35)
        sx, sy = min(max(x / safe, -2.0), 2.0), min(max(y / safe, -2.0), 2.0)
        for k in range(2):
            wx, wy, wz = (ux, uy, uz) if k == 0 else (vx, vy, vz)
            a = r[0, 0] * wx + r[0, 1] * wy + r[0, 2] * wz
            b = r[1, 0] * wx + r[1, 1] * wy + r[1, 2] * wz
            c = r[2, 0] * wx + r[2, 1] * wy + r[2, 2] * wz
            a, b = (a - sx * c) * focal[0], (b - sy * c) * focal[1]
            out[i, k] = max(np.sqrt(a * a + b * b) / depth, 1e-3)
