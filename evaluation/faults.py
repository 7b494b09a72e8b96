"""Annotations gone wrong on purpose, each as people really get them wrong: what a gate must catch."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from camera_motion.evaluation.correction import Correction, corrected
from camera_motion.schema.camera import Trajectory, flip_camera_axes, invert

Fault = Callable[[Trajectory], Trajectory]


def mirrored(trajectory: Trajectory, axis: int) -> Trajectory:
    """Mirror one of the axes of frame 0's camera (0: x, 1: y), in the world and in the camera alike.

    Rotations stay proper, so no check of a single matrix sees it: pans (axis 0) or tilts (axis 1) change their sign.
    """
    first = trajectory.world_from_camera[0]
    mirror = np.eye(4)
    mirror[axis, axis] = -1.0
    return _posed(trajectory, first @ mirror @ invert(first) @ trajectory.world_from_camera @ mirror)


def opengl_axes(trajectory: Trajectory) -> Trajectory:
    """Store cameras whose y points up and z backward, as if they were OpenCV's."""
    return _posed(trajectory, flip_camera_axes(trajectory.world_from_camera))


def w2c_as_c2w(trajectory: Trajectory) -> Trajectory:
    """Store the inverse of every pose, relative to the first."""
    first = trajectory.world_from_camera[0]
    return _posed(trajectory, first @ invert(invert(first) @ trajectory.world_from_camera))


def off_by(trajectory: Trajectory, frames: int) -> Trajectory:
    """Give every frame the row of the one that many frames later; the last row repeats."""
    rows = np.clip(np.arange(len(trajectory)) + frames, 0, len(trajectory) - 1)
    return Trajectory(trajectory.world_from_camera[rows], trajectory.intrinsics[rows], trajectory.fps)


def backwards(trajectory: Trajectory) -> Trajectory:
    """Store the rows from last to first."""
    return Trajectory(trajectory.world_from_camera[::-1], trajectory.intrinsics[::-1], trajectory.fps)


def linear_timing(trajectory: Trajectory) -> Trajectory:
    """Keep the ends, and go from one to the other at constant speed: easing forgotten."""
    first, last = trajectory.world_from_camera[0], trajectory.world_from_camera[-1]
    share = np.linspace(0.0, 1.0, len(trajectory))[:, None]
    poses = np.tile(first, (len(trajectory), 1, 1))
    turn = Rotation.from_matrix(first[:3, :3].T @ last[:3, :3]).as_rotvec()
    poses[:, :3, :3] = first[:3, :3] @ Rotation.from_rotvec(share * turn).as_matrix()
    poses[:, :3, 3] = first[:3, 3] + share * (last[:3, 3] - first[:3, 3])
    lens = trajectory.intrinsics[0] + share * (trajectory.intrinsics[-1] - trajectory.intrinsics[0])
    return Trajectory(poses, lens, trajectory.fps)


def _posed(trajectory: Trajectory, world_from_camera: Float64[np.ndarray, "T 4 4"]) -> Trajectory:
    return Trajectory(world_from_camera, trajectory.intrinsics, trajectory.fps)


def _gain(part: str, share: float) -> tuple[str, Fault]:
    name = f"{part} {100 * share:+.0f} %"
    return name, partial(corrected, correction=Correction(**{part: share}))


#: Faults of convention and bookkeeping: wrong wherever the move shows them at all.
GROSS: Final[Mapping[str, Fault]] = {
    "mirrored x": partial(mirrored, axis=0),
    "mirrored y": partial(mirrored, axis=1),
    "OpenGL axes": opengl_axes,
    "w2c as c2w": w2c_as_c2w,
    "backwards": backwards,
    "linear timing": linear_timing,
    "off by one": partial(off_by, frames=1),
}
#: Faults of calibration, by the part that is off.
GAINS: Final[Mapping[str, Fault]] = dict(
    _gain(part, sign * size)
    for part, sizes in {
        "focal": (0.01, 0.02, 0.05),
        "zoom": (0.01, 0.03),
        "rotation": (0.01, 0.03),
        "translation": (0.01, 0.03, 0.1),
    }.items()
    for size in sizes
    for sign in (1, -1)
)
FAULTS: Final[Mapping[str, Fault]] = {**GROSS, **GAINS}
