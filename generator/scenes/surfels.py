"""From cells to surfels: flat Gaussians laid on a jittered hexagonal grid, with filtered colour and bent normals."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32
from numba import float32, float64, int32, njit, types

from camera_motion.generator.materials.material import SHADE_POINTER
from camera_motion.generator.scenes.cells import Cells
from camera_motion.generator.scenes.cores import SPAN, Cores, spans
from camera_motion.generator.scenes.surface import Patch

#: Standard deviation in the plane and across it, over the spacing: 0.52-0.62 closes without blurring.
_SIGMA, _THIN = 0.6, 0.08
_CELLS_AT_ONCE = 4096


@dataclass(frozen=True)
class Surfels:
    """Surfels of patches, in the order of their cells: each the number `place` of a row of `row` along v."""

    cell: Int32[np.ndarray, " N"]
    row: Int32[np.ndarray, " N"]
    place: Int32[np.ndarray, " N"]
    uv: Float64[np.ndarray, "N 2"]
    means_m: Float32[np.ndarray, "N 3"]
    quats: Float32[np.ndarray, "N 4"]
    scales_m: Float32[np.ndarray, "N 3"]
    normals: Float32[np.ndarray, "N 3"]
    bent: Float32[np.ndarray, "N 3"]
    albedo: Float32[np.ndarray, "N 3"]

    def __len__(self) -> int:
        return len(self.cell)


def lay(
    patches: Sequence[Patch],
    cells: Cells,
    spacing_m: Float64[np.ndarray, "C 2"],
    overhang: Float64[np.ndarray, " C"],
    rng: np.random.Generator,
    cores: Cores,
) -> Surfels:
    """Lay the surfels of every patch at the given spacing along u and v.

    At the open edge of a patch, a surfel's deviation is at most `overhang` times its distance from the edge: 1.2 lets
    it reach over, so that seams between patches close; less keeps wide splats from showing as a fringe.
    """
    lengths = np.stack([np.linalg.norm(cells.across_u_m, axis=1), np.linalg.norm(cells.across_v_m, axis=1)], 1)
    grid = np.maximum(1, np.ceil(lengths / spacing_m - 1e-6)).astype(np.int64)
    counts = grid.prod(1)
    first = np.concatenate([[0], np.cumsum(counts)])
    total = int(first[-1])
    cell, row, place = np.empty((3, total), np.int32)
    uv = np.empty((total, 2))
    places = (cells.uv, cells.width_uv, grid, first, rng.random((total, 2), dtype=np.float32), uv, cell, row, place)
    cores.spans(lambda part: _spread(part.start, part.stop, *places), len(cells), _CELLS_AT_ONCE)
    del places
    surfels = Surfels(cell, row, place, uv, *(np.empty((total, width), np.float32) for width in (3, 4, 3, 3, 3, 3)))
    of_patch = first[np.searchsorted(cells.patch, np.arange(len(patches) + 1))].tolist()
    paint(patches, of_patch, np.column_stack([lengths / grid, overhang]), surfels, cores)
    return surfels


def paint(
    patches: Sequence[Patch], of_patch: Sequence[int], step: Float64[np.ndarray, "C 3"], surfels: Surfels, cores: Cores
) -> None:
    """Give surfels that have a place on their patch their place in the world, their shape and their colour.

    Patch k's are of_patch[k]..of_patch[k + 1]; `step` holds the spacing along u and v and the overhang of each cell.
    """
    _painter()
    for patch in patches:
        patch.material.prepare()

    def paint_some(pieces: list[tuple[int, slice]]) -> None:
        for index, part in pieces:
            _paint_piece(patches[index], part, step, surfels)

    cores.each(paint_some, _bundles(of_patch))


def _bundles(of_patch: Sequence[int]) -> list[list[tuple[int, slice]]]:
    """Cut the surfels of large patches, and put those of small ones together; patch k's are of_patch[k]..[k + 1]."""
    out: list[list[tuple[int, slice]]] = []
    room = 0
    for index, (start, stop) in enumerate(pairwise(of_patch)):
        for part in spans(start, stop):
            if part.stop - part.start > room:
                out.append([])
                room = SPAN
            out[-1].append((index, part))
            room -= part.stop - part.start
    return out


