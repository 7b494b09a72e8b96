"""A trained 3DGS scene as a source: turned upright, scaled to metres, its free space measured from its splats."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float64

from camera_motion.generator.geometry import SceneDescription, SceneGeometry, Subject
from camera_motion.generator.harmonics import turn
from camera_motion.generator.ply import read_ply
from camera_motion.generator.splats import GaussianScene, by_place
from camera_motion.generator.voxels import SOLID_COVER, Voxels, voxels
from camera_motion.schema import spec
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory

#: Rows are our x, y, z in the file's axes, for each direction that may be up; all are proper rotations.
UPRIGHT = {
    "+x": ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    "-x": ((0, 0, 1), (0, 1, 0), (-1, 0, 0)),
    "+y": ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
    "-y": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "+z": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-z": ((0, 1, 0), (1, 0, 0), (0, 0, -1)),
}
#: Cameras stand within the middle of what is solid: beyond, a trained scene is haze.
MIDDLE_PERCENT = (10, 90)
EYE_HEIGHTS_M = (1.2, 1.8)


class SplatFile:
    """The scene in a file, as the spec describes it. The splats are what they are: sampling changes nothing."""

    def __init__(self, wanted: spec.SplatFile) -> None:
        """Load and turn it. Raises SpecError for a bad file."""
        self._wanted = wanted
        scene = upright(read_ply(wanted.path), wanted.up, wanted.metres_per_unit, wanted.ground_m)
        self._scene = by_place(scene)

    @cached_property
    def geometry(self) -> SceneGeometry:
        """Ground as the spec says, free space from an occupancy grid, subjects where the splats are densest.

        Raises:
            SpecError: nothing stands above the ground, so the spec's `up`, `ground_m` or `metres_per_unit` is wrong.
        """
        wanted = self._wanted
        space = voxels(self._scene)
        solid = _solid_points(space)
        above = solid[solid[:, 2] > 0.1] if len(solid) else solid
        if len(above) < 10:
            raise SpecError(
                f"{wanted.path}: nothing solid above the ground; check up ({wanted.up}), "
                f"ground_m ({wanted.ground_m:g}) and metres_per_unit ({wanted.metres_per_unit:g})"
            )
        low, high = np.percentile(above, MIDDLE_PERCENT, axis=0)
        top = float(np.percentile(above[:, 2], 95))
        eye = EYE_HEIGHTS_M if top > 1.5 else (0.4 * top, 1.0 * top)
        bounds_m = np.array([[low[0], low[1], 0.25 * eye[0]], [high[0], high[1], max(1.5 * eye[1], 0.8 * top)]])
        description = SceneDescription(
            kind=wanted.kind,
            place=wanted.place,
            short=wanted.short,
            features=wanted.features,
            light=wanted.light,
            materials=(),
        )
        return SceneGeometry(space, bounds_m, 0.0, eye, subjects(space, bounds_m), description)

    @property
    def provenance(self) -> dict[str, Any]:
        """Record the file and how it was set upright, as JSON values."""
        return self._wanted.model_dump(mode="json")

    def sample(
        self, views: Sequence[Trajectory], width: int, height: int, spacing_px: float, threads: int = 1
    ) -> GaussianScene:
        """All splats of the file, whatever the views."""
        return self._scene


def upright(scene: GaussianScene, up: str, metres_per_unit: float, ground_m: float) -> GaussianScene:
    """Bring a scene into our world: z up, metres, the ground at 0.

    `ground_m` is the ground's height along `up` after scaling. Means, rotations and the view-dependent colours turn
    together, so that every view stays what it was.
    """
    rotation = np.array(UPRIGHT[up], np.float64)
    means = scene.means_m.astype(np.float64) @ rotation.T * metres_per_unit - (0, 0, ground_m)
    return replace(
        scene,
        means_m=means.astype(np.float32),
        quats=_turn_quats(scene.quats.astype(np.float64), rotation).astype(np.float32),
        scales_m=scene.scales_m * np.float32(metres_per_unit),
        sh=turn(scene.sh, rotation),
    )


def subjects(space: Voxels, bounds_m: Float64[np.ndarray, "2 3"], most: int = 3) -> tuple[Subject, ...]:
    """Find compact clusters above the ground: dense where their surroundings are not, the most central first.

    The measure is a difference of two blurs of the solid cells (Marr and Hildreth 1980) times a Gaussian about the
    middle of `bounds_m`.
    """
    from scipy.ndimage import gaussian_filter

    middle, extent = bounds_m.mean(0), float(np.min(bounds_m[1, :2] - bounds_m[0, :2]))
    reach = float(np.clip(0.05 * extent, 2 * space.cell_m, 0.4))
    x, y, z = np.ogrid[tuple(slice(0, n) for n in space.cover.shape)]
    x, y, z = (low + space.cell_m * (n + 0.5) for low, n in zip(space.low_m, (x, y, z), strict=True))
    solid = ((space.cover >= SOLID_COVER) & (z > 0.1) & (z < bounds_m[1, 2])).astype(np.float32)
    fine, coarse = (gaussian_filter(solid, r / space.cell_m, mode="constant", truncate=3) for r in (reach, 3 * reach))
    score = (fine - coarse) * np.exp(-0.5 * ((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / (0.3 * extent) ** 2)
    found: list[Subject] = []
    while len(found) < most and score.max() > 0.01:
        i, j, k = np.unravel_index(int(np.argmax(score)), score.shape)
        point = (float(x[i, 0, 0]), float(y[0, j, 0]), float(z[0, 0, k]))
        distance = np.sqrt((x - point[0]) ** 2 + (y - point[1]) ** 2 + (z - point[2]) ** 2)
        near = solid * (distance < 3 * reach)
        radius = float(np.sqrt((near * distance**2).sum() / near.sum()))
        found.append(Subject("an object in the scene", point, radius))
        score[distance < 5 * reach] = 0
    return tuple(found)


def _solid_points(space: Voxels) -> Float64[np.ndarray, "N 3"]:
    return np.asarray(space.low_m + space.cell_m * (np.argwhere(space.cover >= SOLID_COVER) + 0.5))


def _turn_quats(quats: Float64[np.ndarray, "N 4"], rotation: Float64[np.ndarray, "3 3"]) -> Float64[np.ndarray, "N 4"]:
    """Quaternions (wxyz) of `rotation` after each of `quats`."""
    from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(rotation).as_quat()
    v, u = quats[:, 1:], np.array([x, y, z])
    return np.concatenate(
        [w * quats[:, :1] - v @ u[:, None], w * v + quats[:, :1] * u + np.cross(np.broadcast_to(u, v.shape), v)], 1
    )
