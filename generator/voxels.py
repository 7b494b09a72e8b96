"""Free space of a trained scene: where its splats are dense enough to stop light.

A splat of opacity o covers an area of 2 pi s1 s2 with it, s1 and s2 its two largest deviations; a cell whose splats
cover more than half of its own face counts as solid. Distances are those of the grid (a Euclidean distance transform,
interpolated), so they are right to about one cell.
"""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Float64
from numba import njit

from camera_motion.generator.splats import SKY, GaussianScene

#: Cells of the finest grid: its distance transform takes about 1 s and 100 MB.
MAX_CELLS = 4_000_000
MIN_CELL_M = 0.04
#: Coverage of a cell's face from which on it is solid.
SOLID_COVER = 0.5
#: Samples along a splat's axis; larger splats than 12 cells are sky and haze.
MAX_STEPS = 12


@dataclass(frozen=True)
class Voxels:
    """A signed distance field on a grid; implements `FreeSpace`.

    `distance_m[i, j, k]` belongs to the centre of the cell at `low_m + cell_m * (i + 1/2, j + 1/2, k + 1/2)` and is
    negative in solid cells. Outside the grid nothing is known, so nothing is free there.
    """

    low_m: Float64[np.ndarray, " 3"]
    cell_m: float
    distance_m: Float32[np.ndarray, "X Y Z"]
    cover: Float32[np.ndarray, "X Y Z"]

    @property
    def high_m(self) -> Float64[np.ndarray, " 3"]:
        """The grid's upper corner."""
        return np.asarray(self.low_m + self.cell_m * np.array(self.distance_m.shape))

    def clearance_m(self, points_m: Float64[np.ndarray, "N 3"]) -> Float64[np.ndarray, " N"]:
        """Distance to the nearest solid cell or the end of the grid; negative inside one or beyond."""
        inside = np.minimum(points_m - self.low_m, self.high_m - points_m)
        to_edge = np.where((inside < 0).any(1), -np.linalg.norm(np.minimum(inside, 0), axis=1), inside.min(1))
        return np.asarray(np.minimum(_sample(points_m, self.low_m, self.cell_m, self.distance_m), to_edge))

    def cast_m(
        self, origins_m: Float64[np.ndarray, "N 3"], directions: Float64[np.ndarray, "N 3"]
    ) -> Float64[np.ndarray, " N"]:
        """Distance along unit `directions` to the first solid cell; 0 from inside one, inf where the grid ends."""
        return np.asarray(_march(origins_m, directions, self.low_m, self.high_m, self.cell_m, self.distance_m))


def voxels(scene: GaussianScene, max_cells: int = MAX_CELLS) -> Voxels:
    """Measure the free space of `scene` where it is detailed: around the finer half of its opaque splats.

    Trained scenes surround what was filmed with ever larger splats, out to a sky; a grid over all of it would have
    cells of a metre.
    """
    from scipy.ndimage import distance_transform_edt

    size_m = scene.scales_m.max(1)
    opaque = (scene.opacities > 0.1) & (scene.classes != SKY)
    fine = opaque & (size_m <= np.median(size_m[opaque])) if opaque.any() else np.ones(len(scene), bool)
    low, high = np.percentile(scene.means_m[fine].astype(np.float64), (2, 98), axis=0)
    margin = 0.1 * (high - low) + 2 * MIN_CELL_M
    low, high = low - margin, high + margin
    cell_m = max(MIN_CELL_M, float(np.prod(high - low) / max_cells) ** (1 / 3))
    shape = np.maximum(np.ceil((high - low) / cell_m).astype(int), 1)
    cover = np.zeros(tuple(shape), np.float32)
    _deposit(
        scene.means_m,
        scene.quats.astype(np.float64),
        scene.scales_m,
        scene.opacities,
        scene.classes,
        low,
        cell_m,
        cover,
    )
    solid = cover >= SOLID_COVER
    distance = np.full(solid.shape, np.float32(np.linalg.norm(high - low)))
    if solid.any():
        # Centre to centre, less the half cell that belongs to each side of the face between them.
        distance = (distance_transform_edt(~solid, sampling=cell_m) - cell_m / 2).astype(np.float32)
        within = distance_transform_edt(solid, sampling=cell_m).astype(np.float32)
        distance[solid] = cell_m / 2 - within[solid]
    return Voxels(low, cell_m, distance, cover)


