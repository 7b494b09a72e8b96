"""Small corrections to an annotation, in its own units: what the gate fits, and what the deliberate faults apply."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from camera_motion.schema.camera import Trajectory


@dataclass(frozen=True)
class Correction:
    """How far an annotation is from another one: 0.01 is one per cent, `time` counts frames.

    `focal` scales every focal length; `zoom` scales how far ln f departs from its first value; `rotation` and
    `translation` scale every turn and every step from one frame to the next; `time` reads the path that many frames
    later.
    """

    focal: float = 0.0
    zoom: float = 0.0
    rotation: float = 0.0
    translation: float = 0.0
    time: float = 0.0


#: The names of a correction's parts, in order.
PARTS: Final = tuple(field.name for field in fields(Correction))


def corrected(trajectory: Trajectory, correction: Correction) -> Trajectory:
    """Apply a correction. Frame 0 keeps its pose unless `time` moves it; a path read beyond its ends goes on straight.

    The gains act on steps between neighbouring frames, so a turn of more than 180 degrees is scaled like any other.
    """
    poses, lenses = trajectory.world_from_camera, trajectory.intrinsics
    if correction.rotation or correction.translation:
        poses = _gained(poses, 1.0 + correction.rotation, 1.0 + correction.translation)
    if correction.focal or correction.zoom:
        lenses = lenses.copy()
        focal = lenses[0, :2] * (lenses[:, :2] / lenses[0, :2]) ** (1.0 + correction.zoom)
        lenses[:, :2] = focal * (1.0 + correction.focal)
    if correction.time and len(poses) > 1:
        poses, lenses = _later(poses, lenses, correction.time)
    return Trajectory(poses, lenses, trajectory.fps)


def _gained(
    poses: Float64[np.ndarray, "T 4 4"], rotation_gain: float, translation_gain: float
) -> Float64[np.ndarray, "T 4 4"]:
    out = poses.copy()
    out[:, :3, 3] = poses[0, :3, 3] + translation_gain * (poses[:, :3, 3] - poses[0, :3, 3])
    if rotation_gain != 1.0 and len(poses) > 1:
        turns = Rotation.from_matrix(np.swapaxes(poses[:-1, :3, :3], 1, 2) @ poses[1:, :3, :3]).as_rotvec()
        for frame, turn in enumerate(Rotation.from_rotvec(rotation_gain * turns).as_matrix()):
            out[frame + 1, :3, :3] = out[frame, :3, :3] @ turn
    return out


def _later(
    poses: Float64[np.ndarray, "T 4 4"], lenses: Float64[np.ndarray, "T 4"], frames: float
) -> tuple[Float64[np.ndarray, "T 4 4"], Float64[np.ndarray, "T 4"]]:
    at = np.arange(len(poses)) + frames
    low = np.clip(np.floor(at), 0, len(poses) - 2).astype(np.int64)
    share = (at - low)[:, None]
    start, end = poses[low], poses[low + 1]
    turns = Rotation.from_matrix(np.swapaxes(start[:, :3, :3], 1, 2) @ end[:, :3, :3]).as_rotvec()
    out = poses.copy()
    out[:, :3, :3] = start[:, :3, :3] @ Rotation.from_rotvec(share * turns).as_matrix()
    out[:, :3, 3] = start[:, :3, 3] + share * (end[:, :3, 3] - start[:, :3, 3])
    lens = lenses[low] + share * (lenses[low + 1] - lenses[low])
    lens[:, :2] = lenses[low, :2] * (lenses[low + 1, :2] / lenses[low, :2]) ** share
    return out, lens
