"""How far estimated camera poses are from the annotation: RotErr, TransErr, CamMC and WorldScore, with guards.

Numbers of different papers are not comparable (estimators, scales and dropped videos differ): publish the estimator,
the failure rate, and the same measure of the true video against its own annotation, which is the floor.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.optimize import minimize_scalar

from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import relative_poses, rotation_angle_deg, validate_rotations

#: A reference that moves less than this (in its own unit, metres for our clips) has no direction of travel to compare.
MIN_EXTENT = 1e-3


@dataclass(frozen=True)
class PoseErrors:
    """Sums over the frames of a clip, as CamI2V reports them (arXiv 2410.15957).

    `rot_err_rad` is the sum of rotation angles in radians. `trans_err` and `cam_mc` compare trajectories each divided
    by its own farthest distance from frame 0; they are None where the reference hardly moves (pan, tilt, roll, zoom,
    static), as dividing by its extent would only amplify noise.
    """

    rot_err_rad: float
    trans_err: float | None
    cam_mc: float | None
    frames: int


def pose_errors(
    reference: Float64[np.ndarray, "T 4 4"], estimate: Float64[np.ndarray, "S 4 4"], min_extent: float = MIN_EXTENT
) -> PoseErrors:
    """Compare c2w poses, both made relative to their first frame; the unit of `estimate` does not matter.

    Raises:
        SpecError: the numbers of frames differ, or a pose is not a rigid motion.
    """
    true, found = _relative(reference, estimate)
    angle_rad = np.radians(rotation_angle_deg(np.swapaxes(true[:, :3, :3], 1, 2) @ found[:, :3, :3]))
    trans_err = cam_mc = None
    if _extent(true) >= min_extent:
        offset = true[:, :3, 3] / _extent(true) - found[:, :3, 3] / max(_extent(found), 1e-9)
        turn = true[:, :3, :3] - found[:, :3, :3]
        trans_err = float(np.linalg.norm(offset, axis=1).sum())
        cam_mc = float(np.sqrt((turn**2).sum(axis=(1, 2)) + (offset**2).sum(axis=1)).sum())
    return PoseErrors(float(angle_rad.sum()), trans_err, cam_mc, len(true))


@dataclass(frozen=True)
class WorldScore:
    """WorldScore's camera control (arXiv 2504.00983): mean errors, and its score in [0, 1]."""

    rotation_deg: float
    translation: float
    score: float


def world_score(
    reference: Float64[np.ndarray, "T 4 4"], estimate: Float64[np.ndarray, "S 4 4"], unit_m: float = 1.0
) -> WorldScore:
    """Score c2w poses as WorldScore does, the translations of `reference` in units of `unit_m`.

    The estimate is scaled by the c that minimises sum_i |t_i - c t^_i|, which stray frames hardly move. Unlike the
    original, whose y axis has another sign than x and z, tilts and pedestals are measured as they are.

    Raises:
        SpecError: the numbers of frames differ, or a pose is not a rigid motion.
    """
    true, found = _relative(reference, estimate)
    rotation_deg = float(rotation_angle_deg(np.swapaxes(true[:, :3, :3], 1, 2) @ found[:, :3, :3]).mean())
    goal, path = true[:, :3, 3] / unit_m, found[:, :3, 3]
    translation = float(np.linalg.norm(goal - robust_scale(goal, path) * path, axis=1).mean())
    return WorldScore(rotation_deg, translation, world_score_of(rotation_deg, translation))


def world_score_of(rotation_deg: float, translation: float) -> float:
    """Combine mean errors into WorldScore's score: 15 degrees or half a unit of translation are worth nothing.

    >>> round(world_score_of(3.0, 0.1), 6)
    0.8
    """
    rotation = 1.0 - min(max(rotation_deg, 0.0), 15.0) / 15.0
    return float(np.sqrt(rotation * (1.0 - min(max(translation, 0.0), 0.5) / 0.5)))


def robust_scale(goal: Float64[np.ndarray, "T 3"], path: Float64[np.ndarray, "T 3"]) -> float:
    """Find the c that minimises sum_i |goal_i - c path_i|; 1 where the path does not move."""
    power = (path**2).sum(axis=1)
    moved = power > 1e-18
    if not moved.any():
        return 1.0
    each = (goal * path).sum(axis=1)[moved] / power[moved]
    low, high = float(each.min()), float(each.max())  # every term is least at its own c, and all are convex
    if high - low < 1e-12 * max(1.0, abs(high)):
        return high
    fit = minimize_scalar(
        lambda c: float(np.linalg.norm(goal - c * path, axis=1).sum()),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-12 * (high - low)},
    )
    return float(fit.x)


def _relative(
    reference: Float64[np.ndarray, "T 4 4"], estimate: Float64[np.ndarray, "S 4 4"]
) -> tuple[Float64[np.ndarray, "T 4 4"], Float64[np.ndarray, "T 4 4"]]:
    if len(reference) != len(estimate) or len(reference) == 0:
        raise SpecError(f"{len(reference)} reference and {len(estimate)} estimated poses; give one of each per frame")
    for name, poses in (("reference", reference), ("estimate", estimate)):
        try:
            validate_rotations(poses, tolerance=1e-4)
        except SpecError as error:
            raise SpecError(f"{name}: {error}") from None
    return relative_poses(reference), relative_poses(estimate)


def _extent(poses: Float64[np.ndarray, "T 4 4"]) -> float:
    """Farthest distance from the first frame."""
    return float(np.linalg.norm(poses[:, :3, 3], axis=1).max())
