"""Motion labels as the field's benchmarks define them, from exact trajectories."""

import numpy as np
from jaxtyping import Float64, Int64

from camera_motion.schema.camera import Trajectory, invert
from camera_motion.schema.legacy import LEGACY
from camera_motion.schema.motion import Motion

#: CameraBench's binary splits (arXiv 2504.15376).
CAMERABENCH_SPLITS = (
    *("move_in", "move_out", "move_left", "move_right", "move_up", "move_down"),
    *("pan_left", "pan_right", "tilt_up", "tilt_down", "roll_clockwise", "roll_counterclockwise"),
    *("zoom_in", "zoom_out", "static"),
)

#: What a compound move contains, as CameraBench labels its parts.
_PARTS = {
    "dolly_zoom_in": ("dolly_in", "zoom_out"),
    "dolly_zoom_out": ("dolly_out", "zoom_in"),
    "arc_left": ("truck_left", "pan_right"),
    "arc_right": ("truck_right", "pan_left"),
    "crane_up": ("pedestal_up", "tilt_down"),
    "crane_down": ("pedestal_down", "tilt_up"),
}


def camerabench_splits(motion: Motion) -> dict[str, bool]:
    """Say yes or no to each of CameraBench's fifteen questions; an arc is a truck with a pan, and so on."""
    present = {part for primitive in motion.primitives for part in _PARTS.get(primitive, (primitive,))}
    table = LEGACY["camerabench"]
    return {split: any(ours in present for ours in table[split]) for split in CAMERABENCH_SPLITS}


def et_index(velocity_mps: Float64[np.ndarray, "N 3"]) -> Int64[np.ndarray, " N"]:
    """Class local velocities (x right, y down, z forward) into the 27 tags of E.T. (arXiv 2407.01516).

    An axis is active above 0.02; of two active axes the smaller is dropped if it is less than 0.6 of the larger. The
    index is 9 x + 3 y + z with digits 0 still, 1 positive, 2 negative.
    """
    size = np.abs(velocity_mps)
    active = size > 0.02
    largest = np.where(active, size, 0.0).max(axis=1, keepdims=True)
    active &= (largest - size) <= 0.4 * largest
    digit = np.where(active, np.where(velocity_mps > 0, 1, 2), 0)
    return np.asarray(digit @ np.array([9, 3, 1]), dtype=np.int64)


def et_name(index: int) -> str:
    """Spell an E.T. tag: its parts joined by hyphens.

    >>> et_name(25)
    'trucking_left-boom_top-push_in'
    """
    names = (("trucking_right", "trucking_left"), ("boom_bottom", "boom_top"), ("push_in", "pull_out"))
    digits = (index // 9, index // 3 % 3, index % 3)
    return "-".join(pair[digit - 1] for pair, digit in zip(names, digits, strict=True) if digit) or "static"


def et_tags(trajectory: Trajectory) -> Int64[np.ndarray, " N"]:
    """Tag every step between frames, in the axes of the camera at its beginning. Rotations are ignored."""
    poses = trajectory.world_from_camera
    steps = invert(poses[:-1]) @ poses[1:]
    return et_index(steps[:, :3, 3] * trajectory.fps)
