"""Where a point seen in one frame must appear in another, by depth, poses and lenses."""

import numpy as np
from jaxtyping import Float64, Int64

from camera_motion.schema.camera import Trajectory, intrinsics_px, invert

#: Predictions end here, in picture widths: points behind a (wrongly annotated) camera must not reach infinity.
_FARTHEST = 10.0


def project(
    trajectory: Trajectory,
    size: tuple[int, int],
    start: Int64[np.ndarray, " N"],
    end: Int64[np.ndarray, " N"],
    points_px: Float64[np.ndarray, "N 2"],
    depths_m: Float64[np.ndarray, " N"],
) -> Float64[np.ndarray, "N 2"]:
    """Pixels in frames `end` of points seen at `points_px` in frames `start`, `depths_m` deep, in `size` (W, H)."""
    lens = intrinsics_px(trajectory.intrinsics, *size)
    poses = trajectory.world_from_camera
    pairs, which = np.unique(start * len(poses) + end, return_inverse=True)
    steps = (invert(poses[pairs % len(poses)]) @ poses[pairs // len(poses)])[which]
    before, after = lens[start], lens[end]
    rays = np.ones((len(points_px), 3))
    rays[:, :2] = (points_px - before[:, 2:]) / before[:, :2]
    # Divided by depth, so that points without parallax (infinitely deep) keep their digits.
    seen = np.einsum("nij,nj->ni", steps[:, :3, :3], rays) + steps[:, :3, 3] / depths_m[:, None]
    flat = seen[:, :2] / np.maximum(seen[:, 2:], 1e-3)
    out = flat * after[:, :2] + after[:, 2:]
    return np.asarray(np.clip(out, -_FARTHEST * size[0], _FARTHEST * size[0]))