@no_type_check
@njit(nogil=True, cache=True)
def _deposit(means, quats, scales, opacities, classes, low, cell, cover):
    """Spread every splat's opacity times area over the cells that it reaches, in cell faces."""
    nx, ny, nz = cover.shape
    for i in range(means.shape[0]):
        if opacities[i] < 1 / 255 or classes[i] == SKY:
            continue
        w, x, y, z = quats[i] / np.sqrt((quats[i] ** 2).sum())
        axes = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)],
                [2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)],
                [2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)],
            ]
        )
        sizes = np.array([scales[i, 0], scales[i, 1], scales[i, 2]], np.float64)
        steps = np.ones(3, np.int64)
        for a in range(3):
            steps[a] = int(np.ceil(4 * sizes[a] / cell))
            axes[a] *= sizes[a]
        if steps.max() > 4 * MAX_STEPS:
            continue
        steps = np.minimum(np.maximum(steps, 1), MAX_STEPS)
        area = 2 * np.pi * sizes[0] * sizes[1] * sizes[2] / max(sizes.min(), 1e-9)
        share = opacities[i] * area / (cell * cell)
        total = 0.0
        for turn in range(2):  # first the sum of the weights, then the deposit
            for a in range(steps[0]):
                for b in range(steps[1]):
                    for c in range(steps[2]):
                        u = (a + 0.5) / steps[0] * 4 - 2 if steps[0] > 1 else 0.0
                        v = (b + 0.5) / steps[1] * 4 - 2 if steps[1] > 1 else 0.0
                        t = (c + 0.5) / steps[2] * 4 - 2 if steps[2] > 1 else 0.0
                        weight = np.exp(-0.5 * (u * u + v * v + t * t))
                        if turn == 0:
                            total += weight
                            continue
                        gx = int(
                            np.floor((means[i, 0] + u * axes[0, 0] + v * axes[1, 0] + t * axes[2, 0] - low[0]) / cell)
                        )
                        gy = int(
                            np.floor((means[i, 1] + u * axes[0, 1] + v * axes[1, 1] + t * axes[2, 1] - low[1]) / cell)
                        )
                        gz = int(
                            np.floor((means[i, 2] + u * axes[0, 2] + v * axes[1, 2] + t * axes[2, 2] - low[2]) / cell)
                        )
                        if 0 <= gx < nx and 0 <= gy < ny and 0 <= gz < nz:
                            cover[gx, gy, gz] += np.float32(share * weight / total)


@no_type_check
@njit(nogil=True, cache=True)
def _at(x, y, z, low, cell, field):
    """Trilinear value of `field` at a point, held at the border."""
    nx, ny, nz = field.shape
    gx = min(max((x - low[0]) / cell - 0.5, 0.0), nx - 1.0)
    gy = min(max((y - low[1]) / cell - 0.5, 0.0), ny - 1.0)
    gz = min(max((z - low[2]) / cell - 0.5, 0.0), nz - 1.0)
    i, j, k = int(gx), int(gy), int(gz)
    i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(k + 1, nz - 1)
    u, v, w = gx - i, gy - j, gz - k
    a = field[i, j, k] * (1 - w) + field[i, j, k1] * w
    b = field[i, j1, k] * (1 - w) + field[i, j1, k1] * w
    c = field[i1, j, k] * (1 - w) + field[i1, j, k1] * w
    d = field[i1, j1, k] * (1 - w) + field[i1, j1, k1] * w
    return (a * (1 - v) + b * v) * (1 - u) + (c * (1 - v) + d * v) * u


@no_type_check
@njit(nogil=True, cache=True)
def _sample(points, low, cell, field):
    out = np.empty(points.shape[0])
    for n in range(points.shape[0]):
        out[n] = _at(points[n, 0], points[n, 1], points[n, 2], low, cell, field)
    return out


@no_type_check
@njit(nogil=True, cache=True, error_model="numpy")
def _march(origins, directions, low, high, cell, field):
    """Step along each ray by the free distance, by a quarter cell at least."""
    out = np.full(origins.shape[0], np.inf)
    for n in range(origins.shape[0]):
        enter, leave = 0.0, np.inf
        for a in range(3):
            o, d = origins[n, a], directions[n, a]
            if d == 0.0:
                if o < low[a] or o > high[a]:
                    leave = -1.0
                continue
            near, far = (low[a] - o) / d, (high[a] - o) / d
            enter = max(enter, min(near, far))
            leave = min(leave, max(near, far))
        t = enter
        while t <= leave:
            value = _at(
                origins[n, 0] + t * directions[n, 0],
                origins[n, 1] + t * directions[n, 1],
                origins[n, 2] + t * directions[n, 2],
                low, cell, field,
            )  # fmt: skip
            if value <= 0.0:
                out[n] = t
                break
            t += max(0.9 * value, 0.25 * cell)
    return out
