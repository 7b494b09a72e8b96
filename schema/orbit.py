"""What a camera looks at while it moves: the point of an arc or a crane, the subject of a dolly zoom.

Both are found from the trajectory itself, with no knowledge of the scene.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from camera_motion.schema.signals import Signals

#: Sine squared of the spread of optical axes below which they do not meet in a point (0.05 degrees).
_PARALLEL = np.radians(0.05) ** 2


@dataclass(frozen=True)
class Tolerance:
    """How far a move may stray from an exact orbit."""

    distance: float
    look_at_deg: float


#: First the exact one is tried, so that an orbit does not swallow its neighbours in a sequence; then the loose one.
EXACT = Tolerance(distance=0.01, look_at_deg=0.3)
LOOSE = Tolerance(distance=0.10, look_at_deg=5.0)


@dataclass(frozen=True)
class Orbit:
    """A stretch of motion about a point.

    `bearing_deg` grows to the camera's right (counter-clockwise from above), `elevation_deg` upwards, both unwrapped.
    `roll_deg` is the roll about the optical axis against the orbit's own vertical.
    """

    bearing_deg: Float64[np.ndarray, " n"]
    elevation_deg: Float64[np.ndarray, " n"]
    roll_deg: Float64[np.ndarray, " n"]


def look_at_point(
    centres_m: Float64[np.ndarray, "n 3"], forward: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "3"] | None:
    """Find the point nearest to all optical axes, in the least-squares sense; None if they are parallel."""
    across = np.eye(3) - forward[:, :, None] * forward[:, None, :]
    normal = across.mean(axis=0)
    if np.linalg.eigvalsh(normal)[0] < _PARALLEL:
        return None
    return np.asarray(np.linalg.solve(normal, (across @ centres_m[:, :, None]).mean(axis=0)[:, 0]))


def fit_orbit(given: Signals, start: int, end: int, tolerance: Tolerance) -> Orbit | None:
    """Read frames `start` to `end` (both included) as motion about the point the camera looks at, if they are that.

    The point lies ahead; its distance changes by less than `tolerance.distance` of itself; the optical axis stays
    within `tolerance.look_at_deg` of it, and within 15 % of the angle swept (a short truck with some pan is no arc).
    """
    centres, rotation = given.centres_m[start : end + 1], given.rotation[start : end + 1]
    forward = rotation[:, :, 2]
    point = look_at_point(centres, forward)
    if point is None:
        return None
    to_camera = centres - point
    distance = np.linalg.norm(to_camera, axis=1)
    ahead = -(to_camera * forward).sum(axis=1)
    if ahead.min() <= 0 or np.ptp(distance) > tolerance.distance * distance.mean():
        return None
    outward = to_camera / distance[:, None]
    error_deg = np.degrees(np.arctan2(np.linalg.norm(np.cross(outward, forward), axis=1), ahead / distance))
    swept_deg = np.degrees(np.arccos(np.clip(outward @ outward[0], -1.0, 1.0))).max()
    if error_deg.max() > tolerance.look_at_deg or np.sqrt((error_deg**2).mean()) > 0.15 * swept_deg:
        return None

    up = _vertical(rotation, given.levelled)
    height = outward @ up
    level = outward - height[:, None] * up
    first = level[0] / max(np.linalg.norm(level[0]), 1e-12)
    bearing = np.unwrap(np.arctan2(level @ np.cross(up, first), level @ first))
    right = np.cross(forward, up)
    right /= np.maximum(np.linalg.norm(right, axis=1, keepdims=True), 1e-12)
    down = np.cross(forward, right)
    roll = np.unwrap(np.arctan2((rotation[:, :, 0] * down).sum(axis=1), (rotation[:, :, 0] * right).sum(axis=1)))
    return Orbit(np.degrees(bearing), np.degrees(np.arcsin(np.clip(height, -1.0, 1.0))), np.degrees(roll))


def _vertical(rotation: Float64[np.ndarray, "n 3 3"], levelled: bool) -> Float64[np.ndarray, "3"]:
    """Up in the reference axes: gravity's where known, else the fixed axis that a turning camera turns about."""
    up = np.array([0.0, -1.0, 0.0])
    if levelled:
        return up
    relative = rotation[1:] @ np.swapaxes(rotation[:-1], 1, 2)
    turns = np.stack(
        [
            relative[:, 2, 1] - relative[:, 1, 2],
            relative[:, 0, 2] - relative[:, 2, 0],
            relative[:, 1, 0] - relative[:, 0, 1],
        ],
        axis=1,
    )
    turns *= np.where(turns[:, 1:2] > 0, -1.0, 1.0)  # all towards up, whichever way they turn
    total = turns.sum(axis=0)
    length = np.linalg.norm(total)
    fixed = length > 0.98 * np.linalg.norm(turns, axis=1).sum() > 0
    if not fixed or total @ up < np.cos(np.radians(50.0)) * length:
        return up
    return np.asarray(total / length)


def dolly_zoom_depth_m(forward_m: Float64[np.ndarray, " n"], log_focal: Float64[np.ndarray, " n"]) -> float | None:
    """Depth, at the first frame, of the point whose size a dolly and a zoom hold constant together; None if none.

    f_i / (d - z_i) is constant, so f_i / f_0 = 1 - z_i / d: a line through the origin, fitted by least squares. The
    fit must hold within 5 % everywhere and within 15 % of the zoom's own range.
    """
    z, log_ratio = forward_m - forward_m[0], log_focal - log_focal[0]
    power = float(z @ z)
    inverse_depth = -float(z @ np.expm1(log_ratio)) / power if power > 0 else 0.0
    if inverse_depth <= 0 or (1.0 - z * inverse_depth).min() <= 0:
        return None
    misfit = np.abs(log_ratio - np.log1p(-z * inverse_depth))
    return 1.0 / inverse_depth if misfit.max() < min(0.05, 0.15 * np.ptp(log_ratio)) else None