def _paint_piece(patch: Patch, part: slice, step: Float64[np.ndarray, "C 3"], surfels: Surfels) -> None:
    """Fill in the surfels `part`, all of one patch."""
    u, v = np.ascontiguousarray(surfels.uv[part, 0]), np.ascontiguousarray(surfels.uv[part, 1])
    if patch.tangents is None:
        points, du, dv = patch.jet(u, v)
    else:
        points, du, dv = patch.point(u, v), patch.tangents[:1], patch.tangents[1:]
    material = patch.material
    textured = patch.tex_axes is not None
    frame = [*patch.size_m, *patch.tex_origin, float(patch.closed), float(textured), material.mean_height_m()]
    _painter()(
        material.compiled,
        material.vector,
        material.bump,
        np.ascontiguousarray(points),
        np.ascontiguousarray(du),
        np.ascontiguousarray(dv),
        u,
        v,
        np.array(frame),
        np.zeros((2, 3)) if patch.tex_axes is None else np.ascontiguousarray(patch.tex_axes, np.float64),
        step,
        surfels.cell[part],
        surfels.means_m[part],
        surfels.quats[part],
        surfels.scales_m[part],
        surfels.normals[part],
        surfels.bent[part],
        surfels.albedo[part],
    )


@njit(cache=True, nogil=True)
def _spread(
    start: int,
    stop: int,
    centre: Any,
    width: Any,
    grid: Any,
    first: Any,
    jitter: Any,
    uv: Any,
    cell: Any,
    row: Any,
    place: Any,
) -> None:
    """Place the surfels of cells start..stop: rows along v, every other row shifted by half a step."""
    for c in range(start, stop):
        nu, nv = grid[c]
        at = first[c]
        for i in range(nu):
            for j in range(nv):
                a = (i + 0.5 + 0.44 * (jitter[at, 0] - 0.5)) / nu - 0.5
                b = (j + 0.25 + 0.5 * (i % 2) + 0.44 * (jitter[at, 1] - 0.5)) / nv - 0.5
                uv[at, 0] = min(max(centre[c, 0] + a * width[c, 0], 0.0), 1.0)
                uv[at, 1] = min(max(centre[c, 1] + b * width[c, 1], 0.0), 1.0)
                cell[at], row[at], place[at] = c, nv, j
                at += 1


@njit(cache=True, nogil=True)
def quaternion(
    ax: float, ay: float, az: float, bx: float, by: float, bz: float, cx: float, cy: float, cz: float
) -> tuple[float, float, float, float]:
    """Return the unit quaternion (w, x, y, z) of the rotation with columns a, b, c (Shepperd's method)."""
    trace = ax + by + cz
    if trace > 0.0:
        s = 2.0 * np.sqrt(1.0 + trace)
        return 0.25 * s, (bz - cy) / s, (cx - az) / s, (ay - bx) / s
    if ax > by and ax > cz:
        s = 2.0 * np.sqrt(1.0 + ax - by - cz)
        return (bz - cy) / s, 0.25 * s, (bx + ay) / s, (cx + az) / s
    if by > cz:
        s = 2.0 * np.sqrt(1.0 + by - ax - cz)
        return (cx - az) / s, (bx + ay) / s, 0.25 * s, (cy + bz) / s
    s = 2.0 * np.sqrt(1.0 + cz - ax - by)
    return (ay - bx) / s, (cx + az) / s, (cy + bz) / s, 0.25 * s


@cache
def _painter() -> Any:
    """Compile `_paint` once for every material: it takes the material's function by pointer."""
    vector, matrix = types.Array(float64, 1, "C"), types.Array(float64, 2, "C")
    out, cells = types.Array(float32, 2, "C"), types.Array(int32, 1, "C")
    inputs = (SHADE_POINTER, vector, float64, matrix, matrix, matrix, vector, vector, vector, matrix, matrix, cells)
    return njit(types.void(*inputs, *([out] * 6)), cache=True, nogil=True, fastmath=True)(_paint)


def _paint(
    shade: Any,
    params: Any,
    bump: Any,
    points: Any,
    du: Any,
    dv: Any,
    us: Any,
    vs: Any,
    frame: Any,
    tex: Any,
    steps: Any,
    cell: Any,
    means: Any,
    quats: Any,
    scales: Any,
    normals: Any,
    bent: Any,
    albedo: Any,
) -> None:
    """Shade four taps in the footprint of each surfel: their mean is its colour, their slope bends its normal.

    `du` and `dv` hold one row for all surfels of a plane.
    """
    for i in range(len(points)):
        hu, hv = steps[cell[i], 0], steps[cell[i], 1]
        k = min(i, len(du) - 1)
        lu = np.sqrt(du[k, 0] ** 2 + du[k, 1] ** 2 + du[k, 2] ** 2) + 1e-12
        lv = np.sqrt(dv[k, 0] ** 2 + dv[k, 1] ** 2 + dv[k, 2] ** 2) + 1e-12
        tx, ty, tz = du[k, 0] / lu, du[k, 1] / lu, du[k, 2] / lu
        nx, ny, nz = ty * dv[k, 2] - tz * dv[k, 1], tz * dv[k, 0] - tx * dv[k, 2], tx * dv[k, 1] - ty * dv[k, 0]
        ln = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
        nx, ny, nz = nx / ln, ny / ln, nz / ln
        bx, by, bz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
        s, t = frame[2] + us[i] * frame[0], frame[3] + vs[i] * frame[1]
        w = 0.5 * min(hu, hv) * (max(hu, hv) / min(hu, hv)) ** 0.3
        reach_u, reach_v = max(0.25 * hu, 0.0015), max(0.25 * hv, 0.0015)
        red = green = blue = height = slope_u = slope_v = 0.0
        for tap in range(4):
            a, b = (reach_u if tap & 1 else -reach_u), (reach_v if tap & 2 else -reach_v)
            x, y, z = points[i, 0] + a * tx + b * bx, points[i, 1] + a * ty + b * by, points[i, 2] + a * tz + b * bz
            sa, tb = s + a, t + b
            if frame[5] != 0.0:
                sa = tex[0, 0] * x + tex[0, 1] * y + tex[0, 2] * z
                tb = tex[1, 0] * x + tex[1, 1] * y + tex[1, 2] * z
            cr, cg, cb, h = shade(x, y, z, sa, tb, w, params)
            red, green, blue, height = red + cr, green + cg, blue + cb, height + h
            slope_u += h if tap & 1 else -h
            slope_v += h if tap & 2 else -h
        albedo[i, 0] = min(max(0.25 * red, 0.005), 0.92)
        albedo[i, 1] = min(max(0.25 * green, 0.005), 0.92)
        albedo[i, 2] = min(max(0.25 * blue, 0.005), 0.92)
        a, b = -bump * slope_u / (4 * reach_u), -bump * slope_v / (4 * reach_v)
        length = np.sqrt(1.0 + a * a + b * b)
        bent[i, 0] = (nx + a * tx + b * bx) / length
        bent[i, 1] = (ny + a * ty + b * by) / length
        bent[i, 2] = (nz + a * tz + b * bz) / length
        normals[i, 0], normals[i, 1], normals[i, 2] = nx, ny, nz
        lift = 0.5 * (0.25 * height - frame[6])
        means[i, 0], means[i, 1], means[i, 2] = (
            points[i, 0] + lift * nx,
            points[i, 1] + lift * ny,
            points[i, 2] + lift * nz,
        )
        su, sv = _SIGMA * hu, _SIGMA * hv
        if frame[4] == 0.0:  # at an open edge, keep the surfel from sticking out
            su = min(su, max(steps[cell[i], 2] * lu * min(us[i], 1.0 - us[i]), 0.33 * hu))
        sv = min(sv, max(steps[cell[i], 2] * lv * min(vs[i], 1.0 - vs[i]), 0.33 * hv))
        scales[i, 0], scales[i, 1], scales[i, 2] = su, sv, _THIN * min(hu, hv)
        quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3] = quaternion(tx, ty, tz, bx, by, bz, nx, ny, nz)


def quaternions(axes: Float64[np.ndarray, "N 3 3"]) -> Float32[np.ndarray, "N 4"]:
    """Return unit quaternions (w, x, y, z) of rotation matrices."""
    out = np.empty((len(axes), 4), np.float32)
    _quaternions(np.ascontiguousarray(axes, np.float64), out)
    return out


@njit(cache=True, nogil=True)
def _quaternions(axes: Any, out: Any) -> None:
    for i in range(len(axes)):
        m = axes[i]
        out[i] = quaternion(m[0, 0], m[1, 0], m[2, 0], m[0, 1], m[1, 1], m[2, 1], m[0, 2], m[1, 2], m[2, 2])
